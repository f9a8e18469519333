/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Landlock as the second layer under mounts and seccomp: what may be read, written and executed
 * is said a second time, in another part of the kernel (landlock(7)). Rights that this kernel's
 * ABI does not know are left out; the ABI used is part of the report.
 *
 * The kernel has no way to read a domain back, so the payload attacks it: a directory that no
 * rule covers can be opened before landlock_restrict_self and not after.
 */
#include "launcher/steps/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "launcher/host.h"
#include "launcher/run.h"
#include "launcher/steps/dev.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

#define ALL                                                                                                  \
	(LANDLOCK_READ | LANDLOCK_WRITE_TREE | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |   \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_IOCTL_DEV)
#define ON_A_FILE                                                                                            \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_WRITE_FILE | LANDLOCK_IOCTL_DEV)

uint64_t landlock_known(int abi)
{
	uint64_t rights = ALL;

	if (abi < 5)
		rights &= ~LANDLOCK_IOCTL_DEV;
	if (abi < 3)
		rights &= ~LANDLOCK_TRUNCATE;
	if (abi < 2)
		rights &= ~(uint64_t)LANDLOCK_ACCESS_FS_REFER;
	return rights;
}

static int landlock_wanted(const struct spec *spec)
{
	(void)spec;
	return 1;
}

int landlock_allow(int ruleset, int fd, uint64_t rights, int abi, const char *what, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "look at %s", what);
	if (!S_ISDIR(st.st_mode))
		rights &= ON_A_FILE;
	if (sys_landlock_add_path(ruleset, fd, rights & landlock_known(abi)) < 0)
		return error_set(err, errno, "add a Landlock rule for %s", what);
	return 0;
}

static int allow_path(int ruleset, const char *path, uint64_t rights, int abi, struct error *err)
{
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int fd = root < 0 ? -errno : path_open_in_root(root, path, O_PATH);

	if (fd == -ENOENT)
		return 0; /* an optional mount that is absent */
	if (fd < 0)
		return error_set(err, -fd, "open %s for its Landlock rule", path);
	return landlock_allow(ruleset, fd, rights, abi, path, err);
}

static int allow_execution(const struct spec *spec, struct run *run, int ruleset, int abi, struct error *err)
{
	int r = landlock_allow(ruleset, run->exec_fd,
			       LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE, abi, "the command",
			       err);

	/* The kernel opens the dynamic linker for execution, too. */
	if (r == 0 && run->interpreter_fd >= 0)
		r = landlock_allow(ruleset, run->interpreter_fd,
				   LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE, abi,
				   "the interpreter", err);
	for (size_t i = 0; r == 0 && i < spec->exec_allow.n; i++)
		if (!str_equal(spec->exec_allow.items[i], "*"))
			r = allow_path(ruleset, spec->exec_allow.items[i],
				       LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_READ, abi, err);
	return r;
}

static int allow_all(const struct spec *spec, struct run *run, int ruleset, int abi, struct error *err)
{
	int r = allow_path(ruleset, "/",
			   LANDLOCK_READ | (spec_exec_any(spec) ? (uint64_t)LANDLOCK_ACCESS_FS_EXECUTE : 0),
			   abi, err);

	if (r == 0)
		r = allow_execution(spec, run, ruleset, abi, err);
	for (size_t i = 0; r == 0 && i < DEV_NODES; i++)
		r = allow_path(ruleset, dev_nodes[i].path, LANDLOCK_READ | LANDLOCK_WRITE_FILE, abi, err);
	for (size_t i = 0; r == 0 && i < spec->n_devices; i++)
		r = allow_path(ruleset, spec->devices[i].path,
			       LANDLOCK_READ | LANDLOCK_IOCTL_DEV |
				       (spec->devices[i].write ? LANDLOCK_WRITE_FILE : 0),
			       abi, err);
	for (size_t i = 0; r == 0 && i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];

		if (mount->write || mount->type == SPEC_MOUNT_TMPFS)
			r = allow_path(ruleset, mount->target, LANDLOCK_READ | LANDLOCK_WRITE_TREE, abi, err);
	}
	return r;
}

/*
 * Init's private procfs went with the old root: a directory that lies beneath no rule. The descriptor is
 * close-on-exec, and init, which shares it, needs it again for further processes.
 */
static int try_outside(int dir)
{
	_cleanup_fd_ int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? errno : 0;
}

static int landlock_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct spec *spec = step->spec;
	int abi = run->host->landlock_abi;
	struct sys_landlock_ruleset attr = { .handled_access_fs = landlock_known(abi) };
	_cleanup_fd_ int ruleset = -1;
	int r;

	if (abi < 1)
		return STEP_ABSENT; /* only with on_missing warn: plan_build refused it otherwise */
	if (spec->network == SPEC_NETWORK_NONE)
		attr.handled_access_net = LANDLOCK_BIND_TCP | LANDLOCK_CONNECT_TCP;
	attr.scoped = LANDLOCK_SCOPE_ABSTRACT | LANDLOCK_SCOPE_SIGNALS;
	ruleset = sys_landlock_create(&attr, abi);
	if (ruleset < 0)
		return error_set(err, errno, "create the Landlock ruleset");
	r = allow_all(spec, run, ruleset, abi, err);
	if (r < 0)
		return r;
	run->proof->landlock_open_before = try_outside(run->procfs_fd);
	if (sys_landlock_restrict(ruleset) < 0)
		return error_set(err, errno, "enforce the Landlock ruleset");
	run->proof->landlock_open_after = try_outside(run->procfs_fd);
	run->proof->landlock_abi = abi;
	return STEP_DONE;
}

static int landlock_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			   char report[STEP_REPORT_MAX], struct error *err)
{
	const struct proof *proof = run->proof;

	(void)step, (void)evidence;
	if (run->host->landlock_abi < 1) {
		snprintf(report, STEP_REPORT_MAX, "the kernel has no Landlock");
		return STEP_ABSENT;
	}
	if (proof->landlock_open_before != 0 || proof->landlock_open_after != EACCES)
		return error_set(
			err, EBADE, "a directory outside of all rules opens with %s before and %s after",
			proof->landlock_open_before ? error_name(proof->landlock_open_before) : "success",
			proof->landlock_open_after ? error_name(proof->landlock_open_after) : "success");
	snprintf(report, STEP_REPORT_MAX,
		 "ABI %d; a directory outside of the rules: open before, EACCES after", proof->landlock_abi);
	return STEP_DONE;
}

static void landlock_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	size_t writable = 0;

	(void)step;
	for (size_t i = 0; i < spec->n_mounts; i++)
		writable += spec->mounts[i].write || spec->mounts[i].type == SPEC_MOUNT_TMPFS;
	fprintf(out, "read below /, write below %zu mount(s), execute ", writable);
	if (spec_exec_any(spec))
		fputs("anything", out);
	else
		fprintf(out, "the command%s", spec_exec_once(spec) ? " only" : " and what exec.allow lists");
}

const struct step_type step_landlock = {
	.name = "landlock",
	.blocks =
		"what a mistake in mounts or seccomp would leave open: writing, executing, device control, signals out",
	.source = "landlock(7), kernel userspace-api/landlock.rst",
	.phase = PHASE_SEAL,
	.apply = landlock_apply,
	.verify = landlock_verify,
	.explain = landlock_explain,
	.wanted = landlock_wanted,
};
