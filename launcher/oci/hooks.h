/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The hooks of a config (runtime-spec config.md "POSIX-platform Hooks"): programs of the host, run one after
 * the other with the container's state on stdin. Nothing here allocates: init runs some of them.
 */
#include "base/macro.h"
#include "profiles/oci/oci.h"

struct error;

/** oci_hook_kind_name() - Return: "prestart", "createRuntime", … */
const char *oci_hook_kind_name(enum oci_hook_kind kind);

/**
 * oci_hooks_run() - run all hooks of one kind, in order, up to the first that fails
 * @state_json: what they get on stdin
 * @cwd_fd:     their working directory (the bundle, a directory fd), -1: leave it
 *
 * A hook gets its own env only, default signal handling, no descriptor but 0 to 2 (1 and 2 are the
 * runtime's), and is killed with all its descendants' process group when its timeout passes. Return: 0, or
 * -errno with *err naming the hook, its exit code or signal, or the timeout (ETIMEDOUT).
 */
int oci_hooks_run(const struct oci *oci, enum oci_hook_kind kind, const char *state_json, int cwd_fd,
		  struct error *err) _must_check_;
