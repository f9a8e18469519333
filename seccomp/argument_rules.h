/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Which arguments an opened call must not have, as data: the compiler turns it into BPF,
 * the supervisor asks it for the answer to give, and the tests compare both.
 *
 * A test looks at the low 32 bits of an argument, as the kernel does with an int: a
 * compare of all 64 lets TIOCSTI | 1 << 32 through (CVE-2019-7303). For the few arguments
 * of type unsigned long only bits below 32 mean something.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum argument_op {
	ARGUMENT_END,
	ARGUMENT_IS,        /* (low & mask) == value */
	ARGUMENT_NOT,       /* (low & mask) != value */
	ARGUMENT_ANY,       /* (low & mask) != 0 */
	ARGUMENT_GIVEN,     /* all 64 bits: a pointer that isn't NULL */
	ARGUMENT_OTHER_FD,  /* low != the descriptor of "exec once" */
	ARGUMENT_OTHER_UID, /* low != the user the workload runs as */
	ARGUMENT_OTHER_GID, /* low != its group */
};

/* What decides whether a rule is in force. */
enum argument_when {
	WHEN_ALWAYS,
	WHEN_INIT,         /* process 1 is kapsel's, as it always is but in an exported bundle */
	WHEN_NO_NESTED,    /* without allow_nested_namespaces */
	WHEN_NO_JIT,       /* without allow_jit */
	WHEN_NO_RAW,       /* without the capability NET_RAW */
	WHEN_NO_NETLINK,   /* without @netlink */
	WHEN_NETLINK,      /* with it */
	WHEN_NO_THREADS,   /* clone opened for processes only */
	WHEN_NO_PROCESSES, /* clone opened for threads only */
	WHEN_EXEC_ONCE,
	WHEN_EXEC_LIST,   /* exec.allow names programs, and not "*" */
	WHEN_NO_IDENTITY, /* without @identity */
	WHEN_ONLY_NOTIFY, /* socket is open for "notify" alone */
};

enum { ARGUMENT_TESTS_MAX = 8 };

struct argument_test {
	enum argument_op op;
	unsigned int index; /* 0 to 5 */
	uint32_t mask;
	uint32_t value;
};

/* What the table can't know. */
struct argument_values {
	int exec_fd;
	uint32_t uid, gid;
};

/* Refused when all tests hold; the first rule of a call that matches decides. */
struct argument_rule {
	const char *call;
	enum argument_when when;
	int answer;         /* errno */
	const char *reason; /* in words, what is refused and why */
	struct argument_test tests[ARGUMENT_TESTS_MAX];
};

/** argument_rules() - Return: the table of @ret_n rules; those of one call are neighbours. */
const struct argument_rule *argument_rules(size_t *ret_n);

/** argument_value() - Return: what the test compares with. */
uint32_t argument_value(const struct argument_test *test, const struct argument_values *values);

/** argument_rule_matches() - Return: whether the rule refuses a call with these arguments. */
bool argument_rule_matches(const struct argument_rule *rule, const uint64_t args[6],
			   const struct argument_values *values);
