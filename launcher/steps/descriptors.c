/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The payload's descriptors: stdin, stdout, stderr, the listen sockets from 3 on, and nothing
 * else survives execve. A leaked directory descriptor was the way out in CVE-2024-21626.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int descriptors_apply(const struct step *step, struct run *run, struct error *err)
{
	const int out = run->stdout_fd >= 0 ? run->stdout_fd : run->stdout_pipe[1];
	const int errors = run->stderr_fd >= 0 ? run->stderr_fd : run->stderr_pipe[1];
	unsigned int next = 3 + (unsigned int)step->spec->n_listen;

	if (dup2(run->stdin_fd, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(errors, STDERR_FILENO) < 0)
		return error_set(err, errno, "place stdin, stdout and stderr");
	for (size_t i = 0; i < step->spec->n_listen; i++)
		if (dup2(run->listen_fds[i], step->spec->listen[i].fd) < 0)
			return error_set(err, errno, "place the listen socket %s", step->spec->listen[i].name);
	if (syscall(SYS_close_range, next, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		return error_set(err, errno, "mark all other descriptors close-on-exec");
	return STEP_DONE;
}

/* The flags line of fdinfo is octal. */
static int closes_on_exec(int dir, const char *name)
{
	char text[1024], *line;
	ssize_t size = fd_read_file(dir, name, text, sizeof(text));

	if (size < 0)
		return (int)size;
	line = strstr(text, "flags:");
	return line && (strtoul(line + strlen("flags:"), NULL, 8) & O_CLOEXEC);
}

static int descriptors_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			      char report[STEP_REPORT_MAX], struct error *err)
{
	int last = 2 + (int)step->spec->n_listen, seen = 0;
	struct dirent *entry;
	char path[64];
	DIR *dir;

	(void)run;
	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)evidence->payload_pid);
	dir = opendir(path);
	if (!dir)
		return error_set(err, errno, "list the payload's descriptors");
	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] == '.')
			continue;
		if (fd <= last) {
			seen++;
		} else if (closes_on_exec(dirfd(dir), entry->d_name) != 1) {
			closedir(dir);
			return error_set(err, EBADE, "descriptor %d would reach the workload", fd);
		}
	}
	closedir(dir);
	snprintf(report, STEP_REPORT_MAX, "%d stay open: 0 to %d", seen, last);
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
