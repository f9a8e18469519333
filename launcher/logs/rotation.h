/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The older files of a log: NAME.1 is the youngest, NAME.2 the next, each either plain or
 * gzipped with the suffix .gz. The log itself, NAME, belongs to the writer.
 *
 * A killed supervisor may leave a number free, or NAME.1 beside a whole NAME.1.gz; neither loses
 * a line, and readers (dockerd's too) take the plain file. A .gz is only ever whole: it
 * is written under a name of its own.
 *
 * The child that compresses knows no names. While it runs the files may move on, and its
 * result goes to wherever its source is by then: a rotation neither waits for it nor races it.
 * At most one runs; files that it did not get to are taken up after it, youngest first.
 */
#include <limits.h>
#include <stdbool.h>

#include "base/macro.h"

struct error;

struct rotation {
	int dirfd; /* O_PATH, owned */
	char name[NAME_MAX + 1];
	unsigned int max_files; /* the log itself included */
	bool compress;
	bool json;         /* json-file: a gzip header gets the last entry's time */
	int pidfd;         /* the compressor, -1: none */
	unsigned int slot; /* the number of the file that it reads */
};

/** rotation_init() - take over @dirfd, and remove what a killed compressor left. @name of
 * log_file_open_dir(). */
void rotation_init(struct rotation *rotation, int dirfd, const char *name);

/**
 * rotation_shift() - move NAME to NAME.1 and what was there further on; the oldest goes
 *
 * With max_files 1 NAME is removed. Never waits. It can be repeated after a failure: what was
 * moved stays moved, and nothing is removed but the oldest file, when all numbers are taken.
 * Return: 0 or -errno with *err filled; NAME exists no more after 0.
 */
int rotation_shift(struct rotation *rotation, struct error *err) _must_check_;

/** rotation_compress() - start compressing the youngest plain file, unless a child is at work. */
void rotation_compress(struct rotation *rotation);

/** rotation_reap() - if the child has ended, put its file in place and start on the next. */
void rotation_reap(struct rotation *rotation);

/** rotation_deinit() - wait for the child, put its file in place, close the directory. */
void rotation_deinit(struct rotation *rotation);
