/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a config can't have, what of it is for the listener, and what features says. */
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
#include "text.h"

static void refused_with(const struct oci_seccomp *seccomp, const char *message)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct oci_filter filter;
	struct error err = { 0 };

	cr_assert(eq(int, oci_filter_build(seccomp, NULL, arena, &filter, &err), -EINVAL));
	cr_assert(eq(str, err.msg, text(message)));
	cr_assert(ne(str, err.remedy, text("")));
}

Test(oci_filter_refusals, refuses_an_errno_for_an_action_that_has_none)
{
	const struct oci_seccomp by_default = {
		.default_action = SECCOMP_RET_ALLOW,
		.default_errno_given = true,
		.default_errno = 1,
	};
	const struct oci_seccomp by_rule = {
		.default_action = SECCOMP_RET_ERRNO,
		RULES({ NAMES("read"), SECCOMP_RET_ALLOW }, { NAMES("write"), SECCOMP_RET_TRAP, true, 13 }),
	};

	refused_with(&by_default,
		     "linux.seccomp.defaultErrnoRet 1: the action SCMP_ACT_ALLOW returns no errno");
	refused_with(&by_rule,
		     "linux.seccomp.syscalls[1].errnoRet 13: the action SCMP_ACT_TRAP returns no errno");
}

Test(oci_filter_refusals, refuses_an_errno_that_would_be_cut)
{
	const struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ALLOW,
		RULES({ NAMES("read"), SECCOMP_RET_ERRNO, true, 4095 }),
	};

	refused_with(&seccomp, "linux.seccomp.syscalls[0].errnoRet 4095: more than can be passed on");
}

Test(oci_filter_refusals, refuses_architectures_that_libseccomp_does_not_know_or_can_not_add)
{
	struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ALLOW,
		.architectures = NAMES(NATIVE_WORD, "SCMP_ARCH_VAX"),
	};

	refused_with(&seccomp, "linux.seccomp.architectures[1]: libseccomp does not know \"SCMP_ARCH_VAX\"");
	seccomp.architectures = (struct spec_strings)NAMES("SCMP_ARCH_S390X");
	refused_with(&seccomp,
		     "linux.seccomp.architectures: libseccomp can't add SCMP_ARCH_S390X to a filter "
		     "of this machine");
}

Test(oci_filter_refusals, refuses_a_seventh_argument)
{
	const struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ALLOW,
		RULES({ NAMES("read"), SECCOMP_RET_ERRNO, ARGS({ 6, 0, 0, SCMP_CMP_EQ }) }),
	};
	_cleanup_arena_ struct arena *arena = arena_new();
	struct oci_filter filter;
	struct error err = { 0 };

	cr_assert(eq(int, oci_filter_build(&seccomp, NULL, arena, &filter, &err), -EINVAL));
	cr_assert(eq(str, err.msg,
		     "linux.seccomp.syscalls[0].args[0].index 6: a call has six arguments, 0 to 5"));
}

Test(oci_filter_refusals, names_the_rule_that_contradicts_an_earlier_one)
{
	const struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ERRNO,
		RULES({ NAMES("read"), SECCOMP_RET_ALLOW, ARGS({ 0, 1, 0, SCMP_CMP_EQ }) },
		      { NAMES("write", "read"), SECCOMP_RET_TRAP, ARGS({ 0, 1, 0, SCMP_CMP_EQ }) }),
	};
	_cleanup_arena_ struct arena *arena = arena_new();
	struct oci_filter filter;
	struct error err = { 0 };

	cr_assert(eq(int, oci_filter_build(&seccomp, NULL, arena, &filter, &err), -EEXIST));
	cr_assert(eq(str, err.msg, "linux.seccomp.syscalls[1]: libseccomp can't add SCMP_ACT_TRAP for read"));
	cr_assert(ne(str, err.remedy, ""));
}

Test(oci_filter_refusals, refuses_to_notify_without_somebody_to_notify)
{
	struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ALLOW,
		RULES({ NAMES("mkdirat"), SECCOMP_RET_USER_NOTIF }),
	};

	refused_with(&seccomp, "linux.seccomp: SCMP_ACT_NOTIFY without listenerPath");
	seccomp.listener_path = "";
	refused_with(&seccomp, "linux.seccomp: SCMP_ACT_NOTIFY without listenerPath");
}

Test(oci_filter_refusals, refuses_to_hold_the_call_that_hands_the_listener_over)
{
	const struct oci_seccomp by_rule = {
		.default_action = SECCOMP_RET_ALLOW,
		.listener_path = "/run/agent",
		RULES({ NAMES("mkdirat", "sendmsg"), SECCOMP_RET_USER_NOTIF }),
	};
	const struct oci_seccomp by_default = {
		.default_action = SECCOMP_RET_USER_NOTIF,
		.listener_path = "/run/agent",
	};

	refused_with(&by_rule,
		     "linux.seccomp.syscalls[0].names[1]: SCMP_ACT_NOTIFY for sendmsg would hold the "
		     "call that hands the listener over");
	refused_with(&by_default,
		     "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY would hold the call that hands "
		     "the listener over");
}

Test(oci_filter_refusals, wants_a_listener_only_if_some_call_can_be_held)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ALLOW,
		.listener_path = "/run/agent",
		.flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG |
			 SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		RULES({ NAMES("mkdirat"), SECCOMP_RET_USER_NOTIF }),
	};
	struct oci_filter filter;

	oci_fixture_build(&seccomp, arena, &filter);
	cr_assert(filter.notify);
	cr_assert(eq(uint, filter.flags,
		     SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV |
			     SECCOMP_FILTER_FLAG_NEW_LISTENER));
	cr_assert(eq(u32, oci_fixture_ask(&filter, NATIVE, SYS_mkdirat, NULL), SECCOMP_RET_USER_NOTIF));
	seccomp.n_rules = 0;
	oci_fixture_build(&seccomp, arena, &filter);
	cr_assert(not(filter.notify));
	cr_assert(eq(uint, filter.flags, SECCOMP_FILTER_FLAG_LOG));
}

static bool has(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

Test(oci_filter_refusals, tells_features_its_words)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *const *supported = oci_filter_supported_flags(arena);

	cr_assert(has(oci_filter_actions(), "SCMP_ACT_NOTIFY"));
	cr_assert(has(oci_filter_actions(), "SCMP_ACT_KILL_PROCESS"));
	cr_assert(has(oci_filter_operators(), "SCMP_CMP_MASKED_EQ"));
	cr_assert(has(oci_filter_architectures(), "SCMP_ARCH_X32"));
	cr_assert(has(oci_filter_flags(), "SECCOMP_FILTER_FLAG_TSYNC"));
	for (; *supported; supported++)
		cr_assert(has(oci_filter_flags(), *supported));
}

/* Every word of features can be used: by the engine that read it there. */
Test(oci_filter_refusals, takes_every_architecture_that_it_tells_or_says_why_not)
{
	for (const char *const *word = oci_filter_architectures(); *word; word++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		const struct oci_seccomp seccomp = {
			.default_action = SECCOMP_RET_ERRNO,
			.architectures = { word, 1 },
			RULES({ NAMES("read", "openat2"), SECCOMP_RET_ALLOW }),
		};
		struct oci_filter filter;
		struct error err = { 0 };
		int r = oci_filter_build(&seccomp, NULL, arena, &filter, &err);

		if (r == 0)
			cr_assert(interpreter_accepts(filter.program, filter.n), "%s", *word);
		else
			cr_assert(ne(ptr, strstr(err.msg, "can't add SCMP_ARCH_"), NULL), "%s", err.msg);
	}
}
