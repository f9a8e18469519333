/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The supervisor's end of the refusals: it receives each refused call, notes it, and
 * answers with the errno, or kills the caller with SIGSYS where the call is never
 * legitimate. It never answers SECCOMP_USER_NOTIF_FLAG_CONTINUE (seccomp_unotify(2)).
 */
#include <stddef.h>
#include <stdint.h>

struct error;
struct spec;

enum { NOTIFY_DENIALS_MAX = 32, NOTIFY_REASON_MAX = 160 };

/* One refused call; equal ones are counted. */
struct denial {
	int nr;
	uint64_t args[6];
	uint64_t count;
	int answer;  /* errno given, or 0: killed */
	char reason[NOTIFY_REASON_MAX]; /* "ioctl(TIOCSTI): …", in words */
	char opens[NOTIFY_REASON_MAX];  /* the profile line that would allow it, "" if none would */
};

struct denials {
	struct denial items[NOTIFY_DENIALS_MAX];
	size_t n;
	uint64_t total;
	int killed_by; /* index into items of the call that killed the workload, -1: none */
};

struct notify;

/** notify_new() - take the listener @fd (owned from now on). NULL with *err on failure. */
struct notify *notify_new(int fd, const struct spec *spec, struct error *err);

/** notify_free() - close; NULL is allowed. Refused calls fail with ENOSYS from then on. */
struct notify *notify_free(struct notify *notify);

/** notify_fd() - Return: the fd to poll for POLLIN; POLLHUP: nobody uses the filter any more. */
int notify_fd(const struct notify *notify);

/**
 * notify_handle() - receive and answer one refused call
 *
 * Return: 1 if one was handled, 0 if it was gone already, -errno.
 */
int notify_handle(struct notify *notify, struct error *err);

/** notify_denials() - Return: what was refused so far. */
const struct denials *notify_denials(const struct notify *notify);

/**
 * denial_describe() - fill reason and opens from nr and args
 *
 * Pure; also for denials found elsewhere.
 */
void denial_describe(const struct spec *spec, struct denial *denial);
