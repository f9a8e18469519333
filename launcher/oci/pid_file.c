/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/console.h"

int pid_file_write(const char *path, pid_t pid, struct error *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char temporary[PATH_MAX], text[16];
	_cleanup_fd_ int fd = -1;
	int r;

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (snprintf(temporary, sizeof(temporary), "%.*s.%s.%d", (int)(name - path), path, name,
		     (int)getpid()) >= (int)sizeof(temporary))
		return error_set(err, ENAMETOOLONG, "write the pid file %s", path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	r = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0 && fd >= 0)
		unlink(temporary);
	return r < 0 ? error_set(err, -r, "write the pid file %s", path) : 0;
}

int pid_file_send_pidfd(const char *path, int pidfd, struct error *err)
{
	_cleanup_fd_ int sock = oci_console_connect(path, err);

	return sock < 0 ? sock : oci_console_send(sock, pidfd, err);
}
