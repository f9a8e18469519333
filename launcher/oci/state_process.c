/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/oci/state.h"

/* Of those behind the name in /proc/<pid>/stat: the state is the first, the start time the twentieth. */
enum { STAT_START_TIME = 20 };

const char *oci_status_name(enum oci_status status)
{
	switch (status) {
	case OCI_STATUS_CREATING:
		return "creating";
	case OCI_STATUS_CREATED:
		return "created";
	case OCI_STATUS_RUNNING:
		return "running";
	case OCI_STATUS_PAUSED:
		return "paused";
	case OCI_STATUS_STOPPED:
		break;
	}
	return "stopped";
}

uint64_t oci_state_start_time_parse(const char *text)
{
	/* The name is the process's own choice and may hold spaces and brackets: the last one counts. */
	const char *field = strrchr(text, ')');
	unsigned long long value;
	char *end;

	if (!field || field[1] != ' ' || !field[2] || strchr("ZXx", field[2]))
		return 0;
	field++;
	for (int i = 1; i < STAT_START_TIME; i++) {
		field = strchr(field + 1, ' ');
		if (!field)
			return 0;
	}
	if (field[1] < '0' || field[1] > '9')
		return 0;
	errno = 0;
	value = strtoull(field + 1, &end, 10);
	return errno == 0 && *end == ' ' ? value : 0;
}

uint64_t oci_state_start_time(pid_t pid)
{
	char path[64], text[2048];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (pid <= 0 || fd_read_file(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	return oci_state_start_time_parse(text);
}

static bool is_alive(const struct oci_state *state)
{
	return state->pid > 0 && state->start_time != 0 &&
	       oci_state_start_time(state->pid) == state->start_time;
}

static bool is_frozen(const struct oci_state *state)
{
	_cleanup_fd_ int fd = cgroup_container_open(&state->cgroup);

	return fd >= 0 && cgroup_container_frozen(fd) == 1;
}

enum oci_status oci_state_status(const struct oci_state *state)
{
	if (state->pid == 0)
		return OCI_STATUS_CREATING;
	if (!is_alive(state))
		return OCI_STATUS_STOPPED;
	if (state->creating)
		return OCI_STATUS_CREATING;
	if (is_frozen(state))
		return OCI_STATUS_PAUSED;
	return state->started ? OCI_STATUS_RUNNING : OCI_STATUS_CREATED;
}

int oci_state_pidfd(const struct oci_state *state)
{
	_cleanup_fd_ int fd = -1;

	if (state->pid <= 0)
		return -ESRCH;
	fd = (int)syscall(SYS_pidfd_open, state->pid, 0);
	if (fd < 0)
		return errno == EINVAL ? -ESRCH : -errno;
	/* Asked behind pidfd_open: now the number can't go to another process unnoticed. */
	return is_alive(state) ? take_fd(&fd) : -ESRCH;
}
