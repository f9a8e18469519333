/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

int output_save(const char *path, const char *name, const char *text, size_t size, struct error *err)
{
	char file[PATH_MAX], temporary[PATH_MAX + 24];
	_cleanup_fd_ int fd = -1;
	struct stat st;
	int r;

	if (!name || stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		r = snprintf(file, sizeof(file), "%s", path);
	else
		r = snprintf(file, sizeof(file), "%s/%s", path, name);
	if (r >= (int)sizeof(file))
		return error_set(err, ENAMETOOLONG, "write %s", path);
	if (lstat(file, &st) == 0 && !S_ISREG(st.st_mode)) {
		error_set(err, EEXIST, "write %s: it is no regular file", file);
		return error_remedy(err, "name another file, or leave the option out for standard output");
	}
	/* Whoever was killed has left a name that nobody else takes. */
	snprintf(temporary, sizeof(temporary), "%s.%d.new", file, (int)getpid());
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_set(err, errno, "create %s", temporary);
	r = fd_write_all(fd, text, size);
	if (r == 0 && rename(temporary, file) < 0)
		r = -errno;
	if (r < 0) {
		unlink(temporary);
		return error_set(err, -r, "write %s", file);
	}
	return 0;
}
