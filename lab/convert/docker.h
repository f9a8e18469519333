/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The options of docker run as a table: each is translated, or lost with a reason. Compose files say the
 * same things with other words and come through here, too. Docker's reference for "docker container run"
 * is what the names follow.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct draft;
struct error;

struct docker {
	struct draft *draft;
	struct error *err;
	int r; /* the first failure; nothing is translated after it */

	/* What only several options together say. */
	uint64_t memory, memory_swap; /* SPEC_UNSET; SPEC_UNLIMITED for -1 */
	double cpus, cpu_quota, cpu_period;
	const char *entrypoint; /* NULL: the image's */
	const char *image;
	const char *base_dir; /* relative paths begin here; NULL: the working directory */
	bool user, capability, drops_all, seccomp, network, log_mode;
	bool bind, publishes, read_only, no_new_privileges;
	size_t n_published;
};

struct docker_option {
	const char *name;
	char letter;
	bool takes_value;
	void (*apply)(struct docker *docker, const char *value); /* NULL: lost, or nothing to do */
	const char *lost; /* why it is lost; NULL without apply: there is nothing to carry over */
};

/** docker_init() - begin a translation into @draft. */
void docker_init(struct docker *docker, struct draft *draft, struct error *err);

/** docker_option() - Return: the option of that long name, or NULL. */
const struct docker_option *docker_option(const char *name);

/** docker_apply() - translate one option. @value: "" or "true" for a switch. */
void docker_apply(struct docker *docker, const struct docker_option *option, const char *value);

/** docker_fail() - refuse a value: the translation ends with that error. NULL @value: what several say. */
void docker_fail(struct docker *docker, const char *name, const char *value, const char *reason);

/**
 * docker_finish() - what follows from several options, and Docker's own defaults
 * @command: what stands behind the image, @n words
 *
 * Return: 0 or -errno.
 */
int docker_finish(struct docker *docker, const char *const *command, size_t n) _must_check_;

/**
 * docker_run() - translate "docker run …"
 * @argv: with or without "docker" (or podman) "run" in front, NULL-terminated
 *
 * Return: 0, or -EINVAL with *err filled: an unknown option, a value that means nothing, --privileged.
 */
int docker_run(struct draft *draft, const char *const *argv, struct error *err) _must_check_;
