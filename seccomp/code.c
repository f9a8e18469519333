/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/code.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

void code_add(struct code *code, uint16_t op, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (code->n == BPF_MAXINSNS) {
		code->full = true;
		return;
	}
	code->items[code->n++] = (struct sock_filter){ .code = op, .jt = jt, .jf = jf, .k = k };
}

/* libseccomp before 2.6 exports to a descriptor only. */
int code_import(struct code *code, scmp_filter_ctx filter, struct error *err)
{
	_cleanup_fd_ int fd = memfd_create("kapsel-filter", MFD_CLOEXEC);
	ssize_t size;
	int r;

	if (fd < 0)
		return error_set(err, errno, "create a memory file for the filter");
	r = seccomp_export_bpf(filter, fd);
	if (r < 0)
		return error_set(err, -r, "export the filter from libseccomp");
	size = pread(fd, code->items + code->n, (BPF_MAXINSNS - code->n) * sizeof(*code->items), 0);
	if (size < 0)
		return error_set(err, errno, "read the exported filter");
	if (size == 0 || lseek(fd, 0, SEEK_END) != size || (size_t)size % sizeof(*code->items) != 0)
		return error_set(err, E2BIG, "read the exported filter");
	code->n += (size_t)size / sizeof(*code->items);
	return 0;
}
