/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the log tests share: a directory of their own, pipes into a writer, and a reader
 * that is independent of it (yajl, zlib).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "launcher/logs/log_writer.h"

/* The directory of this test, and the log in it; set by fixture_init(). */
extern char fixture_dir[64], fixture_log[80];

/* For TestSuite(..., .init = fixture_init, .fini = fixture_fini) */
void fixture_init(void);
void fixture_fini(void);

/* A writer with the pipes of a workload. */
struct feeder {
	struct log_writer *writer;
	int pipes[2][2];
	struct error err;
};

/* Unless given: the log of this test, without rotation. A static struct. */
#define FEEDER_OPTIONS(...) fixture_options((struct log_options){ __VA_ARGS__ })
struct log_options *fixture_options(struct log_options options);

/* Criterion's str is not const. */
#define STR(text) ((char *)(uintptr_t)(text))

/* Allocates and opens: 0 or -errno, and no writer then. */
int open_writer(const struct log_options *options, struct log_writer **ret, struct error *err);

/* Closes and releases. */
void close_writer(struct log_writer *writer);

/* Opens the writer; asserts that it works. */
void feeder_open(struct feeder *feeder, const struct log_options *options);

/* One write() of at most 64 KiB by the workload and one log_writer_read(); its result. */
ssize_t feeder_put(struct feeder *feeder, enum log_stream stream, const void *data, size_t size);
ssize_t feeder_puts(struct feeder *feeder, enum log_stream stream, const char *text);

/* The workload closes the stream; the result of log_writer_read(). */
ssize_t feeder_end(struct feeder *feeder, enum log_stream stream);

void feeder_close(struct feeder *feeder);

/* The content of a file, gunzipped if its name ends in .gz; NULL if there is none. NUL-terminated. */
char *slurp(const char *path, size_t *ret_size);

/* fixture_log plus a suffix; one of two static buffers. */
const char *log_path(const char *suffix);

/* The whole log with each well-formed time replaced by T. */
char *slurp_without_times(const char *path);

/* Write @text to a new file. */
void spill(const char *path, const char *text);

bool exists(const char *path);

/* One line of a log, as another JSON parser understands it. */
struct entry {
	char log[16 * 1024 * 3 + 2]; /* an invalid byte comes back as three */
	size_t log_size;
	char stream[8];
	char time[40];
};

/* Whether @line of @size bytes, without its newline, is exactly one object with the right keys in order. */
bool entry_parse(const char *line, size_t size, struct entry *ret);

/*
 * All entries of a log in order, from the oldest rotated file to the log itself.
 * visit gets NULL for a complete line that does not parse. Returns lines without newline at a file's end.
 */
size_t visit_entries(void (*visit)(const struct entry *entry, void *arg), void *arg);
