/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding services: by name, by id, all of them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/service/record.h"

enum { ID_PREFIX_MIN = 4 };

/* Where others can write they could plant a service, and have us kill a group of their choice. */
static int check_dir(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "look at the state directory %s", path);
	if (st.st_uid == geteuid() && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	error_set(err, EPERM, "use the state directory %s: it belongs to uid %u with mode %04o", path,
		  st.st_uid, st.st_mode & 07777u);
	error_remedy(err, "remove it, or: chown %u %s; chmod 0700 %s", geteuid(), path, path);
	return -EPERM;
}

static int open_run_dir(const char *path, struct error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return error_set(err, errno, "open the state directory %s", path);
	r = check_dir(fd, path, err);
	return r < 0 ? r : take_fd(&fd);
}

static bool is_name(const char *name)
{
	return name[0] && name[0] != '.' && !strchr(name, '/') && strlen(name) < RECORD_NAME_MAX;
}

static int open_service(int run_dir, const char *name, struct error *err)
{
	_cleanup_fd_ int fd = -1;
	int r;

	if (!is_name(name))
		return error_set(err, EINVAL, "look up a service called \"%s\"", name);
	fd = openat(run_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno, "open the state of %s", name);
	r = check_dir(fd, name, err);
	return r < 0 ? r : take_fd(&fd);
}

int record_open(const char *run_dir, const char *name, struct error *err)
{
	_cleanup_fd_ int dir = open_run_dir(run_dir, err);

	return dir < 0 ? dir : open_service(dir, name, err);
}

static int compare_names(const void *a, const void *b)
{
	const struct record *left = a, *right = b;

	return strcmp(left->name, right->name);
}

/* Return: 1: *ret is filled; 0: there is no service in it. */
static int read_entry(int run_dir, const char *name, struct record *ret)
{
	_cleanup_fd_ int dir = is_name(name) ? open_service(run_dir, name, NULL) : -1;

	/* The directory's name is what leads to it; a file that says otherwise was moved there. */
	return dir >= 0 && record_read(dir, ret, NULL) == 0 && str_equal(ret->name, name);
}

static int grow(struct arena *arena, struct record **records, size_t n, size_t *capacity)
{
	struct record *larger;

	if (n < *capacity)
		return 0;
	*capacity = *capacity ? *capacity * 2 : 16;
	larger = arena_array(arena, *capacity, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	if (n > 0)
		memcpy(larger, *records, n * sizeof(*larger));
	*records = larger;
	return 0;
}

static int read_all(DIR *dir, struct arena *arena, struct record **records, size_t *n)
{
	size_t capacity = 0;
	struct dirent *entry;

	for (;;) {
		errno = 0;
		entry = readdir(dir); /* NOLINT(concurrency-mt-unsafe): one thread, one stream */
		if (!entry)
			return -errno;
		if (grow(arena, records, *n, &capacity) < 0)
			return -ENOMEM;
		*n += (size_t)read_entry(dirfd(dir), entry->d_name, *records + *n);
	}
}

int record_list(const char *run_dir, struct arena *arena, struct record **ret, size_t *ret_n,
		struct error *err)
{
	struct error ignored = { 0 };
	int fd = open_run_dir(run_dir, err ? err : &ignored), r;
	struct record *records = NULL;
	size_t n = 0;
	DIR *dir;

	*ret = NULL;
	*ret_n = 0;
	if (fd == -ENOENT) {
		if (err)
			*err = (struct error){ 0 };
		return 0;
	}
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		r = error_set(err, errno, "list %s", run_dir);
		close(fd);
		return r;
	}
	r = read_all(dir, arena, &records, &n);
	closedir(dir);
	if (r < 0)
		return error_set(err, -r, "list %s", run_dir);
	if (n > 0)
		qsort(records, n, sizeof(*records), compare_names);
	*ret = records;
	*ret_n = n;
	return 0;
}

static bool is_id_prefix(const char *text)
{
	size_t length = strlen(text);

	return length >= ID_PREFIX_MIN && length < RECORD_ID_SIZE &&
	       strspn(text, "0123456789abcdef") == length;
}

static int not_found(const char *which, const struct record *records, size_t n, struct arena *arena,
		     struct error *err)
{
	const char **names = arena_array(arena, n + 1, sizeof(*names)), *nearest = NULL;

	for (size_t i = 0; names && i < n; i++)
		names[i] = records[i].name;
	if (names)
		nearest = str_nearest(which, names, n);
	error_set(err, ENOENT, "find a service called %s", which);
	if (nearest)
		error_remedy(err, "did you mean %s?", nearest);
	else
		error_remedy(err, n > 0 ? "\"kapsel ps --all\" shows those that are there"
					: "none is there: \"kapsel run -d PROFILE\" starts one");
	return -ENOENT;
}

static int find_by_id(const char *which, const struct record *records, size_t n, const struct record **ret,
		      struct error *err)
{
	*ret = NULL;
	if (!is_id_prefix(which))
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (!str_starts(records[i].id, which))
			continue;
		if (*ret) {
			error_set(err, ENOTUNIQ, "find a service by %s: %s and %s have such an id", which,
				  (*ret)->name, records[i].name);
			error_remedy(err, "write more of the id, or the name");
			return -ENOTUNIQ;
		}
		*ret = &records[i];
	}
	return 0;
}

int record_find(const char *run_dir, const char *which, struct record *ret, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct record *found = NULL;
	struct record *records;
	size_t n;
	int r;

	if (!arena)
		return error_set(err, ENOMEM, "find %s", which);
	r = record_list(run_dir, arena, &records, &n, err);
	for (size_t i = 0; r == 0 && i < n && !found; i++)
		if (str_equal(records[i].name, which))
			found = &records[i];
	if (r == 0 && !found)
		r = find_by_id(which, records, n, &found, err);
	if (r < 0)
		return r;
	if (!found)
		return not_found(which, records, n, arena, err);
	*ret = *found;
	return 0;
}
