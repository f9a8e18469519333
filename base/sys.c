/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/sys.h"

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t sys_clone3(struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };

	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int sys_seccomp(unsigned int operation, unsigned int flags, void *args)
{
	return (int)syscall(SYS_seccomp, operation, flags, args);
}

int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return (int)syscall(SYS_execveat, dirfd, path, argv, envp, flags);
}

int sys_landlock_abi(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

int sys_landlock_create(const struct sys_landlock_ruleset *attr, int abi)
{
	size_t size = sizeof(attr->handled_access_fs);

	if (abi >= 6)
		size = sizeof(*attr);
	else if (abi >= 4)
		size = offsetof(struct sys_landlock_ruleset, scoped);
	return (int)syscall(SYS_landlock_create_ruleset, attr, size, 0);
}

int sys_landlock_add_path(int ruleset_fd, int parent_fd, uint64_t access)
{
	struct landlock_path_beneath_attr attr = { .allowed_access = access, .parent_fd = parent_fd };

	return (int)syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &attr, 0);
}

int sys_landlock_restrict(int ruleset_fd)
{
	return (int)syscall(SYS_landlock_restrict_self, ruleset_fd, 0);
}

long sys_keyctl(int operation, unsigned long a, unsigned long b)
{
	return syscall(SYS_keyctl, operation, a, b, 0, 0);
}
