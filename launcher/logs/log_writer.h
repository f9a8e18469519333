/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Docker's json-file log: one JSON object a line, byte for byte what dockerd writes except
 * that the time always has nine digits. Both streams go into one file; a line is never torn
 * and never reordered within its stream.
 *
 * How a supervisor drives it, in one thread:
 *
 *	poll the two pipes, unless log_writer_blocked(); POLLIN or POLLHUP: log_writer_read()
 *	while log_writer_stalled(): a timer, a second or so, that calls log_writer_flush()
 *	log_writer_compressing() >= 0: poll that too; POLLIN: log_writer_reap()
 *	at the end: log_writer_close()
 *
 * A blocked pipe must leave the poll set (pollfd.fd = -1): a hang-up can't be masked otherwise.
 *
 * On the disk are at most max_files files, each of max_size_bytes and one entry, and with
 * compress a part of one more.
 *
 * After log_writer_open() nothing allocates. The system calls from then on, for a filter:
 * read, write, prlimit64, clock_gettime, newfstatat, fstat, renameat, unlinkat, openat, lseek,
 * ftruncate, geteuid, close; with compress also pread64, rt_sigprocmask, getpid, clone3, waitid and
 * pidfd_send_signal, and in the child, which inherits the filter and adds its own: prctl,
 * getppid, setpriority, mmap, fcntl, dup2 or dup3, close_range, seccomp, fsync, exit_group.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"
#include "profiles/spec.h"

struct error;

enum log_stream { LOG_STDOUT, LOG_STDERR };

struct log_writer;

struct log_options {
	const char *path;        /* absolute */
	uint64_t max_size_bytes; /* SPEC_UNLIMITED: never rotate */
	unsigned int max_files;
	bool compress;
	enum spec_on_full on_full;
	struct spec_pairs attrs; /* already chosen; sorted and escaped by the writer */
};

/**
 * log_writer_open() - open the log file 0640, without following links, creating its directory 0750
 * @options: read only during the call; of attributes with the same name the last one counts
 *
 * The last two directories of the path may be missing and may not be symbolic links; those
 * above must exist. The file must be a regular one, ours and with one name; an existing log
 * is continued, after a newline where a killed writer left a torn line. The umask applies.
 *
 * Return: 0 or -errno with *err filled.
 */
int log_writer_open(const struct log_options *options, struct log_writer **ret, struct error *err)
	_must_check_;

/**
 * log_writer_read() - take what the pipe holds, once, and write it
 * @fd: the non-blocking read end of the workload's stdout or stderr
 *
 * One read of up to 64 KiB, split at newlines, at most 16 KiB an entry.
 * Return: bytes taken; 0 at the end of the stream (the unterminated rest is written); -EAGAIN when
 * the pipe is empty; -ENOSPC and others with *err filled when the log can't be written and on_full is
 * block: call again later, nothing was lost.
 */
ssize_t log_writer_read(struct log_writer *writer, enum log_stream stream, int fd, struct error *err)
	_must_check_;

/** log_writer_stalled() - Return: whether bytes wait because the file can't be written; retry with
 * log_writer_flush(). */
bool log_writer_stalled(const struct log_writer *writer) _must_check_;

/** log_writer_blocked() - Return: whether the pipes must wait too: stalled, and on_full is block. */
bool log_writer_blocked(const struct log_writer *writer) _must_check_;

/** log_writer_flush() - write what waits. 0, or -errno with *err filled: it still waits. */
int log_writer_flush(struct log_writer *writer, struct error *err) _must_check_;

/**
 * log_writer_dropped() - count what on_full drop threw away
 *
 * The log itself has a line "kapsel: N bytes dropped" on stderr where they are missing, but a
 * workload can print that too: this number is the one to trust.
 * Return: bytes of workload output since log_writer_open().
 */
uint64_t log_writer_dropped(const struct log_writer *writer) _must_check_;

/**
 * log_writer_compressing() - the child that compresses a rotated file
 *
 * It sends no SIGCHLD, and only wait calls with __WALL or __WCLONE see it (clone(2)): no other
 * reaper of the supervisor can meet it.
 * Return: its pidfd, readable (POLLIN) when it has ended; the writer's. -1: no child.
 */
int log_writer_compressing(const struct log_writer *writer) _must_check_;

/** log_writer_reap() - put the file of an ended child in its place; does nothing while it runs. */
void log_writer_reap(struct log_writer *writer);

/**
 * log_writer_close() - flush, wait for a running compression, close; NULL is allowed
 *
 * What can't be written even now is lost, but the file ends with a whole line.
 * Return: NULL.
 */
struct log_writer *log_writer_close(struct log_writer *writer);

static inline void log_writer_closep(struct log_writer **writer)
{
	*writer = log_writer_close(*writer);
}
#define _cleanup_log_writer_ _cleanup_(log_writer_closep)
