/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps that build the file system, each with the attack that it stops and without. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "launcher/steps/steps.h"
#include "tests/kernel/sandbox.h"

/* Return: 0 if opening ends with @wanted (0: success), else an error. */
static int expect_open(int dirfd, const char *path, int flags, int wanted, struct error *err)
{
	_cleanup_fd_ int fd = openat(dirfd, path, flags | O_CLOEXEC, 0600);
	int got = fd < 0 ? errno : 0;

	return got == wanted ? 0
			     : error_set(err, EBADE, "open %s: %s instead of %s", path, error_name(got),
					 error_name(wanted));
}

static int write_to_root(struct sandbox *s, struct error *err)
{
	int r = sandbox_build(s, err);

	return r < 0 ? r : expect_open(s->run.rootfs_fd, "x", O_CREAT | O_WRONLY, EROFS, err);
}

static int write_to_root_without(struct sandbox *s, struct error *err)
{
	_cleanup_fd_ int root = open(s->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = expect_open(root, "x", O_CREAT | O_WRONLY, 0, err);

	unlinkat(root, "x", 0);
	return r;
}

static int read_kernel_files(struct sandbox *s, struct error *err)
{
	int r = sandbox_build(s, err);

	if (r == 0)
		r = sandbox_apply(s, &step_proc, NULL, err);
	if (r == 0)
		r = expect_open(s->run.rootfs_fd, "proc/self/status", O_RDONLY, 0, err);
	if (r == 0)
		r = expect_open(s->run.rootfs_fd, "proc/sys/kernel/core_pattern", O_RDONLY, ENOENT, err);
	return r == 0 ? expect_open(s->run.rootfs_fd, "proc/kallsyms", O_RDONLY, ENOENT, err) : r;
}

/* The full procfs shows them, and mask-path takes them away again. */
static int read_kernel_files_without(struct sandbox *s, struct error *err)
{
	int r = sandbox_build(s, err);

	s->spec.proc = SPEC_PROC_FULL;
	if (r == 0)
		r = sandbox_apply(s, &step_proc, NULL, err);
	return r == 0 ? expect_open(s->run.rootfs_fd, "proc/sys/kernel/core_pattern", O_RDONLY, 0, err) : r;
}

static int write_sysctl_masked(struct sandbox *s, struct error *err)
{
	int r = read_kernel_files_without(s, err);

	if (r == 0) /* own user namespace: writable before … */
		r = expect_open(s->run.rootfs_fd, "proc/sys/user/max_user_namespaces", O_WRONLY, 0, err);
	if (r == 0)
		r = sandbox_apply(s, &step_mask_paths, NULL, err);
	if (r == 0) /* … and read-only after */
		r = expect_open(s->run.rootfs_fd, "proc/sys/user/max_user_namespaces", O_WRONLY, EROFS, err);
	return r;
}

static int proc_is_a_link(struct sandbox *s, struct error *err)
{
	_cleanup_fd_ int root = open(s->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = sandbox_build(s, err);

	unlinkat(root, "proc", AT_REMOVEDIR);
	if (r == 0 && symlinkat("tmp", root, "proc") < 0)
		r = -errno;
	if (r == 0 && sandbox_apply(s, &step_proc, NULL, err) != -ELOOP)
		r = error_set(err, EBADE, "/proc as a link was accepted");
	else if (r == 0)
		*err = (struct error){ 0 };
	unlinkat(root, "proc", 0);
	mkdirat(root, "proc", 0755);
	return r;
}

static int use_devices(struct sandbox *s, struct error *err)
{
	int r = sandbox_build(s, err);

	if (r == 0)
		r = sandbox_apply(s, &step_dev, NULL, err);
	if (r == 0)
		r = expect_open(s->run.rootfs_fd, "dev/null", O_RDWR, 0, err);
	if (r == 0)
		r = expect_open(s->run.rootfs_fd, "dev/mem", O_RDONLY, ENOENT, err);
	return r == 0 ? expect_open(s->run.rootfs_fd, "dev/x", O_CREAT | O_WRONLY, EROFS, err) : r;
}

static int mount_tmpfs(struct sandbox *s, const struct spec_mount *mount, struct error *err)
{
	int r = sandbox_build(s, err);

	s->spec.mounts = mount;
	s->spec.n_mounts = 1;
	return r == 0 ? sandbox_apply(s, &step_mount, mount, err) : r;
}

/* An executable file and a link on a tmpfs: refused as opened, or not. */
static int attack_tmpfs(struct sandbox *s, const struct spec_mount *mount, int exec_errno, struct error *err)
{
	_cleanup_fd_ int dir = -1, file = -1;
	int r = mount_tmpfs(s, mount, err), got;

	if (r < 0)
		return r;
	dir = path_open_in_root(s->run.rootfs_fd, mount->target, O_PATH | O_DIRECTORY);
	file = openat(dir, "program", O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
	if (file < 0 || symlinkat("program", dir, "link") < 0)
		return error_set(err, errno, "write to the tmpfs");
	got = faccessat(dir, "program", X_OK, AT_EACCESS) < 0 ? errno : 0;
	if (got != exec_errno)
		return error_set(err, EBADE, "execute from the tmpfs: %s", error_name(got));
	return expect_open(dir, "link", O_RDONLY, ELOOP, err);
}

static int execute_from_tmpfs(struct sandbox *s, struct error *err)
{
	const struct spec_mount mount = { .target = "/data",
					  .type = SPEC_MOUNT_TMPFS,
					  .write = true,
					  .size_bytes = 65536,
					  .inodes = SPEC_UNSET,
					  .mode = 0700 };

	return attack_tmpfs(s, &mount, EACCES, err);
}

static int execute_from_tmpfs_without(struct sandbox *s, struct error *err)
{
	const struct spec_mount mount = { .target = "/data",
					  .type = SPEC_MOUNT_TMPFS,
					  .write = true,
					  .exec = true,
					  .size_bytes = 65536,
					  .inodes = SPEC_UNSET,
					  .mode = 0700 };

	return attack_tmpfs(s, &mount, 0, err);
}

static int mount_point_missing(struct sandbox *s, struct error *err)
{
	const struct spec_mount mount = { .target = "/nowhere",
					  .type = SPEC_MOUNT_TMPFS,
					  .size_bytes = 65536,
					  .inodes = SPEC_UNSET,
					  .mode = 0700 };
	int r = mount_tmpfs(s, &mount, err);

	if (r != -ENOENT || !strstr(err->remedy, "mkdir"))
		return error_set(err, EBADE, "a missing mount point ends with %d", r);
	*err = (struct error){ 0 };
	return 0;
}

static int write_secret(struct sandbox *s, struct error *err)
{
	const struct spec_secret secret = { .name = "key", .source = "/proc/self/comm", .mode = 0400 };
	_cleanup_fd_ int root = open(s->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = mkdirat(root, "run/secrets", 0755) < 0 ? -errno : sandbox_build(s, err);

	s->spec.secrets = &secret;
	s->spec.n_secrets = 1;
	s->run.secret_fds[0] = open("/etc/hostname", O_RDONLY | O_CLOEXEC);
	if (r == 0)
		r = step_secrets.apply(&(struct step){ .type = &step_secrets, .spec = &s->spec }, &s->run,
				       err);
	if (r == 0)
		r = expect_open(s->run.rootfs_fd, "run/secrets/key", O_RDONLY, 0, err);
	return r == 0 ? expect_open(s->run.rootfs_fd, "run/secrets/key", O_WRONLY, EROFS, err) : r;
}

static int walk_out(struct sandbox *s, struct error *err)
{
	struct stat here, host;
	int r = sandbox_build(s, err);

	if (r == 0 && stat("/etc", &host) < 0)
		return error_set(err, errno, "look at the host's /etc");
	if (r == 0)
		r = sandbox_apply(s, &step_pivot_root, NULL, err);
	for (int i = 0; r == 0 && i < 64; i++)
		if (chdir("..") < 0)
			return error_set(err, errno, "go up");
	return r == 0 && stat("etc", &here) == 0 ? error_set(err, EBADE, "the host's /etc is in sight") : r;
}

static int walk_out_without(struct sandbox *s, struct error *err)
{
	struct stat here;

	if (chdir(s->root) < 0)
		return error_set(err, errno, "enter the root");
	for (int i = 0; i < 64; i++)
		if (chdir("..") < 0)
			return error_set(err, errno, "go up");
	return stat("etc", &here) == 0 ? 0 : error_set(err, EBADE, "the host's /etc is not in sight");
}

static int working_directory_magic(struct sandbox *s, struct error *err)
{
	int leaked = open("/", O_PATH | O_DIRECTORY); /* as in CVE-2024-21626 */
	static char path[64];
	int r = sandbox_build(s, err);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", leaked);
	s->spec.workdir = path;
	if (r == 0)
		r = sandbox_apply(s, &step_proc, NULL, err);
	if (r == 0)
		r = sandbox_apply(s, &step_pivot_root, NULL, err);
	if (r < 0)
		return r;
	if (chdir(path) < 0) /* the attack works by plain chdir … */
		return error_set(err, errno, "enter the leaked directory");
	r = sandbox_apply(s, &step_working_directory, NULL, err); /* … and not through the step */
	if (r != -ELOOP)
		return error_set(err, EBADE, "the working directory became %s", path);
	*err = (struct error){ 0 };
	return 0;
}

static int program_missing(struct sandbox *s, struct error *err)
{
	static const char *const argv[] = { "/nothing", NULL };
	int r = sandbox_build(s, err);

	s->spec.command = (struct spec_strings){ argv, 1 };
	if (r == 0)
		r = sandbox_apply(s, &step_program, NULL, err);
	if (r != -ENOENT || err->exit_status != EXIT_NOT_FOUND)
		return error_set(err, EBADE, "a missing command ends with %d, exit status %d", r,
				 err->exit_status);
	*err = (struct error){ 0 };
	return 0;
}

SANDBOXED(root_filesystem, can_not_be_written, write_to_root)
SANDBOXED(root_filesystem, could_be_written_without_the_step, write_to_root_without)
SANDBOXED(proc, shows_processes_and_no_kernel_files, read_kernel_files)
SANDBOXED(proc, shows_kernel_files_where_it_is_full, read_kernel_files_without)
SANDBOXED(proc, refuses_a_link_in_its_place, proc_is_a_link)
SANDBOXED(mask_path, makes_the_settings_read_only, write_sysctl_masked)
SANDBOXED(dev, has_the_harmless_nodes_and_no_room, use_devices)
SANDBOXED(mount, of_a_tmpfs_executes_nothing_and_follows_no_link, execute_from_tmpfs)
SANDBOXED(mount, of_a_tmpfs_executes_where_exec_opens_it, execute_from_tmpfs_without)
SANDBOXED(mount, names_a_missing_mount_point, mount_point_missing)
SANDBOXED(secrets, can_be_read_and_not_changed, write_secret)
SANDBOXED(pivot_root, leaves_nothing_above, walk_out)
SANDBOXED(pivot_root, without_it_the_host_is_above, walk_out_without)
SANDBOXED(working_directory, does_not_go_through_descriptors, working_directory_magic)
SANDBOXED(program, that_is_missing_ends_with_127, program_missing)
