/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/oci_filter_join.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"

int oci_filter_join(const struct filter *first, struct arena *arena, struct oci_filter *filter,
		    struct error *err)
{
	size_t n = first->n + filter->n;
	struct sock_filter *program;

	if (first->notify || first->n == 0 || filter->n == 0)
		return error_set(err, EINVAL, "join two system call filters, one with a listener or empty");
	if (n > BPF_MAXINSNS)
		return error_set(err, E2BIG,
				 "load the filters of profile and config: together %zu instructions, "
				 "the kernel takes %d",
				 n, BPF_MAXINSNS);
	program = arena_array(arena, n, sizeof(*program));
	if (!program)
		return error_set(err, ENOMEM, "join two system call filters");
	memcpy(program, first->program, first->n * sizeof(*program));
	memcpy(program + first->n, filter->program, filter->n * sizeof(*program));
	for (size_t i = 0; i < first->n; i++) {
		struct sock_filter *at = &program[i];

		if (at->code == (BPF_RET | BPF_A))
			return error_set(err, EINVAL, "join a system call filter with a computed answer");
		if (at->code == (BPF_RET | BPF_K) && (at->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW)
			*at = (struct sock_filter){ .code = BPF_JMP | BPF_JA,
						    .k = (uint32_t)(first->n - i - 1) };
	}
	filter->program = program;
	filter->n = n;
	filter->cached = false;
	return 0;
}
