/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/oci_compile.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "profiles/oci/oci.h"
#include "seccomp/code.h"
#include "seccomp/oci_filter_words.h"
#include "seccomp/oci_front.h"

enum {
	ERRNO_MAX = 4094 /* the kernel takes 4095, libseccomp does not */,
	ARCHITECTURES_MAX = 32,
	ARGUMENTS = 6
};

/* libseccomp has its own names for the actions; the values are the kernel's. */
_Static_assert(SCMP_ACT_KILL_PROCESS == SECCOMP_RET_KILL_PROCESS && SCMP_ACT_TRAP == SECCOMP_RET_TRAP &&
		       SCMP_ACT_KILL_THREAD == SECCOMP_RET_KILL_THREAD && SCMP_ACT_LOG == SECCOMP_RET_LOG &&
		       SCMP_ACT_ERRNO(7) == (SECCOMP_RET_ERRNO | 7) &&
		       SCMP_ACT_TRACE(7) == (SECCOMP_RET_TRACE | 7) &&
		       SCMP_ACT_NOTIFY == SECCOMP_RET_USER_NOTIF && SCMP_ACT_ALLOW == SECCOMP_RET_ALLOW,
	       "actions are passed on as they are");

static bool has_data(uint32_t action)
{
	return action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE;
}

static uint32_t with_data(uint32_t action, bool given, uint32_t errnum)
{
	return has_data(action) ? action | (given ? errnum & SECCOMP_RET_DATA : EPERM) : action;
}

uint32_t oci_compile_action(const struct oci_seccomp_rule *rule)
{
	return with_data(rule->action, rule->errno_given, rule->errno_ret);
}

uint32_t oci_compile_default(const struct oci_seccomp *seccomp)
{
	return with_data(seccomp->default_action, seccomp->default_errno_given, seccomp->default_errno);
}

/* config-linux.md: an errno for an action that has none MUST be an error. */
static int check_errno(uint32_t action, bool given, uint32_t errnum, const char *place, struct error *err)
{
	uint32_t highest = action == SECCOMP_RET_TRACE ? SECCOMP_RET_DATA : ERRNO_MAX;

	if (!given)
		return 0;
	if (!has_data(action)) {
		error_set(err, EINVAL, "%s %u: the action %s returns no errno", place, errnum,
			  oci_filter_words_action(action));
		return error_remedy(err, "remove it, or take the action SCMP_ACT_ERRNO");
	}
	if (errnum > highest) {
		error_set(err, EINVAL, "%s %u: more than can be passed on", place, errnum);
		return error_remedy(err, "give one of 0 to %u", highest);
	}
	return 0;
}

/*
 * Whoever loads a filter with a listener has to hand the listener over, under that filter:
 * were its own sendmsg(2) put on hold, nobody could ever answer it.
 */
static int check_notify(const struct oci_seccomp *seccomp, struct error *err)
{
	if (seccomp->default_action == SECCOMP_RET_USER_NOTIF) {
		error_set(err, EINVAL,
			  "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY would hold the call that hands "
			  "the listener over");
		return error_remedy(err, "name the calls that the listener is to decide about in a rule");
	}
	for (size_t i = 0; i < seccomp->n_rules; i++) {
		const struct oci_seccomp_rule *rule = &seccomp->rules[i];

		for (size_t j = 0; rule->action == SECCOMP_RET_USER_NOTIF && j < rule->names.n; j++) {
			if (!str_equal(rule->names.items[j], "sendmsg"))
				continue;
			error_set(err, EINVAL,
				  "linux.seccomp.syscalls[%zu].names[%zu]: SCMP_ACT_NOTIFY for sendmsg would "
				  "hold the call that hands the listener over",
				  i, j);
			return error_remedy(err, "give sendmsg another action");
		}
	}
	return 0;
}

static int check(const struct oci_seccomp *seccomp, struct error *err)
{
	int r;

	r = check_errno(seccomp->default_action, seccomp->default_errno_given, seccomp->default_errno,
			"linux.seccomp.defaultErrnoRet", err);
	for (size_t i = 0; r == 0 && i < seccomp->n_rules; i++) {
		const struct oci_seccomp_rule *rule = &seccomp->rules[i];
		char place[64];

		snprintf(place, sizeof(place), "linux.seccomp.syscalls[%zu].errnoRet", i);
		r = check_errno(rule->action, rule->errno_given, rule->errno_ret, place, err);
	}
	return r < 0 ? r : check_notify(seccomp, err);
}

/* The native architecture first, the others of the config in its order, each once. */
static int read_architectures(const struct oci_seccomp *seccomp, uint32_t tokens[ARCHITECTURES_MAX],
			      size_t *ret_n, struct error *err)
{
	size_t n = 0;

	tokens[n++] = seccomp_arch_native();
	for (size_t i = 0; i < seccomp->architectures.n; i++) {
		const char *word = seccomp->architectures.items[i];
		uint32_t token = oci_filter_words_token(word);
		bool there = false;

		if (token == 0) {
			error_set(err, EINVAL,
				  "linux.seccomp.architectures[%zu]: libseccomp does not know \"%s\"", i,
				  word);
			return error_remedy(err, "remove it: programs of that architecture don't run here");
		}
		for (size_t j = 0; j < n; j++)
			there |= tokens[j] == token;
		if (there)
			continue;
		if (n == ARCHITECTURES_MAX)
			return error_set(err, E2BIG, "linux.seccomp.architectures: too many");
		tokens[n++] = token;
	}
	*ret_n = n;
	return 0;
}

static int tree_start(scmp_filter_ctx tree, unsigned int optimize, const uint32_t *tokens, size_t n_tokens,
		      struct error *err)
{
	int r;

	/* Programs of architectures that are not listed pass no filter: they must not run. */
	r = seccomp_attr_set(tree, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = seccomp_attr_set(tree, SCMP_FLTATR_CTL_NNP, 0);
	if (r == 0)
		r = seccomp_attr_set(tree, SCMP_FLTATR_CTL_OPTIMIZE, optimize);
	if (r < 0)
		return error_set(err, -r, "set up libseccomp's filter");

	for (size_t i = 1; i < n_tokens; i++) {
		r = seccomp_arch_add(tree, tokens[i]);
		if (r == 0 || r == -EEXIST)
			continue;
		/* EDOM, for one of the other byte order. */
		error_set(err, EINVAL,
			  "linux.seccomp.architectures: libseccomp can't add %s to a filter of this machine",
			  oci_filter_words_architecture(tokens[i]));
		return error_remedy(err, "remove it: programs of that architecture don't run here");
	}
	return 0;
}

/* libseccomp takes one test of each argument in a rule. */
static bool repeats_argument(const struct oci_seccomp_rule *rule)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < rule->n_args; i++) {
		if (seen & 1U << rule->args[i].index)
			return true;
		seen |= 1U << rule->args[i].index;
	}
	return false;
}

static struct scmp_arg_cmp argument(const struct oci_seccomp_arg *arg)
{
	/* For MASKED_EQ the first is the mask and the second what is left of the argument under it. */
	return (struct scmp_arg_cmp){
		.arg = arg->index,
		.op = (enum scmp_compare)arg->op,
		.datum_a = arg->value,
		.datum_b = arg->value_two,
	};
}

/*
 * All tests of a rule must hold. A rule that tests one argument more than once becomes a
 * rule for each test, of which one must hold: that is how runc has always read it, and
 * existing configs rely on it, though the spec's text would rather say "all".
 */
static int add_call(scmp_filter_ctx tree, const struct oci_seccomp_rule *rule, int nr, uint32_t action)
{
	struct scmp_arg_cmp tests[ARGUMENTS];
	int r = 0;

	if (repeats_argument(rule)) {
		for (size_t i = 0; r == 0 && i < rule->n_args; i++) {
			tests[0] = argument(&rule->args[i]);
			r = seccomp_rule_add_array(tree, action, nr, 1, tests);
		}
		return r;
	}
	for (size_t i = 0; i < rule->n_args; i++)
		tests[i] = argument(&rule->args[i]);
	return seccomp_rule_add_array(tree, action, nr, (unsigned int)rule->n_args, tests);
}

static int refuse_call(const struct oci_seccomp_rule *rule, size_t at, const char *name, int r,
		       struct error *err)
{
	if (r == -ENOMEM)
		return error_set(err, ENOMEM, "compile the system call filter");
	error_set(err, -r, "linux.seccomp.syscalls[%zu]: libseccomp can't add %s for %s", at,
		  oci_filter_words_action(rule->action), name);
	if (r == -EEXIST)
		return error_remedy(err, "an earlier rule gives the same call another action: remove one");
	return r;
}

static int tree_fill(scmp_filter_ctx tree, const struct oci_seccomp *seccomp, struct error *err)
{
	const uint32_t otherwise = oci_compile_default(seccomp);

	for (size_t i = 0; i < seccomp->n_rules; i++) {
		const struct oci_seccomp_rule *rule = &seccomp->rules[i];
		uint32_t action = oci_compile_action(rule);

		for (size_t j = 0; j < rule->n_args; j++)
			if (rule->args[j].index >= ARGUMENTS)
				return error_set(err, EINVAL,
						 "linux.seccomp.syscalls[%zu].args[%zu].index %u: a call has "
						 "six arguments, 0 to 5",
						 i, j, rule->args[j].index);
		/* What happens anyway; libseccomp refuses such a rule with EACCES. */
		if (action == otherwise)
			continue;
		for (size_t j = 0; j < rule->names.n; j++) {
			int nr = seccomp_syscall_resolve_name(rule->names.items[j]);
			int r;

			/* Older than the kernel the config was written for; see oci_front.h. */
			if (nr == __NR_SCMP_ERROR)
				continue;
			r = add_call(tree, rule, nr, action);
			if (r < 0)
				return refuse_call(rule, i, rule->names.items[j], r, err);
		}
	}
	return 0;
}

static int compile_with(unsigned int optimize, const struct oci_seccomp *seccomp, struct code *code,
			struct error *err)
{
	uint32_t tokens[ARCHITECTURES_MAX];
	scmp_filter_ctx tree;
	size_t n_tokens;
	int r;

	r = read_architectures(seccomp, tokens, &n_tokens, err);
	if (r < 0)
		return r;
	/* Linux 6.1 is required: don't let libseccomp probe the kernel for older ones. */
	seccomp_api_set(5);
	tree = seccomp_init(oci_compile_default(seccomp));
	if (!tree)
		return error_set(err, ENOMEM, "start libseccomp's filter");
	code->n = 0;
	oci_front_write(code, seccomp, tokens, n_tokens);
	r = tree_start(tree, optimize, tokens, n_tokens, err);
	if (r == 0)
		r = tree_fill(tree, seccomp, err);
	if (r == 0)
		r = code_import(code, tree, err);
	seccomp_release(tree);
	if (r == 0 && code->full)
		r = error_set(err, E2BIG, "compile the system call filter");
	return r;
}

int oci_compile_filter(const struct oci_seccomp *seccomp, struct arena *arena,
		       struct sock_filter **ret_program, size_t *ret_n, struct error *err)
{
	struct code code = { .items = arena_array(arena, BPF_MAXINSNS, sizeof(struct sock_filter)) };
	int r;

	if (!code.items)
		return error_set(err, ENOMEM, "compile the system call filter");
	r = check(seccomp, err);
	if (r < 0)
		return r;
	/* The kernel takes 4096 instructions: the binary tree is faster, the chain shorter. */
	r = compile_with(2, seccomp, &code, err);
	if (r == -E2BIG)
		r = compile_with(1, seccomp, &code, err);
	if (r == -E2BIG)
		return error_remedy(err, "list fewer architectures or fewer rules with arguments");
	if (r < 0)
		return r;
	*ret_program = code.items;
	*ret_n = code.n;
	return 0;
}
