/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/cgroup.h"
#include "lab/exercises/sandbox_clean.h"
#include "lab/exercises/sandbox_group.h"
#include "lab/scratch.h"
#include "launcher/host.h"

#define PREFIX "kapsel-lab."

struct pair {
	struct sandbox sandbox;
	const struct host *host;
	struct sandbox_masks masks;
	int (*inside)(struct sandbox *sandbox, void *arg);
	void *arg;
	int pidfd;
};

void sandbox_take_signal(struct sandbox *sandbox)
{
	struct signalfd_siginfo info;

	if (read(sandbox->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		sandbox->interrupted = (int)info.ssi_signo;
}

int sandbox_wait(struct sandbox *sandbox, int fd, int timeout_ms)
{
	struct pollfd polled[] = { { .fd = sandbox->signal_fd, .events = POLLIN },
				   { .fd = fd, .events = POLLIN } };
	int n = poll(polled, ARRAY_SIZE(polled), timeout_ms);

	if (n > 0 && polled[0].revents)
		sandbox_take_signal(sandbox);
	if (sandbox->interrupted || (n < 0 && errno == EINTR))
		return -EINTR;
	return n > 0 ? 1 : 0;
}

/* Blocked, so that none is lost; one that the caller has ignored (nohup) stays ignored. */
static int take_signals(struct sandbox *sandbox)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct sigaction now;

		if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaddset(&set, numbers[i]);
	}
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	sandbox->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return sandbox->signal_fd < 0 ? -1 : 0;
}

enum { SANDBOX_PLAIN_ID = 1000 };

/*
 * Each id is itself: kapsel finds its own profile, its own directories, its own control group. But for root
 * of a user namespace, as in another container: with 0 inside kapsel would want to map ids that are not
 * there.
 */
static int map_own_ids(pid_t pid, struct error *err)
{
	const struct {
		const char *file;
		unsigned int id; /* UINT_MAX: no map */
	} maps[] = { { "setgroups", UINT_MAX }, { "gid_map", getegid() }, { "uid_map", geteuid() } };
	const bool root = geteuid() == 0;

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		char path[64], text[64] = "deny";
		int r;

		snprintf(path, sizeof(path), "/proc/%d/%s", pid, maps[i].file);
		if (maps[i].id != UINT_MAX)
			snprintf(text, sizeof(text), "%u %u 1", root ? SANDBOX_PLAIN_ID : maps[i].id,
				 maps[i].id);
		r = fd_write_file(AT_FDCWD, path, text);
		if (r < 0)
			return error_set(err, -r, "write %s of the lab's user namespace", maps[i].file);
	}
	return 0;
}

static int mount_at(const char *type, const char *target, unsigned long flags, const char *options,
		    struct error *err)
{
	if (mount(type, target, type, flags, options) < 0)
		return error_set(err, errno, "mount %s on %s in the lab's sandbox", type, target);
	return 0;
}

/* What kapsel writes on its way: state, events, cached filters. Ids stay locked for everybody. */
static int mask_directories(const struct pair *pair, struct error *err)
{
	const struct sandbox_masks *masks = &pair->masks;

	for (size_t i = 0; i < masks->n; i++) {
		char ids[SANDBOX_MASK_MAX + sizeof("/.ids")];
		_cleanup_fd_ int fd = -1;
		char source[FD_PATH_MAX];

		snprintf(ids, sizeof(ids), "%s/.ids", masks->paths[i]);
		fd = open(ids, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
		if (mount_at("tmpfs", masks->paths[i], MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700,size=16m",
			     err) < 0)
			return -err->code;
		if (fd < 0)
			continue;
		snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
		if (close(open(ids, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0 ||
		    mount(source, ids, NULL, MS_BIND, NULL) < 0)
			return error_set(err, errno, "keep %s", ids);
	}
	return 0;
}

/* In a user namespace newuidmap(1) has no rights: there are no subordinate ids. */
static int hide_subordinate_ids(struct error *err)
{
	static const char *const files[] = { "/etc/subuid", "/etc/subgid" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (access(files[i], F_OK) == 0 && mount("/dev/null", files[i], NULL, MS_BIND, NULL) < 0)
			return error_set(err, errno, "hide %s", files[i]);
	return 0;
}

static int raise_loopback(struct error *err)
{
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo" };

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return error_set(err, errno, "look at lo in the lab's sandbox");
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return error_set(err, errno, "set lo up in the lab's sandbox");
	return 0;
}

static int set_home(const struct sandbox *sandbox, const char *variable, const char *name, struct error *err)
{
	char path[sizeof(sandbox->directory) + 16];

	snprintf(path, sizeof(path), "%s/%s", sandbox->directory, name);
	if (mkdir(path, 0700) < 0 || setenv(variable, path, 1) < 0)
		return error_set(err, errno, "make %s", path);
	return 0;
}

static int furnish(struct pair *pair, struct error *err)
{
	struct sandbox *sandbox = &pair->sandbox;
	int r;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_set(err, errno, "separate the lab's mounts");
	r = mask_directories(pair, err);
	if (r == 0)
		r = mount_at("tmpfs", sandbox->directory, 0, "mode=0755,size=64m", err);
	/* Last: the directories were found by descriptors of the old one. */
	if (r == 0)
		r = mount_at("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, err);
	if (r == -EPERM && sandbox->own_users)
		return error_remedy(err,
				    "where parts of /proc are covered, as in other containers, the kernel "
				    "refuses a new one: start the lab outside, or with an uncovered /proc");
	if (r < 0)
		return r;
	if (sandbox->own_users)
		r = hide_subordinate_ids(err);
	if (r == 0 && sandbox->own_users)
		r = set_home(sandbox, "XDG_RUNTIME_DIR", "run", err);
	if (r == 0 && sandbox->own_users)
		r = set_home(sandbox, "XDG_STATE_HOME", "state", err);
	if (r == 0 && sandbox->own_users)
		r = set_home(sandbox, "XDG_CACHE_HOME", "cache", err);
	return r < 0 ? r : raise_loopback(err);
}

_noreturn_ static void process_one(struct pair *pair, int gate)
{
	struct error err = { 0 };
	char word;
	int status;

	/* The caller's end asks for ours; if it has come already, the gate tells. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0 || read(gate, &word, 1) != 1)
		_exit(EXIT_LAUNCHER);
	close(gate);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (furnish(pair, &err) < 0) {
		error_print(STDERR_FILENO, &err);
		_exit(EXIT_LAUNCHER);
	}
	status = pair->inside(&pair->sandbox, pair->arg);
	/* A result that was cut off is no pass; what an earlier flush was told is not known any more. */
	errno = EIO;
	if (fflush(stdout) == EOF || ferror(stdout)) {
		error_set(&err, errno, "write to standard output");
		error_print(STDERR_FILENO, &err);
		status = EXIT_LAUNCHER;
	}
	fflush(stderr);
	_exit(pair->sandbox.interrupted ? EXIT_SIGNAL_BASE + pair->sandbox.interrupted : status);
}

static int start(struct pair *pair, pid_t *ret_pid, struct error *err)
{
	struct clone_args args = {
		.flags =
			CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pair->pidfd,
		.exit_signal = SIGCHLD,
	};
	int gate[2], r = 0;
	pid_t pid;

	if (pipe2(gate, O_CLOEXEC) < 0)
		return error_set(err, errno, "make a pipe");
	if (pair->sandbox.own_users)
		args.flags |= CLONE_NEWUSER;
	fflush(stdout);
	/* The files of an undumpable process in /proc are root's: its id maps could not be written. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	pid = sys_clone3(&args);
	if (pid == 0) {
		close(gate[1]);
		process_one(pair, gate[0]);
	}
	close(gate[0]);
	if (pid < 0) {
		r = error_set(err, errno, "create the lab's namespaces");
		error_remedy(err, "kapsel doctor shows whether this host allows user namespaces");
	} else if (pair->sandbox.own_users) {
		r = map_own_ids(pid, err);
	}
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (r == 0 && write(gate[1], "", 1) != 1)
		r = error_set(err, errno, "start the lab's sandbox");
	close(gate[1]);
	*ret_pid = pid;
	return r;
}

/* A signal of a terminal reaches both of us; one that was sent to us alone is passed on. */
static int await(struct pair *pair, pid_t pid)
{
	int status = 0;

	for (;;) {
		int r = sandbox_wait(&pair->sandbox, pair->pidfd, -1);

		if (r > 0)
			break;
		if (pair->sandbox.interrupted)
			syscall(SYS_pidfd_send_signal, pair->pidfd, pair->sandbox.interrupted, NULL, 0);
		pair->sandbox.interrupted = 0;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static int make_directory(struct sandbox *sandbox, struct error *err)
{
	static const char *const parents[] = { "/tmp", "/var/tmp", "/run", "/dev/shm" };
	int r = -ENOENT;

	/* The lock is shared with process 1, so that it holds until both are gone. */
	for (size_t i = 0; r < 0 && i < ARRAY_SIZE(parents); i++)
		r = scratch_make(parents[i], PREFIX, NULL, sandbox->directory, sizeof(sandbox->directory),
				 &sandbox->lock_fd, err);
	if (r == 0)
		*err = (struct error){ 0 };
	return r;
}

/* Return: 0 with *ret_status, or -errno. */
static int run(struct pair *pair, int *ret_status, struct error *err)
{
	pid_t pid = -1;
	int status, r;

	r = start(pair, &pid, err);
	if (pid > 0) {
		if (r < 0)
			syscall(SYS_pidfd_send_signal, pair->pidfd, SIGKILL, NULL, 0);
		status = await(pair, pid);
		if (WIFSIGNALED(status))
			sandbox_clean_groups(&pair->host->place, pair->sandbox.directory);
		*ret_status = WIFSIGNALED(status) ? EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
	}
	fd_close(&pair->pidfd);
	return r;
}

int sandbox_run(int (*inside)(struct sandbox *sandbox, void *arg), void *arg, int *ret_status,
		struct error *err)
{
	struct pair pair = {
		.inside = inside, .arg = arg, .pidfd = -1, .sandbox.signal_fd = -1, .sandbox.lock_fd = -1
	};
	struct host host;
	int r = host_probe(&host, err);

	if (r < 0)
		return r;
	pair.host = &host;
	pair.sandbox.own_users = !host_privileged(&host) || !host.initial_userns;
	if (pair.sandbox.own_users && !host.user_namespaces) {
		error_set(err, EPERM, "create the lab's user namespace: forbidden by %s",
			  host.user_namespaces_setting ? host.user_namespaces_setting : "this kernel");
		return error_remedy(err, "kapsel doctor shows the command that allows it");
	}
	r = make_directory(&pair.sandbox, err);
	if (r < 0)
		return r;
	if (!pair.sandbox.own_users)
		sandbox_masks_make(&pair.masks, &host);
	sandbox_group_leave(&host.place);
	if (take_signals(&pair.sandbox) < 0)
		r = error_set(err, errno, "take signals");
	if (r == 0)
		r = run(&pair, ret_status, err);
	fd_close(&pair.sandbox.signal_fd);
	sandbox_masks_remove(&pair.masks);
	rmdir(pair.sandbox.directory);
	fd_close(&pair.sandbox.lock_fd);
	return r;
}
