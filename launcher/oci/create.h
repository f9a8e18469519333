/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Making a container: what create and run share. */
#include <stdbool.h>

#include "launcher/host.h"
#include "launcher/oci/commands/command.h"
#include "launcher/oci/run.h"
#include "launcher/oci/state.h"
#include "launcher/plan.h"
#include "launcher/run.h"
#include "profiles/oci/oci.h"

struct oci_create_options {
	const char *id;
	const char *bundle;         /* NULL: the working directory */
	const char *config;         /* NULL: config.json of the bundle */
	const char *console_socket; /* NULL: none */
	const char *pid_file, *pidfd_socket;
	int preserve_fds;
	bool no_pivot, no_new_keyring;
	bool foreground; /* run, attached: a terminal is ours to serve */
};

/* A container in the making; all its parts live as long as the arena. */
struct oci_creation {
	struct arena *arena;
	const struct oci_globals *globals;
	const struct oci_create_options *options;
	struct oci oci;
	struct spec spec;
	struct host host;
	struct plan plan;
	struct oci_state state;
	struct oci_run oci_run;
	struct run run;
	bool claimed;          /* the state directory is ours */
	bool pid_file_written; /* and is to go if a later step fails */
};

/** oci_create() - from the bundle to a container that waits for start. A failure leaves nothing behind.
 * 0 or -errno with *err filled. */
int oci_create(struct oci_creation *creation, struct error *err);

/** oci_create_undo() - remove the container again: its process, its group, its state, its pid file; for `run`
 * whose start failed. What can't be removed is warned of. */
void oci_create_undo(struct oci_creation *creation);

/** oci_creation_end() - close what is still open. */
void oci_creation_end(struct oci_creation *creation);

/** oci_create_parse() - the options that create and run share. 0 or -errno. */
int oci_create_parse(const struct oci_parse *parse, struct oci_create_options *ret, struct error *err);
