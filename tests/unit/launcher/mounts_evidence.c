/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mounts as mounts.c builds them, and what evidence.c reads of them. All is mounted in children
 * with user and mount namespaces of their own; the parent looks from outside, as the supervisor does.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/evidence.h"
#include "launcher/mounts.h"

/* Two mountpoints: /tmp/kapsel-mounts-X/a and "/tmp/kapsel-mounts-X/b c\td\\e". */
static char base[] = "/tmp/kapsel-mounts-XXXXXX";
static char plain[64], odd[64];

static void make_places(void)
{
	cr_assert(mkdtemp(base) != NULL);
	snprintf(plain, sizeof(plain), "%s/a", base);
	snprintf(odd, sizeof(odd), "%s/b c\td\\e\nf", base);
	cr_assert(zero(int, chmod(base, 0755)));
	cr_assert(zero(int, mkdir(plain, 0755)));
	cr_assert(zero(int, mkdir(odd, 0755)));
}

static void remove_places(void)
{
	rmdir(odd);
	rmdir(plain);
	rmdir(base);
}

/* As a user may: the own id alone, and setgroups(2) given up for it. */
static int become_root_inside(void)
{
	char map[32];
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int r;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return -errno;
	r = fd_write_file(AT_FDCWD, "/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (r == 0)
		r = fd_write_file(AT_FDCWD, "/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	return r < 0 ? r : fd_write_file(AT_FDCWD, "/proc/self/gid_map", map);
}

struct child {
	pid_t pid;
	int pidfd;
	int hold; /* the child ends when this is closed */
};

/*
 * Forks a child that runs @body in namespaces of its own and then waits. Skips where these are
 * not allowed. @body fails with the child's error.
 */
static struct child start(int (*body)(struct error *err))
{
	struct child child;
	int hold[2], word[2];
	struct error err = { 0 };

	cr_assert(zero(int, pipe2(hold, O_CLOEXEC)));
	cr_assert(zero(int, pipe2(word, O_CLOEXEC)));
	child.pid = fork();
	cr_assert(ge(int, child.pid, 0));
	if (child.pid == 0) {
		close(hold[1]);
		if (become_root_inside() < 0)
			err.code = ENOSYS;
		else if (body(&err) < 0 && err.code == 0)
			err.code = EPROTO;
		if (write(word[1], &err, sizeof(err)) != (ssize_t)sizeof(err))
			_exit(1);
		_exit(read(hold[0], &err, 1) == 0 ? 0 : 1);
	}
	close(hold[0]);
	close(word[1]);
	child.hold = hold[1];
	child.pidfd = (int)syscall(SYS_pidfd_open, child.pid, 0);
	cr_assert(ge(int, child.pidfd, 0));
	cr_assert(eq(long, read(word[0], &err, sizeof(err)), (long)sizeof(err)));
	close(word[0]);
	if (err.code == ENOSYS)
		cr_skip_test("user namespaces are not allowed here");
	cr_assert(zero(int, err.code), "%s: %s", err.msg, error_name(err.code));
	return child;
}

static void finish(struct child *child)
{
	fd_close(&child->hold);
	fd_close(&child->pidfd);
	cr_assert(eq(int, waitpid(child->pid, NULL, 0), child->pid));
}

static void look(const struct child *child, struct evidence *ret)
{
	const struct run run = { .payload_pidfd = child->pidfd, .init_pid = getpid() };
	struct error err = { 0 };

	cr_assert(zero(int, evidence_read(&run, ret, &err)), "%s", err.msg);
}

static int attach_tmpfs(const char *target, const struct mounts_option *options, uint64_t attributes,
			struct error *err)
{
	_cleanup_fd_ int at = open(target, O_PATH | O_CLOEXEC), tree = -1;
	int r;

	tree = mounts_new("tmpfs", options, attributes);
	if (tree < 0)
		return error_set(err, -tree, "make a tmpfs");
	r = mounts_attach(tree, at);
	return r < 0 ? error_set(err, -r, "attach it to %s", target) : 0;
}

static const struct mounts_option small[] = { { "size", "64k" }, { "mode", "0700" }, { NULL, NULL } };

static int mount_twice(struct error *err)
{
	int r = attach_tmpfs(odd, small, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);

	if (r == 0)
		r = attach_tmpfs(plain, small, 0, err);
	return r < 0 ? r : attach_tmpfs(plain, NULL, MOUNT_ATTR_RDONLY, err);
}

Test(evidence, shows_the_mounts_of_another_process, .init = make_places, .fini = remove_places)
{
	static struct evidence evidence;
	struct child child = start(mount_twice);
	const struct mount_row *row;

	look(&child, &evidence);
	cr_assert(eq(int, evidence.payload_pid, child.pid));
	row = evidence_mount(&evidence, odd);
	cr_assert(row != NULL, "a name with blank, tab, newline and backslash");
	cr_assert(eq(str, row->fstype, "tmpfs"));
	cr_assert(evidence_option(row->options, "nosuid"));
	cr_assert(evidence_option(row->options, "nodev"));
	cr_assert(evidence_option(row->options, "noexec"));
	cr_assert(evidence_option(row->options, "rw"));
	cr_assert(evidence_option(row->super, "size=64k"));
	cr_assert(evidence_option(row->super, "mode=700"));
	row = evidence_mount(&evidence, plain);
	cr_assert(row != NULL);
	cr_assert(evidence_option(row->options, "ro"), "the one on top covers the other");
	cr_assert(not(evidence_option(row->super, "size=64k")));
	cr_assert(evidence_mount(&evidence, "/") != NULL);
	cr_assert(evidence_mount(&evidence, base) == NULL, "no mount is there");
	finish(&child);
}

static int nothing(struct error *err)
{
	(void)err;
	return 0;
}

Test(evidence, reads_maps_limits_and_rights_of_another_process)
{
	static struct evidence evidence;
	struct child child = start(nothing);
	char own[4096], map[64];

	look(&child, &evidence);
	snprintf(map, sizeof(map), "%10u %10u %10u\n", 0, geteuid(), 1);
	cr_assert(eq(str, evidence.uid_map, map));
	snprintf(map, sizeof(map), "%10u %10u %10u\n", 0, getegid(), 1);
	cr_assert(eq(str, evidence.gid_map, map));
	cr_assert(eq(str, evidence.setgroups, "deny\n"));
	cr_assert(gt(long, fd_read_file(AT_FDCWD, "/proc/self/limits", own, sizeof(own)), 0));
	cr_assert(eq(str, evidence.limits, own));
	cr_assert(ne(u64, evidence.payload.cap_effective, 0), "full in its new user namespace");
	cr_assert(eq(u32, evidence.payload.uid[0], getuid()));
	cr_assert(eq(int, evidence.init.ns_pid, getpid()));
	finish(&child);
}

Test(evidence, cannot_be_had_of_a_process_that_is_gone)
{
	static struct evidence evidence;
	struct error err = { 0 };
	pid_t pid = fork();
	struct run run = { .init_pid = getpid() };

	if (pid == 0)
		_exit(0);
	run.payload_pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	cr_assert(ge(int, run.payload_pidfd, 0));
	cr_assert(eq(int, waitpid(pid, NULL, 0), pid));
	cr_assert(eq(int, evidence_read(&run, &evidence, &err), -ESRCH));
	cr_assert(eq(str, err.msg, "find the payload's process"));
	close(run.payload_pidfd);
}

Test(evidence, finds_whole_options_only)
{
	cr_assert(evidence_option("ro,nosuid,nodev", "ro"));
	cr_assert(evidence_option("ro,nosuid,nodev", "nosuid"));
	cr_assert(evidence_option("ro,nosuid,nodev", "nodev"));
	cr_assert(evidence_option("ro", "ro"));
	cr_assert(not(evidence_option("rw,errors=remount-ro", "ro")));
	cr_assert(not(evidence_option("robust,nosuidx", "ro")));
	cr_assert(not(evidence_option("robust,nosuidx", "nosuid")));
	cr_assert(not(evidence_option("nosuid", "nosui")));
	cr_assert(not(evidence_option("no", "nosuid")));
	cr_assert(not(evidence_option("", "ro")));
	cr_assert(not(evidence_option(NULL, "ro")));
}

static int check_flags(const char *path, unsigned long wanted, struct error *err)
{
	const unsigned long all = ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC;
	struct statvfs st;

	if (statvfs(path, &st) < 0)
		return error_set(err, errno, "ask for the flags of %s", path);
	if ((st.f_flag & all) != wanted)
		return error_set(err, EBADE, "flags %lx of %s", st.f_flag & all, path);
	return 0;
}

static bool exists(const char *dir, const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, &st) == 0;
}

static int make_below(const char *dir, const char *name, struct error *err)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return mkdir(path, 0755) < 0 ? error_set(err, errno, "create %s", path) : 0;
}

/* A tree with a mount below it, at plain and plain/sub, shared as systemd makes the host's. */
static int shared_tree(char sub[128], struct error *err)
{
	int r = attach_tmpfs(plain, NULL, 0, err);

	snprintf(sub, 128, "%s/sub", plain);
	if (r == 0)
		r = make_below(plain, "sub", err);
	if (r == 0 && mount(NULL, plain, NULL, MS_SHARED, NULL) < 0)
		return error_set(err, errno, "share %s", plain);
	if (r == 0)
		r = attach_tmpfs(sub, NULL, 0, err);
	return r < 0 ? r : make_below(sub, "deep", err);
}

static int clone_recursively(struct error *err)
{
	const unsigned long flags = ST_RDONLY | ST_NOSUID | ST_NOEXEC;
	_cleanup_fd_ int tree = -1, at = open(odd, O_PATH | O_CLOEXEC);
	char sub[128], copy[128];
	int r = shared_tree(sub, err);

	if (r < 0)
		return r;
	tree = mounts_clone(plain, true, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (tree < 0)
		return error_set(err, -tree, "clone %s", plain);
	r = mounts_attach(tree, at);
	if (r < 0)
		return error_set(err, -r, "attach");
	snprintf(copy, sizeof(copy), "%s/sub", odd);
	r = check_flags(odd, flags, err);
	if (r == 0)
		r = check_flags(copy, flags, err);
	if (r == 0)
		r = check_flags(plain, 0, err);
	if (r == 0)
		r = check_flags(sub, 0, err);
	if (r == 0 && !exists(copy, "deep"))
		r = error_set(err, EBADE, "the mount below is missing");
	return r;
}

static int clone_alone(struct error *err)
{
	_cleanup_fd_ int tree = -1, at = open(odd, O_PATH | O_CLOEXEC);
	char sub[128];
	int r = shared_tree(sub, err);

	if (r < 0)
		return r;
	tree = mounts_clone(plain, false, 0);
	if (tree < 0)
		return error_set(err, -tree, "clone %s", plain);
	r = mounts_attach(tree, at);
	if (r < 0)
		return error_set(err, -r, "attach");
	if (!exists(odd, "sub") || exists(odd, "sub/deep"))
		return error_set(err, EBADE, "it came with the mount below");
	r = mounts_restrict(tree, false, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV);
	if (r < 0)
		return error_set(err, -r, "restrict");
	return check_flags(odd, ST_RDONLY | ST_NODEV, err);
}

/* What is mounted later in the original must not show in the copy, nor the other way round. */
static int clone_then_mount(struct error *err)
{
	_cleanup_fd_ int tree = -1, at = open(odd, O_PATH | O_CLOEXEC);
	char sub[128], copy[128];
	int r = shared_tree(sub, err);

	if (r == 0)
		r = make_below(plain, "later", err);
	if (r == 0)
		r = make_below(plain, "back", err);
	if (r < 0)
		return r;
	tree = mounts_clone(plain, false, 0);
	r = tree < 0 ? tree : mounts_attach(tree, at);
	if (r < 0)
		return error_set(err, -r, "clone and attach");
	snprintf(copy, sizeof(copy), "%s/back", odd);
	snprintf(sub, sizeof(sub), "%s/later", plain);
	r = attach_tmpfs(sub, NULL, 0, err);
	if (r == 0)
		r = make_below(sub, "seen", err);
	if (r == 0)
		r = attach_tmpfs(copy, NULL, 0, err);
	if (r == 0)
		r = make_below(copy, "seen", err);
	if (r == 0 && exists(odd, "later/seen"))
		return error_set(err, EBADE, "a mount came into the copy");
	if (r == 0 && exists(plain, "back/seen"))
		return error_set(err, EBADE, "a mount got out of the copy");
	return r;
}

Test(mounts, copies_a_tree_and_restricts_all_of_it, .init = make_places, .fini = remove_places)
{
	struct child child = start(clone_recursively);

	finish(&child);
}

Test(mounts, copies_one_mount_without_those_below, .init = make_places, .fini = remove_places)
{
	struct child child = start(clone_alone);

	finish(&child);
}

Test(mounts, leaves_the_peer_group_of_what_it_copies, .init = make_places, .fini = remove_places)
{
	struct child child = start(clone_then_mount);

	finish(&child);
}

static int refusals(struct error *err)
{
	static const struct mounts_option unknown[] = { { "no-such-option", "1" }, { NULL, NULL } };
	_cleanup_fd_ int here = open("/", O_PATH | O_CLOEXEC);
	const int results[] = {
		mounts_clone("/no/such/path", false, 0),
		-ENOENT,
		mounts_new("no-such-type", NULL, 0),
		-ENODEV,
		mounts_new("tmpfs", unknown, 0),
		-EINVAL,
		mounts_attach(-1, here),
		-EBADF,
		mounts_restrict(-1, false, MOUNT_ATTR_RDONLY),
		-EBADF,
	};

	for (size_t i = 0; i < ARRAY_SIZE(results); i += 2)
		if (results[i] != results[i + 1])
			return error_set(err, EBADE, "refusal %zu is %d", i / 2, results[i]);
	return 0;
}

Test(mounts, forwards_the_kernels_refusals)
{
	struct child child = start(refusals);

	finish(&child);
}
