/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/logs/compressor.h"
#include "launcher/logs/log_file.h"

enum { TAIL_SIZE = 64, NAME_SIZE = NAME_MAX + 16 };

static const char plain[] = "", gzipped[] = ".gz";

static const char *slot_name(const struct rotation *rotation, unsigned int slot, const char *suffix,
			     char name[static NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%s.%u%s", rotation->name, slot, suffix);
	return name;
}

/* With a dot in front: what collects "*.log*" must not see a half-written file. */
static const char *part_name(const struct rotation *rotation, char name[static NAME_SIZE])
{
	snprintf(name, NAME_SIZE, ".%s.gz.part", rotation->name);
	return name;
}

static void remove_part(const struct rotation *rotation)
{
	char name[NAME_SIZE];

	unlinkat(rotation->dirfd, part_name(rotation, name), 0);
}

void rotation_init(struct rotation *rotation, int dirfd, const char *name)
{
	rotation->dirfd = dirfd;
	rotation->pidfd = -1;
	snprintf(rotation->name, sizeof(rotation->name), "%s", name);
	remove_part(rotation);
}

static bool slot_has(const struct rotation *rotation, unsigned int slot, const char *suffix)
{
	char name[NAME_SIZE];
	struct stat st;

	return fstatat(rotation->dirfd, slot_name(rotation, slot, suffix, name), &st, AT_SYMLINK_NOFOLLOW) ==
	       0;
}

static bool slot_taken(const struct rotation *rotation, unsigned int slot)
{
	return slot_has(rotation, slot, plain) || slot_has(rotation, slot, gzipped);
}

static void kill_compressor(struct rotation *rotation)
{
	syscall(SYS_pidfd_send_signal, rotation->pidfd, SIGKILL, NULL, 0);
	compressor_wait(rotation->pidfd, true);
	fd_close(&rotation->pidfd);
	remove_part(rotation);
}

static int remove_slot(struct rotation *rotation, unsigned int slot, struct error *err)
{
	const char *const suffixes[] = { plain, gzipped };
	char name[NAME_SIZE];

	if (rotation->pidfd >= 0 && rotation->slot == slot)
		kill_compressor(rotation);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (unlinkat(rotation->dirfd, slot_name(rotation, slot, suffixes[i], name), 0) < 0 &&
		    errno != ENOENT)
			return error_set(err, errno, "remove old log %s", name);
	return 0;
}

static int move_slot(struct rotation *rotation, unsigned int slot, struct error *err)
{
	const char *const suffixes[] = { gzipped, plain };
	char from[NAME_SIZE], to[NAME_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		slot_name(rotation, slot, suffixes[i], from);
		slot_name(rotation, slot + 1, suffixes[i], to);
		if (renameat(rotation->dirfd, from, rotation->dirfd, to) < 0 && errno != ENOENT)
			return error_set(err, errno, "rename log %s to %s", from, to);
	}
	if (rotation->pidfd >= 0 && rotation->slot == slot)
		rotation->slot = slot + 1;
	return 0;
}

int rotation_shift(struct rotation *rotation, struct error *err)
{
	unsigned int last = rotation->max_files - 1, slot = 1;
	char first[NAME_SIZE];
	int r = 0;

	if (rotation->max_files <= 1) {
		if (unlinkat(rotation->dirfd, rotation->name, 0) < 0 && errno != ENOENT)
			return error_set(err, errno, "remove log %s", rotation->name);
		return 0;
	}
	rotation_reap(rotation);
	/* Only up to a number that is free, if a killed predecessor left one: nothing goes too early. */
	while (slot < last && slot_taken(rotation, slot))
		slot++;
	if (slot_taken(rotation, slot))
		r = remove_slot(rotation, slot, err);
	while (r == 0 && --slot > 0)
		r = move_slot(rotation, slot, err);
	if (r < 0)
		return r;
	slot_name(rotation, 1, plain, first);
	if (renameat(rotation->dirfd, rotation->name, rotation->dirfd, first) < 0 && errno != ENOENT)
		return error_set(err, errno, "rename log %s to %s", rotation->name, first);
	return 0;
}

/*
 * dockerd keeps the time of the last entry in the header, so that --since can skip the file
 * unread. It is the end of the last line: …,"time":"2016-10-06T00:17:09.669794202Z"}
 */
static void read_last_time(int fd, char extra[static COMPRESSOR_EXTRA_MAX])
{
	static const char key[] = "\"time\":\"";
	char tail[TAIL_SIZE + 1] = "";
	const char *next = tail, *at = NULL;
	off_t size = lseek(fd, 0, SEEK_END);
	size_t length;

	extra[0] = '\0';
	if (pread(fd, tail, TAIL_SIZE, size > TAIL_SIZE ? size - TAIL_SIZE : 0) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0)
		return;
	/* the last one: an attribute may be called time as well */
	while ((next = strstr(next, key)))
		at = next += strlen(key);
	if (!at)
		return;
	length = strspn(at, "0123456789-:.TZ+");
	if (length < 40 && str_equal(at + length, "\"}\n"))
		snprintf(extra, COMPRESSOR_EXTRA_MAX, "{\"lastTime\":\"%.*s\"}", (int)length, at);
}

static int start_compressor(struct rotation *rotation, unsigned int slot)
{
	const int how = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	_cleanup_fd_ int in = -1, out = -1;
	char extra[COMPRESSOR_EXTRA_MAX], name[NAME_SIZE];

	in = openat(rotation->dirfd, slot_name(rotation, slot, plain, name), O_RDONLY | how);
	if (in < 0 || log_file_is_ours(in, name, NULL) < 0)
		return -EPERM; /* somebody put a link here: it stays, and its target isn't read */
	extra[0] = '\0';
	if (rotation->json)
		read_last_time(in, extra);
	out = openat(rotation->dirfd, part_name(rotation, name), O_WRONLY | O_CREAT | O_EXCL | how, 0640);
	if (out < 0)
		return -errno;
	rotation->pidfd = compressor_start(in, out, extra, NULL);
	if (rotation->pidfd < 0) {
		remove_part(rotation);
		rotation->pidfd = -1;
		return -EAGAIN;
	}
	rotation->slot = slot;
	return 0;
}

void rotation_compress(struct rotation *rotation)
{
	if (!rotation->compress || rotation->pidfd >= 0)
		return;
	for (unsigned int slot = 1; slot < rotation->max_files && slot_taken(rotation, slot); slot++)
		if (slot_has(rotation, slot, plain) && start_compressor(rotation, slot) != -EPERM)
			return;
}

/* Return: whether the compressed file took the place of the plain one. */
static bool put_in_place(struct rotation *rotation)
{
	char from[NAME_SIZE], to[NAME_SIZE];

	part_name(rotation, from);
	slot_name(rotation, rotation->slot, gzipped, to);
	if (renameat(rotation->dirfd, from, rotation->dirfd, to) < 0) {
		remove_part(rotation);
		return false;
	}
	return unlinkat(rotation->dirfd, slot_name(rotation, rotation->slot, plain, from), 0) == 0;
}

/* 1: done and in place, 0: it runs on or there is none, -1: the file stays plain */
static int finish(struct rotation *rotation, bool block)
{
	int r;

	if (rotation->pidfd < 0)
		return 0;
	r = compressor_wait(rotation->pidfd, block);
	if (r == 0)
		return 0;
	fd_close(&rotation->pidfd);
	if (r < 0) { /* no space, no memory: tried again after the next rotation */
		remove_part(rotation);
		return -1;
	}
	return put_in_place(rotation) ? 1 : -1;
}

void rotation_reap(struct rotation *rotation)
{
	if (finish(rotation, false) > 0)
		rotation_compress(rotation);
}

void rotation_deinit(struct rotation *rotation)
{
	finish(rotation, true);
	fd_close(&rotation->dirfd);
}
