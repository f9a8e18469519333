/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The file end of the log: a queue of whole lines, written in one go, and the rotation
 * between two of them. Whatever can't be written stays in the queue, in order.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "launcher/logs/rotation.h"

struct error;

struct log_output {
	struct rotation rotation;
	int fd;                  /* O_APPEND; -1 between a rotation and the new file */
	uint64_t size;           /* bytes in the file */
	uint64_t max_size_bytes; /* UINT64_MAX: never rotate */
	size_t torn;             /* bytes of a begun line at the file's end; its rest leads the queue */
	size_t used, capacity;   /* of the queue */
	char *queue;             /* owned */
};

/**
 * log_output_open() - open the log at @path and allocate the queue
 *
 * The caller has set the limits and capacity, and -1 in the three descriptors.
 * Return: 0 or -errno with *err filled; log_output_close() in both cases.
 */
int log_output_open(struct log_output *output, const char *path, struct error *err) _must_check_;

/**
 * log_output_reserve() - rotate if the next line belongs into a new file, and make room for it
 * @size: its length at most, not above capacity
 *
 * Return: 0: the line may be put to queue + used; -errno with *err filled.
 */
int log_output_reserve(struct log_output *output, size_t size, struct error *err) _must_check_;

/** log_output_flush() - write the queue. 0, or -errno with *err filled: the rest is still queued. */
int log_output_flush(struct log_output *output, struct error *err) _must_check_;

/** log_output_close() - cut off a begun line, wait for the compression, close and free. Writes nothing. */
void log_output_close(struct log_output *output);
