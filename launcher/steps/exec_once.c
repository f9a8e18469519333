/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Exec exactly once: the program stands on a descriptor number that the workload can never
 * have, since RLIMIT_NOFILE ends below it, and the filter lets execveat through for that number
 * only. The number is gone with the first execveat (close-on-exec), and with it every exec.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int exec_once_prepare(const struct step *step, struct run *run, struct error *err)
{
	uint64_t files = step->spec->limits.open_files;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return error_set(err, errno, "read RLIMIT_NOFILE");
	if (files >= limit.rlim_max || files > 1000000) {
		error_set(err, EINVAL,
			  "hold the program above limits.open_files: the caller's hard limit is %lu",
			  (unsigned long)limit.rlim_max);
		return error_remedy(err,
				    "set limits.open_files below it, or raise the caller's (ulimit -Hn)");
	}
	/* Room for our own descriptors until the workload's limits apply. */
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return error_set(err, errno, "raise the own RLIMIT_NOFILE");
	/* Held from now on: with many descriptors open, one of ours could get the number and be replaced in
	 * init. */
	run->exec_fd =
		fcntl(run->go[0], F_DUPFD_CLOEXEC, files < RUN_EXEC_FD_MIN ? RUN_EXEC_FD_MIN : (int)files);
	return run->exec_fd < 0 ? error_set(err, errno, "keep a descriptor above limits.open_files free") : 0;
}

static int exec_once_apply(const struct step *step, struct run *run, struct error *err)
{
	struct stat st;

	(void)step;
	if (dup3(run->program_fd, run->exec_fd, O_CLOEXEC) < 0)
		return error_set(err, errno, "place the program on descriptor %d", run->exec_fd);
	if (fstat(run->exec_fd, &st) < 0)
		return error_set(err, errno, "look at descriptor %d", run->exec_fd);
	run->proof->held[0] = st.st_dev;
	run->proof->held[1] = st.st_ino;
	fd_close(&run->program_fd);
	return STEP_DONE;
}

static int exec_once_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			    char report[STEP_REPORT_MAX], struct error *err)
{
	const char *line = strstr(evidence->limits, "Max open files");
	unsigned long soft, hard;

	if (run->proof->held[1] == 0)
		return error_set(err, EBADE, "nothing stands on descriptor %d", run->exec_fd);
	if (!spec_exec_once(step->spec)) {
		snprintf(report, STEP_REPORT_MAX, "execve is open");
		return STEP_ABSENT;
	}
	if (!line || sscanf(line + strlen("Max open files"), " %lu %lu", &soft, &hard) != 2 ||
	    hard > (unsigned long)run->exec_fd)
		return error_set(err, EBADE, "the workload's limit of open files reaches descriptor %d",
				 run->exec_fd);
	snprintf(report, STEP_REPORT_MAX, "execveat for descriptor %d only; open files end at %lu",
		 run->exec_fd, hard);
	return STEP_DONE;
}

static void exec_once_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	if (spec_exec_once(spec))
		fputs("the command and nothing after it", out);
	else if (spec_exec_any(spec))
		fputs("any program", out);
	else
		fprintf(out, "the command and %zu more program(s), by Landlock", spec->exec_allow.n);
}

const struct step_type step_exec_once = {
	.name = "exec-once",
	.blocks = "starting a shell or any other program from a taken-over service",
	.source = "execveat(2), seccomp(2), getrlimit(2)",
	.phase = PHASE_PRIV,
	.prepare = exec_once_prepare,
	.apply = exec_once_apply,
	.verify = exec_once_verify,
	.explain = exec_once_explain,
};
