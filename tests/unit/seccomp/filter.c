/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/filter.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "interpreter.h"
#include "profiles/spec.h"
#include "seccomp/groups.h"
#include "seccomp/policy.h"
#include "text.h"

#if defined(__x86_64__)
#define NATIVE  AUDIT_ARCH_X86_64
#define FOREIGN AUDIT_ARCH_I386
#else
#define NATIVE  AUDIT_ARCH_AARCH64
#define FOREIGN AUDIT_ARCH_ARM
#endif

enum { EXEC_FD = 5000, UID = 65532, GID = 70000 };

#define STRINGS(...)                                                                                         \
	{                                                                                                    \
		.items = (const char *const[]){ __VA_ARGS__, NULL },                                         \
		.n = sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *)                           \
	}
#define ANY_EXEC STRINGS("*")

/* Every opening alone, and the lists that real programs get. */
static const struct spec variants[] = {
	{ .name = "nothing", .on_violation = SPEC_VIOLATION_KILL },
	{ .name = "base", .syscalls = STRINGS("@base"), .user = { .uid = UID, .gid = GID } },
	{ .name = "base exec", .syscalls = STRINGS("@base"), .exec_allow = ANY_EXEC },
	{ .name = "server",
	  .syscalls = STRINGS("@base", "@process", "@threads", "@file-write", "@socket-server") },
	{ .name = "threads only", .syscalls = STRINGS("@base", "@threads") },
	{ .name = "processes only", .syscalls = STRINGS("@base", "@process"), .exec_allow = ANY_EXEC },
	{ .name = "all groups",
	  .syscalls = STRINGS("@base", "@process", "@threads", "@file-write", "@socket-client",
			      "@socket-server", "@netlink", "@ipc", "@jit", "@identity", "@memory-lock",
			      "@sandbox", "@aio", "@splice", "@docker-default") },
	{ .name = "docker", .syscalls = STRINGS("@docker-default"), .exec_allow = ANY_EXEC },
	{ .name = "jit", .syscalls = STRINGS("@base", "@ipc"), .allow_jit = true },
	{ .name = "nested", .syscalls = STRINGS("@base", "@process"), .allow_nested_namespaces = true },
	{ .name = "ptrace", .syscalls = STRINGS("@base"), .allow_ptrace = true },
	{ .name = "setuid", .syscalls = STRINGS("@base"), .allow_setuid = true },
	{ .name = "netlink", .syscalls = STRINGS("@base", "@netlink", "@socket-client") },
	{ .name = "raw",
	  .syscalls = STRINGS("@base", "@socket-client"),
	  .capabilities = 1ULL << CAP_NET_RAW },
	{ .name = "names",
	  .syscalls = STRINGS("@base", "clone", "mount", "memfd_create", "io_uring_setup", "unshare",
			      "init_module", "clone3", "socketcall") },
	{ .name = "errno",
	  .syscalls = STRINGS("@base", "@process", "@socket-client"),
	  .on_violation = SPEC_VIOLATION_ERRNO },
	{ .name = "log",
	  .syscalls = STRINGS("@base", "@process", "@socket-client"),
	  .on_violation = SPEC_VIOLATION_LOG },
	{ .name = "notify", .syscalls = STRINGS("@base"), .notify = true },
	{ .name = "notify of a server", .syscalls = STRINGS("@base", "@socket-server"), .notify = true },
};

static void build(const struct spec *spec, bool notify, struct arena *arena, struct filter *ret)
{
	const struct filter_options options = { .notify = notify,
						.exec_fd = spec_exec_once(spec) ? EXEC_FD : -1 };
	struct error err = { 0 };

	cr_assert(eq(int, filter_build(spec, &options, arena, ret, &err), 0), "%s: %s", spec->name, err.msg);
	cr_assert(interpreter_accepts(ret->program, ret->n), "%s", spec->name);
}

/* What the program must return where the policy says @answer. */
static uint32_t expected_action(const struct policy *policy, bool notify, int nr, const uint64_t args[6])
{
	int answer = policy_answer(policy, nr, args);
	enum filter_verdict verdict = policy_verdict(policy, nr);

	if (verdict == FILTER_UNKNOWN)
		return SECCOMP_RET_ERRNO | ENOSYS;
	if (answer == 0 && (verdict == FILTER_DENIED || policy_rule(policy, nr, args)))
		return SECCOMP_RET_LOG;
	if (answer == 0)
		return SECCOMP_RET_ALLOW;
	if (notify)
		return SECCOMP_RET_USER_NOTIF;
	return answer < 0 ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | (uint32_t)answer;
}

static void compare(const struct filter *filter, const struct policy *policy, const char *variant, int nr,
		    const uint64_t args[6])
{
	struct seccomp_data data = { .nr = nr, .arch = NATIVE };
	uint32_t wanted = expected_action(policy, filter->notify, nr, args);
	uint32_t got;
	bool looked;

	for (size_t i = 0; i < 6; i++)
		data.args[i] = args[i];
	got = interpreter_run(filter->program, filter->n, &data, &looked);
	cr_assert(eq(u32, got, wanted), "%s notify %d: %s(%#lx, %#lx, %#lx, %#lx)", variant, filter->notify,
		  syscall_name(nr), args[0], args[1], args[2], args[3]);
	if (policy_verdict(policy, nr) != FILTER_ALLOWED_BY_ARGUMENT)
		cr_assert(not(looked), "%s: %s is not in the kernel's bitmap", variant, syscall_name(nr));
}

/* Each value that some rule tests for, next to it, and with bits above the 32nd. */
static void compare_arguments(const struct filter *filter, const struct policy *policy, const char *variant,
			      int nr)
{
	const uint64_t highs[] = { 0, 1ULL << 32, 0xffffffff00000000ULL };

	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct argument_rule *rule = policy->rules[i];

		for (unsigned int bits = 0; bits < 1U << ARGUMENT_TESTS_MAX; bits++) {
			for (size_t high = 0; high < ARRAY_SIZE(highs); high++) {
				uint64_t args[6] = { 0 };

				for (size_t j = 0; j < ARGUMENT_TESTS_MAX; j++) {
					const struct argument_test *test = &rule->tests[j];
					uint64_t value = test->op == ARGUMENT_ANY ? test->mask & -test->mask
							 : test->op == ARGUMENT_OTHER_FD ? EXEC_FD
											 : test->value;

					if (test->op == ARGUMENT_END)
						break;
					args[test->index] |=
						(bits >> j & 1 ? value : value + 1) | highs[high];
				}
				compare(filter, policy, variant, nr, args);
			}
		}
	}
}

/* The rules of other calls only as often as needed: they aren't in the block of this one. */
static void compare_all(const struct spec *spec, bool notify)
{
	const uint64_t none[6] = { 0 },
		       ones[6] = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct policy policy, single;
	struct error err = { 0 };
	struct filter filter;

	build(spec, notify, arena, &filter);
	cr_assert(eq(int, policy_read(spec, spec_exec_once(spec) ? EXEC_FD : -1, &policy, &err), 0));
	for (int nr = -1; nr < 600; nr++) {
		const char *name = syscall_name(nr);

		compare(&filter, &policy, spec->name, nr, none);
		compare(&filter, &policy, spec->name, nr, ones);
		single = policy;
		single.n_rules = 0;
		for (size_t i = 0; name && i < policy.n_rules; i++)
			if (strcmp(policy.rules[i]->call, name) == 0)
				single.rules[single.n_rules++] = policy.rules[i];
		compare_arguments(&filter, &single, spec->name, nr);
	}
}

Test(filter, program_answers_as_the_policy_says_for_every_call_and_variant)
{
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++)
		compare_all(&variants[i], false);
}

Test(filter, program_notifies_what_the_policy_refuses_for_every_call_and_variant)
{
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++)
		compare_all(&variants[i], true);
}

Test(filter, foreign_architectures_are_killed_whatever_is_open)
{
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		struct filter filter;
		bool looked;

		build(&variants[i], true, arena, &filter);
		for (int nr = 0; nr < 600; nr++) {
			struct seccomp_data data = { .nr = nr, .arch = FOREIGN };

			cr_assert(eq(u32, interpreter_run(filter.program, filter.n, &data, &looked),
				     SECCOMP_RET_KILL_PROCESS));
#if defined(__x86_64__)
			data = (struct seccomp_data){ .nr = nr | 0x40000000, .arch = NATIVE };
			cr_assert(eq(u32, interpreter_run(filter.program, filter.n, &data, &looked),
				     SECCOMP_RET_KILL_PROCESS));
#endif
		}
	}
}

Test(filter, numbers_beyond_the_table_answer_enosys)
{
	const int numbers[] = { -1, 400, 470, 512, 9999, 0x3fffffff };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct filter filter;
	bool looked;

	build(&variants[6], true, arena, &filter);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct seccomp_data data = { .nr = numbers[i], .arch = NATIVE };

		cr_assert(eq(u32, interpreter_run(filter.program, filter.n, &data, &looked),
			     SECCOMP_RET_ERRNO | ENOSYS),
			  "%d", numbers[i]);
	}
}

Test(filter, payload_can_finish_its_start_with_nothing_opened)
{
	const char *needed[] = { "read",       "write",        "close",          "exit",
				 "exit_group", "rt_sigreturn", "restart_syscall" };

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		cr_assert(eq(int, filter_verdict(&variants[0], syscall_number(needed[i])), FILTER_ALLOWED),
			  "%s", needed[i]);
	cr_assert(eq(int, filter_verdict(&variants[0], SYS_execveat), FILTER_ALLOWED_BY_ARGUMENT));
	cr_assert(eq(int, filter_verdict(&variants[0], SYS_execve), FILTER_DENIED));
	cr_assert(eq(int, filter_verdict(&variants[0], SYS_openat), FILTER_DENIED));
}

Test(filter, held_exec_is_always_asked_about)
{
	const struct filter_options options = { .notify = true, .exec_fd = EXEC_FD, .exec_held = true };
	struct seccomp_data data = { .nr = SYS_execveat,
				     .arch = NATIVE,
				     .args = { EXEC_FD, 0, 0, 0, 0x1000 } };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct filter filter;
	bool looked;

	cr_assert(eq(int, filter_build(&variants[1], &options, arena, &filter, &err), 0));
	cr_assert(interpreter_accepts(filter.program, filter.n));
	cr_assert(eq(u32, interpreter_run(filter.program, filter.n, &data, &looked), SECCOMP_RET_USER_NOTIF));
}

Test(filter, exec_once_without_a_descriptor_is_refused)
{
	const struct filter_options options = { .exec_fd = -1 };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct filter filter;

	cr_assert(eq(int, filter_build(&variants[1], &options, arena, &filter, &err), -EINVAL));
	cr_assert(gt(sz, strlen(err.remedy), 0));
}

Test(filter, held_exec_without_a_listener_is_refused)
{
	const struct filter_options options = { .exec_fd = EXEC_FD, .exec_held = true };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct filter filter;

	cr_assert(eq(int, filter_build(&variants[1], &options, arena, &filter, &err), -EINVAL));
}

Test(filter, unknown_names_are_refused_with_the_nearest_one)
{
	const struct filter_options options = { .exec_fd = -1 };
	const struct spec call = { .syscalls = STRINGS("@base", "ptrase"), .exec_allow = ANY_EXEC };
	const struct spec group = { .syscalls = STRINGS("@bass"), .exec_allow = ANY_EXEC };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct filter filter;

	cr_assert(eq(int, filter_build(&call, &options, arena, &filter, &err), -EINVAL));
	cr_assert(eq(str, err.msg, text("unknown system call \"ptrase\" in syscalls.allow")));
	cr_assert(eq(str, err.remedy, text("did you mean \"ptrace\"?")));
	cr_assert(eq(int, filter_build(&group, &options, arena, &filter, &err), -EINVAL));
	cr_assert(eq(str, err.remedy, text("did you mean \"@base\"?")));
	cr_assert(eq(int, filter_verdict(&call, SYS_read), FILTER_DENIED));
	cr_assert(eq(sz, filter_count(&call), 0));
}

Test(filter, count_is_that_of_the_open_calls)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct filter filter;
	size_t open = 0;

	for (int nr = 0; nr < 600; nr++) {
		enum filter_verdict verdict = filter_verdict(&variants[3], nr);

		open += verdict == FILTER_ALLOWED || verdict == FILTER_ALLOWED_BY_ARGUMENT;
	}
	cr_assert(eq(sz, filter_count(&variants[3]), open));
	build(&variants[3], false, arena, &filter);
	cr_assert(eq(sz, filter.n_open, open));
	cr_assert(lt(sz, filter_count(&variants[1]), filter_count(&variants[3])));
	cr_assert(lt(sz, filter_count(&variants[3]), filter_count(&variants[7])));
}

Test(filter, module_loading_can_not_be_opened_by_name)
{
	const struct spec *names = &variants[14];

	cr_assert(eq(int, filter_verdict(names, SYS_init_module), FILTER_KILLED));
	cr_assert(eq(int, filter_verdict(names, syscall_number("clone3")), FILTER_UNKNOWN));
	cr_assert(eq(int, filter_verdict(names, SYS_mount), FILTER_ALLOWED));
	cr_assert(eq(int, filter_verdict(names, syscall_number("io_uring_setup")), FILTER_ALLOWED));
	cr_assert(eq(int, filter_verdict(names, SYS_memfd_create), FILTER_ALLOWED));
	cr_assert(eq(int, filter_verdict(&variants[7], SYS_memfd_create), FILTER_DENIED));
}
