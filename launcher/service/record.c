/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/record.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"

static const char *const statuses[] = {
	[RECORD_STARTING] = "starting", [RECORD_RUNNING] = "running", [RECORD_RESTARTING] = "restarting",
	[RECORD_EXITED] = "exited",     [RECORD_LOST] = "lost",
};

static const char *const healths[] = {
	[RECORD_HEALTH_NONE] = "none",
	[RECORD_HEALTH_STARTING] = "starting",
	[RECORD_HEALTHY] = "healthy",
	[RECORD_UNHEALTHY] = "unhealthy",
};

const char *record_status_name(enum record_status status)
{
	return (size_t)status < ARRAY_SIZE(statuses) ? statuses[status] : "lost";
}

const char *record_health_name(enum record_health health)
{
	return (size_t)health < ARRAY_SIZE(healths) ? healths[health] : "none";
}

bool record_alive(const struct record *record)
{
	return record->status != RECORD_EXITED && record->status != RECORD_LOST;
}

/*
 * State and start time of /proc/PID/stat. The name in between is the process's own choice and may hold
 * spaces and brackets, so the fields count from the last bracket (proc(5)).
 * Return: 0, -ESRCH when there is no such process, or -errno.
 */
static int read_stat(pid_t pid, char *ret_state, uint64_t *ret_starttime)
{
	enum { STATE = 3, STARTTIME = 22 };
	char path[64], text[1024], *at, *save = NULL;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	size = fd_read_file(AT_FDCWD, path, text, sizeof(text));
	if (size < 0)
		return size == -ENOENT ? -ESRCH : (int)size;
	at = strrchr(text, ')');
	if (!at)
		return -EINVAL;
	at = strtok_r(at + 1, " \n", &save);
	if (!at)
		return -EINVAL;
	*ret_state = *at;
	for (int field = STATE; at && field < STARTTIME; field++)
		at = strtok_r(NULL, " \n", &save);
	return at ? str_to_u64(at, ret_starttime) : -EINVAL;
}

struct record_process record_process_of(pid_t pid)
{
	struct record_process process = { .pid = pid };
	char state;

	if (pid <= 0 || read_stat(pid, &state, &process.starttime) < 0)
		return (struct record_process){ 0 };
	return process;
}

bool record_process_lives(const struct record_process *process)
{
	uint64_t starttime;
	char state;
	int r;

	if (process->pid <= 0)
		return false;
	r = read_stat(process->pid, &state, &starttime);
	if (r == 0)
		return state != 'Z' && state != 'X' && starttime == process->starttime;
	/* Under "hidepid" even the own supervisor is hidden, since nobody may look into it (proc(5)). */
	return r == -ESRCH && kill(process->pid, 0) == 0;
}
