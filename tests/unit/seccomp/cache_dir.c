/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cache_dir.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char cache_dir[] = "/tmp/kapsel-cache-XXXXXX";

void cache_dir_make(void)
{
	cr_assert(ne(ptr, mkdtemp(cache_dir), NULL));
}

size_t cache_dir_entries(char path[CACHE_DIR_PATH_MAX])
{
	DIR *stream = opendir(cache_dir);
	const struct dirent *entry;
	size_t n = 0;

	cr_assert(ne(ptr, stream, NULL));
	while ((entry = readdir(stream)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(path, CACHE_DIR_PATH_MAX, "%s/%s", cache_dir, entry->d_name);
		n++;
	}
	closedir(stream);
	return n;
}

off_t cache_dir_entry(char path[CACHE_DIR_PATH_MAX])
{
	struct stat st;

	cr_assert(eq(sz, cache_dir_entries(path), 1));
	cr_assert(zero(int, lstat(path, &st)));
	return st.st_size;
}

void cache_dir_remove(void)
{
	char path[CACHE_DIR_PATH_MAX];

	while (cache_dir_entries(path) > 0 && unlink(path) == 0)
		;
	rmdir(cache_dir);
}

void cache_dir_change(const char *path, off_t at)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	unsigned char byte;

	cr_assert(eq(int, (int)pread(fd, &byte, 1, at), 1));
	byte ^= 0x40;
	cr_assert(eq(int, (int)pwrite(fd, &byte, 1, at), 1));
	close(fd);
}
