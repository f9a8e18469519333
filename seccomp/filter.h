/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * From the spec's openings to the BPF that the payload loads as its last act
 * (seccomp(2), seccomp_unotify(2)). libseccomp writes the BPF.
 *
 * Two programs, because the strictest answer of all loaded filters wins:
 *   allow   by number only: allowed calls ALLOW, known ones the violation action, all
 *           others ENOSYS, so that libraries fall back. Foreign architectures: kill.
 *   refuse  by argument: default ALLOW, and a denial for each argument that the opened
 *           calls must not have (TIOCSTI, raw sockets, CLONE_NEWUSER, W+X mappings, a
 *           second execveat …).
 * Known calls are refused through SECCOMP_RET_USER_NOTIF where the kernel lets us listen:
 * the supervisor can then name call, argument and profile line; it never answers
 * "continue", and if it dies the call fails with ENOSYS.
 */
#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct spec;

struct filter {
	struct sock_filter *allow; /* load first, with the listener if notify */
	size_t n_allow;
	struct sock_filter *refuse; /* load second */
	size_t n_refuse;
	bool notify; /* denials come to the listener */
};

/* What the compiler must know beside the spec. */
struct filter_options {
	bool notify;     /* refuse by SECCOMP_RET_USER_NOTIF instead of ERRNO */
	int exec_fd;     /* exec once: the only first argument execveat may have; -1: execve is open */
	const char *cache_dir; /* NULL: no cache */
};

/**
 * filter_build() - compile the two programs for @spec, or take them from the cache
 * @arena: owns the programs
 *
 * Return: 0 or -errno. Never a weaker filter than asked for.
 */
int filter_build(const struct spec *spec, const struct filter_options *options, struct arena *arena,
		 struct filter *ret, struct error *err);

enum filter_verdict {
	FILTER_ALLOWED,
	FILTER_ALLOWED_BY_ARGUMENT, /* allowed, but the refuse program looks at arguments */
	FILTER_DENIED,              /* known: EPERM */
	FILTER_KILLED,              /* never legitimate */
	FILTER_UNKNOWN,             /* ENOSYS */
};

/** filter_verdict() - what the allow program answers for call number @nr under @spec. */
enum filter_verdict filter_verdict(const struct spec *spec, int nr);

/** filter_count() - Return: how many calls the spec allows. */
size_t filter_count(const struct spec *spec);
