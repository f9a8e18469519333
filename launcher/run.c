/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/run.h"

#include <string.h>

#include "base/macro.h"

void run_init(struct run *run)
{
	int *const empty[] = {
		&run->state_fd,       &run->ids_fd,         &run->cgroup_fd,      &run->cgroup_parent_fd,
		&run->netns_fd,       &run->control[0],     &run->control[1],     &run->rootfs_fd,
		&run->stdin_fd,       &run->stdout_fd,      &run->stderr_fd,      &run->procfs_fd,
		&run->program_fd,     &run->interpreter_fd, &run->exec_fd,        &run->go[0],
		&run->go[1],          &run->sealed[0],      &run->sealed[1],      &run->stdout_pipe[0],
		&run->stdout_pipe[1], &run->stderr_pipe[0], &run->stderr_pipe[1], &run->janitor_fd,
		&run->init_pidfd,     &run->payload_pidfd,  &run->listener_fd,
	};

	memset(run, 0, sizeof(*run));
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		*empty[i] = -1;
	memset(run->mount_fds, 0xff, sizeof(run->mount_fds));
	memset(run->secret_fds, 0xff, sizeof(run->secret_fds));
	memset(run->listen_fds, 0xff, sizeof(run->listen_fds));
}
