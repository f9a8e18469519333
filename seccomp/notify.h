/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The supervisor's end of the refusals: it receives each refused call, notes it, and
 * answers with the errno, or kills the caller with SIGSYS where the call is never
 * legitimate (seccomp_unotify(2)). Nothing in the caller's memory is read, so nothing can
 * be changed behind its back.
 *
 * SECCOMP_USER_NOTIF_FLAG_CONTINUE is given to no workload's call. The one exception is
 * the payload's own execveat (filter_options.exec_held), before any foreign code runs.
 *
 * A SIGSYS death without a denial here is the kernel's own kill: a call of a foreign
 * architecture (int80, x32).
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct spec;

enum { NOTIFY_DENIALS_MAX = 32, NOTIFY_REASON_MAX = 160 };

/* One refused call; equal ones are counted. */
struct denial {
	int nr;
	uint64_t args[6]; /* of the first one */
	uint64_t count;
	int answer;                     /* errno given, or 0: killed */
	char reason[NOTIFY_REASON_MAX]; /* "ioctl(TIOCSTI): …", in words */
	char opens[NOTIFY_REASON_MAX];  /* the profile line that would allow it, "" if none would */
};

struct denials {
	struct denial items[NOTIFY_DENIALS_MAX];
	size_t n;
	uint64_t total; /* also those that found no place in items */
	int killed_by;  /* index into items of the call that killed the workload, -1: none */
};

struct notify;

/** notify_new() - take the listener @fd (owned from now on). NULL with *err on failure. */
struct notify *notify_new(int fd, const struct spec *spec, struct error *err);

/** notify_free() - close; NULL is allowed. Refused calls fail with ENOSYS from then on. */
struct notify *notify_free(struct notify *notify);

/** notify_fd() - Return: the fd to poll for POLLIN; POLLHUP: nobody uses the filter any more. */
int notify_fd(const struct notify *notify);

enum notify_result {
	NOTIFY_GONE,       /* the caller was gone already, or interrupted */
	NOTIFY_ANSWERED,   /* one call was answered */
	NOTIFY_EXEC_WAITS, /* the expected execveat is there and waits for notify_release_exec() */
};

/**
 * notify_handle() - receive one refused call, answer and note it
 *
 * Needs /proc of the workload and pidfd_open(2) for the calls that kill.
 * Return: an enum notify_result, or -errno.
 */
int notify_handle(struct notify *notify, struct error *err);

/**
 * notify_expect_exec() - the next execveat(@exec_fd, ..., AT_EMPTY_PATH) of @pid is the payload's own
 *
 * For a filter built with exec_held. That the call waits also means: the payload has
 * sealed itself, so this is the moment to verify it.
 */
void notify_expect_exec(struct notify *notify, pid_t pid, int exec_fd);

/**
 * notify_release_exec() - let the waiting execveat happen; works once, all later ones are refused
 *
 * Return: 1; 0 when a signal interrupted the call, which comes again through
 * notify_handle(); -EINVAL when none waits; -errno.
 */
int notify_release_exec(struct notify *notify, struct error *err);

/**
 * notify_count_in() - note what @notify refuses among @other's denials instead of its own
 *
 * For a further process of the same container. @other must live at least as long.
 */
void notify_count_in(struct notify *notify, struct notify *other);

/** notify_denials() - Return: what was refused so far. */
const struct denials *notify_denials(const struct notify *notify);

/**
 * denial_describe() - fill reason and opens from nr and args
 *
 * Pure; also for denials found elsewhere.
 */
void denial_describe(const struct spec *spec, struct denial *denial);
