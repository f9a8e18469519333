/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Sleeping until there may be new events: inotify(7) on the files, on their directories for a rotation, on
 * the directory of all logs for new services. A notification says only that it is worth while to look.
 */
#include "base/macro.h"

struct error;
struct event_reader;

enum events_watch_what {
	EVENTS_WATCH_BYTES, /* nothing but files that are known has changed, or the time is over */
	EVENTS_WATCH_NAMES, /* there may be new files */
};

/** events_watch_open() - Return: an inotify descriptor, or -errno with *err filled. */
int events_watch_open(struct error *err) _must_check_;

/**
 * events_watch_all() - watch what is there by now; what is watched already costs nothing
 * @log_dir: while it is missing, its nearest parent is watched
 *
 * Return: 0 or -errno with *err filled.
 */
int events_watch_all(int watch, const struct event_reader *reader, const char *log_dir, struct error *err)
	_must_check_;

/**
 * events_watch_wait() - sleep until something happens
 * @timeout_ms: -1: none
 *
 * Return: an enum events_watch_what; -EPIPE without *err when the reader of stdout is gone; -errno with *err
 * filled.
 */
int events_watch_wait(int watch, int timeout_ms, struct error *err) _must_check_;
