/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/capability.h>
#include <sys/resource.h>

#include "oci_reading.h"

#define BIT(cap) (UINT64_C(1) << (cap))

static struct oci_reading full(void)
{
	struct oci_reading reading = oci_read_corpus("full");

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	return reading;
}

Test(oci_process, reads_user_command_and_terminal)
{
	_cleanup_oci_ struct oci_reading reading = full();
	const struct oci_process *process = &reading.oci.process;

	cr_assert(process->terminal);
	cr_assert(eq(int, process->console_height, 25));
	cr_assert(eq(int, process->console_width, 80));
	cr_assert(eq(u32, process->user.uid, 1000));
	cr_assert(eq(u32, process->user.gid, 1001));
	cr_assert(process->user.umask_given);
	cr_assert(eq(u32, process->user.umask, 077));
	cr_assert(eq(sz, process->user.n_groups, 2));
	cr_assert(eq(u32, process->user.groups[0], 5));
	cr_assert(eq(u32, process->user.groups[1], UINT32_MAX - 1));
	cr_assert(eq(sz, process->args.n, 3));
	cr_assert(same_text(process->args.items[2], "echo \"$HOME\""));
	cr_assert(eq(sz, process->env.n, 5));
	cr_assert(same_text(process->env.items[2], "PATH=/twice"));
	cr_assert(same_text(process->cwd, "/work"));
}

Test(oci_process, reads_rights_and_limits)
{
	_cleanup_oci_ struct oci_reading reading = full();
	const struct oci_process *process = &reading.oci.process;
	const struct oci_capabilities *caps = &process->capabilities;

	cr_assert(caps->given);
	cr_assert(eq(u64, caps->bounding,
		     BIT(CAP_AUDIT_WRITE) | BIT(CAP_KILL) | BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_CHOWN)));
	cr_assert(eq(u64, caps->permitted, BIT(CAP_AUDIT_WRITE) | BIT(CAP_KILL)));
	cr_assert(eq(u64, caps->inheritable, BIT(CAP_KILL)));
	cr_assert(eq(u64, caps->effective, BIT(CAP_AUDIT_WRITE)));
	cr_assert(eq(u64, caps->ambient, BIT(CAP_NET_BIND_SERVICE)));
	cr_assert(eq(sz, process->n_rlimits, 2));
	cr_assert(eq(int, process->rlimits[0].resource, RLIMIT_CORE));
	cr_assert(eq(u64, process->rlimits[0].soft, 1024));
	cr_assert(eq(u64, process->rlimits[0].hard, 2048));
	cr_assert(same_text(process->rlimits[1].name, "RLIMIT_NOFILE"));
	cr_assert(eq(u64, process->rlimits[1].hard, UINT64_MAX));
	cr_assert(process->no_new_privileges);
	cr_assert(same_text(process->apparmor, "some_profile"));
	cr_assert(same_text(process->selinux, "system_u:system_r:container_t:s0:c124,c675"));
	cr_assert(process->oom_score_adj_given);
	cr_assert(eq(int, process->oom_score_adj, -100));
}

Test(oci_process, reads_scheduling)
{
	_cleanup_oci_ struct oci_reading reading = full();
	const struct oci_process *process = &reading.oci.process;

	cr_assert(process->scheduler.given);
	cr_assert(eq(u32, process->scheduler.policy, 6)); /* SCHED_DEADLINE */
	cr_assert(eq(u64, process->scheduler.flags, 0x03));
	cr_assert(eq(int, process->scheduler.nice, -3));
	cr_assert(eq(u64, process->scheduler.runtime_ns, 1000000));
	cr_assert(eq(u64, process->scheduler.deadline_ns, 2000000));
	cr_assert(eq(u64, process->scheduler.period_ns, 3000000));
	cr_assert(process->io_priority.given);
	cr_assert(eq(int, process->io_priority.io_class, 2));
	cr_assert(eq(int, process->io_priority.priority, 4));
	cr_assert(same_text(process->cpu_affinity_initial, "0-1"));
	cr_assert(same_text(process->cpu_affinity_final, "0, 3"));
}

Test(oci_process, reads_a_process_that_stands_alone)
{
	size_t size;
	_cleanup_free_ char *text = oci_corpus("process", &size);
	struct arena *arena = arena_new();
	struct oci_process process;
	struct error err = { 0 };

	cr_assert(eq(int, oci_read_process("process.json", text, size, arena, &process, NULL, &err), 0), "%s",
		  err.msg);
	cr_assert(same_text(process.args.items[0], "/bin/true"));
	cr_assert(eq(int, process.console_height, 0));
	cr_assert(process.apparmor == NULL);
	cr_assert(eq(u32, process.scheduler.policy, 1)); /* SCHED_FIFO */
	cr_assert(eq(u32, process.scheduler.priority, 10));
	cr_assert(eq(int, process.io_priority.io_class, 3));
	cr_assert(
		eq(int, oci_read_process("p", "{\"cwd\":\"x\"}", 11, arena, &process, NULL, &err), -EINVAL));
	cr_assert(same_text(err.msg, "p:1:8: cwd: \"x\" is not an absolute path"));
	arena_free(arena);
}

Test(oci_process, knows_an_unknown_capability_once_and_leaves_it_out)
{
	_cleanup_oci_ struct oci_reading reading =
		oci_read_a_process("\"capabilities\":{\"bounding\":[\"CAP_NEW\",\"CAP_CHOWN\",\"\"],"
				   "\"effective\":[\"CAP_NEW\",\"Cap_Chown\"]}");

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	cr_assert(eq(u64, reading.oci.process.capabilities.bounding, BIT(CAP_CHOWN)));
	cr_assert(eq(u64, reading.oci.process.capabilities.effective, BIT(CAP_CHOWN)));
	cr_assert(eq(sz, reading.warnings.n, 2));
	cr_assert(strstr(reading.warnings.items[0], "unknown capability \"CAP_NEW\"") != NULL);
	cr_assert(strstr(reading.warnings.items[1], "unknown capability \"\"") != NULL);
}

Test(oci_process, leaves_out_warnings_that_are_too_many)
{
	_cleanup_oci_ struct oci_reading reading = oci_read_a_process(
		"\"capabilities\":{\"bounding\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\"]}");

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	cr_assert(eq(sz, reading.warnings.n, OCI_WARNINGS_MAX));
}

Test(oci_process, takes_an_empty_label_for_none_and_no_user_for_root)
{
	_cleanup_oci_ struct oci_reading reading =
		oci_read_a_process("\"selinuxLabel\":\"\",\"apparmorProfile\":\"\",\"consoleSize\":[]");

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	cr_assert(reading.oci.process.selinux == NULL && reading.oci.process.apparmor == NULL);
	cr_assert(eq(u32, reading.oci.process.user.uid, 0));
	cr_assert(eq(int, reading.oci.process.console_height, 0));
}

Test(oci_process, demands_a_command_and_an_absolute_directory)
{
	static const struct oci_mistake mistakes[] = {
		{ "\"process\":{}", "process.cwd: missing" },
		{ "\"process\":{\"args\":[\"a\"]}", "process.cwd: missing" },
		{ "\"process\":{\"args\":[\"a\"],\"cwd\":\"\"}",
		  "process.cwd: \"\" is not an absolute path" },
		{ "\"process\":{\"args\":[\"a\"],\"cwd\":\"tmp\"}",
		  "process.cwd: \"tmp\" is not an absolute path" },
		{ "\"process\":{\"cwd\":\"/\"}", "process.args: must not be empty" },
		{ "\"process\":{\"cwd\":\"/\",\"args\":null}", "process.args: must not be empty" },
		{ "\"process\":{\"cwd\":\"/\",\"args\":[]}", "process.args: must not be empty" },
		{ "\"process\":{\"cwd\":\"/\",\"args\":[\"a\",1]}",
		  "process.args[1]: expected a string, not an integer" },
		{ "\"process\":{\"cwd\":\"/\",\"args\":\"sh\"}",
		  "process.args: expected an array, not a string" },
	};

	oci_refuses(oci_read_more, mistakes, ARRAY_SIZE(mistakes));
}

Test(oci_process, refuses_wrong_types_and_numbers_out_of_range)
{
	static const struct oci_mistake mistakes[] = {
		{ "\"terminal\":1", "process.terminal: expected true or false, not an integer" },
		{ "\"terminal\":true,\"consoleSize\":{\"height\":1}", "process.consoleSize.width: missing" },
		{ "\"terminal\":true,\"consoleSize\":{\"height\":1,\"width\":65536}",
		  "process.consoleSize.width: 65536 is not from 0 to 65535" },
		{ "\"env\":{}", "process.env: expected an array, not an object" },
		{ "\"user\":\"root\"", "process.user: expected an object, not a string" },
		{ "\"user\":{\"uid\":0}", "process.user.gid: missing" },
		{ "\"user\":{\"gid\":0}", "process.user.uid: missing" },
		{ "\"user\":{\"uid\":4294967295,\"gid\":0}",
		  "process.user.uid: 4294967295 is not from 0 to 4294967294" },
		{ "\"user\":{\"uid\":-1,\"gid\":0}", "process.user.uid: -1 is not from 0 to 4294967294" },
		{ "\"user\":{\"uid\":1.5,\"gid\":0}", "process.user.uid: expected an integer, not a number" },
		{ "\"user\":{\"uid\":\"0\",\"gid\":0}",
		  "process.user.uid: expected an integer, not a string" },
		{ "\"user\":{\"uid\":0,\"gid\":99999999999999999999}",
		  "process.user.gid: 99999999999999999999 is not from 0 to 4294967294" },
		{ "\"user\":{\"uid\":0,\"gid\":0,\"umask\":512}",
		  "process.user.umask: 512 is not from 0 to 511" },
		{ "\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[1,4294967295]}",
		  "process.user.additionalGids[1]: expected a group id from 0 to 4294967294" },
		{ "\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[\"x\"]}",
		  "process.user.additionalGids[0]: expected a group id from 0 to 4294967294" },
		{ "\"capabilities\":[\"CAP_KILL\"]",
		  "process.capabilities: expected an object, not an array" },
		{ "\"capabilities\":{\"bounding\":\"CAP_KILL\"}",
		  "process.capabilities.bounding: expected an array, not a string" },
		{ "\"capabilities\":{\"ambient\":[1]}",
		  "process.capabilities.ambient[0]: expected a string, not an integer" },
		{ "\"noNewPrivileges\":\"true\"",
		  "process.noNewPrivileges: expected true or false, not a string" },
		{ "\"oomScoreAdj\":1001", "process.oomScoreAdj: 1001 is not from -1000 to 1000" },
		{ "\"oomScoreAdj\":\"1\"", "process.oomScoreAdj: expected an integer, not a string" },
		{ "\"apparmorProfile\":{}", "process.apparmorProfile: expected a string, not an object" },
		{ "\"execCPUAffinity\":{\"initial\":\"all\"}",
		  "process.execCPUAffinity.initial: \"all\" is not a list of CPUs like \"0-3,7\"" },
	};

	oci_refuses(oci_read_a_process, mistakes, ARRAY_SIZE(mistakes));
}

Test(oci_process, refuses_limits_that_are_unknown_doubled_or_upside_down)
{
	static const struct oci_mistake mistakes[] = {
		{ "\"rlimits\":[{\"type\":\"RLIMIT_TEST\",\"soft\":1,\"hard\":1}]",
		  "process.rlimits[0].type: unknown limit \"RLIMIT_TEST\"" },
		{ "\"rlimits\":[{\"soft\":1,\"hard\":1}]", "process.rlimits[0].type: missing" },
		{ "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"hard\":1}]", "process.rlimits[0].soft: missing" },
		{ "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1}]", "process.rlimits[0].hard: missing" },
		{ "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":-1,\"hard\":1}]",
		  "process.rlimits[0].soft: -1 is not from 0 to 18446744073709551615" },
		{ "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]",
		  "process.rlimits[0].soft: is above the hard limit of RLIMIT_CPU" },
		{ "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
		  "{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}]",
		  "process.rlimits[1].type: RLIMIT_CPU stands twice" },
	};

	oci_refuses(oci_read_a_process, mistakes, ARRAY_SIZE(mistakes));
}

Test(oci_process, refuses_scheduling_that_makes_no_sense)
{
	static const struct oci_mistake mistakes[] = {
		{ "\"scheduler\":{}", "process.scheduler.policy: missing" },
		{ "\"scheduler\":{\"policy\":\"SCHED_FAST\"}",
		  "process.scheduler.policy: unknown scheduling policy \"SCHED_FAST\"" },
		{ "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"flags\":[\"SCHED_FLAG_X\"]}",
		  "process.scheduler.flags[0]: unknown scheduling flag \"SCHED_FLAG_X\"" },
		{ "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}",
		  "process.scheduler.nice: 20 is not from -20 to 19" },
		{ "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"priority\":1}",
		  "process.scheduler.priority: is only for SCHED_FIFO and SCHED_RR" },
		{ "\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"runtime\":1}",
		  "process.scheduler: runtime, deadline and period are only for SCHED_DEADLINE" },
		{ "\"ioPriority\":{}", "process.ioPriority.class: missing" },
		{ "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_NONE\"}",
		  "process.ioPriority.class: unknown I/O class \"IOPRIO_CLASS_NONE\"" },
		{ "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":8}",
		  "process.ioPriority.priority: 8 is not from 0 to 7" },
	};

	oci_refuses(oci_read_a_process, mistakes, ARRAY_SIZE(mistakes));
}
