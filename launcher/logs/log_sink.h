/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A sink is the form in which a driver wants an entry: a function from a piece of the workload's
 * output to bytes in the queue. It opens and sends nothing; log_output.h does. The same
 * piece gives the same bytes, also in the standby process that goes on after a kill.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "launcher/logs/log_journal.h"
#include "launcher/logs/log_writer.h"

struct error;
struct log_address;

/* A part of the workload's output that becomes one entry. */
struct log_piece {
	enum log_stream stream;
	const unsigned char *text;
	size_t size;                   /* without the newline */
	bool newline;                  /* ends the line */
	bool last;                     /* of its line: a newline or the end of the stream follows */
	uint32_t part;                 /* of its line, from 1 */
	uint64_t ordinal, first;       /* of this entry, and of the first one of its line */
	const struct json_clock *time; /* of the line */
};

struct log_sink_type;

/* What is the same for all entries of a stream, ready to be copied. */
struct log_sink {
	const struct log_sink_type *type;
	char *lead[LOG_STREAMS], *tail[LOG_STREAMS]; /* owned */
	size_t lead_size[LOG_STREAMS], tail_size[LOG_STREAMS];
	size_t limit; /* bytes of a message */
	enum spec_syslog_format syslog_format;
	bool framed;       /* messages with their length in front, for datagrams; else a newline ends them */
	const char *epoch; /* in shared memory */
};

struct log_sink_type {
	/* Fills lead and tail. 0, or -errno with *err filled. */
	int (*init)(struct log_sink *sink, const struct log_options *options,
		    const struct log_address *address, struct error *err);
	/* Bytes that format() writes at most for @size bytes of text. */
	size_t (*bound)(const struct log_sink *sink, enum log_stream stream, size_t size);
	/* Writes the entry to @out; the number of bytes. */
	size_t (*format)(const struct log_sink *sink, const struct log_piece *piece, char *out);
};

extern const struct log_sink_type sink_json, sink_cri, sink_journald, sink_syslog;

/* In front of a datagram in the queue; the machine's byte order, it never leaves it. */
enum { LOG_FRAME_SIZE = sizeof(uint32_t) };

/** log_sink_name() - Return: "stdout" or "stderr". */
const char *log_sink_name(enum log_stream stream);

/** log_sink_tag() - Return: log.tag, else the container's name, else "kapsel". */
const char *log_sink_tag(const struct log_options *options);

/** log_sink_deinit() - free what init made. */
void log_sink_deinit(struct log_sink *sink);
