/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.maskedPaths and linux.readonlyPaths. Files are covered by the host's null device, which the image
 * can't have forged (CVE-2025-31133), directories by one empty read-only tmpfs for all. What is missing needs
 * nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "launcher/evidence.h"
#include "launcher/mounts.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/filesystem.h"
#include "launcher/oci/steps/mount_parts.h"
#include "launcher/run.h"
#include "profiles/oci/oci.h"
#include "profiles/spec.h"

enum { NULL_MAJOR = 1, NULL_MINOR = 3 };

static int masked_wanted(const struct spec *spec)
{
	return spec->oci->masked_paths.n > 0;
}

static int readonly_wanted(const struct spec *spec)
{
	return spec->oci->readonly_paths.n > 0;
}

static int protected_prepare(const struct step *step, struct run *run, struct error *err)
{
	(void)step;
	if (run->oci->oci->namespaces[OCI_NS_MOUNT].given)
		return 0;
	error_set(err, EINVAL, "mask paths, or make them read-only, without a mount namespace");
	return error_remedy(err, "add {\"type\": \"mount\"} to linux.namespaces");
}

/* A trailing slash or an absent parent that is a file (ENOTDIR) is as missing as nothing at all. */
static bool is_missing(int fd)
{
	return fd == -ENOENT || fd == -ENOTDIR;
}

/* What covers: made once, copied from the first place where it is attached. */
struct covers {
	int null, empty;
};

static int new_null(struct error *err)
{
	const struct mounts_change change = { .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
						     MOUNT_ATTR_NOEXEC };
	_cleanup_fd_ int fd = mounts_copy(AT_FDCWD, "/dev/null", false);
	struct stat st;
	int r;

	if (fd < 0)
		return error_set(err, -fd, "open the host's /dev/null");
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(NULL_MAJOR, NULL_MINOR))
		return error_set(err, EBADE, "the host's /dev/null is not the null device");
	r = mounts_alter(fd, false, &change);
	return r < 0 ? error_set(err, -r, "make the cover for files read-only") : take_fd(&fd);
}

static int new_empty(struct error *err)
{
	static const struct mounts_option options[] = {
		{ "size", "4k" }, { "nr_inodes", "1" }, { "mode", "0555" }, { NULL, NULL }
	};
	int fd = mounts_new("tmpfs", options,
			    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

	return fd < 0 ? error_set(err, -fd, "create the cover for directories") : fd;
}

/* Return: 1 if covered, 0 if there is nothing to cover, -errno. */
static int cover(const struct run *run, const char *path, struct covers *covers, struct error *err)
{
	_cleanup_fd_ int target = path_open_in_root(run->oci->root_fd, path, O_PATH), copy = -1;
	struct stat st;
	int *source, r;

	if (is_missing(target))
		return 0;
	if (target < 0 || fstat(target, &st) < 0)
		return error_set(err, target < 0 ? -target : errno, "open the masked path %s", path);
	source = S_ISDIR(st.st_mode) ? &covers->empty : &covers->null;
	if (*source >= 0) {
		copy = mounts_copy(*source, "", false);
	} else {
		*source = S_ISDIR(st.st_mode) ? new_empty(err) : new_null(err);
		if (*source < 0)
			return *source;
	}
	if (copy < -1)
		return error_set(err, -copy, "copy the cover for %s", path);
	r = mounts_attach(copy >= 0 ? copy : *source, target);
	return r < 0 ? error_set(err, -r, "cover %s", path) : 1;
}

static int masked_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct spec_strings *paths = &run->oci->oci->masked_paths;
	struct covers covers = { .null = -1, .empty = -1 };
	int r = 0;

	(void)step;
	for (size_t i = 0; r >= 0 && i < paths->n; i++) {
		r = cover(run, paths->items[i], &covers, err);
		run->proof->masked += r > 0;
	}
	fd_close(&covers.null);
	fd_close(&covers.empty);
	return r < 0 ? r : run->proof->masked ? STEP_DONE : STEP_ABSENT;
}

/* With all that is mounted below: a read-only /proc/sys with a writable part is none. */
static int make_readonly(const struct run *run, const char *path, struct error *err)
{
	const struct mounts_change change = { .set = MOUNT_ATTR_RDONLY };
	_cleanup_fd_ int target = path_open_in_root(run->oci->root_fd, path, O_PATH), tree = -1;
	int r;

	if (is_missing(target))
		return 0;
	if (target < 0)
		return error_set(err, -target, "open the read-only path %s", path);
	tree = mounts_copy(target, "", true);
	if (tree < 0)
		return error_set(err, -tree, "copy the mount of %s", path);
	r = mounts_alter(tree, true, &change);
	if (r == 0)
		r = mounts_attach(tree, target);
	return r < 0 ? error_set(err, -r, "make %s read-only", path) : 1;
}

static int readonly_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct spec_strings *paths = &run->oci->oci->readonly_paths;
	int r = 0;

	(void)step;
	for (size_t i = 0; r >= 0 && i < paths->n; i++) {
		r = make_readonly(run, paths->items[i], err);
		run->proof->read_only += r > 0;
	}
	return r < 0 ? r : run->proof->read_only ? STEP_DONE : STEP_ABSENT;
}

/*
 * What is there must be a read-only mount; a path that leads nowhere, or no longer since it lies below
 * another one, needs nothing. Where only root may look around inside, init's word says how many must be
 * found.
 */
static int verify_all(const struct spec_strings *paths, unsigned int wanted, const struct evidence *evidence,
		      char report[STEP_REPORT_MAX], struct error *err)
{
	unsigned int found = 0, hidden = 0;

	for (size_t i = 0; i < paths->n; i++) {
		const struct mount_row *row;
		int r = mount_words_row(evidence, paths->items[i], &row);

		if (r >= 0 && (!row || !evidence_option(row->options, "ro")))
			return error_set(err, EBADE, "%s is mounted %s", paths->items[i],
					 row ? row->options : "nowhere");
		found += r > 0;
		hidden += r < 0;
	}
	if (found + hidden < wanted)
		return error_set(err, EBADE, "only %u of %u paths are covered or read-only", found, wanted);
	snprintf(report, STEP_REPORT_MAX, "%u of %zu paths, the others do not exist", wanted, paths->n);
	return STEP_DONE;
}

static int masked_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			 char report[STEP_REPORT_MAX], struct error *err)
{
	(void)step;
	return verify_all(&run->oci->oci->masked_paths, run->proof->masked, evidence, report, err);
}

static int readonly_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			   char report[STEP_REPORT_MAX], struct error *err)
{
	(void)step;
	return verify_all(&run->oci->oci->readonly_paths, run->proof->read_only, evidence, report, err);
}

static void masked_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "%zu paths", spec->oci->masked_paths.n);
}

static void readonly_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "%zu paths", spec->oci->readonly_paths.n);
}

const struct step_type oci_step_masked_paths = {
	.name = "masked-paths",
	.blocks = "reading kernel memory, keys and the host's hardware through /proc and /sys",
	.source = "runtime-spec config-linux.md, maskedPaths; openat2(2), move_mount(2)",
	.phase = PHASE_MOUNT,
	.prepare = protected_prepare,
	.apply = masked_apply,
	.verify = masked_verify,
	.explain = masked_explain,
	.wanted = masked_wanted,
};

const struct step_type oci_step_readonly_paths = {
	.name = "readonly-paths",
	.blocks = "changing the kernel's settings through /proc",
	.source = "runtime-spec config-linux.md, readonlyPaths; mount_setattr(2)",
	.phase = PHASE_MOUNT,
	.prepare = protected_prepare,
	.apply = readonly_apply,
	.verify = readonly_verify,
	.explain = readonly_explain,
	.wanted = readonly_wanted,
};
