/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Takes the workload's output out of two pipes and makes log entries of it: a file in Docker's json-file
 * format or in the kubelet's (cri), messages for journald or a syslog daemon, or lines for whoever
 * listens at a socket. Both streams go into one log; a line is never torn and never reordered within
 * its stream.
 *
 * How a supervisor drives it, in one thread:
 *
 *	log_writer_allocate(); log_writer_share() around the fork of the standby; log_writer_open()
 *	poll the two pipes, unless log_writer_blocked(); POLLIN or POLLHUP: log_writer_read()
 *	while log_writer_stalled(): a timer, 100 ms or so, that calls log_writer_flush()
 *	log_writer_compressing() >= 0: poll that too; POLLIN: log_writer_reap()
 *	between two runs of the workload: log_writer_end_streams(); the log stays open
 *	at the end: log_writer_close(), log_writer_release()
 *
 * A blocked pipe must leave the poll set (pollfd.fd = -1): a hang-up can't be masked otherwise.
 *
 * What a standby does when the supervisor was killed: log_writer_adopt() with the same options, then all
 * of the above with its own descriptors of the two pipes. With on_full block and a file not one
 * byte of the workload is lost, doubled or torn then, wherever the kill came; log_journal.h
 * tells how. journald and syslog may get one message twice, a stream its last write. When the
 * supervisor ended well the standby only calls log_writer_release().
 *
 * On the disk are at most max_files files, each of max_size_bytes and one entry, and with
 * compress a part of one more.
 *
 * After log_writer_open() nothing allocates. The system calls from then on, for a filter:
 * splice, read, write, prlimit64, clock_gettime, newfstatat, fstat, renameat, unlinkat, openat, lseek,
 * ftruncate, geteuid, close; with compress also pread64, rt_sigprocmask, getpid, clone3, waitid and
 * pidfd_send_signal, and in the child, which inherits the filter and adds its own: prctl,
 * getppid, setpriority, mmap, fcntl, dup2 or dup3, close_range, seccomp, fsync, exit_group. The
 * drivers that send: socket, connect, sendto, poll, close; journald also memfd_create, write, fcntl and
 * sendmsg. log_writer_share() takes madvise, log_writer_adopt() ioctl and what malloc(3) takes.
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

/* What a driver has no use for is not looked at. */
struct log_options {
	enum spec_log_driver driver; /* not passthrough, not none: they need no writer */
	enum spec_on_full on_full;
	struct spec_pairs attrs; /* already chosen; sorted and escaped by the writer */

	/* json-file, cri */
	const char *path;        /* absolute */
	uint64_t max_size_bytes; /* SPEC_UNLIMITED: never rotate */
	unsigned int max_files;
	bool compress;

	/* journald, syslog, socket: who speaks; NULL or "" is left out */
	const char *name;
	const char *id;    /* 64 hexadecimal digits */
	const char *image; /* path of the root file system */
	const char *tag;   /* NULL: the name */

	const char *syslog_address;   /* NULL: unixgram:///dev/log */
	unsigned int syslog_facility; /* 0 to 23 */
	enum spec_syslog_format syslog_format;
	const char *socket; /* of driver socket; of journald where it is not the usual one */
};

/**
 * log_writer_allocate() - the writer's memory, which a standby can share
 *
 * Return: the caller's, for log_writer_release(); NULL with *err filled.
 */
struct log_writer *log_writer_allocate(struct error *err) _must_check_;

/**
 * log_writer_share() - whether a child that is forked now gets the memory
 *
 * At first it does not. Only the standby may have it, thus: on, fork, off. Nobody who also meets
 * the workload or its bytes (init, a compressor) may write where the supervisor keeps its positions.
 */
void log_writer_share(struct log_writer *writer, bool share);

/**
 * log_writer_stand_by() - in the standby: let go of what the other process has open
 * @ret_fds: the two descriptors that log_writer_adopt() needs; they stay the writer's
 */
void log_writer_stand_by(struct log_writer *writer, int ret_fds[2]);

/**
 * log_writer_open() - open the log file 0640, without following links, creating its directory 0750, or
 *                     connect to the receiver
 * @options: read only during the call; of attributes with the same name the last one counts
 *
 * The last two directories of the path may be missing and may not be symbolic links; those
 * above must exist. The file must be a regular one, ours and with one name; an existing log
 * is continued, after a newline where a killed writer left a torn line. The umask applies.
 *
 * Return: 0 or -errno with *err filled. Not while a log is open.
 */
int log_writer_open(struct log_writer *writer, const struct log_options *options, struct error *err)
	_must_check_;

/**
 * log_writer_adopt() - go on with the log of a killed process that shares our memory
 * @options: the same as in its log_writer_open()
 *
 * What it had taken out of the pipes and not written is written. When that fails the log is stalled, as
 * after log_writer_read(). If the killed process had no log open, this is log_writer_open(). The
 * process must be dead, not dying: wait for its pidfd or reap it.
 *
 * Return: 0 or -errno with *err filled: nothing is lost, it may be called again.
 */
int log_writer_adopt(struct log_writer *writer, const struct log_options *options, struct error *err)
	_must_check_;

/**
 * log_writer_read() - take what the pipe holds, once, and write it
 * @fd: the read end of the workload's stdout or stderr; never waits for a pipe
 *
 * Up to 64 KiB, split at newlines, at most 16 KiB an entry.
 * Return: bytes taken; 0 at the end of the stream (the unterminated rest is written); -EAGAIN when
 * the pipe is empty; -ENOSPC and others with *err filled when the log can't be written and on_full is
 * block: call again later, nothing was lost.
 */
ssize_t log_writer_read(struct log_writer *writer, enum log_stream stream, int fd, struct error *err)
	_must_check_;

/** log_writer_stalled() - Return: whether bytes wait because the log can't be written; retry with
 * log_writer_flush(). */
bool log_writer_stalled(const struct log_writer *writer) _must_check_;

/** log_writer_blocked() - Return: whether the pipes must wait too: stalled, and on_full is block. */
bool log_writer_blocked(const struct log_writer *writer) _must_check_;

/** log_writer_flush() - write what waits. 0, or -errno with *err filled: it still waits. */
int log_writer_flush(struct log_writer *writer, struct error *err) _must_check_;

/**
 * log_writer_end_streams() - write the lines that a stream has begun, as at its end
 *
 * For pipes that are not read to their end: the next run of the workload has new ones.
 * Return: 0, or -errno with *err filled: the log is blocked, call it again.
 */
int log_writer_end_streams(struct log_writer *writer, struct error *err) _must_check_;

/** log_writer_bytes() - Return: bytes of workload output taken since log_writer_allocate(). */
uint64_t log_writer_bytes(const struct log_writer *writer) _must_check_;

/**
 * log_writer_dropped() - count what on_full drop threw away
 *
 * The log itself has a line "kapsel: N bytes dropped" on stderr where they are missing, but a
 * workload can print that too: this number is the one to trust.
 * Return: bytes of workload output since log_writer_allocate().
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
 * log_writer_close() - flush, wait for a running compression, close the log; NULL is allowed
 *
 * What can't be written even now is lost, but a file ends with a whole line. The writer may be opened again.
 */
void log_writer_close(struct log_writer *writer);

/**
 * log_writer_release() - give the memory and the descriptors back, and write nothing; NULL is allowed
 *
 * In a standby, which has none of them open, the log of the other process is not touched.
 * Return: NULL.
 */
struct log_writer *log_writer_release(struct log_writer *writer);

static inline void log_writer_releasep(struct log_writer **writer)
{
	*writer = log_writer_release(*writer);
}
#define _cleanup_log_writer_ _cleanup_(log_writer_releasep)
