/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * linux.seccomp of an OCI config to BPF, through libseccomp, cached by content like a profile's
 * (runtime-spec config-linux.md "Seccomp", seccomp(2), seccomp_unotify(2)).
 */
#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/macro.h"

struct arena;
struct error;
struct oci_seccomp;

struct oci_filter {
	const struct sock_filter *program; /* NULL: no filter wanted */
	size_t n;                          /* instructions */
	unsigned int flags; /* SECCOMP_FILTER_FLAG_*, those of the config and NEW_LISTENER if notify */
	bool notify;        /* some call can be answered so: a listener comes with loading */
	bool cached;        /* taken from the cache */
};

/**
 * oci_filter_build() - compile, or take from the cache
 * @cache_dir: NULL: no cache
 * @arena:     owns the program
 *
 * Names that neither libseccomp nor our own table knows are skipped, as with other runtimes. Where the
 * default action refuses, calls newer than the newest that the rules name answer ENOSYS (see oci_front.h).
 * The native architecture is always filtered; one that is not listed is killed.
 *
 * With SCMP_ACT_NOTIFY the process that loads the filter hands the listener over with sendmsg(2) before it
 * calls anything that is held: such a rule for sendmsg is refused; a config that refuses sendmsg in another
 * way fails when the listener is sent.
 *
 * Return: 0; -EINVAL for what cannot be had as it was written; -errno. *err names the place.
 */
int oci_filter_build(const struct oci_seccomp *seccomp, const char *cache_dir, struct arena *arena,
		     struct oci_filter *ret, struct error *err) _must_check_;

/**
 * oci_filter_load() - load it into the calling process; no allocation
 * Return: the listener's fd if notify, else 0; or -errno with *err filled.
 */
int oci_filter_load(const struct oci_filter *filter, struct error *err) _must_check_;

/**
 * oci_filter_send_listener() - the container's process state, with the listener, to listenerPath
 * @state_json: the container's state object as `state` prints it
 *
 * {"ociVersion":…,"fds":["seccompFd"],"pid":…,"metadata":…,"state":{…}}. Return: 0 or -errno.
 */
int oci_filter_send_listener(const struct oci_seccomp *seccomp, const char *oci_version, int listener_fd,
			     pid_t pid, const char *state_json, struct arena *arena, struct error *err)
	_must_check_;

/** oci_filter_actions() and the like: what `features` says; NULL-terminated, static. */
const char *const *oci_filter_actions(void);
const char *const *oci_filter_operators(void);
const char *const *oci_filter_architectures(void);
const char *const *oci_filter_flags(void);

/** oci_filter_supported_flags() - those flags of oci_filter_flags() that the running kernel takes;
 * NULL-terminated. */
const char *const *oci_filter_supported_flags(struct arena *arena);
