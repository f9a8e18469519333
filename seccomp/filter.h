/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * From the spec's openings to the BPF that the payload loads as its last act
 * (seccomp(2), seccomp_unotify(2)).
 *
 * One program in two parts. The first, written by libseccomp, looks at the number only:
 * allowed calls ALLOW, known ones are refused, all others ENOSYS so that libraries fall
 * back; foreign architectures (int80, x32) are killed. Calls with forbidden arguments
 * jump to the second part: TIOCSTI, raw sockets, CLONE_NEWUSER, W+X mappings …
 *
 * Why one program: a notification goes to the filter whose answer was the strictest, a
 * task may have only one listener, and a filter without one turns USER_NOTIF into ENOSYS.
 * So all refusals must come from the filter that has the listener. Calls without a look
 * at arguments are answered from the kernel's bitmap since Linux 5.11.
 *
 * Known calls are refused through SECCOMP_RET_USER_NOTIF where the kernel lets us listen:
 * the supervisor can then name call, argument and profile line; if it dies, the call fails
 * with ENOSYS. No workload's call is ever continued.
 */
#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct spec;

/* Load it with the flag SECCOMP_FILTER_FLAG_NEW_LISTENER if, and only if, notify is set. */
struct filter {
	struct sock_filter *program;
	size_t n;      /* instructions, at most BPF_MAXINSNS */
	bool notify;   /* denials come to the listener */
	bool cached;   /* taken from the cache */
	size_t n_open; /* system calls allowed, as filter_count() says */
};

/* What the compiler must know beside the spec. */
struct filter_options {
	bool notify; /* refuse by SECCOMP_RET_USER_NOTIF instead of ERRNO */
	int exec_fd; /* exec once: the only first argument execveat may have; else -1 */
	/*
	 * Exec once: the payload's own execveat waits in the listener, too, until
	 * notify_release_exec() lets it go, once. Needs notify. Without it a workload can
	 * call execveat(exec_fd, "/bin/sh", ...): the kernel ignores the descriptor when the
	 * path is absolute (openat(2)), and no filter can read the path.
	 */
	bool exec_held;
	const char *cache_dir; /* NULL: no cache */
};

/**
 * filter_build() - compile the program for @spec, or take it from the cache
 * @arena: owns the program
 *
 * Return: 0 or -errno; -EINVAL for an unknown call or group in the spec and for exec once
 * without exec_fd. Never a weaker filter than asked for.
 */
int filter_build(const struct spec *spec, const struct filter_options *options, struct arena *arena,
		 struct filter *ret, struct error *err);

enum filter_verdict {
	FILTER_ALLOWED,
	FILTER_ALLOWED_BY_ARGUMENT, /* allowed, but some arguments are refused */
	FILTER_DENIED,              /* known: EPERM */
	FILTER_KILLED,              /* never legitimate */
	FILTER_UNKNOWN,             /* ENOSYS */
};

/** filter_verdict() - what the program answers for call number @nr under @spec. */
enum filter_verdict filter_verdict(const struct spec *spec, int nr);

/**
 * filter_answer() - what the program answers for a call with these arguments
 * @exec_fd: as in struct filter_options
 *
 * Return: 0: the call happens; an errno; -1: killed.
 */
int filter_answer(const struct spec *spec, int exec_fd, int nr, const uint64_t args[6]);

/** filter_count() - Return: how many calls of this architecture the spec allows. */
size_t filter_count(const struct spec *spec);
