/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The file system steps of an OCI container between three forked processes, as create has them: a pretended
 * host (own mount namespace, everything shared, as systemd makes it), the runtime in it, and the container's
 * init in new namespaces. Nothing of it touches the machine; without root the host lives in a user namespace.
 */
#include "base/error.h"
#include "launcher/oci/run.h"
#include "launcher/run.h"
#include "launcher/step.h"
#include "profiles/oci/oci.h"
#include "profiles/spec.h"

enum { BUNDLE_MOUNTS = 16, BUNDLE_DEVICES = 4, BUNDLE_ID = 0x30000000 };

struct bundle {
	struct oci oci;
	struct oci_mount mounts[BUNDLE_MOUNTS];
	struct oci_device devices[BUNDLE_DEVICES];
	struct oci_state state;
	struct spec spec;
	struct run run;
	struct oci_run oci_run;
	struct proof *proof;
	bool userns;      /* the container gets a user namespace: ids from 0 are BUNDLE_ID and up */
	bool no_pidns;    /* … and shares the host's processes */
	bool no_netns;    /* … network */
	bool no_cgroupns; /* … cgroups */
	bool no_mountns;  /* … mounts */
	char dir[64];     /* on a tmpfs of the pretended host: root/ is the image, host/ the host's data */
	int dir_fd;
};

/* 0, or -errno with *err filled. */
typedef int bundle_function(struct bundle *bundle, struct error *err);

/* What is done in a test; NULL for nothing. */
struct bundle_test {
	bundle_function *setup;  /* host: fills the image and the config */
	bundle_function *inside; /* init, after all steps: its root is the container's */
	bundle_function *host;   /* host, while the container stands … */
	bundle_function *after;  /* … and at the end, also after steps that failed as they should */
	int failure;             /* the steps must end with this error, … */
	const char *message;     /* … and say this (a part of message or remedy) */
	const char *skip;        /* a step that is left out, to be found missing */
	bool any_end;            /* it does not matter how the steps end */
};

/** bundle_run() - run one test; skips it where namespaces are not allowed. 0 or -errno. */
int bundle_run(const struct bundle_test *test, struct error *err);

/** bundle_mount() - add a mount to the config; it has no flags yet. */
struct oci_mount *bundle_mount(struct bundle *bundle, const char *destination, const char *type,
			       const char *source);

/** bundle_bind() - add a bind of "host/<name>". */
struct oci_mount *bundle_bind(struct bundle *bundle, const char *destination, const char *name);

/** bundle_file() - write a file below the bundle's directory: "root/etc/x", with its directories. */
void bundle_file(struct bundle *bundle, const char *path, const char *text);

/** bundle_dir() - make a directory below the bundle's, with those above it. */
void bundle_dir(struct bundle *bundle, const char *path);

/** bundle_link() - make a link below the bundle's directory. */
void bundle_link(struct bundle *bundle, const char *path, const char *target);

/** bundle_expect() - 0 if opening @path ends with errno @wanted (0: success), else -EBADE. */
int bundle_expect(const char *path, int flags, int wanted, struct error *err);

/** bundle_expect_text() - 0 if the file holds exactly that, else -EBADE. */
int bundle_expect_text(const char *path, const char *wanted, struct error *err);

/** bundle_is_root() - whether the tests run with root's rights over the host. */
bool bundle_is_root(void);

#define BUNDLED(suite, name, ...)                                                                            \
	Test(suite, name)                                                                                    \
	{                                                                                                    \
		const struct bundle_test test = { __VA_ARGS__ };                                             \
		struct error err = { 0 };                                                                    \
		cr_assert(bundle_run(&test, &err) == 0, "%s: %s (%s)", err.step, err.msg, err.remedy);       \
	}
