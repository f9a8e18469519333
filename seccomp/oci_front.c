/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/oci_front.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include "profiles/oci/oci.h"
#include "seccomp/code.h"
#include "seccomp/oci_compile.h"
#include "seccomp/syscall_table.h"

/*
 * Two instructions for each of the calls: a jump has to reach past them. A libseccomp that
 * lacks more is older than the kernels we run on.
 */
enum { FRONT_CALLS_MAX = 100 };

#define X32_BIT      0x40000000U
#define ARM_PRIVATE  0x000f0000U /* breakpoint, cacheflush, set_tls …: not in order of age */
#define FIRST_SHARED 424         /* since Linux 5.1 a new call has the same number everywhere */
#define TO_END       UINT32_MAX  /* of a jump that front_end() directs behind the front */

/* What the rules say of one architecture. */
struct part {
	bool known;    /* some call of it is named */
	uint32_t last; /* the newest one */
	/* Those that libseccomp does not know, but our own table does. */
	struct part_call {
		uint32_t nr, action;
	} calls[FRONT_CALLS_MAX];
	size_t n;
	uint32_t first; /* lowest number of these */
};

/* Architectures that have new calls under the number of the table, without an offset. */
static bool shares_numbers(uint32_t token)
{
	switch (token) {
	case SCMP_ARCH_X86_64:
	case SCMP_ARCH_X86:
	case SCMP_ARCH_X32:
	case SCMP_ARCH_AARCH64:
	case SCMP_ARCH_ARM:
		return true;
	default:
		return false;
	}
}

/* The number of a call that libseccomp does not know; -1: we neither. */
static int number_of_new(uint32_t token, const char *name)
{
	int row = syscall_row_find(name);
	int nr;

	if (row < 0)
		return -1;
	if (token == seccomp_arch_native())
		return syscall_row_number((size_t)row);
	nr = syscall_rows[row].x86_64;
	if (!shares_numbers(token) || nr < FIRST_SHARED || nr != syscall_rows[row].aarch64)
		return -1;
	return token == SCMP_ARCH_X32 ? (int)((uint32_t)nr | X32_BIT) : nr;
}

static void part_add(struct part *part, uint32_t nr, uint32_t action)
{
	for (size_t i = 0; i < part->n; i++)
		if (part->calls[i].nr == nr)
			return; /* the first rule counts, as with libseccomp */
	if (part->n == FRONT_CALLS_MAX)
		return;
	if (part->n == 0 || nr < part->first)
		part->first = nr;
	part->calls[part->n++] = (struct part_call){ .nr = nr, .action = action };
}

/*
 * A rule with arguments for a call that libseccomp does not know is left out, as with other
 * runtimes: the default action answers it.
 */
static void part_read(struct part *part, const struct oci_seccomp *seccomp, uint32_t token)
{
	const uint32_t otherwise = oci_compile_default(seccomp);

	for (size_t i = 0; i < seccomp->n_rules; i++) {
		const struct oci_seccomp_rule *rule = &seccomp->rules[i];
		uint32_t action = oci_compile_action(rule);

		for (size_t j = 0; j < rule->names.n; j++) {
			const char *name = rule->names.items[j];
			int nr = seccomp_syscall_resolve_name_arch(token, name);
			bool new = nr == __NR_SCMP_ERROR;

			if (new)
				nr = number_of_new(token, name);
			if (nr < 0 || (token == SCMP_ARCH_ARM && (uint32_t)nr >= ARM_PRIVATE))
				continue;
			if (!part->known || (uint32_t)nr > part->last)
				part->last = (uint32_t)nr;
			part->known = true;
			if (new && rule->n_args == 0 && action != otherwise)
				part_add(part, (uint32_t)nr, action);
		}
	}
}

/* Entered with the number in the accumulator. */
static void part_write(struct code *code, const struct oci_seccomp *seccomp, uint32_t token, bool enosys)
{
	const uint16_t jump = BPF_JMP | BPF_K, leave = BPF_RET | BPF_K;
	struct part part = { 0 };

	part_read(&part, seccomp, token);
	if (part.n > 0)
		code_add(code, jump | BPF_JGE, 0, (uint8_t)(2 * part.n), part.first);
	for (size_t i = 0; i < part.n; i++) {
		code_add(code, jump | BPF_JEQ, 0, 1, part.calls[i].nr);
		code_add(code, leave, 0, 0, part.calls[i].action);
	}
	if (enosys && part.known) {
		if (token == SCMP_ARCH_ARM)
			code_add(code, jump | BPF_JGE, 2, 0, ARM_PRIVATE);
		code_add(code, jump | BPF_JGT, 0, 1, part.last);
		code_add(code, leave, 0, 0, SECCOMP_RET_ERRNO | ENOSYS);
	}
	code_add(code, BPF_JMP | BPF_JA, 0, 0, TO_END);
}

/* x32 is the same architecture to the kernel: a bit of the number tells. */
static void part_write_x86_64(struct code *code, const struct oci_seccomp *seccomp, bool with_x32,
			      bool enosys)
{
	const uint16_t jump = BPF_JMP | BPF_K;
	size_t at = code->n;

	code_add(code, jump | BPF_JGE, 1, 0, X32_BIT);
	code_add(code, BPF_JMP | BPF_JA, 0, 0, 0);
	if (enosys) {
		/* -1 is a tracer's "skip this call": what the kernel would answer itself. */
		code_add(code, jump | BPF_JEQ, 0, 1, UINT32_MAX);
		code_add(code, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS);
	}
	if (with_x32)
		part_write(code, seccomp, SCMP_ARCH_X32, enosys);
	else
		code_add(code, BPF_JMP | BPF_JA, 0, 0, TO_END);
	if (!code->full)
		code->items[at + 1].k = (uint32_t)(code->n - at - 2);
	part_write(code, seccomp, SCMP_ARCH_X86_64, enosys);
}

static void front_end(struct code *code, size_t start)
{
	for (size_t i = start; i < code->n; i++)
		if (code->items[i].code == (BPF_JMP | BPF_JA) && code->items[i].k == TO_END)
			code->items[i].k = (uint32_t)(code->n - i - 1);
}

/*
 * Whether what no rule names is to be refused. A tracer or a listener that gets all of it
 * should see new calls, too, and an answer that was written as ENOSYS needs no help.
 */
static bool refuses_others(const struct oci_seccomp *seccomp)
{
	switch (seccomp->default_action) {
	case SECCOMP_RET_ERRNO:
		return !(seccomp->default_errno_given && seccomp->default_errno == ENOSYS);
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
		return true;
	default:
		return false;
	}
}

void oci_front_write(struct code *code, const struct oci_seccomp *seccomp, const uint32_t *tokens,
		     size_t n_tokens)
{
	const bool enosys = refuses_others(seccomp);
	const size_t start = code->n;
	bool with_x32 = false;

	for (size_t i = 0; i < n_tokens; i++)
		with_x32 |= tokens[i] == SCMP_ARCH_X32;

	code_add(code, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < n_tokens; i++) {
		size_t at = code->n;

		/* Written with that of x86-64, which is always there as the native one. */
		if (tokens[i] == SCMP_ARCH_X32)
			continue;
		/* libseccomp's tokens are the kernel's AUDIT_ARCH_*, but for x32. */
		code_add(code, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, tokens[i]);
		code_add(code, BPF_JMP | BPF_JA, 0, 0, 0);
		code_add(code, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
		if (tokens[i] == SCMP_ARCH_X86_64)
			part_write_x86_64(code, seccomp, with_x32, enosys);
		else
			part_write(code, seccomp, tokens[i], enosys);
		if (!code->full)
			code->items[at + 1].k = (uint32_t)(code->n - at - 2);
	}
	front_end(code, start);
}
