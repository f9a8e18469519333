/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.seccomp of a config.json, all the way to the program that the kernel gets. Whatever came in, it must
 * be one that the kernel takes: short enough, every jump forwards and within, an answer at every end.
 * libseccomp is slow, so long inputs are left out.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/arena.h"
#include "base/error.h"
#include "profiles/oci/oci_read.h"
#include "seccomp/filter.h"
#include "seccomp/oci_filter.h"
#include "seccomp/oci_filter_join.h"
#include "tests/fuzz/directory.h"

enum { SIZE_MAX_BYTES = 1500, NAMES_MAX = 40 };

static void check_program(const struct sock_filter *program, size_t n)
{
	demand(n > 0 && n <= BPF_MAXINSNS);
	for (size_t i = 0; i < n; i++) {
		const struct sock_filter *at = &program[i];

		switch (BPF_CLASS(at->code)) {
		case BPF_JMP:
			if (BPF_OP(at->code) == BPF_JA)
				demand(at->k < n - i - 1);
			else
				demand(i + 1 + at->jt < n && i + 1 + at->jf < n);
			break;
		case BPF_LD:
			demand(at->code == (BPF_LD | BPF_W | BPF_ABS));
			demand(at->k % 4 == 0 && at->k < sizeof(struct seccomp_data));
			break;
		case BPF_RET:
		case BPF_ALU:
			break;
		default:
			abort();
		}
	}
	demand(BPF_CLASS(program[n - 1].code) == BPF_RET);
}

static void join(struct oci_filter *filter, struct arena *arena)
{
	static struct sock_filter first[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 101, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct filter profile = { .program = first, .n = 4 };
	struct error err = { 0 };

	if (oci_filter_join(&profile, arena, filter, &err) == 0)
		check_program(filter->program, filter->n);
	else
		demand(err.msg[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct oci_filter filter = { 0 };
	struct oci_warnings warnings;
	struct error err = { 0 };
	size_t names = 0;
	struct oci oci;
	char *text;
	int r;

	demand(arena != NULL);
	if (size > SIZE_MAX_BYTES)
		return 0;
	text = arena_printf(
		arena, "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"seccomp\":%.*s}}",
		(int)size, (const char *)data);
	demand(text != NULL);
	if (oci_read_text("/b", "config.json", text, strlen(text), arena, &oci, &warnings, &err) < 0 ||
	    !oci.seccomp_given || oci.seccomp.architectures.n > 3)
		return 0;
	for (size_t i = 0; i < oci.seccomp.n_rules; i++)
		names += oci.seccomp.rules[i].names.n;
	if (names > NAMES_MAX)
		return 0;
	r = oci_filter_build(&oci.seccomp, NULL, arena, &filter, &err);
	demand((r < 0) == (err.msg[0] != '\0'));
	if (r < 0 || !filter.program)
		return 0;
	check_program(filter.program, filter.n);
	if (!filter.notify)
		join(&filter, arena);
	return 0;
}
