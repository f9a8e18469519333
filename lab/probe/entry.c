/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D3: other doors into the kernel than the native system call, and the filter itself. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <unistd.h>

#include "lab/probe/attempt.h"
#include "lab/probe/numbers.h"

#if defined(__x86_64__)
enum { X32_BIT = 0x40000000 };

static long from_kernel(long r, struct outcome *out)
{
	if (r >= 0) {
		attempt_note(out, "returned %ld", r);
		return r;
	}
	errno = (int)-r;
	return -1;
}

/* Without 32-bit support in the kernel the interrupt gate is missing: SIGSEGV. */
static long interrupt_80(const struct probe *probe, struct outcome *out)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(probe->a), "b"(0L), "c"(0L), "d"(0L), "S"(0L), "D"(0L)
			 : "r8", "r9", "r10", "r11", "memory", "cc");
	return from_kernel((int)r, out);
}

static long x32_call(const struct probe *probe, struct outcome *out)
{
	long r;

	__asm__ volatile("syscall" : "=a"(r) : "a"(probe->a | X32_BIT) : "rcx", "r11", "memory", "cc");
	return from_kernel(r, out);
}
#else
static long interrupt_80(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	return attempt_untestable(out, "int 0x80 exists on x86-64 only");
}

static long x32_call(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	return attempt_untestable(out, "the x32 ABI exists on x86-64 only");
}
#endif

static long call_unknown(const struct probe *probe, struct outcome *out)
{
	(void)out;
	return syscall(probe->a, 0, 0, 0, 0, 0, 0);
}

static long add_filter(const struct probe *probe, struct outcome *out)
{
	struct sock_filter allow[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog program = { .len = 1, .filter = allow };

	(void)out;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, probe->a, &program);
}

const struct probe probes_entry[] = {
	{ 53, "x32-getpid", "call through the x32 table", x32_call, PROBE_CHILD, .a = 39 },
	{ 54, "int80-getpid", "call getpid through the 32-bit gate", interrupt_80, PROBE_CHILD, .a = 20 },
	{ 54, "int80-mount", "call mount through the 32-bit gate", interrupt_80, PROBE_CHILD, .a = 21 },
	{ 54, "int80-socketcall", "call socketcall through the 32-bit gate", interrupt_80, PROBE_CHILD,
	  .a = 102 },
	{ 55, "syscall-9999", "call what no kernel knows", call_unknown, PROBE_CHILD, .a = NR_NEVER },
	{ 55, "syscall-minus-1", "call number -1", call_unknown, PROBE_CHILD, .a = -1 },
	{ 56, "seccomp-listener", "install a filter with a listener", add_filter, PROBE_CHILD,
	  .a = SECCOMP_FILTER_FLAG_NEW_LISTENER },
	{ 0 },
};
