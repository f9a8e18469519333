/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/selfexe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/program.h"
#include "base/sys.h"

#define OWN_PROGRAM "/proc/self/exe"

static const int SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

/* On a read-only mount or file system nobody but who could mount it anew writes; a sealed file nobody. */
static bool is_protected(int program)
{
	struct statvfs fs;
	int seals;

	if (fstatvfs(program, &fs) == 0 && (fs.f_flag & ST_RDONLY))
		return true;
	seals = fcntl(program, F_GET_SEALS); /* -1 has all bits: no file of memory, no seals */
	return seals >= 0 && (seals & SEALS) == SEALS;
}

static int readonly_copy_of_mount(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	_cleanup_fd_ int fd = open_tree(AT_FDCWD, OWN_PROGRAM, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -errno;
	return take_fd(&fd);
}

static int sealed_copy(int program)
{
	_cleanup_fd_ int fd = memfd_create("kapsel-oci", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat st;
	off_t at = 0;

	if (fd < 0 || fstat(program, &st) < 0 || fchmod(fd, 0700) < 0)
		return -errno;
	while (at < st.st_size) {
		ssize_t copied = sendfile(fd, program, &at, (size_t)(st.st_size - at));

		if (copied < 0)
			return -errno;
		if (copied == 0)
			return -EIO;
	}
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	return take_fd(&fd);
}

int selfexe_protect(char **argv, struct error *err)
{
	_cleanup_fd_ int program = open(OWN_PROGRAM, O_RDONLY | O_CLOEXEC), copy = -1;

	if (program < 0)
		return error_set(err, errno, "open the own program");
	if (is_protected(program))
		return 0;
	copy = readonly_copy_of_mount();
	if (copy < 0)
		copy = sealed_copy(program);
	if (copy < 0)
		return error_set(err, -copy, "copy the own program out of the container's reach");
	if (program_remember() < 0)
		return error_set(err, ENOMEM, "execute the own program again");
	sys_execveat(copy, "", argv, environ, AT_EMPTY_PATH);
	return error_set(err, errno, "execute the own program again");
}
