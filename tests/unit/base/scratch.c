/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scratch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

struct scratch scratch_new(void)
{
	struct scratch scratch = { .path = "/tmp/kapsel-base-XXXXXX" };

	cr_assert(mkdtemp(scratch.path) != NULL, "make a directory in /tmp");
	scratch.fd = open(scratch.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert(ge(int, scratch.fd, 0));
	return scratch;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void scratch_free(struct scratch *scratch)
{
	fd_close(&scratch->fd);
	nftw(scratch->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void scratch_file(const struct scratch *scratch, const char *name, const char *content)
{
	_cleanup_fd_ int fd = openat(scratch->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	cr_assert(ge(int, fd, 0), "create %s", name);
	cr_assert(eq(long, write(fd, content, strlen(content)), (long)strlen(content)));
}

void scratch_dir(const struct scratch *scratch, const char *name)
{
	cr_assert(zero(int, mkdirat(scratch->fd, name, 0700)), "create %s", name);
}

void scratch_link(const struct scratch *scratch, const char *name, const char *target)
{
	cr_assert(zero(int, symlinkat(target, scratch->fd, name)), "create %s", name);
}
