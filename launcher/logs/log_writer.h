/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Docker's json-file log: one JSON object a line, byte for byte what dockerd writes except
 * that the time always has nine digits. Both streams go into one file; a line is never torn
 * and never reordered within its stream.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiles/spec.h"

struct error;

enum log_stream { LOG_STDOUT, LOG_STDERR };

struct log_writer;

struct log_options {
	const char *path;      /* absolute */
	uint64_t max_size_bytes; /* SPEC_UNLIMITED: never rotate */
	unsigned int max_files;
	bool compress;
	enum spec_on_full on_full;
	struct spec_pairs attrs; /* already chosen; sorted and escaped by the writer */
};

/**
 * log_writer_open() - open the log file 0640, without following links, creating its directory 0750
 *
 * Return: 0 or -errno with *err filled.
 */
int log_writer_open(const struct log_options *options, struct log_writer **ret, struct error *err);

/**
 * log_writer_read() - take what the pipe holds, once, and write it
 * @fd: the non-blocking read end of the workload's stdout or stderr
 *
 * One read of up to 64 KiB, split at newlines, at most 16 KiB an entry.
 * Return: bytes taken; 0 at the end of the stream (the unterminated rest is written); -EAGAIN when
 * the pipe is empty; -ENOSPC and others with *err filled when the log can't be written and on_full is
 * block: call again later, nothing was lost.
 */
ssize_t log_writer_read(struct log_writer *writer, enum log_stream stream, int fd, struct error *err);

/** log_writer_stalled() - Return: whether bytes wait because the file can't be written; retry with log_writer_flush(). */
bool log_writer_stalled(const struct log_writer *writer);

/** log_writer_flush() - write what waits. 0 or -errno. */
int log_writer_flush(struct log_writer *writer, struct error *err);

/** log_writer_dropped() - Return: bytes of workload output dropped so far (on_full drop). */
uint64_t log_writer_dropped(const struct log_writer *writer);

/** log_writer_close() - flush, wait for a running compression, close; NULL is allowed. */
struct log_writer *log_writer_close(struct log_writer *writer);
