/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mount points, masked and read-only paths of an OCI container, against images that mean harm. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/macro.h"
#include "base/sys.h"
#include "tests/kernel/bundle.h"
#include "tests/kernel/oci_scene.h"

/* --- mount points that are links --- */

static int linked(struct bundle *b, const char *name, const char *target, const char *destination)
{
	char path[64];

	snprintf(path, sizeof(path), "root/%s", name);
	bundle_link(b, path, target);
	oci_scene_tmpfs(b, destination);
	return oci_scene_canary(b);
}

static int absolute_link(struct bundle *b, struct error *err)
{
	(void)err;
	return linked(b, "data", "/tmp/host", "/data");
}

static int relative_link(struct bundle *b, struct error *err)
{
	(void)err;
	return linked(b, "data", "../../../../../host", "/data");
}

static int dangling_link(struct bundle *b, struct error *err)
{
	(void)err;
	return linked(b, "data", "../../../host/made/deep", "/data");
}

static int link_on_the_way(struct bundle *b, struct error *err)
{
	(void)err;
	return linked(b, "data", "/../../tmp/host", "/data/made");
}

static int dots_in_destination(struct bundle *b, struct error *err)
{
	(void)err;
	oci_scene_tmpfs(b, "/../../../tmp/host/./../host/");
	return oci_scene_canary(b);
}

static int write_to_tmpfs(const char *path, struct error *err)
{
	struct stat st;
	char name[64];

	snprintf(name, sizeof(name), "%s/mounted", path);
	if (stat(path, &st) < 0)
		return error_set(err, errno, "look at %s inside", path);
	return bundle_expect(name, O_CREAT | O_WRONLY, 0, err);
}

static int at_tmp_host(struct bundle *b, struct error *err)
{
	(void)b;
	return write_to_tmpfs("/tmp/host", err);
}

static int at_host(struct bundle *b, struct error *err)
{
	(void)b;
	return write_to_tmpfs("/host", err);
}

static int at_made(struct bundle *b, struct error *err)
{
	(void)b;
	return write_to_tmpfs("/host/made/deep", err);
}

static int at_tmp_host_made(struct bundle *b, struct error *err)
{
	(void)b;
	return write_to_tmpfs("/tmp/host/made", err);
}

BUNDLED(oci_mount_point, that_is_an_absolute_link_stays_inside, .setup = absolute_link, .inside = at_tmp_host,
	.after = oci_scene_is_untouched)
BUNDLED(oci_mount_point, that_is_a_relative_link_stays_inside, .setup = relative_link, .inside = at_host,
	.after = oci_scene_is_untouched)
BUNDLED(oci_mount_point, behind_a_dangling_link_is_made_inside, .setup = dangling_link, .inside = at_made,
	.after = oci_scene_is_untouched)
BUNDLED(oci_mount_point, below_a_link_is_made_inside, .setup = link_on_the_way, .inside = at_tmp_host_made,
	.after = oci_scene_is_untouched)
BUNDLED(oci_mount_point, with_dots_stays_inside, .setup = dots_in_destination, .inside = at_tmp_host,
	.after = oci_scene_is_untouched)

static int link_loop(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_link(b, "root/ping", "pong");
	return linked(b, "pong", "ping", "/ping/x");
}

static int link_to_root(struct bundle *b, struct error *err)
{
	(void)err;
	return linked(b, "data", "../..", "/data");
}

static int magic_link(struct bundle *b, struct error *err)
{
	(void)err;
	oci_scene_proc(b);
	return linked(b, "data", "/proc/self/root/tmp/host", "/data");
}

BUNDLED(oci_mount_point, in_a_loop_of_links_is_refused, .setup = link_loop, .failure = ELOOP,
	.message = "/ping/x")
BUNDLED(oci_mount_point, that_is_the_root_is_refused, .setup = link_to_root, .failure = EINVAL,
	.message = "the root itself")
BUNDLED(oci_mount_point, through_a_magic_link_is_refused, .setup = magic_link, .failure = ELOOP,
	.message = "/data")

/*
 * Another container shares the volume and exchanges a directory of it for a link to the host's tree, all the
 * time (CVE-2021-30465, CVE-2024-45310).
 */
static int exchange(struct bundle *b, struct error *err)
{
	pid_t pid, parent = getpid();

	bundle_dir(b, "host/volume/dir/made");
	bundle_link(b, "host/volume/link", "../../../../../../../tmp/host");
	bundle_bind(b, "/volume", "volume");
	for (int i = 0; i < 8; i++)
		oci_scene_tmpfs(b, i % 2 ? "/volume/dir/made/deep" : "/volume/dir/null");
	oci_scene_canary(b);
	pid = fork();
	if (pid < 0)
		return error_set(err, errno, "fork");
	if (pid > 0)
		return 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	while (getppid() == parent) /* it may have ended before the signal was asked for */
		renameat2(b->dir_fd, "host/volume/dir", b->dir_fd, "host/volume/link", RENAME_EXCHANGE);
	_exit(0);
}

Test(oci_mount_point, that_is_exchanged_for_a_link_meanwhile_stays_inside)
{
	const struct bundle_test test = { .setup = exchange,
					  .after = oci_scene_is_untouched,
					  .any_end = true };

	for (int i = 0; i < 40; i++) {
		struct error err = { 0 };

		cr_assert(bundle_run(&test, &err) == 0, "%s: %s (%s)", err.step, err.msg, err.remedy);
	}
}

/* --- /proc and /sys --- */

static int proc_is_a_link(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_dir(b, "root/evil");
	bundle_link(b, "root/proc", "/evil");
	return oci_scene_proc(b);
}

static int proc_is_dangling(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_link(b, "root/proc", "/evil");
	return oci_scene_proc(b);
}

static int proc_is_a_file(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_file(b, "root/proc", "");
	return oci_scene_proc(b);
}

static int sys_is_a_link(struct bundle *b, struct error *err)
{
	(void)err;
	bundle_dir(b, "root/evil");
	bundle_link(b, "root/sys", "evil");
	bundle_mount(b, "/sys", "sysfs", "sysfs");
	return 0;
}

static int tmpfs_on_proc(struct bundle *b, struct error *err)
{
	(void)err;
	oci_scene_tmpfs(b, "/proc/");
	return 0;
}

static int bind_on_proc(struct bundle *b, struct error *err)
{
	(void)err;
	oci_scene_proc(b);
	bundle_file(b, "host/proc/self/attr/exec", "");
	bundle_bind(b, "/proc", "proc");
	return 0;
}

static int tmpfs_in_proc(struct bundle *b, struct error *err)
{
	(void)err;
	oci_scene_proc(b);
	oci_scene_tmpfs(b, "/proc/sys/net");
	return 0;
}

/* Found by what is there, not by its name. */
static int tmpfs_in_proc_by_link(struct bundle *b, struct error *err)
{
	(void)err;
	oci_scene_proc(b);
	return linked(b, "data", "/proc/sys", "/data/net");
}

static int cpuinfo(struct bundle *b, struct error *err)
{
	(void)err;
	oci_scene_proc(b);
	bundle_file(b, "host/cpuinfo", "one slow cpu");
	bundle_bind(b, "/proc/cpuinfo", "cpuinfo");
	return 0;
}

static int read_cpuinfo(struct bundle *b, struct error *err)
{
	(void)b;
	return bundle_expect_text("/proc/cpuinfo", "one slow cpu", err);
}

BUNDLED(oci_proc, on_a_link_is_refused, .setup = proc_is_a_link, .failure = ELOOP,
	.message = "must be mounted on ordinary directory")
BUNDLED(oci_proc, on_a_dangling_link_is_refused, .setup = proc_is_dangling, .failure = ELOOP,
	.message = "must be mounted on ordinary directory")
BUNDLED(oci_proc, on_a_file_is_refused, .setup = proc_is_a_file, .failure = ENOTDIR, .message = "/proc")
BUNDLED(oci_sys, on_a_link_is_refused, .setup = sys_is_a_link, .failure = ELOOP,
	.message = "must be mounted on ordinary directory")
BUNDLED(oci_proc, is_no_place_for_a_tmpfs, .setup = tmpfs_on_proc, .failure = EPERM, .message = "only procfs")
BUNDLED(oci_proc, is_no_place_for_a_directory, .setup = bind_on_proc, .failure = EPERM,
	.message = "only procfs")
BUNDLED(oci_proc, can_not_be_covered_below, .setup = tmpfs_in_proc, .failure = EPERM,
	.message = "inside /proc")
BUNDLED(oci_proc, can_not_be_covered_by_another_name, .setup = tmpfs_in_proc_by_link, .failure = EPERM,
	.message = "inside /proc")
BUNDLED(oci_proc, lets_cpuinfo_be_replaced, .setup = cpuinfo, .inside = read_cpuinfo)

/* --- masked and read-only paths --- */

static const char *const masked[] = {
	"/proc/self/../kallsyms", "/proc/sys/kernel", "/secret/file", "/link/file", "/missing",
	"/secret/file/missing",   "/secret/dir"
};

static int secrets(struct bundle *b, bool mask)
{
	/* What others took for the null device (CVE-2025-31133). */
	bundle_link(b, "root/dev/null", "/secret/file");
	bundle_file(b, "root/secret/file", "secret");
	bundle_file(b, "root/secret/other", "other");
	bundle_file(b, "root/secret/dir/file", "secret");
	bundle_link(b, "root/link", "secret/dir");
	bundle_mount(b, "/dev", "tmpfs", "tmpfs");
	oci_scene_proc(b);
	if (mask)
		b->oci.masked_paths = (struct spec_strings){ masked, ARRAY_SIZE(masked) };
	return 0;
}

static int mask(struct bundle *b, struct error *err)
{
	(void)err;
	return secrets(b, true);
}

static int do_not_mask(struct bundle *b, struct error *err)
{
	(void)err;
	return secrets(b, false);
}

static int secrets_are_gone(struct bundle *b, struct error *err)
{
	_cleanup_fd_ int fd = -1;
	char byte;
	int r = bundle_expect_text("/secret/file", "", err);

	if (r == 0)
		r = bundle_expect_text("/proc/kallsyms", "", err);
	if (r == 0)
		r = bundle_expect("/proc/sys/kernel/core_pattern", O_RDONLY, ENOENT, err);
	if (r == 0)
		r = bundle_expect("/secret/dir/file", O_RDONLY, ENOENT, err);
	if (r == 0)
		r = bundle_expect("/secret/dir/new", O_CREAT | O_WRONLY, EROFS, err);
	if (r < 0)
		return r;
	fd = open("/secret/file", O_RDWR | O_CLOEXEC);
	if (fd < 0 || write(fd, "x", 1) != 1 || read(fd, &byte, 1) != 0)
		return error_set(err, EBADE, "what covers /secret/file is not the null device");
	/* kallsyms, kernel, file, link's file, dir */
	return b->proof->masked == 5 ? bundle_expect_text("/secret/other", "other", err)
				     : error_set(err, EBADE, "%u paths were covered", b->proof->masked);
}

static int secrets_are_there(struct bundle *b, struct error *err)
{
	int r = bundle_expect_text("/secret/file", "secret", err);

	(void)b;
	if (r == 0)
		r = bundle_expect("/proc/sys/kernel/core_pattern", O_RDONLY, 0, err);
	return r == 0 ? bundle_expect_text("/secret/dir/file", "secret", err) : r;
}

BUNDLED(oci_masked_paths, are_empty, .setup = mask, .inside = secrets_are_gone)
BUNDLED(oci_masked_paths, are_open_without_the_step, .setup = do_not_mask, .inside = secrets_are_there)

static const char *const readonly[] = { "/proc/sys", "/locked", "/missing" };

static int lock(struct bundle *b, bool locked)
{
	oci_scene_proc(b);
	bundle_dir(b, "root/locked/below");
	oci_scene_tmpfs(b, "/locked/below");
	if (locked)
		b->oci.readonly_paths = (struct spec_strings){ readonly, ARRAY_SIZE(readonly) };
	return 0;
}

static int make_readonly(struct bundle *b, struct error *err)
{
	(void)err;
	return lock(b, true);
}

static int leave_writable(struct bundle *b, struct error *err)
{
	(void)err;
	return lock(b, false);
}

static int write_all(int wanted, struct error *err)
{
	int r = bundle_expect("/proc/sys/net/ipv4/ip_forward", O_WRONLY, wanted, err);

	if (r == 0)
		r = bundle_expect("/locked/new", O_CREAT | O_WRONLY, wanted, err);
	return r == 0 ? bundle_expect("/locked/below/new", O_CREAT | O_WRONLY, wanted, err) : r;
}

static int is_locked(struct bundle *b, struct error *err)
{
	(void)b;
	return write_all(EROFS, err);
}

static int is_writable(struct bundle *b, struct error *err)
{
	(void)b;
	return write_all(0, err);
}

BUNDLED(oci_readonly_paths, can_not_be_written_nor_what_is_below, .setup = make_readonly, .inside = is_locked)
BUNDLED(oci_readonly_paths, are_writable_without_the_step, .setup = leave_writable, .inside = is_writable)

/* --- a step that was left out does not go unnoticed --- */

static int readonly_root(struct bundle *b, struct error *err)
{
	(void)err;
	b->oci.rootfs_readonly = true;
	oci_scene_tmpfs(b, "/made/for/it");
	return 0;
}

static int all_of_them(struct bundle *b, struct error *err)
{
	lock(b, true);
	secrets(b, true);
	oci_scene_tmpfs(b, "/data");
	return readonly_root(b, err);
}

BUNDLED(oci_verify, finds_the_mounts_missing, .setup = readonly_root, .skip = "mounts", .failure = EBADE,
	.message = "nothing is mounted")
BUNDLED(oci_verify, finds_the_devices_missing, .setup = all_of_them, .skip = "devices", .failure = EBADE,
	.message = "is not the device")
BUNDLED(oci_verify, finds_masked_paths_open, .setup = all_of_them, .skip = "masked-paths", .failure = EBADE,
	.message = "nowhere")
BUNDLED(oci_verify, finds_readonly_paths_open, .setup = all_of_them, .skip = "readonly-paths",
	.failure = EBADE, .message = "nowhere")
BUNDLED(oci_verify, finds_the_root_writable, .setup = all_of_them, .skip = "root-readonly", .failure = EBADE,
	.message = "root file system")
BUNDLED(oci_verify, finds_the_old_root, .skip = "pivot-root", .failure = EBADE,
	.message = "the process's root is not")
