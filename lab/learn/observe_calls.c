/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/observe_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "lab/learn/note.h"
#include "lab/learn/observe_target.h"
#include "seccomp/groups.h"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* 6.6 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS      SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

void observe_calls_begin(struct observe_calls *calls, int fd)
{
	calls->fd = fd;
	/* Both sides wait for each other in turns: on one processor that is faster. Older kernels refuse. */
	(void)ioctl(fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

static bool is_valid(const struct observe_calls *calls, uint64_t id)
{
	return ioctl(calls->fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* The command's own execve: from here on it is the workload. */
static void start(struct observe_calls *calls, pid_t pid)
{
	char path[64];
	struct stat st;

	calls->init_pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	calls->init_pid = pid;
	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	calls->peaks.root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	if (stat(path, &st) == 0)
		calls->peaks.pid_namespace = st.st_ino;
	calls->started = true;
}

/* The name is read for the first call of a kind only: it is for the comment in the profile. */
static void commit(struct observe_calls *calls, const struct note *note, const struct observe_target *target)
{
	char comm[OBSERVATION_COMM_MAX] = "";
	bool is_new = calls->observation->calls[note->row].count == 0;

	for (size_t i = 0; i < note->n_paths; i++)
		is_new = is_new || !observation_find(calls->observation, note->paths[i].path);
	if (is_new)
		observe_target_comm(target, comm);
	note_commit(calls->observation, note, comm);
}

/* A temporary file is at its largest just before it goes. */
static void look_before_removal(struct observe_calls *calls, const struct note *note)
{
	switch (note->row) {
	case SYSCALL_ROW_unlink:
	case SYSCALL_ROW_unlinkat:
	case SYSCALL_ROW_rename:
	case SYSCALL_ROW_renameat:
	case SYSCALL_ROW_renameat2:
		for (size_t i = 0; i < note->n_paths; i++)
			observe_peaks_file(&calls->peaks, note->paths[i].path);
		break;
	default:
		break;
	}
}

/* Return: 0 to let it happen, or the errno to answer with. */
static int note_one(struct observe_calls *calls, const struct seccomp_notif *request)
{
	struct observe_target target = { .pid = (pid_t)request->pid, .ids = calls->ids };
	struct note_reader reader = observe_target_reader(&target);
	int nr = request->data.nr, row = syscall_row_of(nr);
	uint64_t args[6];
	struct note note; /* large, and filled only as far as it is used */

	if (row < 0)
		return ENOSYS; /* newer than our table: kapsel answers the same */
	memcpy(args, request->data.args, sizeof(args));
	if (!calls->started) {
		if (row == SYSCALL_ROW_execve || row == SYSCALL_ROW_execveat)
			start(calls, target.pid);
		return 0;
	}
	note_read(row, args, &reader, &note);
	/* If it is gone, another process may have its pid, and that one's memory was read. */
	if (!is_valid(calls, request->id))
		return 0;
	commit(calls, &note, &target);
	look_before_removal(calls, &note);
	if (note.facts & (FACT_THREADS | FACT_PROCESSES))
		observe_peaks_growing(&calls->peaks);
	if (row == SYSCALL_ROW_exit_group) {
		observe_peaks_leaving(&calls->peaks, target.pid);
		if (target.pid == calls->init_pid)
			observe_peaks_files(&calls->peaks);
	}
	return syscall_never(nr) ? EPERM : syscall_absent(nr) ? ENOSYS : 0;
}

int observe_calls_handle(struct observe_calls *calls, struct error *err)
{
	struct seccomp_notif request = { 0 }; /* the kernel wants it zeroed */
	struct seccomp_notif_resp answer = { 0 };

	if (ioctl(calls->fd, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		/* Killed meanwhile, or interrupted. */
		return errno == ENOENT || errno == EINTR ? 0 : error_set(err, errno, "receive a system call");
	calls->handled++;
	answer.id = request.id;
	answer.error = -note_one(calls, &request);
	if (answer.error == 0)
		answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if (ioctl(calls->fd, SECCOMP_IOCTL_NOTIF_SEND, &answer) < 0 && errno != ENOENT)
		return error_set(err, errno, "answer a system call");
	return 0;
}

void observe_calls_end(struct observe_calls *calls)
{
	fd_close(&calls->fd);
	fd_close(&calls->init_pidfd);
	fd_close(&calls->peaks.root_fd);
}
