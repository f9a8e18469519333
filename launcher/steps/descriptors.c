/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The payload's descriptors: stdin, stdout, stderr, the listen sockets from 3 on, and nothing
 * else survives execve. A leaked directory descriptor was the way out in CVE-2024-21626.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

struct entry { /* getdents64(2) */
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

/* Goes through the list that the kernel has of our descriptors; those that survive execve are counted. */
static int note_survivors(struct run *run, int last, struct error *err)
{
	_cleanup_fd_ int dir = path_open_in_root(run->procfs_fd, "self/fd", O_RDONLY | O_DIRECTORY);
	_Alignas(struct entry) char buffer[4096];
	long size;

	if (dir < 0)
		return error_set(err, -dir, "list the own descriptors");
	while ((size = syscall(SYS_getdents64, dir, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < size;) {
			const struct entry *entry = (const struct entry *)(const void *)(buffer + at);
			int fd = atoi(entry->name), flags = entry->name[0] == '.' ? -1 : fcntl(fd, F_GETFD);

			at += entry->length;
			if (flags < 0 || (flags & FD_CLOEXEC))
				continue;
			run->proof->open_fds++;
			if (fd > last)
				run->proof->stray_fd = fd;
		}
	}
	return size < 0 ? error_set(err, errno, "list the own descriptors") : 0;
}

static int descriptors_apply(const struct step *step, struct run *run, struct error *err)
{
	const int out = run->stdout_fd >= 0 ? run->stdout_fd : run->stdout_pipe[1];
	const int errors = run->stderr_fd >= 0 ? run->stderr_fd : run->stderr_pipe[1];
	unsigned int next = 3 + (unsigned int)step->spec->n_listen;
	int r;

	if (dup2(run->stdin_fd, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(errors, STDERR_FILENO) < 0)
		return error_set(err, errno, "place stdin, stdout and stderr");
	for (size_t i = 0; i < step->spec->n_listen; i++)
		if (dup2(run->listen_fds[i], step->spec->listen[i].fd) < 0)
			return error_set(err, errno, "place the listen socket %s",
					 step->spec->listen[i].name);
	if (syscall(SYS_close_range, next, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		return error_set(err, errno, "mark all other descriptors close-on-exec");
	r = note_survivors(run, (int)next - 1, err);
	return r < 0 ? r : STEP_DONE;
}

static int descriptors_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			      char report[STEP_REPORT_MAX], struct error *err)
{
	size_t wanted = 3 + step->spec->n_listen;

	(void)evidence;
	if (run->proof->stray_fd >= 0)
		return error_set(err, EBADE, "descriptor %d would reach the workload", run->proof->stray_fd);
	if (run->proof->open_fds != wanted)
		return error_set(err, EBADE, "%u descriptors would reach the workload, not %zu",
				 run->proof->open_fds, wanted);
	snprintf(report, STEP_REPORT_MAX, "%zu stay open: 0 to %zu", wanted, wanted - 1);
	return STEP_DONE;
}

static void descriptors_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "0 to %zu", 2 + spec->n_listen);
}

const struct step_type step_descriptors = {
	.name = "descriptors",
	.blocks = "reaching the host through a descriptor that the launcher left open",
	.source = "close_range(2)",
	.phase = PHASE_PRIV,
	.apply = descriptors_apply,
	.verify = descriptors_verify,
	.explain = descriptors_explain,
};
