/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The working directory, resolved without magic links: /proc/self/fd/N as a directory was
 * the way out in CVE-2024-21626.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int working_directory_apply(const struct step *step, struct run *run, struct error *err)
{
	const char *workdir = step->spec->workdir;
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;

	if (root < 0)
		return error_set(err, errno, "open the new root");
	fd = path_open_in_root(root, workdir, O_PATH | O_DIRECTORY);
	if (fd < 0) {
		error_set(err, -fd, "open the working directory %s", workdir);
		return error_remedy(err, "\"workdir\" must be a directory in the image or in a mount");
	}
	if (fchdir(fd) < 0)
		return error_set(err, errno, "enter the working directory %s", workdir);
	if (!getcwd(run->proof->cwd, sizeof(run->proof->cwd)))
		return error_set(err, errno, "read the working directory back");
	return STEP_DONE;
}

static int working_directory_verify(const struct step *step, const struct run *run,
				    const struct evidence *evidence, char report[STEP_REPORT_MAX],
				    struct error *err)
{
	(void)step, (void)evidence;
	/* A directory outside of the root reads as "(unreachable)/…". */
	if (run->proof->cwd[0] != '/')
		return error_set(err, EBADE, "the working directory is %s", run->proof->cwd);
	snprintf(report, STEP_REPORT_MAX, "getcwd says %.120s", run->proof->cwd);
	return STEP_DONE;
}

static void working_directory_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs(spec->workdir, out);
}

const struct step_type step_working_directory = {
	.name = "working-directory",
	.blocks = "starting in a directory of the host through a leaked descriptor",
	.source = "openat2(2), getcwd(3)",
	.phase = PHASE_PRIV,
	.apply = working_directory_apply,
	.verify = working_directory_verify,
	.explain = working_directory_explain,
};
