/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Landlock over an OCI container: reading everywhere, writing where the config has writable mounts or the
 * profile lists places, executing what exec.allow says (landlock(7)). procfs and sysfs can't be written
 * unless they are listed: by /proc/self/mem a process rewrites its own code, whatever W^X says.
 *
 * Loaded after `start`, when the hooks have run, with the workload's ids: what it can't reach gets no rule.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "launcher/host.h"
#include "launcher/oci/layer.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/layer.h"
#include "launcher/steps/landlock.h"
#include "profiles/oci/oci_read.h"

enum { ENTRIES_SIZE = 8192 };

/* As getdents64(2) has it. */
struct entry {
	uint64_t inode;
	int64_t next;
	unsigned short size;
	unsigned char type;
	char name[];
};

struct rules {
	const struct run *run;
	int ruleset, root, abi;
};

static bool is_kernels(int fd)
{
	struct statfs fs;

	/* Nothing is known of it: not given. */
	if (fstatfs(fd, &fs) < 0)
		return true;
	return fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC;
}

static int allow_path(const struct rules *rules, const char *path, uint64_t rights, bool kernels,
		      struct error *err)
{
	_cleanup_fd_ int fd = path_open_in_root(rules->root, path, O_PATH);

	if (fd < 0 || (!kernels && is_kernels(fd)))
		return 0;
	return landlock_allow(rules->ruleset, fd, rights, rules->abi, path, err);
}

static int allow_entry(const struct rules *rules, int dir, const char *name, struct error *err)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;

	if (str_equal(name, ".") || str_equal(name, ".."))
		return 0;
	fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || S_ISLNK(st.st_mode) || is_kernels(fd))
		return 0;
	return landlock_allow(rules->ruleset, fd, LANDLOCK_READ | LANDLOCK_WRITE_TREE, rules->abi, name, err);
}

/*
 * A rule for / would cover /proc, /sys and every read-only mount: Landlock can't take back what a rule
 * above gives. So each entry gets its own, and in / itself nothing new can be made.
 */
static int allow_root(const struct rules *rules, struct error *err)
{
	_cleanup_fd_ int dir = path_open_in_root(rules->root, "/", O_RDONLY | O_DIRECTORY);
	_Alignas(struct entry) char buffer[ENTRIES_SIZE];
	long size;
	int r = 0;

	if (dir < 0) {
		error_set(err, -dir, "list / to allow writing below it");
		return error_remedy(err, "list the places that are written in the profile's \"mounts\"");
	}
	while ((size = syscall(SYS_getdents64, dir, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < size && r == 0;) {
			const struct entry *entry = (const struct entry *)(const void *)(buffer + at);

			r = allow_entry(rules, dir, entry->name, err);
			at += entry->size;
		}
		if (r < 0)
			return r;
	}
	return size < 0 ? error_set(err, errno, "list /") : 0;
}

static bool is_writable(const struct oci_mount *mount)
{
	const struct oci_mount_flags *flags = &mount->flags;

	/* Of a copied link the target is no mount. */
	return !((flags->attr_set | flags->rec_attr_set) & MOUNT_ATTR_RDONLY) &&
	       !(flags->super_set & MS_RDONLY) && !flags->copy_symlink;
}

static int allow_as_the_config(const struct rules *rules, struct error *err)
{
	const struct oci *oci = rules->run->oci->oci;
	int r = oci->rootfs_readonly ? 0 : allow_root(rules, err);

	for (size_t i = 0; r == 0 && i < oci->n_mounts; i++)
		if (is_writable(&oci->mounts[i]))
			r = allow_path(rules, oci->mounts[i].destination, LANDLOCK_READ | LANDLOCK_WRITE_TREE,
				       false, err);
	return r;
}

static int allow_all(const struct rules *rules, struct error *err)
{
	const struct oci_layer *layer = rules->run->oci->layer;
	const struct oci *oci = rules->run->oci->oci;
	const uint64_t device = LANDLOCK_READ | LANDLOCK_WRITE_FILE | LANDLOCK_IOCTL_DEV;
	const uint64_t execute = spec_exec_any(layer->spec) ? LANDLOCK_EXECUTE : 0;
	int r = allow_path(rules, "/", LANDLOCK_READ | execute, true, err);

	if (r == 0)
		r = oci_layer_allow_programs(rules->run, rules->ruleset, rules->root, err);
	/* Which nodes are in there, and which may be opened, the config and the device filter say. */
	if (r == 0)
		r = allow_path(rules, "/dev", device, true, err);
	for (size_t i = 0; r == 0 && i < oci->n_devices; i++)
		r = allow_path(rules, oci->devices[i].path, device, true, err);
	if (r == 0 && !layer->places_listed)
		return allow_as_the_config(rules, err);
	for (size_t i = 0; r == 0 && i < layer->spec->n_mounts; i++)
		if (layer->spec->mounts[i].write)
			r = allow_path(rules, layer->spec->mounts[i].target,
				       LANDLOCK_READ | LANDLOCK_WRITE_TREE, true, err);
	return r;
}

/* Its own name can be written by any process that has a /proc, and by no rule of ours unless listed. */
static int try_write(void)
{
	_cleanup_fd_ int fd = open("/proc/self/comm", O_WRONLY | O_CLOEXEC);

	return fd < 0 ? errno : 0;
}

static bool lists(const struct oci_layer *layer, const char *top)
{
	for (size_t i = 0; i < layer->spec->n_mounts; i++)
		if (layer->spec->mounts[i].write && (str_starts(layer->spec->mounts[i].target, top) ||
						     layer->spec->mounts[i].target[1] == '\0'))
			return true;
	return false;
}

static int restrict_self(struct run *run, int ruleset, struct error *err)
{
	int before = try_write();

	if (sys_landlock_restrict(ruleset) < 0)
		return error_set(err, errno, "enforce the Landlock ruleset");
	if (before == 0 && !lists(run->oci->layer, "/proc") && try_write() != EACCES)
		return error_set(err, EBADE, "a file outside of all rules can still be written");
	return 0;
}

static int layer_landlock_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct oci *oci = run->oci->oci;
	int abi = run->host->landlock_abi;
	struct sys_landlock_ruleset attr = { .handled_access_fs = landlock_known(abi) };
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int ruleset = -1;
	int r;

	(void)step;
	/* Where the namespace is its own, nothing of the host is in reach, and exec'ed processes may signal.
	 */
	if (!oci->namespaces[OCI_NS_NETWORK].given)
		attr.scoped |= LANDLOCK_SCOPE_ABSTRACT;
	if (!oci->namespaces[OCI_NS_PID].given)
		attr.scoped |= LANDLOCK_SCOPE_SIGNALS;
	if (root < 0)
		return error_set(err, errno, "open the root");
	ruleset = sys_landlock_create(&attr, abi);
	if (ruleset < 0)
		return error_set(err, errno, "create the Landlock ruleset");
	r = allow_all(&(struct rules){ .run = run, .ruleset = ruleset, .root = root, .abi = abi }, err);
	if (r == 0)
		r = restrict_self(run, ruleset, err);
	return r < 0 ? r : STEP_DONE;
}

static int layer_landlock_verify(const struct step *step, const struct run *run,
				 const struct evidence *evidence, char report[STEP_REPORT_MAX],
				 struct error *err)
{
	(void)step, (void)evidence, (void)err;
	snprintf(report, STEP_REPORT_MAX, "ABI %d, enforced at start", run->host->landlock_abi);
	return STEP_DONE;
}

static void layer_landlock_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "as the profile %s says, on top of the config",
		oci_annotation(spec->oci, OCI_LAYER_ANNOTATION));
}

const struct step_type oci_step_layer_landlock = {
	.name = "layer-landlock",
	.blocks = "what the config leaves open, or a mistake in it: writing, executing, device control",
	.source = "landlock(7), kernel userspace-api/landlock.rst",
	.phase = PHASE_SEAL,
	.apply = layer_landlock_apply,
	.verify = layer_landlock_verify,
	.explain = layer_landlock_explain,
	.wanted = oci_layer_wanted,
};
