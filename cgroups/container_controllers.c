/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/container_controllers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroups/controllers.h"
#include "cgroups/text.h"

enum { WORDS_MAX = 256 };

/* Where a needed controller got lost. */
struct loss {
	int errnum; /* 0: nowhere yet */
	char path[CGROUP_PATH_MAX];
};

void container_controllers_keys(unsigned int controllers, char *buffer, size_t size)
{
	static const struct {
		unsigned int controllers;
		const char *key;
	} keys[] = {
		{ CGROUP_MEMORY, "linux.resources.memory" },
		{ CGROUP_CPU | CGROUP_CPUSET, "linux.resources.cpu" },
		{ CGROUP_PIDS, "linux.resources.pids" },
		{ CGROUP_IO, "linux.resources.blockIO" },
		{ CGROUP_HUGETLB, "linux.resources.hugepageLimits" },
		{ CGROUP_RDMA, "linux.resources.rdma" },
		{ CGROUP_MISC, "linux.resources.unified" },
	};
	size_t used = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(keys) && used < size; i++)
		if (keys[i].controllers & controllers)
			used += (size_t)snprintf(buffer + used, size - used, "%s%s", used ? ", " : "",
						 keys[i].key);
}

static int refuse_missing(int fd, unsigned int missing, const struct loss *loss, struct error *err)
{
	char keys[CONTAINER_KEYS_MAX], names[CGROUP_VALUE_MAX], offers[CGROUP_VALUE_MAX];
	struct cgroup_place place = { 0 };
	unsigned int offered = 0;

	container_controllers_keys(missing, keys, sizeof(keys));
	controllers_print(missing, "", names, sizeof(names));
	if (loss && loss->errnum == EBUSY) {
		error_set(
			err, EBUSY,
			"%s: switch on the cgroup controllers %s in %s: it holds processes, and a group can't "
			"both hold processes and hand controllers down",
			keys, names, loss->path);
		return error_remedy(err,
				    "move these processes into a group of their own, or give a "
				    "linux.cgroupsPath outside of %s",
				    loss->path);
	}
	if (loss && loss->errnum) {
		error_set(err, loss->errnum, "%s: switch on the cgroup controllers %s in %s", keys, names,
			  loss->path);
		return error_remedy(err, "have the controllers delegated (Delegate=yes), or give a "
					 "linux.cgroupsPath below a group that the caller may write");
	}
	if (controllers_read(fd, "cgroup.controllers", &offered) < 0)
		offered = 0;
	controllers_print(offered, "", offers, sizeof(offers));
	if (cgroup_place_find(&place, NULL) < 0)
		place.reason[0] = '\0';
	error_set(err, EOPNOTSUPP, "%s: needs the cgroup controllers %s, but there is %s%s%s", keys, names,
		  offers, place.reason[0] ? "; " : "", place.reason);
	return error_remedy(err, "%s",
			    place.remedy[0]
				    ? place.remedy
				    : "add Delegate=yes to the service or scope that the group belongs to");
}

int container_controllers_check(int fd, unsigned int needed, struct error *err)
{
	unsigned int offered = 0;
	int r;

	if (needed == 0)
		return 0;
	r = controllers_read(fd, "cgroup.controllers", &offered);
	if (r < 0)
		return error_set(err, -r, "read cgroup.controllers of the container's cgroup");
	return needed & ~offered ? refuse_missing(fd, needed & ~offered, NULL, err) : 0;
}

static bool has_word(const char *text, const char *word, size_t length)
{
	for (const char *at = text; *at; at += *at == ' ') {
		size_t n = strcspn(at, " ");

		if (n == length && memcmp(at, word, length) == 0)
			return true;
		at += n;
	}
	return false;
}

/* "+cpu +misc": the words of @offered that @enabled lacks, also those of kernels newer than we are. */
static void list_missing(const char *offered, const char *enabled, char ret[WORDS_MAX])
{
	size_t used = 0;

	ret[0] = '\0';
	for (const char *word = offered; *word; word += *word == ' ') {
		size_t length = strcspn(word, " ");

		if (length > 0 && !has_word(enabled, word, length) && used < WORDS_MAX)
			used += (size_t)snprintf(ret + used, WORDS_MAX - used, "%s+%.*s", used ? " " : "",
						 (int)length, word);
		word += length;
	}
}

/* The true root of the hierarchy, which has no cgroup.type, may hold processes and hand controllers down. */
static bool is_occupied(int fd)
{
	char text[WORDS_MAX];

	return faccessat(fd, "cgroup.type", F_OK, 0) == 0 &&
	       text_read(fd, "cgroup.procs", text, sizeof(text)) != 0;
}

/* All at once, as nearly always works; else what can be. @words is changed. */
static int switch_on(int fd, char *words)
{
	char *save = NULL;
	int r = fd_write_file(fd, "cgroup.subtree_control", words);

	if (r == 0)
		return 0;
	for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		int one = fd_write_file(fd, "cgroup.subtree_control", word);

		if (one < 0)
			r = one;
	}
	return r;
}

static int enable_in(int fd, const char *path, unsigned int needed, struct loss *loss, struct error *err)
{
	const struct cgroup_place here = { .found = true };
	char offered[WORDS_MAX], enabled[WORDS_MAX], words[WORDS_MAX];
	int r = 0;

	if (text_read(fd, "cgroup.controllers", offered, sizeof(offered)) < 0 ||
	    text_read(fd, "cgroup.subtree_control", enabled, sizeof(enabled)) < 0)
		return 0;
	list_missing(offered, enabled, words);
	needed &= controllers_parse(offered, ' ') & ~controllers_parse(enabled, ' ');
	if (words[0] == '\0')
		return 0;
	if (is_occupied(fd)) {
		/*
		 * The kernel lets some controllers be switched on here, but then nothing can be started
		 * below. Only the caller itself may step aside.
		 */
		if (needed == 0)
			return 0;
		r = controllers_enable(fd, path, &here, needed, err);
		if (r < 0 && r != -EBUSY)
			return r;
		if (r == 0)
			switch_on(fd, words);
	} else {
		r = switch_on(fd, words);
	}
	if (r < 0 && needed != 0 && loss->errnum == 0) {
		loss->errnum = -r;
		snprintf(loss->path, sizeof(loss->path), "%s", path);
	}
	return 0;
}

/* From "/" down to the group right above @path. */
static int enable_above(int mount_fd, const char *path, unsigned int needed, struct loss *loss,
			struct error *err)
{
	char above[CGROUP_PATH_MAX] = "/";
	const char *slash = path;

	do {
		_cleanup_fd_ int fd = openat(mount_fd, above[1] ? above + 1 : ".",
					     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int r = fd < 0 ? -errno : enable_in(fd, above, needed, loss, err);

		if (fd < 0)
			return error_set(err, -r, "open the cgroup %s", above);
		if (r < 0)
			return r;
		slash = strchr(slash + 1, '/');
		if (slash)
			snprintf(above, sizeof(above), "%.*s", (int)(slash - path), path);
	} while (slash);
	return 0;
}

int container_controllers_enable(int mount_fd, const char *path, int fd, unsigned int needed,
				 struct error *err)
{
	char top[WORDS_MAX], own[WORDS_MAX];
	struct loss loss = { 0 };
	unsigned int missing;
	int r;

	/* The usual case: somebody has done it before, and two reads tell. */
	if (text_read(mount_fd, "cgroup.controllers", top, sizeof(top)) < 0)
		top[0] = '\0';
	if (text_read(fd, "cgroup.controllers", own, sizeof(own)) < 0)
		own[0] = '\0';
	if (!str_equal(top, own)) {
		r = enable_above(mount_fd, path, needed, &loss, err);
		if (r < 0)
			return r;
		if (text_read(fd, "cgroup.controllers", own, sizeof(own)) < 0)
			own[0] = '\0';
	}
	missing = needed & ~controllers_parse(own, ' ');
	return missing ? refuse_missing(mount_fd, missing, &loss, err) : 0;
}
