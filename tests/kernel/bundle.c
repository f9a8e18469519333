/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/kernel/bundle.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "launcher/evidence.h"
#include "launcher/oci/steps/filesystem.h"

static const struct step_type *const steps[] = {
	&oci_step_propagation,    &oci_step_root,         &oci_step_mounts,        &oci_step_devices,
	&oci_step_readonly_paths, &oci_step_masked_paths, &oci_step_root_readonly, &oci_step_pivot_root,
};

static bool real_root;

bool bundle_is_root(void)
{
	return real_root;
}

struct oci_mount *bundle_mount(struct bundle *bundle, const char *destination, const char *type,
			       const char *source)
{
	struct oci_mount *mount = &bundle->mounts[bundle->oci.n_mounts++];

	*mount = (struct oci_mount){ .destination = destination, .type = type, .source = source };
	mount->flags.data = "";
	return mount;
}

struct oci_mount *bundle_bind(struct bundle *bundle, const char *destination, const char *name)
{
	struct oci_mount *mount = bundle_mount(bundle, destination, NULL, NULL);
	char *path;

	if (asprintf(&path, "%s/host/%s", bundle->dir, name) < 0)
		abort();
	mount->source = path;
	mount->flags.bind = true;
	return mount;
}

void bundle_dir(struct bundle *bundle, const char *path)
{
	char part[256];

	for (size_t i = 1; i <= strlen(path); i++)
		if (path[i] == '/' || path[i] == '\0') {
			snprintf(part, sizeof(part), "%.*s", (int)i, path);
			if (mkdirat(bundle->dir_fd, part, 0755) < 0 && errno != EEXIST)
				abort();
		}
}

static void make_parent(struct bundle *bundle, const char *path)
{
	char parent[256];

	snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(path, '/') - path), path);
	bundle_dir(bundle, parent);
}

void bundle_file(struct bundle *bundle, const char *path, const char *text)
{
	_cleanup_fd_ int fd = -1;

	make_parent(bundle, path);
	fd = openat(bundle->dir_fd, path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0)
		abort();
}

void bundle_link(struct bundle *bundle, const char *path, const char *target)
{
	make_parent(bundle, path);
	if (symlinkat(target, bundle->dir_fd, path) < 0)
		abort();
}

int bundle_expect(const char *path, int flags, int wanted, struct error *err)
{
	_cleanup_fd_ int fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0600);
	int got = fd < 0 ? errno : 0;

	return got == wanted ? 0
			     : error_set(err, EBADE, "open %s: %s instead of %s", path, error_name(got),
					 error_name(wanted));
}

int bundle_expect_text(const char *path, const char *wanted, struct error *err)
{
	char text[256];
	ssize_t got = fd_read_file(AT_FDCWD, path, text, sizeof(text));

	if (got < 0)
		return error_set(err, (int)-got, "read %s", path);
	return strcmp(text, wanted) == 0
		       ? 0
		       : error_set(err, EBADE, "%s holds \"%s\" instead of \"%s\"", path, text, wanted);
}

static void fill(struct bundle *b)
{
	static char root[96];

	snprintf(root, sizeof(root), "%s/root", b->dir);
	run_init(&b->run);
	b->oci_run = (struct oci_run){ .oci = &b->oci, .state = &b->state, .bundle_fd = -1, .root_fd = -1 };
	for (size_t i = 0; i < OCI_NS_TYPES; i++)
		b->oci_run.join_fds[i] = -1;
	b->oci.rootfs = root;
	b->oci.mounts = b->mounts;
	b->oci.devices = b->devices;
	b->spec.oci = &b->oci;
	b->run.spec = &b->spec;
	b->run.oci = &b->oci_run;
	b->run.proof = b->proof;
	b->run.arena = arena_new();
	if (!b->run.arena)
		abort();
}

static int each(struct bundle *b, char hook, const char *skip, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		const struct step step = { .type = steps[i], .spec = &b->spec };
		int (*call)(const struct step *, struct run *, struct error *) =
			hook == 'p'   ? steps[i]->prepare
			: hook == 'a' ? steps[i]->acquire
			: hook == 'm' ? steps[i]->map
				      : steps[i]->apply;
		int r;

		if (skip && str_equal(skip, steps[i]->name))
			continue;
		if (!call || (steps[i]->wanted && !steps[i]->wanted(&b->spec)))
			continue;
		r = call(&step, &b->run, err);
		if (r < 0) {
			snprintf(err->step, sizeof(err->step), "%s", steps[i]->name);
			return r;
		}
	}
	return 0;
}

static int verify(struct bundle *b, struct error *err)
{
	static struct evidence evidence;
	int r = evidence_read(&b->run, &evidence, err);

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(steps); i++) {
		const struct step step = { .type = steps[i], .spec = &b->spec };
		char report[STEP_REPORT_MAX];

		if (!steps[i]->wanted || steps[i]->wanted(&b->spec))
			r = steps[i]->verify(&step, &b->run, &evidence, report, err);
	}
	return r < 0 ? r : 0;
}

/* The container's first process. What it has to say goes through one pipe, and "go on" comes through another.
 */
_noreturn_ static void init(struct bundle *b, const struct bundle_test *test, int go, int out)
{
	struct error err = { 0 };
	char word;
	int r = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (read(go, &word, 1) != 1)
		_exit(1);
	if (b->userns && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		r = error_set(&err, errno, "become root of the user namespace");
	if (r == 0)
		r = each(b, 'x', test->skip, &err);
	if (write(out, &err, sizeof(err)) != (ssize_t)sizeof(err) || read(go, &word, 1) != 1)
		_exit(1);
	err = (struct error){ 0 };
	r = test->inside ? test->inside(b, &err) : 0;
	if (r < 0 && err.code == 0)
		error_set(&err, -r, "the check inside failed");
	_exit(write(out, &err, sizeof(err)) == (ssize_t)sizeof(err) ? 0 : 1);
}

static int map_ids(struct bundle *b, pid_t pid)
{
	char path[64], map[64];
	int r = 0;

	snprintf(map, sizeof(map), "0 %d %d\n", real_root ? BUNDLE_ID : 0, real_root ? 65536 : 1);
	if (!real_root) {
		snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
		r = fd_write_file(AT_FDCWD, path, "deny");
	}
	snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
	if (r == 0)
		r = fd_write_file(AT_FDCWD, path, map);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	(void)b;
	return r == 0 ? fd_write_file(AT_FDCWD, path, map) : r;
}

static pid_t clone_init(struct bundle *b)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	args.flags = CLONE_NEWIPC;
	if (!b->no_cgroupns)
		args.flags |= CLONE_NEWCGROUP;
	if (!b->no_mountns)
		args.flags |= CLONE_NEWNS;
	if (!b->no_pidns)
		args.flags |= CLONE_NEWPID;
	if (!b->no_netns)
		args.flags |= CLONE_NEWNET;
	if (b->userns)
		args.flags |= CLONE_NEWUSER;
	return sys_clone3(&args);
}

/* Whether the steps ended as the test wants. 0, or -EBADE in place of another end. */
static int compare(const struct bundle_test *test, int r, struct error *err)
{
	const struct error got = *err;

	if (r < 0 && test->any_end) {
		*err = (struct error){ 0 };
		return 1;
	}
	if (r == 0 && test->failure)
		return error_set(err, EBADE, "the steps succeeded instead of %s", error_name(test->failure));
	if (r == 0 || !test->failure)
		return r;
	if (got.code != test->failure ||
	    (!strstr(got.msg, test->message) && !strstr(got.remedy, test->message)))
		return error_set(err, EBADE, "the steps ended with %s: %s (%s), not with %s: %s",
				 error_name(got.code), got.msg, got.remedy, error_name(test->failure),
				 test->message);
	*err = (struct error){ 0 };
	return 1;
}

static int hear(int from, struct error *err)
{
	struct error told;

	if (read(from, &told, sizeof(told)) != (ssize_t)sizeof(told))
		return error_set(err, EPIPE, "init ended without a word");
	*err = told;
	return -told.code;
}

/* Return: 1 when the test is over because the steps failed as they should. */
static int talk(struct bundle *b, const struct bundle_test *test, int to, int from, struct error *err)
{
	int r = b->userns ? map_ids(b, b->run.init_pid) : 0;

	if (r < 0)
		return error_set(err, -r, "map the ids");
	r = each(b, 'm', NULL, err);
	if (r < 0)
		return compare(test, r, err);
	if (write(to, "g", 1) != 1)
		return error_set(err, errno, "let init go");
	r = hear(from, err);
	if (r == 0)
		r = verify(b, err);
	r = compare(test, r, err);
	if (r == 0 && test->host)
		r = test->host(b, err);
	if (r != 0)
		return r;
	if (write(to, "g", 1) != 1)
		return error_set(err, errno, "let init go on");
	return hear(from, err);
}

static int give_away(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return lchown(path, BUNDLE_ID, BUNDLE_ID);
}

static int start(struct bundle *b, const struct bundle_test *test, struct error *err)
{
	int to[2], from[2], r;

	b->oci.namespaces[OCI_NS_MOUNT].given = !b->no_mountns;
	b->oci.namespaces[OCI_NS_PID].given = !b->no_pidns;
	b->oci.namespaces[OCI_NS_NETWORK].given = !b->no_netns;
	b->oci.namespaces[OCI_NS_USER].given = b->oci_run.new_userns = b->userns;
	b->oci.namespaces[OCI_NS_IPC].given = true;
	b->oci_run.new_cgroup = !b->no_cgroupns;
	b->oci.namespaces[OCI_NS_CGROUP].given = !b->no_cgroupns || b->oci.namespaces[OCI_NS_CGROUP].path;
	if (b->userns && real_root)
		nftw(b->oci.rootfs, give_away, 16, FTW_PHYS);
	r = each(b, 'p', NULL, err);
	if (r == 0)
		r = each(b, 'a', NULL, err);
	if (r < 0)
		return compare(test, r, err);
	if (pipe(to) < 0 || pipe(from) < 0)
		return error_set(err, errno, "create pipes");
	b->run.init_pid = clone_init(b);
	if (b->run.init_pid < 0)
		return error_set(err, errno, "clone init");
	if (b->run.init_pid == 0)
		init(b, test, to[0], from[1]);
	close(from[1]);
	b->run.payload_pidfd = (int)syscall(SYS_pidfd_open, b->run.init_pid, 0);
	r = talk(b, test, to[1], from[0], err);
	kill(b->run.init_pid, SIGKILL);
	waitpid(b->run.init_pid, NULL, 0);
	return r;
}

static int run_container(struct bundle *b, const struct bundle_test *test, struct error *err)
{
	int r = start(b, test, err);

	return r >= 0 && test->after ? test->after(b, err) : r;
}

/* A host whose mounts are all shared, with a tmpfs of its own for image and data. */
static int become_host(struct bundle *b)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	if (unshare(CLONE_NEWNS | (uid == 0 ? 0 : CLONE_NEWUSER)) < 0)
		return -errno;
	if (uid != 0) {
		snprintf(map, sizeof(map), "0 %u 1\n", uid);
		if (fd_write_file(AT_FDCWD, "/proc/self/setgroups", "deny") < 0 ||
		    fd_write_file(AT_FDCWD, "/proc/self/uid_map", map) < 0)
			return -EPERM;
		snprintf(map, sizeof(map), "0 %u 1\n", gid);
		if (fd_write_file(AT_FDCWD, "/proc/self/gid_map", map) < 0)
			return -EPERM;
	}
	snprintf(b->dir, sizeof(b->dir), "/tmp");
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", b->dir, "tmpfs", 0, "mode=755") < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		return -errno;
	b->dir_fd = open(b->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return b->dir_fd < 0 ? -errno : 0;
}

_noreturn_ static void host(struct bundle *b, const struct bundle_test *test, int out)
{
	struct error err = { 0 };
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	umask(022);
	r = become_host(b);
	if (r < 0) {
		err.code = ENOTUNIQ; /* the host does not allow it: the test is skipped */
		_exit(write(out, &err, sizeof(err)) == (ssize_t)sizeof(err) ? 0 : 1);
	}
	fill(b);
	bundle_dir(b, "root");
	bundle_dir(b, "host");
	r = test->setup ? test->setup(b, &err) : 0;
	if (r == 0)
		r = run_container(b, test, &err);
	if (r < 0 && err.code == 0)
		error_set(&err, -r, "the container failed");
	_exit(write(out, &err, sizeof(err)) == (ssize_t)sizeof(err) ? 0 : 1);
}

int bundle_run(const struct bundle_test *test, struct error *err)
{
	static struct bundle bundle;
	int out[2], r;
	pid_t pid;

	real_root = geteuid() == 0;
	bundle.proof =
		mmap(NULL, sizeof(*bundle.proof), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(bundle.proof != MAP_FAILED && pipe(out) == 0);
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0)
		host(&bundle, test, out[1]);
	close(out[1]);
	r = hear(out[0], err);
	waitpid(pid, NULL, 0);
	close(out[0]);
	if (r == -ENOTUNIQ)
		cr_skip_test("this host does not allow mount or user namespaces to this caller");
	return r;
}
