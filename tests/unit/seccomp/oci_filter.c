/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/oci_filter.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "interpreter.h"
#include "oci_fixture.h"
#include "seccomp/groups.h"

enum { REFUSED = SECCOMP_RET_ERRNO | EPERM, LACKING = SECCOMP_RET_ERRNO | ENOSYS };

static bool holds(const struct oci_seccomp_arg *arg, uint64_t value)
{
	switch (arg->op) {
	case SCMP_CMP_NE:
		return value != arg->value;
	case SCMP_CMP_LT:
		return value < arg->value;
	case SCMP_CMP_LE:
		return value <= arg->value;
	case SCMP_CMP_EQ:
		return value == arg->value;
	case SCMP_CMP_GE:
		return value >= arg->value;
	case SCMP_CMP_GT:
		return value > arg->value;
	default:
		return (value & arg->value) == arg->value_two;
	}
}

/* All 64 bits, unlike the tests of a profile: the spec has unsigned 64-bit values. */
Test(oci_filter, compares_all_64_bits_with_every_operator)
{
	const uint64_t values[] = { 0,
				    1,
				    41,
				    42,
				    43,
				    UINT32_MAX,
				    1ULL << 32,
				    (1ULL << 32) + 42,
				    (1ULL << 40) + 3,
				    UINT64_MAX - 1,
				    UINT64_MAX };
	const int ops[] = { SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE, SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT };

	for (size_t op = 0; op < ARRAY_SIZE(ops); op++) {
		for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
			for (unsigned int index = 0; index < 6; index++) {
				_cleanup_arena_ struct arena *arena = arena_new();
				const struct oci_seccomp_arg arg = { index, values[i], 0, ops[op] };
				const struct oci_seccomp seccomp = {
					.default_action = SECCOMP_RET_ERRNO,
					RULES({ NAMES("ioctl"), SECCOMP_RET_ALLOW, .args = &arg,
						.n_args = 1 }),
				};
				struct oci_filter filter;

				oci_fixture_build(&seccomp, arena, &filter);
				for (size_t j = 0; j < ARRAY_SIZE(values); j++) {
					uint64_t args[6] = { 7, 7, 7, 7, 7, 7 };

					args[index] = values[j];
					cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, SYS_ioctl, args),
						     holds(&arg, values[j]) ? SECCOMP_RET_ALLOW : REFUSED),
						  "operator %d: %#lx and %#lx", ops[op], values[j],
						  values[i]);
				}
			}
		}
	}
}

Test(oci_filter, takes_the_value_for_the_mask_and_the_second_for_what_is_left)
{
	const struct oci_seccomp_arg tests[] = {
		{ 0, 0x7e020000, 0, SCMP_CMP_MASKED_EQ },
		{ 0, 0xf0, 0x30, SCMP_CMP_MASKED_EQ },
		{ 0, 0xff000000000000ffULL, 0x1200000000000034ULL, SCMP_CMP_MASKED_EQ },
	};
	const uint64_t values[] = {
		0, 17, 0x10000000, 0x20000, 0x35, 0x45, 0x1234567890123434ULL, 0x34, 0x1200000000000034ULL
	};

	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		const struct oci_seccomp seccomp = {
			.default_action = SECCOMP_RET_ERRNO,
			RULES({ NAMES("ioctl"), SECCOMP_RET_ALLOW, .args = &tests[i], .n_args = 1 }),
		};

		for (size_t j = 0; j < ARRAY_SIZE(values); j++)
			cr_assert(eq(u32, oci_fixture_answer(&seccomp, "ioctl", values[j]),
				     holds(&tests[i], values[j]) ? SECCOMP_RET_ALLOW : REFUSED),
				  "test %zu, value %#lx", i, values[j]);
	}
}

Test(oci_filter, wants_all_tests_of_a_rule_to_hold)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ALLOW,
		RULES({ NAMES("socket"), SECCOMP_RET_ERRNO, true, EAFNOSUPPORT,
			ARGS({ 0, 16, 0, SCMP_CMP_EQ }, { 1, 3, 0, SCMP_CMP_GE },
			     { 2, 9, 0, SCMP_CMP_NE }) }),
	};
	struct oci_filter filter;

	oci_fixture_build(&seccomp, arena, &filter);
	for (uint64_t bits = 0; bits < 8; bits++) {
		const uint64_t args[6] = { bits & 1 ? 16 : 2, bits & 2 ? 4 : 1, bits & 4 ? 8 : 9 };

		cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, SYS_socket, args),
			     bits == 7 ? SECCOMP_RET_ERRNO | EAFNOSUPPORT : SECCOMP_RET_ALLOW),
			  "tests %lx hold", bits);
	}
}

/* What libseccomp would refuse, and what runc does about it. */
Test(oci_filter, wants_one_test_to_hold_when_an_argument_is_tested_twice)
{
	const struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ERRNO,
		RULES({ NAMES("personality"), SECCOMP_RET_ALLOW,
			ARGS({ 0, 0, 0, SCMP_CMP_EQ }, { 0, 8, 0, SCMP_CMP_EQ },
			     { 0, 0xffffffff, 0, SCMP_CMP_EQ }) }),
	};

	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "personality", 0), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "personality", 8), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "personality", 0xffffffff), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "personality", 1), REFUSED));
}

Test(oci_filter, wants_one_of_several_rules_of_a_call_to_match)
{
	const struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ERRNO,
		RULES({ NAMES("socket"), SECCOMP_RET_ALLOW, ARGS({ 0, 38, 0, SCMP_CMP_LT }) },
		      { NAMES("socket"), SECCOMP_RET_ALLOW, ARGS({ 0, 39, 0, SCMP_CMP_EQ }) },
		      { NAMES("socket"), SECCOMP_RET_KILL_PROCESS, ARGS({ 0, 40, 0, SCMP_CMP_EQ }) }),
	};

	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "socket", 37), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "socket", 38), REFUSED));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "socket", 39), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "socket", 40), SECCOMP_RET_KILL_PROCESS));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "socket", 41), REFUSED));
}

Test(oci_filter, returns_every_action_by_rule_and_by_default)
{
	static const struct {
		uint32_t action;
		bool given;
		uint32_t errnum, expected;
	} actions[] = {
		{ SECCOMP_RET_KILL_THREAD, false, 0, SECCOMP_RET_KILL_THREAD },
		{ SECCOMP_RET_KILL_PROCESS, false, 0, SECCOMP_RET_KILL_PROCESS },
		{ SECCOMP_RET_TRAP, false, 0, SECCOMP_RET_TRAP },
		{ SECCOMP_RET_ERRNO, false, 0, SECCOMP_RET_ERRNO | EPERM },
		{ SECCOMP_RET_ERRNO, true, 0, SECCOMP_RET_ERRNO },
		{ SECCOMP_RET_ERRNO, true, 4094, SECCOMP_RET_ERRNO | 4094 },
		{ SECCOMP_RET_TRACE, false, 0, SECCOMP_RET_TRACE | EPERM },
		{ SECCOMP_RET_TRACE, true, 65535, SECCOMP_RET_TRACE | 65535 },
		{ SECCOMP_RET_LOG, false, 0, SECCOMP_RET_LOG },
		{ SECCOMP_RET_ALLOW, false, 0, SECCOMP_RET_ALLOW },
	};

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		const struct oci_seccomp by_rule = {
			.default_action = i == 0 ? SECCOMP_RET_LOG : SECCOMP_RET_KILL_THREAD,
			RULES({ NAMES("mkdirat"), actions[i].action, actions[i].given, actions[i].errnum },
			      { NAMES("openat2"), SECCOMP_RET_ALLOW }),
		};
		const struct oci_seccomp by_default = {
			.default_action = actions[i].action,
			.default_errno_given = actions[i].given,
			.default_errno = actions[i].errnum,
			RULES({ NAMES("openat2"), i == 0 ? SECCOMP_RET_LOG : SECCOMP_RET_KILL_THREAD }),
		};

		cr_assert(eq(u32, oci_fixture_answer(&by_rule, "mkdirat", 0), actions[i].expected), "%zu", i);
		cr_assert(eq(u32, oci_fixture_answer(&by_default, "mkdirat", 0), actions[i].expected), "%zu",
			  i);
	}
}

Test(oci_filter, skips_names_that_nobody_knows)
{
	const struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ERRNO,
		RULES({ NAMES("no_such_call", "mkdirat", "chown32", ""), SECCOMP_RET_ALLOW }),
	};

	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "mkdirat", 0), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "linkat", 0), LACKING));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "read", 0), REFUSED));
}

Test(oci_filter, leaves_out_rules_that_only_repeat_the_default)
{
	const struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ERRNO,
		.default_errno_given = true,
		.default_errno = EPERM,
		RULES({ NAMES("mkdirat"), SECCOMP_RET_ERRNO }, { NAMES("openat2"), SECCOMP_RET_ALLOW }),
	};

	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "mkdirat", 0), REFUSED));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "openat2", 0), SECCOMP_RET_ALLOW));
}

Test(oci_filter, answers_enosys_for_calls_newer_than_the_newest_named)
{
	static const uint32_t refusals[] = { SECCOMP_RET_ERRNO, SECCOMP_RET_KILL_PROCESS,
					     SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP };
	static const uint32_t others[] = { SECCOMP_RET_ALLOW, SECCOMP_RET_LOG, SECCOMP_RET_TRACE };
	struct oci_seccomp seccomp = {
		RULES({ NAMES("statx"), SECCOMP_RET_ERRNO, true, EACCES },
		      { NAMES("faccessat2"), SECCOMP_RET_ALLOW }),
	};
	uint32_t by_default;

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		seccomp.default_action = refusals[i];
		by_default = refusals[i] == SECCOMP_RET_ERRNO ? REFUSED : refusals[i];
		cr_assert(eq(u32, oci_fixture_answer(&seccomp, "pidfd_getfd", 0), by_default));
		cr_assert(eq(u32, oci_fixture_answer(&seccomp, "faccessat2", 0), SECCOMP_RET_ALLOW));
		cr_assert(eq(u32, oci_fixture_answer(&seccomp, "process_madvise", 0), LACKING));
		cr_assert(eq(u32, oci_fixture_answer(&seccomp, "mseal", 0), LACKING));
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		seccomp.default_action = others[i];
		by_default = others[i] == SECCOMP_RET_TRACE ? others[i] | EPERM : others[i];
		cr_assert(eq(u32, oci_fixture_answer(&seccomp, "process_madvise", 0), by_default));
	}
}

Test(oci_filter, takes_an_errno_of_the_config_for_old_calls_only_unless_it_is_enosys)
{
	struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ERRNO,
		.default_errno_given = true,
		.default_errno = EACCES,
		RULES({ NAMES("statx"), SECCOMP_RET_ALLOW }),
	};

	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "read", 0), SECCOMP_RET_ERRNO | EACCES));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "clone3", 0), LACKING));
	seccomp.default_errno = ENOSYS;
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "read", 0), LACKING));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "clone3", 0), LACKING));
}

Test(oci_filter, refuses_all_as_the_default_says_when_no_call_is_named)
{
	const struct oci_seccomp seccomp = { .default_action = SECCOMP_RET_ERRNO };

	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "read", 0), REFUSED));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "clone3", 0), REFUSED));
}

/* Debian 12's libseccomp ends at Linux 6.6, our table doesn't. */
Test(oci_filter, knows_calls_that_are_newer_than_libseccomp)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ERRNO,
		.architectures = NAMES(COMPAT_WORD),
		RULES({ NAMES("mseal"), SECCOMP_RET_ALLOW },
		      { NAMES("file_getattr", "mseal"), SECCOMP_RET_ERRNO, true, EACCES },
		      { NAMES("removexattrat"), SECCOMP_RET_ERRNO }),
	};
	const uint32_t archs[] = { NATIVE, COMPAT };
	struct oci_filter filter;

	oci_fixture_build(&seccomp, arena, &filter);
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++) {
		cr_assert(eq(u32, oci_fixture_ask(&filter, archs[i], 462, NULL), SECCOMP_RET_ALLOW));
		cr_assert(eq(u32, oci_fixture_ask(&filter, archs[i], 466, NULL), REFUSED));
		cr_assert(eq(u32, oci_fixture_ask(&filter, archs[i], 463, NULL), REFUSED));
		cr_assert(eq(u32, oci_fixture_ask(&filter, archs[i], 468, NULL), SECCOMP_RET_ERRNO | EACCES));
		cr_assert(eq(u32, oci_fixture_ask(&filter, archs[i], 469, NULL), LACKING));
	}
}

/* Of both a denied call: a deny list must not lose the newest ones. */
Test(oci_filter, denies_new_calls_by_name_when_the_default_allows)
{
	const struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ALLOW,
		RULES({ NAMES("mseal", "statmount", "mount"), SECCOMP_RET_ERRNO }),
	};

	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "mseal", 0), REFUSED));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "statmount", 0), REFUSED));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "mount", 0), REFUSED));
	cr_assert(eq(u32, oci_fixture_answer(&seccomp, "listmount", 0), SECCOMP_RET_ALLOW));
}

Test(oci_filter, kills_architectures_that_are_not_listed)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ALLOW,
		RULES({ NAMES("mkdirat"), SECCOMP_RET_ERRNO }),
	};
	struct oci_filter filter;

	oci_fixture_build(&seccomp, arena, &filter);
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, SYS_mkdirat, NULL), REFUSED));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, SYS_getpid, NULL), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_ask(&filter, COMPAT, 3, NULL), SECCOMP_RET_KILL_PROCESS));
}

/* The native one is always there: the runtime itself is such a program. */
Test(oci_filter, filters_the_native_architecture_also_when_only_another_is_listed)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ERRNO,
		.architectures = NAMES(COMPAT_WORD, COMPAT_WORD),
		RULES({ NAMES("read", "chown32", "statx"), SECCOMP_RET_ALLOW }),
	};
	struct oci_filter filter;

	oci_fixture_build(&seccomp, arena, &filter);
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, SYS_read, NULL), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, SYS_writev, NULL), REFUSED));
	/* read 3 and chown32 212 on i386 and arm, close 6. */
	cr_assert(eq(u32, oci_fixture_ask(&filter, COMPAT, 3, NULL), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_ask(&filter, COMPAT, 212, NULL), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_ask(&filter, COMPAT, 6, NULL), REFUSED));
	cr_assert(eq(u32, oci_fixture_ask(&filter, COMPAT, 450, NULL), LACKING));
}

#if defined(__x86_64__)
Test(oci_filter, tells_x32_from_x86_64_by_its_bit)
{
	const uint32_t bit = 0x40000000;
	_cleanup_arena_ struct arena *arena = arena_new();
	struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ERRNO,
		RULES({ NAMES("read", "openat2", "mseal"), SECCOMP_RET_ALLOW }),
	};
	struct oci_filter filter;

	oci_fixture_build(&seccomp, arena, &filter);
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, bit | SYS_read, NULL), SECCOMP_RET_KILL_PROCESS));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, UINT32_MAX, NULL), LACKING));
	seccomp.architectures = (struct spec_strings)NAMES("SCMP_ARCH_X86_64", "SCMP_ARCH_X32");
	oci_fixture_build(&seccomp, arena, &filter);
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, bit | SYS_read, NULL), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, bit | 462, NULL), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, bit | 463, NULL), LACKING));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, bit | SYS_write, NULL), REFUSED));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, SYS_read, NULL), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, 470, NULL), LACKING));
}
#endif

/* ARM's own calls have numbers far above all others: they don't say how new a list is. */
Test(oci_filter, does_not_take_the_private_calls_of_arm_for_new_ones)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ERRNO,
		.architectures = NAMES("SCMP_ARCH_ARM"),
		RULES({ NAMES("read", "openat2", "set_tls"), SECCOMP_RET_ALLOW }),
	};
	struct oci_filter filter;

	oci_fixture_build(&seccomp, arena, &filter);
	cr_assert(eq(u32, oci_fixture_ask(&filter, AUDIT_ARCH_ARM, 0xf0005, NULL), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_ask(&filter, AUDIT_ARCH_ARM, 0xf0002, NULL), REFUSED));
	cr_assert(eq(u32, oci_fixture_ask(&filter, AUDIT_ARCH_ARM, 438, NULL), LACKING));
	cr_assert(eq(u32, oci_fixture_ask(&filter, AUDIT_ARCH_ARM, 437, NULL), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_ask(&filter, AUDIT_ARCH_ARM, 4, NULL), REFUSED));
}

Test(oci_filter, builds_what_engines_give_by_default)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const uint64_t thread[6] = { 0x3d0f00 }, nested[6] = { 0x10000000 }, vsock[6] = { 40 },
		       inet[6] = { 2 };
	struct oci_seccomp seccomp;
	struct oci_filter filter;

	oci_fixture_docker(&seccomp);
	oci_fixture_build(&seccomp, arena, &filter);
	cr_assert(not(filter.notify));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, SYS_read, NULL), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, SYS_clone, thread), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, SYS_clone, nested), REFUSED));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, SYS_clone3, NULL), LACKING));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, SYS_socket, inet), SECCOMP_RET_ALLOW));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, SYS_socket, vsock), REFUSED));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, SYS_keyctl, NULL), REFUSED));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, 900, NULL), LACKING));
}

/* Each call against the config itself: a tree of 350 calls on three architectures has room for mistakes. */
Test(oci_filter, answers_every_number_as_the_config_says)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct oci_seccomp seccomp;
	struct oci_filter filter;
	bool looked;

	oci_fixture_docker(&seccomp);
	oci_fixture_build(&seccomp, arena, &filter);
	for (int nr = 0; nr < 470; nr++) {
		const struct seccomp_data data = { .nr = nr, .arch = NATIVE };
		const char *name = syscall_name(nr);
		uint32_t answer = interpreter_run(filter.program, filter.n, &data, &looked);
		uint32_t wanted = REFUSED;

		for (size_t i = 0; name && i < seccomp.n_rules; i++)
			for (size_t j = 0; j < seccomp.rules[i].names.n; j++)
				if (strcmp(seccomp.rules[i].names.items[j], name) == 0)
					wanted = seccomp.rules[i].action | seccomp.rules[i].errno_ret;
		/* Data of zeros: personality and clone are allowed so, too, and socket(AF_UNSPEC). */
		if (answer == LACKING && wanted == REFUSED)
			cr_assert(gt(int, nr, 462), "%s", name);
		else
			cr_assert(eq(u32, answer, wanted), "%d %s", nr, name);
		if (!looked)
			continue;
		/* Only these leave the kernel's bitmap. */
		cr_assert(nr == SYS_personality || nr == SYS_socket || nr == SYS_clone, "%s", name);
	}
}
