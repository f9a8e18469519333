/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * System calls that Debian 12's C library has no wrapper for, and the constants of
 * kernels newer than its headers. Each returns as the C library would: -1 and errno.
 */
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/types.h>

#ifndef PR_SET_MDWE /* 6.3 */
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#endif
#ifndef PR_MDWE_REFUSE_EXEC_GAIN
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW /* 5.14 */
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

/** sys_clone3() - clone3(2) without a new stack: the child goes on where the parent was, as after fork(2). */
pid_t sys_clone3(struct clone_args *args);

/** sys_openat2() - openat2(2) */
int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

/** sys_pivot_root() - pivot_root(2) */
int sys_pivot_root(const char *new_root, const char *put_old);

/** sys_seccomp() - seccomp(2) */
int sys_seccomp(unsigned int operation, unsigned int flags, void *args);

/** sys_execveat() - execveat(2) */
int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags);

/* Landlock's ruleset attribute as of ABI 6 (6.12); older kernels take a shorter size. */
struct sys_landlock_ruleset {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* ABI 4 */
	uint64_t scoped;             /* ABI 6 */
};

/** sys_landlock_abi() - Return: the kernel's Landlock ABI version, -1 with errno if there is none. */
int sys_landlock_abi(void);

/** sys_landlock_create() - landlock_create_ruleset(2), with the attribute size that @abi knows. */
int sys_landlock_create(const struct sys_landlock_ruleset *attr, int abi);

/** sys_landlock_add_path() - landlock_add_rule(2) for what is beneath @parent_fd. */
int sys_landlock_add_path(int ruleset_fd, int parent_fd, uint64_t access);

/** sys_landlock_restrict() - landlock_restrict_self(2) */
int sys_landlock_restrict(int ruleset_fd);

/** sys_keyctl() - keyctl(2) */
long sys_keyctl(int operation, unsigned long a, unsigned long b);
