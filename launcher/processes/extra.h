/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A further process in a running container: a health check, or what `enter` asks for. The supervisor
 * orders it from init, which makes it from itself, so that it has all that the payload has: ids,
 * capabilities, limits, namespaces, cgroup, Landlock and the same system call filter. Before it executes
 * the supervisor asks the kernel for each of these, as it does for the payload.
 *
 * What it is not: a way to another workdir, user or right than the profile's. By Landlock (6.12 and
 * newer) payload and further processes can't even signal each other.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/macro.h"

struct control_request;
struct error;
struct extra;
struct loop;
struct message;
struct run;

struct extra_request {
	const char *const *argv; /* NULL-terminated; argv[0] is absolute: nothing searches a PATH */
	const char *const
		*env; /* "NAME=VALUE" in place of or beside the payload's, NULL-terminated; NULL: none */
	int fds[3];   /* stdin, stdout, stderr; they stay the caller's */
	bool urgent;  /* a health check: there is a place for it even when all others are taken */
};

/* @failure: why it never executed; NULL: it did, and ended with @wait_status (wait(2)). */
typedef void extra_ended(void *arg, int wait_status, const struct error *failure);

/**
 * extra_start() - order a further process
 * @loop: where its refused system calls are answered
 * @ended: called once, from extra_message() or extra_end_all(), never from here; *ret is gone then
 *
 * One starts at a time, the others wait; at most 8 exist, and one that is urgent. The payload's environment
 * comes along, without what is only for it: LISTEN_*, NOTIFY_SOCKET, WATCHDOG_*.
 * Return: 0, or -errno with *err filled; -EBUSY when there are too many.
 */
int extra_start(struct run *run, struct loop *loop, const struct extra_request *request, extra_ended *ended,
		void *arg, struct extra **ret, struct error *err) _must_check_;

/**
 * extra_from_request() - the same for `enter`: "enter" [NAME=VALUE...] "--" ARG...  and three descriptors
 *
 * Each descriptor is checked: a directory, or one that is only a path, is refused. They stay the request's.
 * Return: 0, or -errno with *err filled.
 */
int extra_from_request(struct run *run, struct loop *loop, const struct control_request *request,
		       extra_ended *ended, void *arg, struct extra **ret, struct error *err) _must_check_;

/**
 * extra_message() - act on a message of init's with type MESSAGE_EXTRA_SEALED, _FAILED or _ENDED
 * @fds: what came with it, taken over; -1 where none
 *
 * Return: 0, or -errno with *err filled when init does not keep to the protocol.
 */
int extra_message(struct run *run, const struct message *message, int *fds, size_t n_fds, struct error *err)
	_must_check_;

/** extra_pid() - Return: its pid on the host, 0 while it is not verified. */
pid_t extra_pid(const struct extra *extra);

/** extra_kill() - end it and its process group by SIGKILL; `ended` comes later. */
void extra_kill(struct extra *extra);

/** extra_signal() - send it a signal; none when it does not run yet. */
void extra_signal(struct extra *extra, int signal);

/**
 * extra_denied() - have @denied called after each answer to a refused call of a further process
 *
 * To be called at the begin of a run: where a standby has taken over (run->adopted) it ends the processes
 * that the supervisor before it has started.
 * Return: 0 or -ENOMEM.
 */
int extra_denied(struct run *run, void (*denied)(void *arg), void *arg) _must_check_;

/** extra_end_all() - the run is over: call each `ended` with a failure, and forget everything. */
void extra_end_all(struct run *run, struct loop *loop);
