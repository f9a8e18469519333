/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Secrets: files on a tmpfs of their own, readable by the workload's id alone, never in the
 * environment, the arguments, the state or the log. The kernel keeps the tmpfs out of swap
 * where it can (noswap, 6.3); before that limits.swap = 0 does. The launcher never holds the
 * content: init copies it from the source file through a few bytes of stack.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "launcher/evidence.h"
#include "launcher/mounts.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

enum { SECRET_SIZE_MAX = 1024 * 1024 };

static int secrets_wanted(const struct spec *spec)
{
	return spec->n_secrets > 0;
}

static int secrets_prepare(const struct step *step, struct run *run, struct error *err)
{
	const struct spec *spec = step->spec;

	if (spec->n_secrets > RUN_SECRETS_MAX)
		return error_set(err, E2BIG, "more than %d secrets", RUN_SECRETS_MAX);
	for (size_t i = 0; i < spec->n_secrets; i++) {
		const struct spec_secret *secret = &spec->secrets[i];
		struct stat st;
		int fd = open(secret->source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

		if (fd < 0)
			return error_set(err, errno, "open the secret %s from %s", secret->name,
					 secret->source);
		run->secret_fds[i] = fd;
		if (fstat(fd, &st) < 0)
			return error_set(err, errno, "look at the secret %s", secret->source);
		if (!S_ISREG(st.st_mode) || st.st_size > SECRET_SIZE_MAX)
			return error_set(err, EINVAL,
					 "use %s as a secret: not a regular file of at most 1 MiB",
					 secret->source);
		if (st.st_mode & (S_IWOTH | S_IROTH)) {
			error_set(err, EPERM, "use %s as a secret: everybody can read or write it",
				  secret->source);
			return error_remedy(err, "chmod 0400 %s", secret->source);
		}
	}
	return 0;
}

static int copy_secret(int from, int dir, const struct spec_secret *secret, struct error *err)
{
	_cleanup_fd_ int to =
		openat(dir, secret->name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
	unsigned char buffer[4096];
	ssize_t got;
	int r = 0;

	if (to < 0)
		return error_set(err, errno, "create /run/secrets/%s", secret->name);
	while ((got = read(from, buffer, sizeof(buffer))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			r = error_set(err, errno, "read the secret %s", secret->name);
		else
			r = fd_write_all(to, buffer, (size_t)got);
		if (r < 0)
			break;
	}
	explicit_bzero(buffer, sizeof(buffer));
	if (r == 0 && fchmod(to, secret->mode) < 0)
		r = -errno;
	return r < 0 ? error_set(err, -r, "write /run/secrets/%s", secret->name) : 0;
}

/* The image has the directory, or "/run" is a tmpfs of the profile, where it is made. */
static int open_target(const struct step *step, struct run *run, struct error *err)
{
	int fd = path_open_in_root(run->rootfs_fd, "run/secrets", O_PATH | O_DIRECTORY);

	for (size_t i = 0; fd == -ENOENT && i < step->spec->n_mounts; i++) {
		const struct spec_mount *mount = &step->spec->mounts[i];
		_cleanup_fd_ int base = -1;

		if (mount->type != SPEC_MOUNT_TMPFS || !str_equal(mount->target, "/run"))
			continue;
		base = path_open_in_root(run->rootfs_fd, "run", O_PATH | O_DIRECTORY);
		if (base >= 0)
			fd = path_make_dir(base, "secrets", 0700);
	}
	if (fd >= 0)
		return fd;
	error_set(err, -fd, "open /run/secrets in the root file system");
	return error_remedy(
		err,
		"mkdir -p %s/run/secrets, or add \"/run\": {\"type\": \"tmpfs\", \"size\": \"1MiB\"} to \"mounts\"",
		step->spec->rootfs);
}

static int secrets_apply(const struct step *step, struct run *run, struct error *err)
{
	static const struct mounts_option noswap[] = {
		{ "size", "4m" },   { "nr_inodes", "64" }, { "mode", "0700" },
		{ "noswap", NULL }, { NULL, NULL },
	};
	static const struct mounts_option plain[] = {
		{ "size", "4m" }, { "nr_inodes", "64" }, { "mode", "0700" }, { NULL, NULL }
	};
	uint64_t flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW;
	_cleanup_fd_ int tree = mounts_new("tmpfs", noswap, flags), target = -1;
	int r;

	/* Before 6.3 the option is unknown, and 6.3 to 6.5 keep it for the initial user namespace. */
	if (tree == -EINVAL || tree == -EPERM)
		tree = mounts_new("tmpfs", plain, flags);
	if (tree < 0)
		return error_set(err, -tree, "create the tmpfs for secrets");
	for (size_t i = 0; i < step->spec->n_secrets; i++) {
		r = copy_secret(run->secret_fds[i], tree, &step->spec->secrets[i], err);
		if (r < 0)
			return r;
		fd_close(&run->secret_fds[i]);
		run->proof->secrets++;
	}
	r = mounts_restrict(tree, false, MOUNT_ATTR_RDONLY);
	if (r < 0)
		return error_set(err, -r, "make /run/secrets read-only");
	target = open_target(step, run, err);
	if (target < 0)
		return target;
	r = mounts_attach(tree, target);
	return r < 0 ? error_set(err, -r, "mount /run/secrets") : STEP_DONE;
}

static int secrets_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			  char report[STEP_REPORT_MAX], struct error *err)
{
	const struct mount_row *row = evidence_mount(evidence, "/run/secrets");

	if (!row || !str_equal(row->fstype, "tmpfs") || !evidence_option(row->options, "ro") ||
	    !evidence_option(row->options, "noexec") || run->proof->secrets != step->spec->n_secrets)
		return error_set(err, EBADE, "/run/secrets is mounted %s", row ? row->options : "nowhere");
	snprintf(report, STEP_REPORT_MAX, "%u file(s), tmpfs %s%s", run->proof->secrets, row->options,
		 evidence_option(row->super, "noswap") ? ",noswap" : "");
	return STEP_DONE;
}

static void secrets_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs("/run/secrets:", out);
	for (size_t i = 0; i < spec->n_secrets; i++)
		fprintf(out, " %s", spec->secrets[i].name);
}

const struct step_type step_secrets = {
	.name = "secrets",
	.blocks = "finding secrets in the environment, the image, the log or another container",
	.source = "tmpfs(5) (noswap), environ(7)",
	.phase = PHASE_MOUNT,
	.prepare = secrets_prepare,
	.apply = secrets_apply,
	.verify = secrets_verify,
	.explain = secrets_explain,
	.wanted = secrets_wanted,
};
