/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/run.h"

#include <string.h>

#include "base/fd.h"
#include "base/macro.h"
#include "launcher/service/foreign.h"

void run_init(struct run *run)
{
	int *const empty[] = {
		&run->state_fd,
		&run->ids_fd,
		&run->cgroup_fd,
		&run->cgroup_parent_fd,
		&run->netns_fd,
		&run->control[0],
		&run->control[1],
		&run->rootfs_fd,
		&run->stdin_fd,
		&run->stdout_fd,
		&run->stderr_fd,
		&run->procfs_fd,
		&run->program_fd,
		&run->interpreter_fd,
		&run->exec_fd,
		&run->go[0],
		&run->go[1],
		&run->sealed[0],
		&run->sealed[1],
		&run->stdout_pipe[0],
		&run->stdout_pipe[1],
		&run->stderr_pipe[0],
		&run->stderr_pipe[1],
		&run->janitor_fd,
		&run->memory_events_fd,
		&run->init_pidfd,
		&run->payload_pidfd,
		&run->listener_fd,
		&run->notify_sock,
	};

	memset(run, 0, sizeof(*run));
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		*empty[i] = -1;
	memset(run->mount_fds, 0xff, sizeof(run->mount_fds));
	memset(run->secret_fds, 0xff, sizeof(run->secret_fds));
	memset(run->listen_fds, 0xff, sizeof(run->listen_fds));
}

static void close_all(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fd_close(&fds[i]);
}

/* Without exec_fd, which is only a number once init was made. */
void run_release(struct run *run)
{
	int *const single[] = {
		&run->cgroup_fd,   &run->cgroup_parent_fd, &run->netns_fd,   &run->rootfs_fd,
		&run->stdin_fd,    &run->stdout_fd,        &run->stderr_fd,  &run->procfs_fd,
		&run->program_fd,  &run->interpreter_fd,   &run->init_pidfd, &run->payload_pidfd,
		&run->listener_fd, &run->memory_events_fd,
	};

	for (size_t i = 0; i < ARRAY_SIZE(single); i++)
		fd_close(single[i]);
	foreign_close(&run->notify_sock);
	close_all(run->control, ARRAY_SIZE(run->control));
	close_all(run->go, ARRAY_SIZE(run->go));
	close_all(run->sealed, ARRAY_SIZE(run->sealed));
	close_all(run->stdout_pipe, ARRAY_SIZE(run->stdout_pipe));
	close_all(run->stderr_pipe, ARRAY_SIZE(run->stderr_pipe));
	close_all(run->mount_fds, ARRAY_SIZE(run->mount_fds));
	close_all(run->secret_fds, ARRAY_SIZE(run->secret_fds));
	close_all(run->listen_fds, ARRAY_SIZE(run->listen_fds));
}
