/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/controllers.h"
#include "cgroups/text.h"

/* Long enough for the fields before " - "; what overlay mounts add behind may be cut off. */
enum { LINE_MAX_BYTES = 4096, OWN_MAX_BYTES = 8192 };

/* The kernel writes space, tab, newline, backslash and # as three octal digits. */
static int unescape(const char *text, char *buffer, size_t size)
{
	size_t used = 0;

	for (; *text; text++) {
		char byte = *text;

		if (byte == '\\') {
			unsigned int value = 0;

			for (int i = 1; i <= 3; i++) {
				if (text[i] < '0' || text[i] > '7')
					return -EBADMSG;
				value = value * 8 + (unsigned int)(text[i] - '0');
			}
			if (value == 0 || value > 0xff)
				return -EBADMSG;
			byte = (char)value;
			text += 3;
		}
		if (used + 1 >= size)
			return -ENAMETOOLONG;
		buffer[used++] = byte;
	}
	buffer[used] = '\0';
	return 0;
}

static bool has_option(const char *options, const char *option)
{
	size_t length = strlen(option);

	for (const char *next = options; next; next = strchr(next, ',')) {
		next += *next == ',';
		if (strncmp(next, option, length) == 0 && (next[length] == ',' || next[length] == '\0'))
			return true;
	}
	return false;
}

/* Whether @a should be tried before @b. */
static bool better(const struct mounts_v2 *a, const struct mounts_v2 *b)
{
	if (a->read_only != b->read_only)
		return b->read_only;
	return strlen(a->root) < strlen(b->root);
}

static void add_v2(struct mounts *mounts, const struct mounts_v2 *found)
{
	size_t at = 0;

	/* A later mount on the same point covers the earlier one. */
	for (size_t i = 0; i < mounts->n_v2; i++)
		if (str_equal(mounts->v2[i].path, found->path)) {
			memmove(&mounts->v2[i], &mounts->v2[i + 1],
				(mounts->n_v2 - i - 1) * sizeof(mounts->v2[0]));
			mounts->n_v2--;
			break;
		}
	while (at < mounts->n_v2 && !better(found, &mounts->v2[at]))
		at++;
	if (at == MOUNTS_V2_MAX)
		return;
	if (mounts->n_v2 == MOUNTS_V2_MAX)
		mounts->n_v2--;
	memmove(&mounts->v2[at + 1], &mounts->v2[at], (mounts->n_v2 - at) * sizeof(mounts->v2[0]));
	mounts->v2[at] = *found;
	mounts->n_v2++;
}

static void add_v1(struct mounts *mounts, const char *path, const char *options)
{
	unsigned int held = controllers_parse(options, ',');

	mounts->v1 = true;
	mounts->v1_controllers |= held;
	for (size_t i = 0; i < MOUNTS_CONTROLLERS; i++)
		if ((held & (1U << i)) &&
		    unescape(path, mounts->v1_paths[i], sizeof(mounts->v1_paths[i])) < 0)
			mounts->v1_paths[i][0] = '\0';
}

void mounts_add_line(struct mounts *mounts, char *line)
{
	enum { ID, PARENT, DEVICE, ROOT, POINT, OPTIONS, N_FIELDS };
	char *fields[N_FIELDS], *rest = line, *type, *options;
	struct mounts_v2 found = { 0 };

	for (int i = 0; i < N_FIELDS; i++) {
		fields[i] = strsep(&rest, " ");
		if (!rest)
			return;
	}
	/* Any number of optional fields, then "-", type, source, options of the file system. */
	do
		type = strsep(&rest, " ");
	while (rest && !str_equal(type, "-"));
	if (!rest)
		return;
	type = strsep(&rest, " ");
	if (!rest)
		return;
	strsep(&rest, " ");
	options = rest;

	if (str_equal(type, "cgroup") && options) {
		add_v1(mounts, fields[POINT], options);
	} else if (str_equal(type, "cgroup2") &&
		   unescape(fields[POINT], found.path, sizeof(found.path)) == 0 &&
		   unescape(fields[ROOT], found.root, sizeof(found.root)) == 0) {
		found.read_only = has_option(fields[OPTIONS], "ro") || (options && has_option(options, "ro"));
		add_v2(mounts, &found);
	}
}

int mounts_read(struct mounts *ret)
{
	_cleanup_fd_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct mounts mounts = { 0 };
	char line[LINE_MAX_BYTES], chunk[LINE_MAX_BYTES];
	size_t used = 0;

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t got = read(fd, chunk, sizeof(chunk));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		for (ssize_t i = 0; i < got; i++) {
			if (chunk[i] == '\n') {
				line[used] = '\0';
				mounts_add_line(&mounts, line);
				used = 0;
			} else if (used + 1 < sizeof(line)) {
				line[used++] = chunk[i];
			}
		}
	}
	*ret = mounts;
	return 0;
}

int mounts_below(const char *root, const char *group, char ret[CGROUP_PATH_MAX])
{
	size_t length = strlen(root);
	const char *below = group;

	/* "/.." leads out of our cgroup namespace, where names are not ours to know. */
	if (root[0] != '/' || str_starts(root, "/..") || group[0] != '/' || str_starts(group, "/.."))
		return -EXDEV;
	if (length > 1) {
		if (strncmp(group, root, length) != 0 || (group[length] != '/' && group[length] != '\0'))
			return -EXDEV;
		below = group[length] ? group + length : "/";
	}
	if (strlen(below) >= CGROUP_PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(ret, below);
	return 0;
}

int mounts_parse_own(char *text, struct mounts_own *ret)
{
	static const char deleted[] = " (deleted)";
	struct mounts_own own = { 0 };
	char *line;

	while ((line = strsep(&text, "\n"))) {
		char *id = strsep(&line, ":"), *names = strsep(&line, ":");
		size_t length;

		if (!line) {
			if (*id == '\0' && !names)
				continue;
			return -EBADMSG;
		}
		if (!str_equal(id, "0")) {
			own.v1 = true;
			own.v1_controllers |= controllers_parse(names, ',');
			continue;
		}
		length = strlen(line);
		if (line[0] != '/')
			return -EBADMSG;
		if (length > strlen(deleted) && str_equal(line + length - strlen(deleted), deleted))
			line[length - strlen(deleted)] = '\0';
		if (strlen(line) >= sizeof(own.path))
			return -ENAMETOOLONG;
		own.v2 = true;
		strcpy(own.path, line);
	}
	*ret = own;
	return 0;
}

int mounts_read_own(struct mounts_own *ret)
{
	char text[OWN_MAX_BYTES];
	ssize_t size = text_read(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text));

	if (size < 0)
		return (int)size;
	return mounts_parse_own(text, ret);
}
