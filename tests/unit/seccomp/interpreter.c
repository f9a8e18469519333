/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "interpreter.h"

#include <stdlib.h>
#include <string.h>

static bool jumps_inside(const struct sock_filter *program, size_t n, size_t i)
{
	const struct sock_filter *item = &program[i];

	if (BPF_OP(item->code) == BPF_JA)
		return item->k < n - i - 1;
	return i + 1 + item->jt < n && i + 1 + item->jf < n;
}

bool interpreter_accepts(const struct sock_filter *program, size_t n)
{
	if (n == 0 || n > BPF_MAXINSNS || BPF_CLASS(program[n - 1].code) != BPF_RET)
		return false;
	for (size_t i = 0; i < n; i++) {
		switch (program[i].code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (program[i].k % 4 != 0 || program[i].k >= sizeof(struct seccomp_data))
				return false;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
		case BPF_RET | BPF_K:
			break;
		case BPF_JMP | BPF_JA:
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K:
			if (!jumps_inside(program, n, i))
				return false;
			break;
		default:
			return false;
		}
	}
	return true;
}

uint32_t interpreter_run(const struct sock_filter *program, size_t n, const struct seccomp_data *data,
			 bool *ret_looked)
{
	uint32_t a = 0;
	bool taken;

	*ret_looked = false;
	for (size_t i = 0; i < n; i++) {
		const struct sock_filter *item = &program[i];

		switch (item->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)data + item->k, sizeof(a));
			*ret_looked |= item->k >= offsetof(struct seccomp_data, args);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= item->k;
			continue;
		case BPF_RET | BPF_K:
			return item->k;
		case BPF_JMP | BPF_JA:
			i += item->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			taken = a == item->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			taken = a > item->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			taken = a >= item->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			taken = (a & item->k) != 0;
			break;
		default:
			abort();
		}
		i += taken ? item->jt : item->jf;
	}
	abort();
}
