/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The workload's descriptors: 0 to 2, those that --preserve-fds and LISTEN_FDS name, and nothing else.
 * All others are closed now, not at execve: a created container may wait for days, and a process that
 * shares its pid namespace must not find a way to the host in there (CVE-2024-21626).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/process.h"

enum { ROOM = 16 };

/* First out of the way, then to its place: the two may stand on each other's. */
static int move_up(int *fd, int from, struct error *err)
{
	int moved;

	if (*fd < 0)
		return 0;
	moved = fcntl(*fd, F_DUPFD_CLOEXEC, from);
	if (moved < 0) {
		error_set(err, errno == EINVAL ? EMFILE : errno, "move descriptor %d", *fd);
		return error_remedy(err, "raise the caller's limit of open files (ulimit -n)");
	}
	*fd = moved; /* the old one is closed with all others */
	return 0;
}

static int move_to(int *fd, int place, struct error *err)
{
	if (*fd < 0)
		return 0;
	if (dup3(*fd, place, O_CLOEXEC) < 0)
		return error_set(err, errno, "move descriptor %d", *fd);
	*fd = place;
	return 0;
}

static int descriptors_apply(const struct step *step, struct run *run, struct error *err)
{
	struct oci_run *oci = run->oci;
	int next = STDERR_FILENO + 1 + oci->preserve_fds;
	int r = 0;

	(void)step;
	for (int fd = STDIN_FILENO; oci->console_slave >= 0 && fd <= STDERR_FILENO; fd++)
		if (dup2(oci->console_slave, fd) < 0)
			return error_set(err, errno, "place the terminal as descriptor %d", fd);
	for (int fd = STDERR_FILENO + 1; fd < next; fd++)
		if (fcntl(fd, F_SETFD, 0) < 0)
			return error_set(err, errno, "keep descriptor %d open", fd);
	r = move_up(&run->control[1], next + ROOM, err);
	if (r == 0)
		r = move_up(&oci->gate_fd, next + ROOM, err);
	if (r == 0)
		r = move_to(&run->control[1], next, err);
	if (r == 0)
		r = move_to(&oci->gate_fd, next + 1, err);
	if (r < 0)
		return r;
	if (oci->gate_fd < 0 && close(next + 1) < 0 && errno != EBADF)
		return error_set(err, errno, "close descriptor %d", next + 1);
	if (syscall(SYS_close_range, (unsigned int)next + 2, ~0u, 0) < 0)
		return error_set(err, errno, "close all other descriptors");
	run->procfs_fd = oci->console_slave = oci->root_fd = -1;
	return STEP_DONE;
}

/* From outside; a caller without rights may not look, then the closing itself must do. */
static int descriptors_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			      char report[STEP_REPORT_MAX], struct error *err)
{
	int most = STDERR_FILENO + 1 + run->oci->preserve_fds + 2, found = 0;
	char path[64];
	DIR *dir;

	(void)step;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)evidence->payload_pid);
	dir = opendir(path);
	if (!dir) {
		snprintf(report, STEP_REPORT_MAX, "closed from %d on", most);
		return STEP_DONE;
	}
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		found += entry->d_name[0] != '.';
	closedir(dir);
	if (found > most)
		return error_set(err, EBADE, "the process holds %d descriptors, not %d", found, most);
	snprintf(report, STEP_REPORT_MAX, "%d open, 0 to %d reach the workload", found,
		 STDERR_FILENO + run->oci->preserve_fds);
	return STEP_DONE;
}

static void descriptors_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step, (void)spec;
	fputs("0 to 2, and what --preserve-fds names", out);
}

const struct step_type oci_step_descriptors = {
	.name = "descriptors",
	.blocks = "reaching the host through a descriptor that the runtime left open",
	.source = "close_range(2)",
	.phase = PHASE_PRIV,
	.apply = descriptors_apply,
	.verify = descriptors_verify,
	.explain = descriptors_explain,
};
