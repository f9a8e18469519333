/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a log writer must not forget when its process is killed: shared memory, made before
 * the fork of the standby process, and a journal in it that is whole at any instruction.
 *
 * The positions that a writer works with are `now`. A commit copies them beside the last
 * commit and flips one word. Everything that a writer does between two commits can be done
 * once more from the first one, with the same bytes as its result, because until the
 * second one nothing is overwritten that the first one speaks of:
 *
 *	input   [begin, end) of the batch that waits; of no worth without one (source < 0)
 *	carry   the begun line of each stream; of a stream whose batch waits it is in the input
 *	queue   [queue_begin, queue_end), formatted and not yet written
 *
 * What of it came through is seen from the outside: the size of the file, and what is left
 * in the hold pipe (log_intake.h).
 *
 * Only the kill of a process is survived. The memory is gone with the machine.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"
#include "launcher/logs/json_line.h"

struct error;

enum {
	LOG_STREAMS = 2,
	LOG_PIECE = 16 * 1024,       /* dockerd's buffer: a longer line becomes several entries */
	LOG_READ_SIZE = 64 * 1024,   /* a pipe's default capacity, pipe(7) */
	LOG_QUEUE_SIZE = 136 * 1024, /* 64 KiB of usual lines, formatted */
	LOG_ATTRS_MAX = 32 * 1024,
	LOG_EPOCH_SIZE = 48, /* hexadecimal digits */
};

/* Of one of the workload's streams. */
struct log_line {
	size_t carried;         /* bytes of its begun line in `carry`, less than a piece */
	uint32_t part;          /* pieces of the line that are written */
	uint64_t first;         /* the ordinal of the first of them */
	struct json_clock time; /* of the line: its later pieces bear the first one's */
};

struct log_position {
	bool open;   /* false: there is no log to go on with */
	bool failed; /* the last attempt to write did */
	struct json_clock clock;
	struct log_line lines[LOG_STREAMS];

	int source;               /* the stream of the input that waits; -1: none does */
	size_t begin, fresh, end; /* of it; below fresh there is no newline */
	bool at_eof;

	uint64_t ordinal;    /* entries made */
	uint64_t bytes;      /* of the workload, since the writer was allocated */
	uint64_t dropped;    /* of these, on_full drop, */
	uint64_t unreported; /* and those that the log does not speak of yet */

	size_t queue_begin, queue_end;
	size_t torn;   /* bytes before queue_begin that belong to a begun line or message */
	uint64_t size; /* of the file, in bytes */
	dev_t dev;
	ino_t ino;
};

struct log_shared {
	struct log_position now, copies[2];
	unsigned int latest; /* index into copies */

	/* log_intake.c */
	int hold_stream;
	size_t pending;

	char epoch[LOG_EPOCH_SIZE]; /* of this log, until it is closed */

	unsigned char carry[LOG_STREAMS][LOG_PIECE];
	unsigned char input[LOG_PIECE + LOG_READ_SIZE]; /* a carried line, then what was read */
	char queue[LOG_QUEUE_SIZE];
};

/** log_journal_map() - map it, zeroed and shared with children; -ENOMEM. The caller's, munmap(2). */
int log_journal_map(struct log_shared **ret, struct error *err) _must_check_;

/** log_journal_commit() - what is `now` is what a standby goes on from. */
void log_journal_commit(struct log_shared *shared);

/** log_journal_restore() - back to the last commit. */
void log_journal_restore(struct log_shared *shared);

/** log_journal_latest() - Return: the last commit. */
static inline const struct log_position *log_journal_latest(const struct log_shared *shared)
{
	return &shared->copies[shared->latest];
}

/**
 * log_journal_order() - no store moves over this
 *
 * A kill is seen by another processor after the killed process left its own for good: its stores
 * are there, in the order of its instructions. Only the compiler must be held to it.
 */
static inline void log_journal_order(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}
