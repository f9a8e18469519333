/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/subid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

enum { LINE_MAX_BYTES = 1024 };

/* Copy the field before the next ':' and step behind it. False when there is none, or it doesn't fit. */
static bool cut_field(const char **line, char *field, size_t size)
{
	size_t length = strcspn(*line, ":");

	if ((*line)[length] != ':' || length >= size)
		return false;
	memcpy(field, *line, length);
	field[length] = '\0';
	*line += length + 1;
	return true;
}

static bool is_number(const char *text, uint32_t number)
{
	uint32_t value;

	return str_to_u32(text, &value) == 0 && value == number;
}

bool subid_parse_line(const char *line, const char *name, uid_t uid, struct subid_range *ret)
{
	char owner[LINE_MAX_BYTES], first_text[16];
	uint32_t first, count;

	if (!cut_field(&line, owner, sizeof(owner)) || !cut_field(&line, first_text, sizeof(first_text)))
		return false;
	if (!(name[0] && str_equal(owner, name)) && !is_number(owner, uid))
		return false;
	if (str_to_u32(first_text, &first) < 0 || str_to_u32(line, &count) < 0)
		return false;
	if (count == 0 || first > UINT32_MAX - count)
		return false;
	ret->first = first;
	ret->count = count;
	return true;
}

/* passwd(5): name:password:uid:… */
static bool parse_passwd_line(const char *line, uid_t uid, char ret[SUBID_NAME_MAX])
{
	char name[SUBID_NAME_MAX], field[LINE_MAX_BYTES];

	if (!cut_field(&line, name, sizeof(name)) || !cut_field(&line, field, sizeof(field)) ||
	    !cut_field(&line, field, sizeof(field)) || name[0] == '\0' || !is_number(field, uid))
		return false;
	memcpy(ret, name, sizeof(name));
	return true;
}

struct search {
	const char *name;
	uid_t uid;
	struct subid_range range;
	char user[SUBID_NAME_MAX];
};

static bool is_range(const char *line, struct search *search)
{
	return subid_parse_line(line, search->name, search->uid, &search->range);
}

static bool is_user(const char *line, struct search *search)
{
	return parse_passwd_line(line, search->uid, search->user);
}

/* A regular file: a pipe would block and a device would never end. */
static int open_regular(const char *path, off_t *ret_size)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*ret_size = st.st_size;
	return take_fd(&fd);
}

/*
 * Show @matches each line until it returns true. A line that is too long is nobody's.
 * Return: 1 found, 0 not found, -errno.
 */
static int search_file(const char *path, bool (*matches)(const char *line, struct search *search),
		       struct search *search)
{
	char chunk[4096], line[LINE_MAX_BYTES];
	size_t used = 0;
	off_t size, done = 0;
	_cleanup_fd_ int fd = open_regular(path, &size);

	if (fd < 0)
		return fd;
	while (done < size) {
		ssize_t got = read(fd, chunk, sizeof(chunk));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += got;
		for (ssize_t i = 0; i < got; i++) {
			if (chunk[i] != '\n') {
				if (used < sizeof(line))
					line[used++] = chunk[i];
				continue;
			}
			if (used < sizeof(line)) {
				line[used] = '\0';
				if (matches(line, search))
					return 1;
			}
			used = 0;
		}
		if (done >= SUBID_FILE_MAX_BYTES && done < size)
			return -EFBIG;
	}
	/* The last line may lack its newline. */
	if (used == 0 || used == sizeof(line))
		return 0;
	line[used] = '\0';
	return matches(line, search);
}

int subid_read(const char *path, const char *name, uid_t uid, struct subid_range *ret)
{
	struct search search = { .name = name, .uid = uid };
	int r = search_file(path, is_range, &search);

	*ret = search.range;
	return r < 0 ? r : 0;
}

int subid_user_name(const char *path, uid_t uid, char ret[SUBID_NAME_MAX])
{
	struct search search = { .uid = uid };
	int r = search_file(path, is_user, &search);

	memcpy(ret, search.user, sizeof(search.user));
	if (r < 0)
		return r;
	return r == 0 ? -ENOENT : 0;
}
