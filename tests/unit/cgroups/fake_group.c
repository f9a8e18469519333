/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake_group.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

struct fake_group fake_group_new(void)
{
	struct fake_group group = { .path = "/tmp/kapsel-fake-group-XXXXXX" };

	cr_assert(ne(ptr, mkdtemp(group.path), NULL));
	group.fd = open(group.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(ge(int, group.fd, 0));
	return group;
}

static void empty(int dirfd)
{
	DIR *dir = fdopendir(dirfd);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (entry->d_type == DT_DIR) {
			int below = openat(dirfd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			if (below >= 0)
				empty(below);
		}
		unlinkat(dirfd, entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
	}
	closedir(dir);
}

void fake_group_free(struct fake_group *group)
{
	empty(group->fd);
	rmdir(group->path);
}

void fake_group_file(const struct fake_group *group, const char *name, const char *text)
{
	int fd = openat(group->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert(ge(int, fd, 0), "%s", name);
	cr_assert(zero(int, fd_write_all(fd, text, strlen(text))));
	close(fd);
}

const char *fake_group_text(const struct fake_group *group, const char *name)
{
	static char text[4096];
	ssize_t size = fd_read_file(group->fd, name, text, sizeof(text));

	cr_assert(ge(long, size, 0), "%s", name);
	return text;
}
