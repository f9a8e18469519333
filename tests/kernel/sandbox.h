/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A throw-away container around one step: a forked process in its own namespaces, mapped to an
 * unprivileged id and with the capabilities of its own user namespace, as init has them. A
 * Criterion worker has two threads, so nothing here unshares in the test itself.
 */
#include "base/error.h"
#include "launcher/run.h"
#include "launcher/step.h"
#include "profiles/spec.h"

struct host;

/* What the child of a test works with. The root directory is new, empty but for /proc /dev /tmp /run, and
 * world-writable. */
struct sandbox {
	struct spec spec;
	struct host *host;
	struct proof proof;
	struct run run;
	char root[64];
};

/* Runs in the child. 0, or -errno with *err filled. */
typedef int sandbox_function(struct sandbox *sandbox, struct error *err);

/** sandbox_run() - run @function in a sandbox; skips the test where namespaces are not allowed. 0 or -errno.
 */
int sandbox_run(sandbox_function *function, struct error *err);

/** sandbox_apply() - acquire and apply one step. As step_type.apply. */
int sandbox_apply(struct sandbox *sandbox, const struct step_type *type, const void *arg, struct error *err);

/** sandbox_build() - apply what every container has before: procfs, root file system. 0 or -errno. */
int sandbox_build(struct sandbox *sandbox, struct error *err);

/* A test that is one function in a sandbox. */
#define SANDBOXED(suite, name, function)                                                                     \
	Test(suite, name)                                                                                    \
	{                                                                                                    \
		struct error err = { 0 };                                                                    \
		cr_assert(sandbox_run(function, &err) == 0, "%s: %s", err.step, err.msg);                    \
	}
