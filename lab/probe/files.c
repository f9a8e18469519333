/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D4: files and what can be reached through descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "lab/probe/attempt.h"

enum { FDS_MAX = 8192 };

static long create_in_root(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = open(probe->text, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	(void)out;
	if (fd >= 0)
		unlink(probe->text);
	return fd;
}

static long open_for_writing(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = open(probe->text, O_WRONLY | O_APPEND | O_CLOEXEC);

	(void)out;
	return fd;
}

static long write_and_execute(const struct probe *probe, struct outcome *out)
{
	static const char *const argv[] = { "kapsel-probe", "ran", NULL };
	char path[PATH_MAX];
	long status;
	int fd = attempt_file(path), saved;

	(void)probe;
	if (fd < 0)
		return attempt_step(out, "open of a file to write");
	if (attempt_copy_self(fd) < 0 || fchmod(fd, 0700) < 0) {
		saved = errno;
		close(fd);
		unlink(path);
		errno = saved;
		return attempt_step(out, "copy of the program");
	}
	close(fd); /* ETXTBSY otherwise */
	status = attempt_exec(AT_FDCWD, path, argv, 0, out);
	saved = errno;
	unlink(path);
	errno = saved;
	if (status >= 0)
		attempt_note(out, "%s ran", path);
	return status < 0 ? attempt_step(out, "execve") : 0;
}

static long execute_again(const struct probe *probe, struct outcome *out)
{
	static const char *const argv[] = { "kapsel-probe", "ran", NULL };
	char path[PATH_MAX] = "";
	long status;
	int fd;

	if (attempt_own_path(path) < 0)
		return attempt_step(out, "search of the own program");
	if (probe->a == AT_EMPTY_PATH) {
		fd = open(path, O_PATH | O_CLOEXEC);
		if (fd < 0)
			return attempt_step(out, "open of the own program");
		status = attempt_exec(fd, "", argv, AT_EMPTY_PATH, out);
	} else {
		status = attempt_exec(AT_FDCWD, probe->text ? probe->text : path, argv, 0, out);
	}
	if (status < 0 && errno == ENOENT && probe->text)
		return attempt_untestable(out, "the image has no %s", probe->text);
	return status < 0 ? -1 : 0;
}

/*
 * A filter that lets execveat(2) through for one descriptor is passed by an absolute path:
 * the kernel ignores the descriptor then. The number has to lie above every descriptor
 * that a process may have, so it can be guessed from the limit.
 */
static long execute_past_descriptor(const struct probe *probe, struct outcome *out)
{
	static const char *const argv[] = { "kapsel-probe", "ran", NULL };
	int guesses[] = { -1, 64, 5000, 0, AT_FDCWD };
	char own[PATH_MAX] = "";
	struct rlimit limit;
	long status = -1;

	if (attempt_own_path(own) < 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return attempt_step(out, "a look at itself");
	guesses[0] = (int)limit.rlim_max;
	for (size_t i = 0; i < ARRAY_SIZE(guesses) && status < 0 && errno != ENOENT; i++) {
		status = attempt_exec(guesses[i], probe->text ? probe->text : own, argv, AT_EMPTY_PATH, out);
		attempt_note(out, "descriptor %d", guesses[i]);
		if (status < 0 && errno != EPERM && errno != EBADF)
			break; /* the filter let it pass; what answered lies behind it */
	}
	if (status < 0 && errno == ENOENT)
		return attempt_untestable(out, "the image has no %s", probe->text);
	return status < 0 ? -1 : 0;
}

static long follow_own_link(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = -1;
	char path[PATH_MAX];
	int saved;

	attempt_path(path);
	if (symlink(probe->text, path) < 0)
		return attempt_step(out, "symlink");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	saved = errno;
	unlink(path);
	errno = saved;
	return fd;
}

static long set_file_capability(const struct probe *probe, struct outcome *out)
{
	struct vfs_cap_data data = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data[0].permitted = 1U << CAP_NET_RAW,
	};
	char path[PATH_MAX];
	int fd = attempt_file(path), saved;
	long r;

	(void)probe;
	if (fd < 0)
		return attempt_step(out, "open of a file to write");
	r = fsetxattr(fd, "security.capability", &data, sizeof(data), 0);
	saved = errno;
	close(fd);
	unlink(path);
	errno = saved;
	return r;
}

static long link_root_file(const struct probe *probe, struct outcome *out)
{
	char path[PATH_MAX];

	(void)out;
	attempt_path(path);
	if (link(probe->text, path) < 0)
		return -1;
	unlink(path);
	return 0;
}

static long climb_above_root(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat root, st;
	int next;

	(void)probe;
	if (fd < 0 || fstat(fd, &root) < 0)
		return attempt_step(out, "open /");
	for (int i = 0; i < 64; i++) {
		next = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (next < 0 || fstat(next, &st) < 0)
			return attempt_step(out, "open ..");
		close(fd);
		fd = next;
	}
	if (st.st_dev != root.st_dev || st.st_ino != root.st_ino)
		return 0;
	attempt_note(out, "stays at /");
	errno = 0;
	return -1;
}

/* A directory that came from outside is a way out, whatever the root is. */
static long enter_inherited(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	for (int fd = 3; fd < FDS_MAX; fd++) {
		if (fchdir(fd) == 0) {
			attempt_note(out, "descriptor %d is a directory from outside", fd);
			return fd;
		}
		if (errno != EBADF && errno != ENOTDIR) {
			attempt_note(out, "descriptor %d", fd);
			return -1;
		}
	}
	errno = EBADF;
	return -1;
}

static long find_inherited(const struct probe *probe, struct outcome *out)
{
	char link[64], target[200] = "";

	(void)probe;
	for (int fd = 3; fd < FDS_MAX; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		if (readlink(link, target, sizeof(target) - 1) < 0)
			target[0] = '\0';
		attempt_note(out, "descriptor %d: %s", fd, target);
		return fd;
	}
	errno = EBADF;
	return -1;
}

const struct probe probes_files[] = {
	{ 64, "create-in-root", "create a file in /", create_in_root, 0, .text = "/kapsel-probe-was-here" },
	{ 64, "write-etc-passwd", "open /etc/passwd for writing", open_for_writing, 0,
	  .text = "/etc/passwd" },
	{ 65, "write-and-exec", "write a program and execute it", write_and_execute, PROBE_CHILD },
	{ 65, "exec-again", "execute the own program a second time", execute_again, PROBE_CHILD },
	{ 65, "execveat-again", "execute the own program a second time through a descriptor", execute_again,
	  PROBE_CHILD, AT_EMPTY_PATH },
	{ 65, "exec-other", "execute another program of the image", execute_again, PROBE_CHILD,
	  .text = "/probe/other" },
	{ 65, "execveat-absolute", "execute another program past the descriptor", execute_past_descriptor,
	  PROBE_CHILD, .text = "/probe/other" },
	{ 65, "execveat-absolute-own", "execute the own program past the descriptor", execute_past_descriptor,
	  PROBE_CHILD },
	{ 68, "setxattr-filecap", "give a file a capability", set_file_capability, 0 },
	{ 72, "hardlink-root-file", "link a file of the image into a writable mount", link_root_file, 0,
	  .text = "/etc/passwd" },
	{ 73, "symlink-in-volume", "follow a link made in a writable mount", follow_own_link, 0,
	  .text = "/etc/passwd" },
	{ 74, "climb-above-root", "open .. 64 times", climb_above_root, 0 },
	{ 74, "fchdir-inherited", "enter an inherited directory", enter_inherited, PROBE_CHILD },
	{ 75, "inherited-fds", "find descriptors other than 0, 1, 2", find_inherited, 0 },
	{ 0 },
};
