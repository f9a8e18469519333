/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The files of one log: NAME, which is written to, and the older NAME.1, NAME.2 and so on, plain or with
 * the suffix .gz. They move on while they are read: a file is known by its inode, not by its number.
 */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

struct error;

struct log_set {
	char dir[PATH_MAX]; /* "." where the path has none */
	char name[NAME_MAX + 1];
};

struct log_slot {
	unsigned int number; /* 0: the log itself */
	bool gzipped;
	dev_t dev;
	ino_t ino;
	uint64_t size;
	int64_t modified_ns;
};

/**
 * log_set_init() - the log at @path
 * @resolve: follow a link at its end, as kubelet's are; the older files stand beside the target
 *
 * Return: 0, or -errno with *err filled; without @resolve it need not exist.
 */
int log_set_init(struct log_set *set, const char *path, bool resolve, struct error *err) _must_check_;

/**
 * log_set_list() - what files there are, the youngest first
 * @ret: to be freed with free(3), NULL for none
 *
 * Where NAME.1 and NAME.1.gz both stand there, a compressor was killed: the plain file counts. Taken in one
 * look: no rotation was under way. Return: 0, also without the directory, or -errno with *err filled.
 */
int log_set_list(const struct log_set *set, struct log_slot **ret, size_t *ret_n, struct error *err)
	_must_check_;

/**
 * log_set_open() - open a file that was found
 *
 * Return: an fd; -ESTALE when the name is another file's by now; -errno with *err filled (a link, a FIFO).
 */
int log_set_open(const struct log_set *set, const struct log_slot *slot, struct error *err) _must_check_;

/** log_set_file_name() - "NAME.2.gz" */
void log_set_file_name(const struct log_set *set, const struct log_slot *slot, char *ret, size_t size);

/**
 * log_set_last_time() - when the last entry of a file was written: from a gzipped one's header, where dockerd
 * and we put it, or from a plain one's last lines
 *
 * Return: 0, or -ENODATA when it can't be told.
 */
int log_set_last_time(int fd, bool gzipped, int64_t *ret_ns) _must_check_;
