/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D3: code that was data before. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "lab/probe/attempt.h"
#include "lab/probe/numbers.h"

enum { PAGE = 4096 };

#if defined(__x86_64__)
static const unsigned char return_42[] = { 0xb8, 42, 0, 0, 0, 0xc3 }; /* mov $42,%eax; ret */
#else
static const unsigned char return_42[] = { 0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6 };
#endif

static void *map(int protection, int flags, int fd)
{
	return mmap(NULL, PAGE, protection, flags | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
}

/* Being allowed to map is half of it: the code has to run. */
static long call(void *code, struct outcome *out)
{
	int (*function)(void);
	int r;

	memcpy(&function, &code, sizeof(function));
	__builtin___clear_cache((char *)code, (char *)code + sizeof(return_42));
	r = function();
	attempt_note(out, "the code ran and returned %d", r);
	return r == 42 ? 0 : -1;
}

static long map_writable_code(const struct probe *probe, struct outcome *out)
{
	void *page = map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, -1);

	(void)probe;
	if (page == MAP_FAILED)
		return -1;
	memcpy(page, return_42, sizeof(return_42));
	return call(page, out);
}

static long protect_written_page(const struct probe *probe, struct outcome *out)
{
	void *page = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);

	if (page == MAP_FAILED)
		return attempt_step(out, "mmap");
	memcpy(page, return_42, sizeof(return_42));
	if (probe->a == SYS_pkey_mprotect) {
		if (syscall(SYS_pkey_mprotect, page, (size_t)PAGE, PROT_READ | PROT_EXEC, -1) < 0)
			return -1;
	} else if (mprotect(page, PAGE, PROT_READ | PROT_EXEC) < 0) {
		return -1;
	}
	return call(page, out);
}

/* MDWE sees mappings, not the memory behind them: one file mapped twice passes it. */
static long map_twice(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = -1;
	char path[PATH_MAX];
	void *data, *code;

	if (probe->a)
		fd = (int)syscall(SYS_memfd_create, "kapsel-probe", (unsigned int)probe->b);
	else
		fd = attempt_file(path);
	if (fd < 0)
		return attempt_step(out, probe->a ? "memfd_create" : "open of a file to write");
	if (!probe->a)
		unlink(path);
	if (ftruncate(fd, PAGE) < 0)
		return attempt_step(out, "ftruncate");
	data = map(PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	if (data == MAP_FAILED)
		return attempt_step(out, "mmap for writing");
	memcpy(data, return_42, sizeof(return_42));
	code = map(PROT_READ | PROT_EXEC, MAP_SHARED, fd);
	if (code == MAP_FAILED)
		return attempt_step(out, "mmap for execution");
	return call(code, out);
}

static long execute_memory(const struct probe *probe, struct outcome *out)
{
	static const char *const argv[] = { "kapsel-probe", "ran", NULL };
	int fd = (int)syscall(SYS_memfd_create, "kapsel-probe", MFD_CLOEXEC);
	long status;

	(void)probe;
	if (fd < 0)
		return attempt_step(out, "memfd_create");
	if (attempt_copy_self(fd) < 0)
		return attempt_step(out, "copy of the program");
	status = attempt_exec(fd, "", argv, AT_EMPTY_PATH, out);
	if (status < 0)
		return attempt_step(out, "execveat");
	attempt_note(out, "the program ran");
	return 0;
}

static long map_low(const struct probe *probe, struct outcome *out)
{
	void *page = mmap((void *)(uintptr_t)PAGE, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	(void)probe;
	(void)out;
	return page == MAP_FAILED ? -1 : 0;
}

static long map_stack(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	if (attempt_kernel_before(6, 6))
		return attempt_untestable(out, "map_shadow_stack came with Linux 6.6");
	return syscall(NR_MAP_SHADOW_STACK, 0, 4096, 0) < 0 ? -1 : 0;
}

const struct probe probes_memory[] = {
	{ 50, "mmap-rwx", "map a page writable and executable", map_writable_code, PROBE_CHILD },
	{ 50, "mprotect-rx", "make a written page executable", protect_written_page, PROBE_CHILD },
	{ 50, "pkey-mprotect-rx", "make a written page executable with pkey_mprotect", protect_written_page,
	  PROBE_CHILD, .a = SYS_pkey_mprotect },
	{ 51, "memfd-dual-map", "map a memfd for writing and for execution", map_twice, PROBE_CHILD, .a = 1,
	  .b = MFD_CLOEXEC },
	{ 51, "file-dual-map", "map a written file for writing and for execution", map_twice, PROBE_CHILD },
	{ 51, "memfd-exec", "execute a memfd", execute_memory, PROBE_CHILD },
	{ 52, "mmap-low", "map the page at 4096", map_low, PROBE_CHILD },
	{ 57, "map-shadow-stack", "map a shadow stack", map_stack, 0 },
	{ 0 },
};
