/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/str.h"
#include "profiles/spec.h"
#include "seccomp/denial.h"
#include "seccomp/policy.h"

enum exec_state { EXEC_NONE, EXEC_EXPECTED, EXEC_WAITS, EXEC_RELEASED };

struct notify {
	int fd;
	const struct spec *spec;
	struct policy policy;
	struct denials denials;
	struct notify *counted_in; /* whose denials get ours, NULL: our own */

	enum exec_state exec_state;
	pid_t exec_pid;
	int exec_fd;
	uint64_t exec_id;
};

/* The kernel copies as many bytes as its own struct has, which may grow. */
union request {
	struct seccomp_notif notif;
	char room[256];
};

union response {
	struct seccomp_notif_resp resp;
	char room[128];
};

struct notify *notify_new(int fd, const struct spec *spec, struct error *err)
{
	_cleanup_fd_ int listener = fd;
	struct seccomp_notif_sizes sizes;
	struct notify *notify;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0) {
		error_set(err, errno, "ask for the size of a seccomp notification");
		return NULL;
	}
	if (sizes.seccomp_notif > sizeof(union request) ||
	    sizes.seccomp_notif_resp > sizeof(union response)) {
		error_set(err, E2BIG, "ask for the size of a seccomp notification");
		return NULL;
	}
	notify = calloc(1, sizeof(*notify));
	if (!notify) {
		error_set(err, ENOMEM, "listen to refused system calls");
		return NULL;
	}
	if (policy_read(spec, -1, &notify->policy, err) < 0) {
		free(notify);
		return NULL;
	}
	notify->fd = take_fd(&listener);
	notify->spec = spec;
	notify->denials.killed_by = -1;
	return notify;
}

struct notify *notify_free(struct notify *notify)
{
	if (notify)
		fd_close(&notify->fd);
	free(notify);
	return NULL;
}

int notify_fd(const struct notify *notify)
{
	return notify->fd;
}

const struct denials *notify_denials(const struct notify *notify)
{
	return &notify->denials;
}

/* The place of an equal call, or a new one, or -1 when all are taken. */
static int note(struct notify *notify, struct denial *denial)
{
	struct denials *denials = notify->counted_in ? &notify->counted_in->denials : &notify->denials;

	denials->total++;
	/* A flood of the same call must stay cheap: words are made once. */
	for (size_t i = 0; i < denials->n; i++) {
		if (denials->items[i].nr == denial->nr && denials->items[i].answer == denial->answer &&
		    memcmp(denials->items[i].args, denial->args, sizeof(denial->args)) == 0) {
			denials->items[i].count++;
			return (int)i;
		}
	}

	denial->count = 1;
	denial_explain(notify->spec, &notify->policy, denial);
	/* Pointers differ from call to call; what was refused is in the reason. */
	for (size_t i = 0; i < denials->n; i++) {
		if (denials->items[i].nr == denial->nr && denials->items[i].answer == denial->answer &&
		    str_equal(denials->items[i].reason, denial->reason)) {
			denials->items[i].count++;
			return (int)i;
		}
	}
	if (denials->n == NOTIFY_DENIALS_MAX) {
		/* The call that killed is always kept: it is the answer to "why". */
		if (denial->answer != 0)
			return -1;
		denials->n--;
	}
	denials->items[denials->n] = *denial;
	return (int)denials->n++;
}

static int respond(const struct notify *notify, uint64_t id, int errnum, uint32_t flags)
{
	union response response = { .resp = { .id = id, .error = -errnum, .flags = flags } };

	if (ioctl(notify->fd, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0)
		return -errno;
	return 0;
}

/* The value of a line of /proc/PID/status, or NULL. */
static const char *status_field(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	return line ? line + strlen(name) : NULL;
}

static bool has_sigsys(const char *mask)
{
	return !mask || (strtoull(mask, NULL, 16) >> (SIGSYS - 1) & 1) != 0;
}

/*
 * SIGSYS only if it ends the caller: not when a mask or a handler keeps it alive, nor in a
 * process 1, which the kernel protects from signals without a handler. Then SIGKILL.
 */
static int deadly_signal(const char *status)
{
	const char *pids = status_field(status, "\nNSpid:");
	size_t length = pids ? strcspn(pids, "\n") : 0;

	if (!pids || (length >= 2 && pids[length - 1] == '1' && pids[length - 2] == '\t'))
		return SIGKILL;
	if (has_sigsys(status_field(status, "\nSigBlk:")) || has_sigsys(status_field(status, "\nSigIgn:")) ||
	    has_sigsys(status_field(status, "\nSigCgt:")))
		return SIGKILL;
	return SIGSYS;
}

/*
 * Kill the process of thread @tid. The id is still valid after the pidfd was opened, so
 * the caller sits in its call and the pidfd can't be that of a stranger.
 */
static int kill_caller(const struct notify *notify, uint64_t id, pid_t tid, struct error *err)
{
	char path[64], status[4096];
	_cleanup_fd_ int pidfd = -1;
	const char *tgid;
	int signal;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	if (fd_read_file(AT_FDCWD, path, status, sizeof(status)) < 0)
		status[0] = '\0';
	tgid = status_field(status, "\nTgid:");
	pidfd = (int)syscall(SYS_pidfd_open, tgid ? (pid_t)strtol(tgid, NULL, 10) : tid, 0);
	if (ioctl(notify->fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) < 0)
		return 0;
	if (pidfd < 0)
		return error_set(err, errno, "open process %d to kill it", (int)tid);
	signal = deadly_signal(status);
	if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 && errno != ESRCH)
		return error_set(err, errno, "kill process %d", (int)tid);
	return 0;
}

static int answer_call(struct notify *notify, const struct seccomp_notif *notif, struct error *err)
{
	struct denial denial = { .nr = notif->data.nr };
	int r = 0, answer, sent;

	for (size_t i = 0; i < ARRAY_SIZE(denial.args); i++)
		denial.args[i] = notif->data.args[i];
	answer = policy_answer(&notify->policy, denial.nr, denial.args);
	if (answer < 0) {
		notify->denials.killed_by = note(notify, &denial);
		r = kill_caller(notify, notif->id, (pid_t)notif->pid, err);
		answer = EPERM;
	} else {
		/* 0 would mean that the program asks about a call that it should allow. */
		if (answer == 0)
			answer = EPERM;
		denial.answer = answer;
		note(notify, &denial);
	}
	sent = respond(notify, notif->id, answer, 0);
	if (r < 0)
		return r;
	if (sent < 0 && sent != -ENOENT)
		return error_set(err, -sent, "answer a refused system call");
	return NOTIFY_ANSWERED;
}

static bool is_expected_exec(const struct notify *notify, const struct seccomp_notif *notif)
{
	return notify->exec_state == EXEC_EXPECTED && notif->data.nr == SYS_execveat &&
	       (pid_t)notif->pid == notify->exec_pid && (int)notif->data.args[0] == notify->exec_fd &&
	       (notif->data.args[4] & AT_EMPTY_PATH) != 0;
}

int notify_handle(struct notify *notify, struct error *err)
{
	union request request = { .room = { 0 } };

	if (ioctl(notify->fd, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0) {
		if (errno == ENOENT || errno == EINTR)
			return NOTIFY_GONE;
		return error_set(err, errno, "receive a refused system call");
	}
	if (is_expected_exec(notify, &request.notif)) {
		notify->exec_id = request.notif.id;
		notify->exec_state = EXEC_WAITS;
		return NOTIFY_EXEC_WAITS;
	}
	return answer_call(notify, &request.notif, err);
}

void notify_count_in(struct notify *notify, struct notify *other)
{
	notify->counted_in = other;
}

void notify_expect_exec(struct notify *notify, pid_t pid, int exec_fd)
{
	if (notify->exec_state != EXEC_NONE)
		return;
	notify->exec_state = EXEC_EXPECTED;
	notify->exec_pid = pid;
	notify->exec_fd = exec_fd;
}

int notify_release_exec(struct notify *notify, struct error *err)
{
	int r;

	if (notify->exec_state != EXEC_WAITS)
		return error_set(err, EINVAL, "let the payload execute its program: it doesn't wait");
	r = respond(notify, notify->exec_id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
	/* Gone: a signal came, and the kernel restarts the call with a new id. */
	if (r == -ENOENT) {
		notify->exec_state = EXEC_EXPECTED;
		return 0;
	}
	if (r < 0)
		return error_set(err, -r, "let the payload execute its program");
	notify->exec_state = EXEC_RELEASED;
	return 1;
}
