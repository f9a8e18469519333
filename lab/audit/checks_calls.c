/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks: system calls. That a filter is there shows from outside, and not what it lets through: of
 * kapsel's own containers the filter is the profile's, as verified at the start; without any filter
 * everything is open.
 */
#include <errno.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"
#include "lab/audit/checks.h"
#include "lab/audit/facts.h"
#include "lab/audit/facts_parts.h"
#include "profiles/spec.h"
#include "seccomp/filter.h"
#include "seccomp/groups.h"

enum { CALLS_FEW = 180, CALLS_SOME = 240, CALLS_MANY = 320, MODE_FILTER = 2 };

static void by_filter(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	if (facts->status.seccomp_mode == MODE_FILTER || facts->status.seccomp_mode == 1) {
		if (facts->declared)
			opinion_by_step(check, facts, ret);
		else
			opinion_unreadable(ret, 0, "what a filter lets through does not show from outside");
		return;
	}
	opinion_judge(ret, check->range, "open");
	opinion_evidence(ret, "Seccomp: %d, no filter", facts->status.seccomp_mode);
}

static void filter_declared(const struct check *check, const struct audit_declared *declared,
			    struct opinion *ret)
{
	bool softened = declared->spec->on_violation == SPEC_VIOLATION_LOG;

	(void)check;
	opinion_judge(ret, softened ? 1 : 0, softened ? "logs" : "on");
	opinion_evidence(ret, "syscalls.on_violation");
}

static void filter(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	int mode = facts->status.seccomp_mode;
	bool softened = facts->declared && facts->declared->spec->on_violation == SPEC_VIOLATION_LOG;

	opinion_judge(ret, mode == 0 ? check->range : softened,
		      mode == 0  ? "none"
		      : softened ? "logs"
				 : "on");
	opinion_evidence(ret, "Seccomp: %d, Seccomp_filters: %d", mode, facts->status.seccomp_filters);
}

static void width_declared(const struct check *check, const struct audit_declared *declared,
			   struct opinion *ret)
{
	size_t n = filter_count(declared->spec);

	(void)check;
	opinion_judge(ret, (n > CALLS_FEW) + (n > CALLS_SOME) + (n > CALLS_MANY), "%zu", n);
	opinion_evidence(ret, "syscalls.allow opens %zu calls", n);
}

static void violation_declared(const struct check *check, const struct audit_declared *declared,
			       struct opinion *ret)
{
	static const char *const words[] = { "kill", "errno", "log" };
	enum spec_violation how = declared->spec->on_violation;

	(void)check;
	opinion_judge(ret, (unsigned int)how, "%s", words[how]);
	opinion_evidence(ret, "syscalls.on_violation");
}

/* Calls of the row that the profile opens, with what arguments soever. */
static void calls_declared(const struct check *check, const struct audit_declared *declared,
			   struct opinion *ret)
{
	char open[120] = "";
	unsigned int n = 0;

	for (const char *at = check->words; *at; at += strcspn(at, " "), at += *at == ' ') {
		enum filter_verdict verdict;
		char name[48];
		int number;

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, " "), at);
		number = syscall_number(name);
		if (number < 0)
			continue;
		verdict = filter_verdict(declared->spec, number);
		if (verdict != FILTER_ALLOWED && verdict != FILTER_ALLOWED_BY_ARGUMENT)
			continue;
		n++;
		facts_append(open, sizeof(open), name);
	}
	opinion_judge(ret, n ? check->range : 0, n ? "%u open" : "closed", n);
	opinion_evidence(ret, n ? "syscalls.allow opens %s" : "syscalls.allow opens none of them", open);
}

static void nested_declared(const struct check *check, const struct audit_declared *declared,
			    struct opinion *ret)
{
	const uint64_t user[6] = { CLONE_NEWUSER };
	bool open = declared->spec->allow_nested_namespaces ||
		    filter_answer(declared->spec, -1, syscall_number("unshare"), user) == 0 ||
		    filter_answer(declared->spec, -1, syscall_number("clone"), user) == 0;

	opinion_judge(ret, open ? check->range : 0, open ? "open" : "closed");
	opinion_evidence(ret, "allow_nested_namespaces");
}

static void families_declared(const struct check *check, const struct audit_declared *declared,
			      struct opinion *ret)
{
	static const struct {
		const char *name;
		uint64_t family, type;
	} wanted[] = {
		{ "AF_PACKET", AF_PACKET, SOCK_RAW },   { "AF_INET raw", AF_INET, SOCK_RAW },
		{ "AF_ALG", AF_ALG, SOCK_SEQPACKET },   { "AF_VSOCK", AF_VSOCK, SOCK_STREAM },
		{ "AF_NETLINK", AF_NETLINK, SOCK_RAW }, { "AF_XDP", AF_XDP, SOCK_RAW },
	};
	int number = syscall_number("socket");
	char open[120] = "";
	unsigned int n = 0;

	(void)check;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const uint64_t arguments[6] = { wanted[i].family, wanted[i].type };

		if (filter_answer(declared->spec, -1, number, arguments) != 0)
			continue;
		n++;
		facts_append(open, sizeof(open), wanted[i].name);
	}
	opinion_judge(ret, n > 2 ? 2 : n > 0, n ? "%u open" : "closed", n);
	opinion_evidence(ret, n ? "syscalls.allow opens %s" : "no family beyond unix and internet", open);
}

static void terminal_declared(const struct check *check, const struct audit_declared *declared,
			      struct opinion *ret)
{
	enum { TIOCSTI_REQUEST = 0x5412 };
	const uint64_t arguments[6] = { 0, TIOCSTI_REQUEST };
	bool open = filter_answer(declared->spec, -1, syscall_number("ioctl"), arguments) == 0;

	opinion_judge(ret, open ? check->range : 0, open ? "open" : "closed");
	opinion_evidence(ret, "ioctl TIOCSTI");
}

static void exec_declared(const struct check *check, const struct audit_declared *declared,
			  struct opinion *ret)
{
	const struct spec *spec = declared->spec;
	bool any = spec_exec_any(spec);

	if (spec_exec_once(spec))
		opinion_judge(ret, 0, "once");
	else
		opinion_judge(ret, any ? check->range : 1, any ? "any" : "%zu listed", spec->exec_allow.n);
	opinion_evidence(ret, "exec.allow");
}

#define CALLS_ROW(name, points, text, calls, ...)                                                            \
	{                                                                                                    \
		name, points, 1, text, "syscalls.allow", "/proc/PID/status Seccomp, run/steps seccomp",      \
			calls_declared, by_filter, .words = (calls), .step = "seccomp", .serves = {          \
				__VA_ARGS__                                                                  \
			}                                                                                    \
	}
#define CALLS_SERVES "A21", NULL, "4.4.3 4.4.4", NULL, "6"
#define CALLS_WHERE  "/proc/PID/status Seccomp, run/steps seccomp"

const struct check checks_calls[] = {
	{ "syscall-filter", 1500, 2, "A filter refuses system calls", "syscalls.on_violation",
	  "/proc/PID/status Seccomp, Seccomp_filters", filter_declared, filter,
	  .serves = { "A21 A24", "5.5 5.22", "4.4.3 4.4.4",
		      "baseline:privileged baseline:seccomp restricted:seccomp", "6" } },
	{ "syscall-width", 1000, 3, "Few system calls are open", "syscalls.allow", CALLS_WHERE,
	  width_declared, by_filter, .step = "seccomp", .serves = { CALLS_SERVES } },
	{ "syscall-violation", 300, 2, "A call that no workload needs ends it", "syscalls.on_violation",
	  CALLS_WHERE, violation_declared, by_filter, .step = "seccomp",
	  .serves = { "A21 A24", NULL, "4.4.4", NULL, "6" } },
	CALLS_ROW(
		"calls-mount", 1000, "It can not mount",
		"mount umount2 pivot_root chroot fsopen fsmount fsconfig move_mount open_tree mount_setattr",
		CALLS_SERVES),
	CALLS_ROW("calls-module", 1000, "It can not load kernel code",
		  "init_module finit_module delete_module kexec_load kexec_file_load reboot", CALLS_SERVES),
	CALLS_ROW("calls-debug", 1000, "It can not trace other processes",
		  "ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp perf_event_open", CALLS_SERVES),
	CALLS_ROW("calls-bpf", 500, "bpf, io_uring and userfaultfd are closed",
		  "bpf io_uring_setup io_uring_enter io_uring_register userfaultfd", CALLS_SERVES),
	CALLS_ROW("calls-clock", 300, "It can not set the clock",
		  "settimeofday clock_settime adjtimex clock_adjtime", CALLS_SERVES),
	CALLS_ROW("calls-keyring", 300, "It can not reach kernel keys", "keyctl add_key request_key",
		  CALLS_SERVES),
	CALLS_ROW("calls-raw", 300, "It can not reach raw input and output, swap and accounting",
		  "iopl ioperm modify_ldt swapon swapoff acct quotactl syslog vhangup", CALLS_SERVES),
	CALLS_ROW("calls-handle", 300, "It can not open files by handle",
		  "open_by_handle_at name_to_handle_at fanotify_init", CALLS_SERVES),
	{ "nested-namespaces", 1500, 1, "It can not make namespaces", "allow_nested_namespaces", CALLS_WHERE,
	  nested_declared, by_filter, .step = "nested-namespaces",
	  .serves = { "A21 A26", NULL, "4.4.3 4.4.4 4.5.2", NULL, "6" } },
	{ "socket-families", 1000, 2, "Only unix and internet sockets are open", "syscalls.allow",
	  CALLS_WHERE, families_declared, by_filter, .step = "seccomp",
	  .serves = { "A5 A21", NULL, "4.4.2 4.4.4", NULL, "6" } },
	{ "terminal-input", 200, 1, "It can not type into a terminal", NULL, CALLS_WHERE, terminal_declared,
	  by_filter, .step = "seccomp", .serves = { CALLS_SERVES } },
	{ "exec-once", 500, 2, "It can not start other programs", "exec.allow",
	  "/proc/PID/status Seccomp, run/steps exec-once", exec_declared, by_filter, .step = "exec-once",
	  .serves = { "A11 A21", NULL, "4.4.4", NULL, NULL } },
	{ 0 },
};
