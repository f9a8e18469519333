/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Reads a whole log, from its oldest file to the present, and on while it grows.
 *
 * The walk from file to file goes by inodes: when a file is read to its end, the next one is the file that
 * is one number younger than where ours is by then. If ours is no more (compressed, or the oldest that had to
 * go), it is the oldest file that ends later than the last entry that was read.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"
#include "launcher/logs/log_filter.h"
#include "launcher/logs/log_seek.h"
#include "launcher/logs/log_set.h"

struct error;
struct log_printer;

/* How to see that the writer of the log has ended. */
struct log_life {
	/* Whether it may still write. */
	bool (*running)(void *arg);
	void *arg;
	const char *dirs[2]; /* a change of names in one of them is a reason to ask again; NULL: none */
	int ended_fd;        /* readable: the same (a pidfd), -1: none */
};

struct log_request {
	const struct log_set *set;
	struct log_filter filter;
	uint64_t lines; /* only the last ones, LOG_SEEK_ALL: all */
	bool follow;
	const struct log_life *life; /* with follow; NULL: follow until we are killed */
	int out_fd;                  /* with follow: ends when this pipe has no reader */
};

/* What could not be shown. */
struct log_damage {
	uint64_t lines; /* neither json-file nor CRI, torn, or too long */
	uint64_t offset;
	char file[300]; /* the first one's file; offset is its place in there */
	bool files;     /* a gzipped file could not be read to its end */
};

/**
 * log_reader_run() - show what was asked for
 * @on_idle: called with what could not be shown so far, before it first waits; NULL is allowed
 *
 * Return: 0; -ENOENT with *err filled when there is no log and nothing will write one; -errno with *err
 * filled.
 */
int log_reader_run(const struct log_request *request, struct log_printer *printer,
		   void (*on_idle)(const struct log_damage *damage), struct log_damage *ret_damage,
		   struct error *err) _must_check_;
