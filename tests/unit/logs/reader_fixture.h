/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the reader's tests share: a directory with logs in it, and what a reader shows of them. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "launcher/logs/log_printer.h"
#include "launcher/logs/log_reader.h"

extern char reader_dir[64];

/* For TestSuite(..., .init = reader_init, .fini = reader_fini) */
void reader_init(void);
void reader_fini(void);

/* The path of a file in reader_dir; one of four static buffers. */
const char *reader_path(const char *name);

/* Append to a file in reader_dir, or make it. */
void reader_append(const char *name, const char *text, size_t size);
void reader_appendf(const char *name, const char *format, ...) _printf_(2, 3);

/* Lines "FIRST", "FIRST + 1", ... in stdout entries, one a second from 2026-01-01T00:00:00Z + FIRST on. */
void reader_append_lines(const char *name, unsigned int first, unsigned int n);

/* gzip a file in reader_dir and remove it; @extra: the header's extra field, NULL: none. */
void reader_compress(const char *name, const char *gz_name, const char *extra);

/* What a reader showed; the texts are NUL-terminated, to be freed by shown_free(). */
struct shown {
	int result;
	char *out, *err;
	size_t out_size, err_size;
	struct log_damage damage;
	struct error error;
};

/* A request for all of the log @name in reader_dir. A static struct, with set and filter filled. */
struct log_request *reader_request(const char *name);

/* Run it; descriptors in @options are set. */
struct shown reader_show(const struct log_request *request, struct log_printer_options options);
void shown_free(struct shown *shown);
#define _cleanup_shown_ _cleanup_(shown_free)

/* Second N of 2026 in nanoseconds. */
int64_t reader_time(unsigned int second);
