/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/compile.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "seccomp/code.h"
#include "seccomp/filter.h"
#include "seccomp/policy.h"

enum { KNOWN_MAX = 512, X32_BIT = 0x40000000 };

/*
 * libseccomp finds the call in a binary tree and knows the architectures; it can't compare
 * one argument twice in a rule, so it can't say "none of these". A call whose arguments
 * matter therefore gets an action that nothing else uses, SECCOMP_RET_TRACE with the row
 * as its data, and each such return becomes a jump to that call's block behind the tree.
 */

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#define HAS_X32     true
#else
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#define HAS_X32     false
#endif

/* A jump that code_to_end() directs past the last instruction written. */
enum { TO_END = 255 };

static void code_to_end(struct code *code, size_t start)
{
	for (size_t i = start; i < code->n; i++) {
		uint8_t rest = (uint8_t)(code->n - i - 1);

		if (BPF_CLASS(code->items[i].code) != BPF_JMP)
			continue;
		if (code->items[i].jt == TO_END)
			code->items[i].jt = rest;
		if (code->items[i].jf == TO_END)
			code->items[i].jf = rest;
	}
}

/* Whether some row has the number. */
static void mark_known(bool known[KNOWN_MAX], uint32_t *ret_last)
{
	*ret_last = 0;
	for (size_t row = 0; row < SYSCALL_ROWS; row++) {
		int nr = syscall_row_number(row);

		if (nr < 0 || nr >= KNOWN_MAX)
			continue;
		known[nr] = true;
		if ((uint32_t)nr > *ret_last)
			*ret_last = (uint32_t)nr;
	}
}

/*
 * Numbers that no kernel of the table's age has answer ENOSYS here, so that the tree's
 * default can be the refusal: that halves it, and a start pays for each instruction
 * (the kernel checks, compiles and, for its bitmap, runs them). Foreign architectures,
 * x32 among them, go on to the tree, which kills.
 */
static void code_unknown(struct code *code)
{
	const uint16_t load = BPF_LD | BPF_W | BPF_ABS, jump = BPF_JMP | BPF_K, leave = BPF_RET | BPF_K;
	const uint32_t enosys = SECCOMP_RET_ERRNO | ENOSYS;
	bool known[KNOWN_MAX] = { false };
	uint32_t last;

	mark_known(known, &last);
	code_add(code, load, 0, 0, offsetof(struct seccomp_data, arch));
	code_add(code, jump | BPF_JEQ, 0, TO_END, NATIVE_ARCH);
	code_add(code, load, 0, 0, offsetof(struct seccomp_data, nr));
	/* -1, a tracer's "skip this call", has the bit of x32, too. */
	code_add(code, jump | BPF_JEQ, 0, 1, UINT32_MAX);
	code_add(code, leave, 0, 0, enosys);
	if (HAS_X32)
		code_add(code, jump | BPF_JGE, TO_END, 0, X32_BIT);
	code_add(code, jump | BPF_JGT, 0, 1, last);
	code_add(code, leave, 0, 0, enosys);
	for (uint32_t nr = 0; nr < last; nr++) {
		uint32_t gap = nr;

		while (!known[nr])
			nr++;
		if (nr == gap)
			continue;
		code_add(code, jump | BPF_JGE, 0, 2, gap);
		code_add(code, jump | BPF_JGE, 1, 0, nr);
		code_add(code, leave, 0, 0, enosys);
	}
	code_to_end(code, 0);
}

/* The action for a refusal of @nr with @answer. */
static uint32_t refusal(const struct policy *policy, const struct filter_options *options, int nr, int answer)
{
	bool strict = policy_strict(policy, nr);

	if (policy->on_violation == SPEC_VIOLATION_LOG && !strict)
		return SECCOMP_RET_LOG;
	if (options->notify)
		return SECCOMP_RET_USER_NOTIF;
	return SECCOMP_RET_ERRNO | (uint32_t)answer;
}

/* What the tree returns for the row. */
static uint32_t row_action(const struct policy *policy, const struct filter_options *options, size_t row)
{
	int nr = syscall_row_number(row);

	if (row == SYSCALL_ROW_execveat && options->exec_held)
		return SECCOMP_RET_USER_NOTIF;
	switch ((enum filter_verdict)policy->verdicts[row]) {
	case FILTER_ALLOWED:
		return SECCOMP_RET_ALLOW;
	case FILTER_ALLOWED_BY_ARGUMENT:
		return SECCOMP_RET_TRACE | (uint32_t)row;
	case FILTER_DENIED:
		return refusal(policy, options, nr, EPERM);
	case FILTER_KILLED:
		return options->notify ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_KILL_PROCESS;
	case FILTER_UNKNOWN:
		break;
	}
	return SECCOMP_RET_ERRNO | ENOSYS;
}

/* libseccomp has its own numbers for the actions; they are the kernel's. */
_Static_assert(SCMP_ACT_NOTIFY == SECCOMP_RET_USER_NOTIF && SCMP_ACT_ALLOW == SECCOMP_RET_ALLOW &&
		       SCMP_ACT_LOG == SECCOMP_RET_LOG && SCMP_ACT_KILL_PROCESS == SECCOMP_RET_KILL_PROCESS,
	       "actions are passed on as they are");

/* Rows whose action is the tree's default, @otherwise, need no rule. */
static int fill_tree(scmp_filter_ctx tree, const struct policy *policy, const struct filter_options *options,
		     uint32_t otherwise, struct error *err)
{
	int r;

	r = seccomp_attr_set(tree, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = seccomp_attr_set(tree, SCMP_FLTATR_CTL_NNP, 0);
	if (r == 0)
		r = seccomp_attr_set(tree, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r < 0)
		return error_set(err, -r, "set up libseccomp's filter");

	for (size_t row = 0; row < SYSCALL_ROWS; row++) {
		int nr = syscall_row_number(row);
		uint32_t action = row_action(policy, options, row);

		if (nr < 0 || action == otherwise)
			continue;
		r = seccomp_rule_add(tree, action, nr, 0);
		if (r < 0)
			return error_set(err, -r, "add system call %s to the filter", syscall_rows[row].name);
	}
	return 0;
}

static void code_load(struct code *code, unsigned int index, bool high)
{
	code_add(code, BPF_LD | BPF_W | BPF_ABS, 0, 0,
		 (uint32_t)(offsetof(struct seccomp_data, args) + index * sizeof(uint64_t) + (high ? 4 : 0)));
}

/* One test: falls through when it holds, else jumps to the end of its rule. */
static void code_test(struct code *code, const struct argument_test *test,
		      const struct argument_values *values)
{
	const uint16_t equal = BPF_JMP | BPF_JEQ | BPF_K;

	code_load(code, test->index, false);
	if (test->op == ARGUMENT_ANY) {
		code_add(code, BPF_JMP | BPF_JSET | BPF_K, 0, TO_END, test->mask);
		return;
	}
	if (test->op == ARGUMENT_GIVEN) {
		/* The low half isn't 0: past the two instructions that look at the high one. */
		code_add(code, equal, 0, 2, 0);
		code_load(code, test->index, true);
		code_add(code, equal, TO_END, 0, 0);
		return;
	}
	if (test->mask != UINT32_MAX)
		code_add(code, BPF_ALU | BPF_AND | BPF_K, 0, 0, test->mask);
	if (test->op == ARGUMENT_IS)
		code_add(code, equal, 0, TO_END, test->value);
	else
		code_add(code, equal, TO_END, 0, argument_value(test, values));
}

static void code_rule(struct code *code, const struct argument_rule *rule,
		      const struct argument_values *values, uint32_t action)
{
	size_t start = code->n;

	for (size_t i = 0; i < ARGUMENT_TESTS_MAX && rule->tests[i].op != ARGUMENT_END; i++)
		code_test(code, &rule->tests[i], values);
	code_add(code, BPF_RET | BPF_K, 0, 0, action);

	code_to_end(code, start);
}

/* All rules of one call, then ALLOW. */
static void code_block(struct code *code, const struct policy *policy, const struct filter_options *options,
		       size_t row)
{
	int nr = syscall_row_number(row);

	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct argument_rule *rule = policy->rules[i];

		if (str_equal(rule->call, syscall_rows[row].name))
			code_rule(code, rule, &policy->values, refusal(policy, options, nr, rule->answer));
	}
	code_add(code, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
}

/* Turn each marked return of the tree, which starts at @tree, into a jump to its call's block. */
static void append_blocks(struct code *code, size_t tree, const struct policy *policy,
			  const struct filter_options *options)
{
	size_t n_tree = code->n;
	size_t blocks[SYSCALL_ROWS] = { 0 };

	for (size_t i = tree; i < n_tree; i++) {
		struct sock_filter *item = &code->items[i];
		size_t row = item->k & SECCOMP_RET_DATA;

		if (item->code != (BPF_RET | BPF_K) ||
		    (item->k & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_TRACE || row >= SYSCALL_ROWS)
			continue;
		if (blocks[row] == 0) {
			blocks[row] = code->n;
			code_block(code, policy, options, row);
		}
		*item = (struct sock_filter){ .code = BPF_JMP | BPF_JA,
					      .k = (uint32_t)(blocks[row] - i - 1) };
	}
}

int compile_policy(const struct policy *policy, const struct filter_options *options, struct arena *arena,
		   struct sock_filter **ret_program, size_t *ret_n, struct error *err)
{
	struct code code = { .items = arena_array(arena, BPF_MAXINSNS, sizeof(struct sock_filter)) };
	scmp_filter_ctx tree;
	uint32_t otherwise;
	size_t start;
	int r;

	if (!code.items)
		return error_set(err, ENOMEM, "compile the system call filter");
	code_unknown(&code);
	start = code.n;
	/* Linux 6.1 is required: don't let libseccomp probe the kernel for older ones. */
	seccomp_api_set(5);
	otherwise = refusal(policy, options, -1, EPERM);
	tree = seccomp_init(otherwise);
	if (!tree)
		return error_set(err, ENOMEM, "start libseccomp's filter");
	r = fill_tree(tree, policy, options, otherwise, err);
	if (r == 0)
		r = code_import(&code, tree, err);
	seccomp_release(tree);
	if (r < 0)
		return r;

	append_blocks(&code, start, policy, options);
	if (code.full)
		return error_set(err, E2BIG, "compile the system call filter");
	*ret_program = code.items;
	*ret_n = code.n;
	return 0;
}
