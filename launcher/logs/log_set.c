/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_set.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/logs/log_entry.h"
#include "launcher/logs/log_lines.h"
#include "launcher/logs/log_time.h"

enum {
	TRIES = 100,     /* a rotation takes microseconds, and the next one is some megabytes away */
	LAST_LINES = 64, /* of a plain file, in search of one with a time */
	EXTRA_MAX = 256,
	NAME_SIZE = NAME_MAX + 16,
};

int log_set_init(struct log_set *set, const char *path, bool resolve, struct error *err)
{
	char real[PATH_MAX];
	const char *slash;

	if (resolve) {
		if (!realpath(path, real))
			return error_set(err, errno, "open the log %s", path);
		path = real;
	}
	slash = strrchr(path, '/');
	if (!slash || strlen(path) >= sizeof(set->dir) || strlen(slash + 1) > NAME_MAX)
		return error_set(err, ENAMETOOLONG, "open the log %s", path);
	if (slash[1] == '\0')
		return error_set(err, EISDIR, "open the log %s", path);
	snprintf(set->dir, sizeof(set->dir), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	snprintf(set->name, sizeof(set->name), "%s", slash + 1);
	return 0;
}

void log_set_file_name(const struct log_set *set, const struct log_slot *slot, char *ret, size_t size)
{
	const char *suffix = slot->gzipped && slot->number > 0 ? ".gz" : "";

	if (slot->number == 0)
		snprintf(ret, size, "%s", set->name);
	else
		snprintf(ret, size, "%s.%u%s", set->name, slot->number, suffix);
}

/* Return: whether @file is NAME, NAME.N or NAME.N.gz. */
static bool parse_name(const struct log_set *set, const char *file, struct log_slot *slot)
{
	size_t length = strlen(set->name), digits;
	char number[16];
	uint32_t value;

	*slot = (struct log_slot){ 0 };
	if (!str_starts(file, set->name))
		return false;
	file += length;
	if (*file == '\0') {
		/* Named itself, a compressed file is one. */
		slot->gzipped = length > 3 && str_equal(set->name + length - 3, ".gz");
		return true;
	}
	if (*file++ != '.' || *file == '0')
		return false;
	digits = strspn(file, "0123456789");
	if (digits == 0 || digits >= sizeof(number))
		return false;
	memcpy(number, file, digits);
	number[digits] = '\0';
	if (str_to_u32(number, &value) < 0)
		return false;
	slot->number = value;
	slot->gzipped = str_equal(file + digits, ".gz");
	return slot->gzipped || file[digits] == '\0';
}

/* The youngest first; of the same number the plain one. */
static int compare_slots(const void *a, const void *b)
{
	const struct log_slot *left = a, *right = b;

	if (left->number != right->number)
		return left->number < right->number ? -1 : 1;
	return (int)left->gzipped - (int)right->gzipped;
}

struct list {
	struct log_slot *slots;
	size_t n, room;
};

static int add(struct list *list, int dirfd, const char *file, struct log_slot *slot)
{
	struct log_slot *grown;
	struct stat st;

	if (fstatat(dirfd, file, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	slot->dev = st.st_dev;
	slot->ino = st.st_ino;
	slot->size = (uint64_t)st.st_size;
	slot->modified_ns = st.st_mtim.tv_sec * LOG_TIME_SECOND + st.st_mtim.tv_nsec;
	if (list->n == list->room) {
		list->room = list->room ? list->room * 2 : 16;
		grown = realloc(list->slots, list->room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		list->slots = grown;
	}
	list->slots[list->n++] = *slot;
	return 0;
}

static int collect(const struct log_set *set, DIR *dir, struct list *list)
{
	struct log_slot slot;
	size_t kept = 0;
	int r = 0;

	list->n = 0;
	rewinddir(dir);
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) /* NOLINT(concurrency-mt-unsafe) */
		if (parse_name(set, entry->d_name, &slot))
			r = add(list, dirfd(dir), entry->d_name, &slot);
	if (r < 0)
		return r;
	if (list->n > 1)
		qsort(list->slots, list->n, sizeof(slot), compare_slots);
	for (size_t i = 0; i < list->n; i++)
		if (kept == 0 || list->slots[i].number != list->slots[kept - 1].number)
			list->slots[kept++] = list->slots[i];
	list->n = kept;
	return 0;
}

/* The log itself is what a rotation moves last: the same before and after means that none went on. */
static bool live_of(const struct log_set *set, int dirfd, struct stat *ret)
{
	*ret = (struct stat){ 0 };
	return fstatat(dirfd, set->name, ret, AT_SYMLINK_NOFOLLOW) == 0;
}

int log_set_list(const struct log_set *set, struct log_slot **ret, size_t *ret_n, struct error *err)
{
	DIR *dir = opendir(set->dir);
	struct list list = { 0 };
	struct stat before, after;
	bool found;
	int r = 0;

	*ret = NULL;
	*ret_n = 0;
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return error_set(err, errno, "open the directory of logs %s", set->dir);
	for (int tries = 0; r == 0 && tries < TRIES; tries++) {
		found = live_of(set, dirfd(dir), &before);
		r = collect(set, dir, &list);
		if (live_of(set, dirfd(dir), &after) == found && before.st_ino == after.st_ino &&
		    before.st_dev == after.st_dev)
			break;
	}
	closedir(dir);
	if (r < 0) {
		free(list.slots);
		return error_set(err, -r, "list the logs in %s", set->dir);
	}
	*ret = list.slots;
	*ret_n = list.n;
	return 0;
}

int log_set_open(const struct log_set *set, const struct log_slot *slot, struct error *err)
{
	char name[NAME_SIZE], path[PATH_MAX + NAME_SIZE];
	_cleanup_fd_ int fd = -1;
	struct stat st;

	log_set_file_name(set, slot, name, sizeof(name));
	snprintf(path, sizeof(path), "%s/%s", set->dir, name);
	/* O_NONBLOCK: a FIFO or a device in its place must not hold us. */
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return -ESTALE;
	if (fd < 0 && errno == ELOOP) {
		error_set(err, ELOOP, "open the log %s: it is a symbolic link", path);
		return error_remedy(err, "name the file that it leads to");
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "open the log %s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, S_ISDIR(st.st_mode) ? EISDIR : EINVAL,
				 "open the log %s: it is not a regular file", path);
	if (st.st_ino != slot->ino || st.st_dev != slot->dev)
		return -ESTALE;
	return take_fd(&fd);
}

/* The gzip header's extra field, {"lastTime":"…"}: RFC 1952 without the subfields that it asks for. */
static int header_time(int fd, int64_t *ret_ns)
{
	static const char key[] = "\"lastTime\":\"";
	unsigned char header[12 + EXTRA_MAX + 1];
	ssize_t got = pread(fd, header, sizeof(header) - 1, 0);
	size_t size;
	char *at;

	if (got < 12 || header[0] != 0x1f || header[1] != 0x8b || !(header[3] & 4)) /* FEXTRA */
		return -ENODATA;
	size = header[10] | (size_t)header[11] << 8;
	if (size > EXTRA_MAX || (size_t)got < 12 + size)
		return -ENODATA;
	header[12 + size] = '\0';
	at = strstr((char *)header + 12, key);
	if (!at)
		return -ENODATA;
	at += strlen(key);
	return log_time_parse(at, strcspn(at, "\""), ret_ns) < 0 ? -ENODATA : 0;
}

static int last_line_time(int fd, int64_t *ret_ns)
{
	_cleanup_log_lines_back_ struct log_lines_back *back = NULL;
	struct log_entry entry;
	struct log_line line;
	char *scratch;
	int r = -ENODATA;

	if (log_lines_back_open(fd, &back, NULL) < 0)
		return -ENODATA;
	scratch = malloc(LOG_LINE_MAX + 1);
	for (int i = 0; scratch && r < 0 && i < LAST_LINES; i++) {
		int kind = log_lines_back_next(back, &line);

		if (kind <= 0)
			break;
		if (kind == LOG_LINES_LINE && log_entry_parse(line.text, line.size, scratch, &entry) == 0)
			r = log_entry_time(&entry, ret_ns);
	}
	free(scratch);
	return r < 0 ? -ENODATA : 0;
}

int log_set_last_time(int fd, bool gzipped, int64_t *ret_ns)
{
	return gzipped ? header_time(fd, ret_ns) : last_line_time(fd, ret_ns);
}
