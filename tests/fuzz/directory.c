/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/directory.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include "base/fd.h"
#include "base/str.h"

enum { DEPTH_MAX = 16, FILES_MAX = 64 };

static char top[PATH_MAX];
static int top_fd = -1;

static void empty(int dir_fd, int depth)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir)
		abort();
	while ((entry = readdir(dir))) {
		if (str_equal(entry->d_name, ".") || str_equal(entry->d_name, ".."))
			continue;
		if (entry->d_type == DT_DIR && depth < DEPTH_MAX) {
			_cleanup_fd_ int below = openat(dir_fd, entry->d_name,
							O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (below >= 0)
				empty(below, depth + 1);
		}
		unlinkat(dir_fd, entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
	}
	closedir(dir);
}

static void clean_up(void)
{
	empty(top_fd, 0);
	rmdir(top);
}

static bool make_below(const char *place)
{
	int length = place ? snprintf(top, sizeof(top), "%s/kapsel-fuzz-XXXXXX", place) : -1;

	return length > 0 && (size_t)length < sizeof(top) && mkdtemp(top);
}

int directory_fd(void)
{
	if (top_fd >= 0)
		return top_fd;
	if (!make_below(getenv("KAPSEL_FUZZ_SCRATCH")) && !make_below("/dev/shm") && !make_below("/tmp"))
		abort();
	top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top_fd < 0)
		abort();
	atexit(clean_up);
	return top_fd;
}

const char *directory_path(void)
{
	directory_fd();
	return top;
}

/* Makes the directories above; false for "..", "" and the like, and for what is a file or too long. */
static bool prepare(char *name)
{
	int depth = 0;

	for (char *part = name, *slash; *part; part = slash + 1) {
		size_t length = strcspn(part, "/");

		if (length == 0 || length > NAME_MAX || strncmp(part, "..", length) == 0 ||
		    ++depth >= DEPTH_MAX)
			return false;
		slash = part + length;
		if (*slash == '\0')
			break;
		*slash = '\0';
		if (mkdirat(directory_fd(), name, 0700) < 0 && errno != EEXIST) {
			*slash = '/';
			return false;
		}
		*slash = '/';
	}
	return true;
}

bool directory_put(const char *name, const void *data, size_t size)
{
	_cleanup_fd_ int fd =
		openat(directory_fd(), name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	if (write(fd, data, size) != (ssize_t)size)
		abort();
	return true;
}

static void make(char *name, const char *text, size_t size)
{
	char *arrow = strstr(name, " -> "), *mode;

	if (arrow) {
		*arrow = '\0';
		arrow += strlen(" -> ");
		if (strchr(arrow, '/') || str_equal(arrow, ".."))
			return;
	}
	mode = arrow ? NULL : strstr(name, " 0");
	if (mode)
		*mode++ = '\0';
	if (!name[0] || strlen(name) >= PATH_MAX / 2 || !prepare(name) || name[strlen(name) - 1] == '/')
		return;
	if (arrow)
		(void)!symlinkat(arrow, directory_fd(), name);
	else if (directory_put(name, text, size) && mode)
		(void)!fchmodat(directory_fd(), name, (mode_t)strtoul(mode, NULL, 8) & 07777, 0);
}

void directory_fill(const uint8_t *data, size_t size)
{
	static const char mark[] = "=== ";
	const char *at = (const char *)data, *end = at + size;

	empty(directory_fd(), 0);
	for (int n = 0; n < FILES_MAX && (size_t)(end - at) > strlen(mark); n++) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		const char *text = line_end ? line_end + 1 : end, *next;
		char *name = NULL;

		if (memcmp(at, mark, strlen(mark)) != 0)
			return;
		at += strlen(mark);
		name = strndup(at, (size_t)((line_end ? line_end : end) - at));
		next = text < end ? memmem(text, (size_t)(end - text), "\n=== ", 5) : NULL;
		at = next ? next + 1 : end;
		if (name && name[0])
			make(name, text, (size_t)(at - text));
		free(name);
	}
}

/* A directory that no link leads to. */
static int open_place(const char *below)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };

	return (int)syscall(SYS_openat2, directory_fd(), below, &how, sizeof(how));
}

void directory_links(const char *list, const char *below)
{
	char *text = directory_text(list), *rest = text, *line;
	_cleanup_fd_ int place = open_place(below);

	while (place >= 0 && rest && (line = strsep(&rest, "\n"))) {
		char *target = strchr(line, ' ');

		if (!target || memchr(line, '/', (size_t)(target - line)))
			continue;
		*target++ = '\0';
		(void)!symlinkat(target, place, line);
	}
	free(text);
}

char *directory_text(const char *name)
{
	_cleanup_fd_ int fd = openat(directory_fd(), name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	char *text;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	text = calloc(1, (size_t)st.st_size + 1);
	if (!text || read(fd, text, (size_t)st.st_size) != st.st_size)
		abort();
	return text;
}
