/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/export_oci_seccomp.h"

#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/convert/cubes.h"
#include "lab/convert/writer.h"
#include "profiles/spec.h"
#include "seccomp/groups.h"
#include "seccomp/policy.h"

#ifdef __aarch64__
#define ARCHITECTURE "SCMP_ARCH_AARCH64"
#else
#define ARCHITECTURE "SCMP_ARCH_X86_64"
#endif

/* What a rule does when it matches. */
struct answer {
	const char *action;
	int errnum; /* 0: none */
};

static const struct answer allow = { "SCMP_ACT_ALLOW", 0 };

static void write_answer(struct writer *writer, struct answer answer)
{
	writer_string(writer, "action", answer.action);
	if (answer.errnum)
		writer_number(writer, "errnoRet", answer.errnum);
}

/* How the profile refuses what it knows. */
static struct answer refusal(const struct policy *policy, bool strict, int errnum)
{
	if (policy->on_violation == SPEC_VIOLATION_LOG && !strict)
		return (struct answer){ "SCMP_ACT_LOG", 0 };
	return (struct answer){ "SCMP_ACT_ERRNO", errnum };
}

/* The calls of one answer by number alone, in one rule. What gets ENOSYS is left to the default. */
static void write_calls(struct writer *writer, const struct policy *policy, enum filter_verdict verdict,
			bool strict, struct answer answer)
{
	bool open = false;

	for (size_t row = 0; row < SYSCALL_ROWS; row++) {
		int nr = syscall_row_number(row);

		if (nr < 0 || policy->verdicts[row] != verdict || policy_strict(policy, nr) != strict)
			continue;
		if (!open) {
			writer_open(writer, NULL, '{');
			writer_open_flat(writer, "names", '[');
			open = true;
		}
		writer_string(writer, NULL, syscall_rows[row].name);
	}
	if (!open)
		return;
	writer_close(writer, ']');
	write_answer(writer, answer);
	writer_close(writer, '}');
}

static void write_argument(struct writer *writer, const struct cube *cube, unsigned int index)
{
	writer_open(writer, NULL, '{');
	writer_number(writer, "index", index);
	if (cube->pointer[index] != CUBE_FREE) {
		writer_number(writer, "value", 0);
		writer_string(writer, "op",
			      cube->pointer[index] == CUBE_NULL ? "SCMP_CMP_EQ" : "SCMP_CMP_NE");
	} else {
		writer_unsigned(writer, "value", cube->mask[index]);
		writer_unsigned(writer, "valueTwo", cube->value[index]);
		writer_string(writer, "op", "SCMP_CMP_MASKED_EQ");
	}
	writer_close(writer, '}');
}

static void write_cubes(struct writer *writer, const char *call, const struct cubes *set,
			struct answer answer)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct cube *cube = &set->items[i];

		writer_open_flat(writer, NULL, '{');
		writer_strings(writer, "names", &call, 1);
		write_answer(writer, answer);
		writer_open(writer, "args", '[');
		for (unsigned int index = 0; index < CUBE_ARGUMENTS; index++)
			if (cube->mask[index] || cube->pointer[index] != CUBE_FREE)
				write_argument(writer, cube, index);
		writer_close(writer, ']');
		writer_close(writer, '}');
	}
}

/* A call whose arguments decide: a rule for each piece, refused ones in the order of the policy. */
static int write_by_argument(struct writer *writer, const struct policy *policy, size_t row,
			     struct arena *arena)
{
	const char *call = syscall_rows[row].name;
	bool strict = policy_strict(policy, syscall_row_number(row));
	struct cubes rest, refused;
	int r = cubes_everything(arena, &rest);

	for (size_t i = 0; r == 0 && i < policy->n_rules; i++) {
		const struct argument_rule *rule = policy->rules[i];

		if (!str_equal(rule->call, call) || rule->when == WHEN_INIT)
			continue;
		r = cubes_split(&rest, rule, &policy->values, &refused, &rest);
		if (r == 0)
			write_cubes(writer, call, &refused, refusal(policy, strict, rule->answer));
	}
	if (r == 0)
		write_cubes(writer, call, &rest, allow);
	return r;
}

/* crun and runc load the filter and then call execve(2): it can't be refused to the workload. */
static const char *const any_program[] = { "*", NULL };

int export_oci_seccomp(const struct spec *spec, struct arena *arena, struct writer *writer, struct error *err)
{
	struct policy *policy = arena_alloc(arena, sizeof(*policy));
	struct spec open = *spec;
	int r;

	if (!policy)
		return error_set(err, ENOMEM, "write the system call filter");
	open.exec_allow = (struct spec_strings){ any_program, 1 };
	open.notify = false;
	r = policy_read(&open, -1, policy, err);
	if (r < 0)
		return r;
	writer_open(writer, "seccomp", '{');
	writer_string(writer, "defaultAction", "SCMP_ACT_ERRNO");
	writer_number(writer, "defaultErrnoRet", ENOSYS);
	writer_strings(writer, "architectures", &(const char *){ ARCHITECTURE }, 1);
	writer_open(writer, "syscalls", '[');
	write_calls(writer, policy, FILTER_ALLOWED, false, allow);
	write_calls(writer, policy, FILTER_ALLOWED, true, allow);
	write_calls(writer, policy, FILTER_DENIED, false, refusal(policy, false, EPERM));
	write_calls(writer, policy, FILTER_DENIED, true, refusal(policy, true, EPERM));
	write_calls(writer, policy, FILTER_KILLED, true, (struct answer){ "SCMP_ACT_KILL_PROCESS", 0 });
	for (size_t row = 0; r == 0 && row < SYSCALL_ROWS; row++)
		if (policy->verdicts[row] == FILTER_ALLOWED_BY_ARGUMENT && syscall_row_number(row) >= 0)
			r = write_by_argument(writer, policy, row, arena);
	writer_close(writer, ']');
	writer_close(writer, '}');
	return r < 0 ? error_set(err, -r, "write the system call filter") : 0;
}
