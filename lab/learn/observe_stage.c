/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/observe_stage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "lab/learn/observe_filter.h"
#include "lab/learn/observe_root.h"
#include "launcher/mounts.h"
#include "profiles/spec.h"

enum { WORD_FDS = 3, SECRET_MAX = 1 << 20 };

/* What the stage reports once: the error, or how it went. */
struct report {
	struct error err;
	enum observe_root root;
	char remark[200];
};

const char *observe_stage_filter_path(const char *directory, struct arena *arena)
{
	return arena_printf(arena, "%s/listener", directory);
}

static int write_text(const char *path, const char *text, struct error *err)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return error_set(err, errno, "write %s", path);
	return 0;
}

/* A plain user: root of a namespace in which only the own id exists, so that mounts can be made. */
static int become_root(uid_t uid, gid_t gid, struct error *err)
{
	char text[64];
	int r;

	/* Undumpable, /proc/self would belong to root. Nothing in this process is worth looking at. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	snprintf(text, sizeof(text), "0 %u 1", uid);
	r = write_text("/proc/self/uid_map", text, err);
	if (r == 0)
		r = write_text("/proc/self/setgroups", "deny", err);
	snprintf(text, sizeof(text), "0 %u 1", gid);
	return r < 0 ? r : write_text("/proc/self/gid_map", text, err);
}

static int attach_new(const char *type, const struct mounts_option *options, const char *target,
		      struct error *err)
{
	_cleanup_fd_ int place = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int tree =
		place < 0 ? -1 : mounts_new(type, options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	int r = place < 0 ? -errno : tree < 0 ? tree : mounts_attach(tree, place);

	if (r < 0)
		return error_set(err, -r, "mount a %s on %s for observing", type, target);
	return 0;
}

static int make_mounts(const struct observe_stage_options *options, struct error *err)
{
	static const char *const directories[] = { "bundle", "state", "secrets" };
	const struct mounts_option scratch[] = { { "mode", "0711" }, { NULL, NULL } };
	const struct mounts_change private = { .propagation = MS_PRIVATE };
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int dir = -1;
	int r = root < 0 ? -errno : mounts_alter(root, true, &private);

	if (r < 0)
		return error_set(err, -r, "keep the observer's mounts from the host");
	r = attach_new("proc", NULL, "/proc", err);
	if (r == 0)
		r = attach_new("tmpfs", scratch, options->directory, err);
	if (r < 0)
		return r;
	dir = open(options->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; dir >= 0 && i < sizeof(directories) / sizeof(directories[0]); i++)
		if (mkdirat(dir, directories[i], i == 2 ? 0711 : 0700) < 0)
			return error_set(err, errno, "make a directory for observing");
	return dir < 0 ? error_set(err, errno, "open %s", options->directory) : 0;
}

static int copy_secret(const struct observe_stage_options *options, const struct spec_secret *secret,
		       const char *path, struct error *err)
{
	_cleanup_fd_ int from = open(secret->source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_fd_ int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, secret->mode);
	char *buffer = malloc(SECRET_MAX);
	ssize_t n = from < 0 || to < 0 || !buffer ? -1 : read(from, buffer, SECRET_MAX);
	int r = n < 0 ? -errno : fd_write_all(to, buffer, (size_t)n);

	if (r == 0 && fchown(to, options->bundle.ids->host_uid, options->bundle.ids->host_gid) < 0)
		r = -errno;
	if (buffer)
		explicit_bzero(buffer, SECRET_MAX);
	free(buffer);
	return r < 0 ? error_set(err, -r, "copy the secret %s", secret->name) : 0;
}

static int copy_secrets(const struct observe_stage_options *options, struct arena *arena, struct error *err)
{
	const struct spec *spec = options->bundle.spec;

	for (size_t i = 0; i < spec->n_secrets; i++) {
		const char *path =
			arena_printf(arena, "%s/secrets/%s", options->directory, spec->secrets[i].name);
		int r = path ? copy_secret(options, &spec->secrets[i], path, err)
			     : error_set(err, ENOMEM, "copy the secrets");

		if (r < 0)
			return r;
	}
	return 0;
}

static int write_config(const struct observe_bundle *bundle, const char *directory, struct arena *arena,
			struct error *err)
{
	const char *path = arena_printf(arena, "%s/bundle/config.json", directory);
	FILE *out = path ? fopen(path, "wxe") : NULL;
	bool failed;

	if (!out)
		return error_set(err, path ? errno : ENOMEM, "write the bundle for observing");
	observe_bundle_write(bundle, out);
	failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed)
		return error_set(err, EIO, "write the bundle for observing");
	return 0;
}

static int bind_listener(const struct observe_stage_options *options, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/listener", options->directory);
	if (bind(options->listener, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(options->listener, 1) < 0)
		return error_set(err, errno, "listen on %s", address.sun_path);
	return 0;
}

static int set_up(const struct observe_stage_options *options, struct report *report)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct observe_bundle bundle = options->bundle;
	struct observe_root_made root;
	int r;

	if (!arena)
		return error_set(&report->err, ENOMEM, "prepare the observation");
	r = make_mounts(options, &report->err);
	if (r < 0)
		return r;
	root = observe_root_make(options, arena);
	report->root = root.kind;
	snprintf(report->remark, sizeof(report->remark), "%s", root.remark);
	bundle.rootfs = root.path;
	bundle.image = root.kind == OBSERVE_ROOT_SKELETON ? "" : root.path;
	bundle.secrets = arena_printf(arena, "%s/secrets", options->directory);
	bundle.writable = report->root != OBSERVE_ROOT_READONLY;
	r = copy_secrets(options, arena, &report->err);
	if (r == 0)
		r = write_config(&bundle, options->directory, arena, &report->err);
	return r < 0 ? r : bind_listener(options, &report->err);
}

/* The descriptors of listen become 3 and up: from above them, so that none is overwritten. */
static void place_descriptors(const struct observe_stage_options *options)
{
	int high[64];
	size_t n = options->bundle.n_listen < 64 ? options->bundle.n_listen : 64;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	dup2(options->output, STDOUT_FILENO);
	dup2(options->output, STDERR_FILENO);
	for (size_t i = 0; i < n; i++)
		high[i] = fcntl(options->listen_fds[i], F_DUPFD_CLOEXEC, 256);
	for (size_t i = 0; i < n; i++)
		dup2(high[i], WORD_FDS + (int)i);
	close_range(WORD_FDS + (unsigned int)n, ~0U, CLOSE_RANGE_CLOEXEC);
}

_noreturn_ static void become_runtime(const struct observe_stage_options *options)
{
	char state[256], bundle[256], number[16];
	/* No cgroup: its limits are the profile's, and here nothing is limited. */
	char *const argv[] = { (char[]){ "kapsel-oci" },
			       (char[]){ "--cgroup-manager" },
			       (char[]){ "disabled" },
			       (char[]){ "--root" },
			       state,
			       (char[]){ "run" },
			       (char[]){ "--bundle" },
			       bundle,
			       (char[]){ "--preserve-fds" },
			       number,
			       (char[]){ "observed" },
			       NULL };

	snprintf(state, sizeof(state), "%s/state", options->directory);
	snprintf(bundle, sizeof(bundle), "%s/bundle", options->directory);
	snprintf(number, sizeof(number), "%zu", options->bundle.n_listen);
	place_descriptors(options);
	execv(options->kapsel, argv);
	dprintf(STDERR_FILENO, "kapsel: execute %s: %s\n", options->kapsel, strerror(errno));
	_exit(EXIT_LAUNCHER);
}

/* First process of the pid namespace: reaps until kapsel-oci has ended. */
_noreturn_ static void stage(const struct observe_stage_options *options, int channel, uid_t uid, gid_t gid)
{
	struct report report = { 0 };
	int status = 0, r = 0;
	sigset_t none;
	pid_t runtime, ended;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	setsid(); /* the terminal's Ctrl-C is the observer's */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (options->bundle.ids->alone)
		r = become_root(uid, gid, &report.err);
	if (r == 0)
		r = set_up(options, &report);
	runtime = r == 0 ? fork() : -1;
	if (r == 0 && runtime < 0)
		r = error_set(&report.err, errno, "fork");
	if (runtime == 0)
		become_runtime(options);
	if (fd_write_all(channel, &report, sizeof(report)) < 0 || r < 0)
		_exit(EXIT_LAUNCHER);
	close_range(WORD_FDS, ~0U, 0);                  /* the workload's output ends with the workload */
	dup2(open("/dev/null", O_RDWR), STDOUT_FILENO); /* NOLINT(android-cloexec-open) */
	do {
		ended = waitpid(-1, &status, 0);
	} while (ended != runtime && (ended > 0 || errno == EINTR));
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNAL_BASE + WTERMSIG(status));
}

static int read_report(int channel, struct report *report, struct error *err)
{
	ssize_t n = recv(channel, report, sizeof(*report), MSG_WAITALL);

	if (n != sizeof(*report))
		return error_set(err, EPIPE, "prepare the observation: the helper process ended");
	if (report->err.code == 0)
		return 0;
	*err = report->err;
	return -err->code;
}

static int explain_clone(const struct observe_stage_options *options, struct error *err)
{
	error_set(err, errno, "make namespaces for observing");
	if (options->bundle.ids->alone)
		return error_remedy(
			err, "kapsel doctor shows what stops user namespaces here; or call it as root");
	return -err->code;
}

int observe_stage_start(const struct observe_stage_options *options, struct arena *arena,
			struct observe_stage *ret, struct error *err)
{
	struct report *report = arena_alloc(arena, sizeof(*report));
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int pidfd = -1, channel[2], status, r;
	struct clone_args args = {
		.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_PIDFD |
			 (options->bundle.ids->alone ? CLONE_NEWUSER : 0),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};

	if (!report)
		return error_set(err, ENOMEM, "prepare the observation");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
		return error_set(err, errno, "make a socket pair");
	ret->pid = sys_clone3(&args);
	if (ret->pid == 0)
		stage(options, channel[1], uid, gid);
	close(channel[1]);
	r = ret->pid < 0 ? explain_clone(options, err) : read_report(channel[0], report, err);
	close(channel[0]);
	if (r < 0 && ret->pid > 0) {
		kill(ret->pid, SIGKILL);
		waitpid(ret->pid, &status, 0);
		fd_close(&pidfd);
	}
	if (r < 0)
		return r;
	ret->pidfd = pidfd;
	ret->root = report->root;
	memcpy(ret->remark, report->remark, sizeof(ret->remark));
	return 0;
}
