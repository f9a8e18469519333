/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What stands before the verb.
 */
#include "base/macro.h"
#include "launcher/oci/commands/command.h"

/* The table of global options, as a verb without a name. */
extern const struct oci_command globals_command;

/**
 * globals_log() - take over where errors are to go, so that a mistake in the rest can be reported there
 *
 * Creates the log. Return: 0 or -errno with *err filled.
 */
int globals_log(const struct oci_parse *parse, struct arena *arena, struct oci_globals *ret,
		struct error *err) _must_check_;

/** globals_decide() - take over cgroup manager and rootless. 0 or -errno. */
int globals_decide(const struct oci_parse *parse, struct oci_globals *ret, struct error *err) _must_check_;

/** globals_root() - and the directory for state, after globals_decide(). 0 or -errno. */
int globals_root(const struct oci_parse *parse, struct arena *arena, struct oci_globals *ret,
		 struct error *err) _must_check_;

/** globals_initial_userns() - whether the text of a uid_map is that of the initial user namespace. */
bool globals_initial_userns(const char *uid_map);
