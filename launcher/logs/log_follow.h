/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Waiting for a log to grow, without polling: inotify(7) on the file that is read, on its directory for
 * rotation, and on where the end of the container is to be seen. Events say only that something happened;
 * the reader looks for itself, so that lost or foreign events do no harm.
 */
#include "base/macro.h"

struct error;
struct log_follow;

enum log_follow_what {
	LOG_FOLLOW_TIMEOUT, /* the time is over */
	LOG_FOLLOW_BYTES,   /* nothing but the file has changed */
	LOG_FOLLOW_NAMES,   /* a name in a directory, or anything else */
};

/** log_follow_open() - Return: 0, or -errno with *err filled. */
int log_follow_open(struct log_follow **ret, struct error *err) _must_check_;

/** log_follow_free() - NULL is allowed. Return: NULL. */
struct log_follow *log_follow_free(struct log_follow *follow);

static inline void log_follow_freep(struct log_follow **follow)
{
	*follow = log_follow_free(*follow);
}
#define _cleanup_log_follow_ _cleanup_(log_follow_freep)

/** log_follow_file() - watch this open file for bytes, instead of the one before. 0, or -errno with *err
 * filled. */
int log_follow_file(struct log_follow *follow, int fd, struct error *err) _must_check_;

/**
 * log_follow_dir() - watch a directory's names, or, while it is missing, its nearest parent's
 *
 * To be called again before each look at what is there, since a directory may come and go; it costs nothing
 * then. Return: 0, or -errno with *err filled.
 */
int log_follow_dir(struct log_follow *follow, const char *path, struct error *err) _must_check_;

/**
 * log_follow_wait() - sleep until something happens
 * @extra_fd: wakes up when readable (a pidfd), and is -1 from then on; -1: none
 * @out_fd: wakes up when its reader is gone
 * @timeout_ms: -1: none
 *
 * Return: an enum log_follow_what; -EPIPE: nobody reads out_fd any more; -errno with *err filled.
 */
int log_follow_wait(struct log_follow *follow, int *extra_fd, int out_fd, int timeout_ms, struct error *err)
	_must_check_;
