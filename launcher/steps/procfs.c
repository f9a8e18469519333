/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/steps/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "launcher/mounts.h"
#include "launcher/run.h"
#include "profiles/spec.h"

/* sysctl files print tabs between numbers and end with a newline: compared word by word. */
static int same_words(const char *a, const char *b)
{
	for (;;) {
		size_t n, m;

		a += strspn(a, " \t\n");
		b += strspn(b, " \t\n");
		n = strcspn(a, " \t\n");
		m = strcspn(b, " \t\n");
		if (n != m || memcmp(a, b, n) != 0)
			return 0;
		if (n == 0)
			return 1;
		a += n;
		b += m;
	}
}

/*
 * Attached over the old root's /proc, it goes with the old root at pivot_root and stays usable
 * through the descriptor alone; a mount that was never attached would cost the kernel a wait of
 * its own (RCU) when it is closed.
 */
static int new_procfs(void)
{
	_cleanup_fd_ int target = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int fd =
		mounts_new("proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	int r;

	if (target < 0)
		return -ENOENT;
	if (fd < 0)
		return fd;
	r = mounts_attach(fd, target);
	return r < 0 ? r : take_fd(&fd);
}

int procfs_open(struct run *run, struct error *err)
{
	/* A user namespace may not mount the procfs of a pid namespace that is not its own: then the
	 * host's is used, which nobody inside can have touched yet. Each file is checked on opening. */
	int fd = run->spec->namespaces & SPEC_NS_PID ? new_procfs()
						     : open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		error_set(err, fd == -1 ? ENOENT : -fd, "create a private procfs");
		return error_remedy(
			err,
			"the kernel wants a complete /proc outside: is kapsel itself in a container that masks it?");
	}
	run->procfs_fd = fd;
	return 0;
}

static int open_checked(struct run *run, const char *path, int flags, struct error *err)
{
	/* thread-self is a link of procfs itself; others there are none on the way to a setting. */
	_cleanup_fd_ int fd = path_open_in_root(run->procfs_fd, path, flags);
	struct statfs fs;

	if (fd < 0)
		return error_set(err, -fd, "open /proc/%s", path);
	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return error_set(err, EBADE, "/proc/%s is not on procfs", path);
	return take_fd(&fd);
}

int procfs_put(struct run *run, const char *path, const char *value, struct error *err)
{
	_cleanup_fd_ int fd = open_checked(run, path, O_WRONLY, err);

	if (fd < 0)
		return fd;
	if (write(fd, value, strlen(value)) < 0)
		return error_set(err, errno, "write \"%s\" to /proc/%s", value, path);
	return 0;
}

int procfs_get(struct run *run, const char *path, char *buffer, size_t size, struct error *err)
{
	_cleanup_fd_ int fd = open_checked(run, path, O_RDONLY, err);
	ssize_t got = fd < 0 ? 0 : read(fd, buffer, size - 1);

	if (fd < 0)
		return fd;
	if (got < 0)
		return error_set(err, errno, "read /proc/%s", path);
	buffer[got] = '\0';
	buffer[strcspn(buffer, "\n")] = '\0';
	return 0;
}

int procfs_write(struct run *run, const char *path, const char *value, struct error *err)
{
	char text[512];
	int r = procfs_put(run, path, value, err);

	if (r == 0)
		r = procfs_get(run, path, text, sizeof(text), err);
	if (r == 0 && !same_words(text, value))
		r = error_set(err, EBADE, "/proc/%s reads back as \"%s\"", path, text);
	return r;
}
