/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where the log goes: a file with its rotation, a stream or a datagram socket. In front of all
 * three is the queue in shared memory, whole entries in order. What can't be written stays in
 * it. Nothing in the queue moves, and its memory is not used again before a commit says that all of it is
 * gone: a standby finds there what the last commit speaks of.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "launcher/logs/log_address.h"
#include "launcher/logs/log_journal.h"
#include "launcher/logs/rotation.h"

struct error;
struct log_options;
struct log_output;

struct log_output_type {
	/* The file or the connection. With @adopt the positions are those of a killed writer. */
	int (*open)(struct log_output *output, const struct log_options *options, bool adopt,
		    struct error *err);
	/* Whether the next entry belongs into a new file; NULL: never. */
	bool (*due)(const struct log_output *output);
	int (*rotate)(struct log_output *output, struct error *err);
	/* Write the queue; 0 when it is empty. */
	int (*flush)(struct log_output *output, struct error *err);
	/* Leave nothing torn behind, and close. */
	void (*close)(struct log_output *output);
};

struct log_output {
	const struct log_output_type *type;
	struct log_shared *shared;
	int fd; /* -1 between a rotation and the new file, or not connected */

	/* output_file.c */
	struct rotation rotation;
	uint64_t max_size_bytes; /* UINT64_MAX: never rotate */
	uint64_t skip;           /* bytes that a killed writer has written already */
	uint64_t sent;           /* bytes of the file that are on their way to the disk */

	/* output_socket.c */
	struct log_address address;
	char *hello; /* first line of each connection, owned; NULL: none */
	bool sealed; /* journald: what is too large goes as a memory file */
};

extern const struct log_output_type output_file, output_stream, output_datagram;

/** log_output_open() - 0, or -errno with *err filled; log_output_close() in both cases. */
int log_output_open(struct log_output *output, const struct log_options *options, bool adopt,
		    struct error *err) _must_check_;

/**
 * log_output_reserve() - rotate if the next entry belongs into a new file, and make room for it
 * @size: its length at most, not above LOG_QUEUE_SIZE
 *
 * Only while the positions are consistent: the entry is neither in the queue nor consumed.
 * Return: 0: it may be put to queue + queue_end; -errno with *err filled.
 */
int log_output_reserve(struct log_output *output, size_t size, struct error *err) _must_check_;

/**
 * log_output_flush() - write the queue; only while the positions are consistent
 *
 * 0, or -errno with *err filled: the rest is still queued. -EAGAIN: the receiver is slow.
 */
int log_output_flush(struct log_output *output, struct error *err) _must_check_;

/** log_output_written() - @size bytes of the queue are gone; for the types. */
void log_output_written(struct log_output *output, size_t size);

/** log_output_settle() - a standby has caught up: what the file has beyond that is somebody else's. */
void log_output_settle(struct log_output *output);

/** log_output_close() - cut off a begun line, wait for the compression, close. Writes nothing. */
void log_output_close(struct log_output *output);

/** log_output_release() - close the descriptors and leave all else as it is. */
void log_output_release(struct log_output *output);
