/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* process.cwd is made where it is missing, as engines rely on; entering it is the launcher's own step. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/process.h"

enum { DIRECTORY_MODE = 0755 };

static int working_directory_apply(const struct step *step, struct run *run, struct error *err)
{
	const char *cwd = run->oci->process->cwd;
	_cleanup_fd_ int fd = path_make_in_root(run->oci->root_fd, cwd, DIRECTORY_MODE);

	(void)step, (void)err;
	/* What can't be made (a read-only image) can't be entered either: the next step says why. */
	return fd < 0 ? STEP_ABSENT : STEP_DONE;
}

static int working_directory_verify(const struct step *step, const struct run *run,
				    const struct evidence *evidence, char report[STEP_REPORT_MAX],
				    struct error *err)
{
	(void)step, (void)evidence, (void)err;
	snprintf(report, STEP_REPORT_MAX, "%.200s", run->oci->process->cwd);
	return STEP_DONE;
}

static void working_directory_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs(spec->oci->process.cwd, out);
}

const struct step_type oci_step_working_directory = {
	.name = "make-working-directory",
	.blocks = "nothing by itself: images often lack the directory that they name",
	.source = "openat2(2), mkdirat(2)",
	.phase = PHASE_MOUNT,
	.apply = working_directory_apply,
	.verify = working_directory_verify,
	.explain = working_directory_explain,
};
