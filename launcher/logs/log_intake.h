/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * From the workload's pipe into the window, so that a kill in between loses and doubles no byte.
 *
 * read(2) takes bytes out of a pipe and stores them, and who is killed on the way back can tell
 * nobody how many. splice(2) moves them into another pipe, the hold: the bytes are in
 * one of the two at any time. How many there are is noted, then they are read. What the hold
 * has left of that number (ioctl_pipe(2), FIONREAD) tells how many are in the window.
 *
 * The order, and what a standby does after a kill behind each:
 *
 *	hold_stream = s      nothing
 *	splice               pending 0, hold not empty: note their number, read them
 *	pending = n          read what is left behind what is there
 *	read
 *	commit, source = s   all is in the window: pending is of no worth
 *	pending = 0
 */
#include <sys/types.h>

#include "base/macro.h"

struct error;
struct log_shared;

struct log_intake {
	int hold[2]; /* the same pipe for a writer and its standby */
};

/** log_intake_init() - make the hold pipe. 0, or -errno with *err filled. */
int log_intake_init(struct log_intake *intake, struct error *err) _must_check_;

/**
 * log_intake_fill() - move up to LOG_READ_SIZE bytes into the window, behind LOG_PIECE
 * @stream: of fd, for the standby
 *
 * Call it only while no input waits. What is no pipe is read directly: not safe from a kill.
 * Return: bytes, 0 at the end of the stream, -errno (-EAGAIN: it is empty).
 */
ssize_t log_intake_fill(struct log_intake *intake, struct log_shared *shared, int stream, int fd)
	_must_check_;

/**
 * log_intake_recover() - after a kill: complete what was begun
 * @ret_stream: set when something was
 *
 * Return: bytes in the window as of log_intake_fill(); 0: nothing was begun; -errno.
 */
ssize_t log_intake_recover(struct log_intake *intake, struct log_shared *shared, int *ret_stream)
	_must_check_;

/** log_intake_done() - a commit speaks of the input: forget the number. */
void log_intake_done(struct log_shared *shared);

/** log_intake_deinit() - close the hold. */
void log_intake_deinit(struct log_intake *intake);
