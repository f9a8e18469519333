/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * System call numbers that the headers of the build machine may be too old for, or
 * that exist on one architecture only (-1 elsewhere). Calls from pidfd_send_signal on
 * have the same number everywhere.
 */
#include <sys/syscall.h>

enum {
	NR_MAP_SHADOW_STACK = 453,  /* 6.6 */
	NR_STATMOUNT = 457,         /* 6.8 */
	NR_LISTMOUNT = 458,         /* 6.8 */
	NR_LSM_SET_SELF_ATTR = 460, /* 6.8 */
	NR_NEVER = 9999,
};

#if defined(__x86_64__)
enum {
	NR_IOPL = SYS_iopl,
	NR_IOPERM = SYS_ioperm,
	NR_MODIFY_LDT = SYS_modify_ldt,
	NR_LOOKUP_DCOOKIE = 212,
	NR_NFSSERVCTL = 180,
	NR_USELIB = SYS_uselib,
	NR_SYSCTL = 156,
	NR_USTAT = SYS_ustat,
	NR_SYSFS = SYS_sysfs,
};
#else
enum {
	NR_IOPL = -1,
	NR_IOPERM = -1,
	NR_MODIFY_LDT = -1,
	NR_LOOKUP_DCOOKIE = 18,
	NR_NFSSERVCTL = 42,
	NR_USELIB = -1,
	NR_SYSCTL = -1,
	NR_USTAT = -1,
	NR_SYSFS = -1,
};
#endif
