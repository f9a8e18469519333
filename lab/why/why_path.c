/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/why/why_path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "lab/why/why_program.h"
#include "profiles/spec.h"

#define OPENING "\u2018"
#define CLOSING "\u2019"

/* --- in a text ------------------------------------------------------------------ */

/* What may stand before a path: not a letter, or "a/b" and "http://x/y" would hold one. */
static bool begins_path(const char *line, size_t at)
{
	if (line[at] != '/' || line[at + 1] == '/')
		return false;
	/* Beyond ASCII: the quotes of a UTF-8 locale. */
	return at == 0 || (unsigned char)line[at - 1] >= 0x80 || strchr(" \t'\"`([{=<>:,|", line[at - 1]);
}

/* A quoted path ends at its quote; another one at what no message has in the middle of one. */
static size_t path_length(const char *line, size_t size, size_t at)
{
	char quote = at > 0 && strchr("'\"`", line[at - 1]) ? line[at - 1] : '\0';
	const char *end = NULL;
	size_t length = 0;

	if (at >= strlen(OPENING) && memcmp(line + at - strlen(OPENING), OPENING, strlen(OPENING)) == 0)
		end = memmem(line + at, size - at, CLOSING, strlen(CLOSING));
	else if (quote)
		end = memchr(line + at, quote == '`' ? '\'' : quote, size - at);
	if (end)
		return (size_t)(end - (line + at));
	while (at + length < size && (unsigned char)line[at + length] > ' ' &&
	       !strchr("'\"`()[]{}<>:;,|", line[at + length]))
		length++;
	/* The end of a sentence. */
	while (length > 1 && line[at + length - 1] == '.')
		length--;
	return length;
}

static bool take(const char *line, size_t at, size_t length, const char *below, char ret[WHY_PATH_MAX])
{
	char path[WHY_PATH_MAX];
	int size =
		snprintf(path, sizeof(path), "%s%s%.*s", below, below[0] ? "/" : "", (int)length, line + at);

	return length > 0 && length < WHY_PATH_MAX && size > 0 && size < WHY_PATH_MAX &&
	       path_normalise(path, ret, WHY_PATH_MAX) == 0;
}

/* "touch: x: Read-only file system", "mkdir: can't create directory 'x': …": the word before the error. */
static bool find_relative(const char *line, size_t at, const char *workdir, char ret[WHY_PATH_MAX])
{
	size_t end = at, begin;

	while (end > 0 && strchr(": '\"`", line[end - 1]))
		end--;
	begin = end;
	while (begin > 0 && !strchr(" :'\"`()[]", line[begin - 1]))
		begin--;
	/* The program's own name, and what is no word, are no files. */
	if (begin == 0 || begin == end || !strchr(" '\"`", line[begin - 1]))
		return false;
	return take(line, begin, end - begin, workdir, ret);
}

bool why_path_find(const char *line, size_t size, size_t at, const char *workdir, char ret[WHY_PATH_MAX])
{
	size_t found = size;

	for (size_t i = 0; i < size; i++) {
		if (!begins_path(line, i) || path_length(line, size, i) < 2)
			continue;
		if (i < at || found == size)
			found = i;
		if (i >= at)
			break;
	}
	if (found < size)
		return take(line, found, path_length(line, size, found), "", ret);
	return workdir && find_relative(line, at, workdir, ret);
}

/* --- in the container ------------------------------------------------------------ */

static bool is_below(const char *path, const char *top)
{
	size_t length = strlen(top);

	if (str_equal(top, "/"))
		return true;
	return strncmp(path, top, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static const struct spec_mount *find_mount(const struct spec *spec, const char *path)
{
	const struct spec_mount *found = NULL;

	/* Parents come first: the last one that fits has the longest path. */
	for (size_t i = 0; i < spec->n_mounts; i++)
		if (is_below(path, spec->mounts[i].target))
			found = &spec->mounts[i];
	return found;
}

static enum why_path_place find_place(const struct spec *spec, const char *path,
				      const struct spec_mount **ret_mount)
{
	*ret_mount = find_mount(spec, path);
	if (*ret_mount)
		return (*ret_mount)->type == SPEC_MOUNT_TMPFS ? WHY_PATH_TMPFS : WHY_PATH_BIND;
	if (spec->n_secrets > 0 && is_below(path, "/run/secrets"))
		return WHY_PATH_SECRETS;
	if (is_below(path, "/proc"))
		return WHY_PATH_PROC;
	if (is_below(path, "/sys"))
		return WHY_PATH_SYS;
	return is_below(path, "/dev") ? WHY_PATH_DEV : WHY_PATH_ROOT;
}

/* The image and mounts are the workload's to choose: nothing is opened but by a path inside. */
static void look(int top, const char *path, const char *rootfs, struct why_path *ret)
{
	_cleanup_fd_ int fd = path_open_in_root(top, path, O_PATH), root = -1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		ret->error = fd < 0 ? -fd : errno;
		ret->known = true;
		return;
	}
	ret->known = true;
	ret->mode = st.st_mode;
	ret->uid = st.st_uid;
	ret->gid = st.st_gid;
	if (!S_ISREG(st.st_mode))
		return;
	root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0)
		why_program_look(top, path, root, ret->problem, sizeof(ret->problem));
}

bool why_path_hides(const struct spec *spec, const char *path)
{
	_cleanup_fd_ int root = open(spec->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = root < 0 ? -1 : path_open_in_root(root, path, O_RDONLY | O_DIRECTORY);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool found = false;

	if (!directory) {
		fd_close(&fd);
		return false;
	}
	while (!found && (entry = readdir(directory)))
		found = !str_equal(entry->d_name, ".") && !str_equal(entry->d_name, "..");
	closedir(directory);
	return found;
}

void why_path_look(const struct spec *spec, const char *path, struct why_path *ret)
{
	_cleanup_fd_ int top = -1;
	const char *inside = path;
	struct stat st;

	*ret = (struct why_path){ .mount = NULL };
	ret->place = find_place(spec, path, &ret->mount);
	if (ret->place != WHY_PATH_ROOT && ret->place != WHY_PATH_BIND)
		return;
	if (ret->place == WHY_PATH_BIND)
		inside = path + (str_equal(ret->mount->target, "/") ? 0 : strlen(ret->mount->target));
	top = open(ret->mount ? ret->mount->source : spec->rootfs, O_PATH | O_CLOEXEC);
	if (top < 0 || fstat(top, &st) < 0)
		return;
	if (!S_ISDIR(st.st_mode)) { /* one file is mounted */
		ret->known = true;
		ret->mode = st.st_mode;
		ret->uid = st.st_uid;
		ret->gid = st.st_gid;
		return;
	}
	look(top, inside[0] ? inside : "/", spec->rootfs, ret);
}
