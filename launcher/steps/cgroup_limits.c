/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's control group with its limits, made before the first process exists: clone3 puts it in. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "launcher/host.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

/* What the plan let pass with "on_missing": "warn" is left out here; otherwise nothing is missing. */
static void drop_missing(const struct cgroup_place *place, struct cgroup_limits *limits)
{
	size_t kept = 0;

	for (size_t i = 0; i < limits->n; i++)
		if (place->found && (limits->items[i].controller & ~place->available) == 0)
			limits->items[kept++] = limits->items[i];
	limits->n = kept;
	limits->controllers &= place->found ? place->available : 0;
}

static int cgroup_limits_prepare(const struct step *step, struct run *run, struct error *err)
{
	int r = cgroup_limits_build(step->spec, &run->limits, err);

	if (r == 0)
		drop_missing(&run->host->place, &run->limits);
	return r;
}

static int cgroup_limits_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct cgroup_place *place = &run->host->place;
	int r;

	(void)step;
	if (!place->found)
		return STEP_ABSENT; /* no limit was asked for, and there is nowhere to make a group */
	/* Said before it is made: killed in between, the janitor must know. */
	run->proof->cgroup_ours = true;
	r = cgroup_create(place, run->id, run->limits.controllers, &run->cgroup_fd, &run->cgroup_parent_fd,
			  err);
	if (r < 0)
		run->proof->cgroup_ours = false; /* not made, or unmade, or somebody else's */
	if (r == 0)
		r = cgroup_apply(run->cgroup_fd, &run->limits, err);
	return r < 0 ? r : STEP_DONE;
}

static int cgroup_limits_verify(const struct step *step, const struct run *run,
				const struct evidence *evidence, char report[STEP_REPORT_MAX],
				struct error *err)
{
	size_t used = 0;
	int r;

	(void)step, (void)evidence;
	if (run->cgroup_fd < 0 && run->host->place.found)
		return error_set(err, EBADE, "the container has no cgroup of its own");
	if (run->cgroup_fd < 0) {
		snprintf(report, STEP_REPORT_MAX, "no limits asked for, no cgroup");
		return STEP_ABSENT;
	}
	r = cgroup_verify(run->cgroup_fd, &run->limits, err);
	if (r < 0)
		return r;
	if (cgroup_populated(run->cgroup_fd) != 1)
		return error_set(err, EBADE, "the container is not in its cgroup");
	report[0] = '\0';
	for (size_t i = 0; i < run->limits.n && used < STEP_REPORT_MAX; i++)
		used += (size_t)snprintf(report + used, STEP_REPORT_MAX - used, "%s%s %s", i ? ", " : "",
					 run->limits.items[i].file, run->limits.items[i].value);
	return STEP_DONE;
}

static void cgroup_limits_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	struct cgroup_limits limits = { 0 };

	(void)step;
	if (cgroup_limits_build(spec, &limits, NULL) < 0)
		return;
	for (size_t i = 0; i < limits.n; i++)
		fprintf(out, "%s%s %s", i ? ", " : "", limits.items[i].file, limits.items[i].value);
}

const struct step_type step_cgroup_limits = {
	.name = "cgroup-limits",
	.blocks = "using up the machine's memory, processes, processor time or disk bandwidth",
	.source = "cgroups(7), kernel admin-guide/cgroup-v2.rst",
	.phase = PHASE_HOST,
	.prepare = cgroup_limits_prepare,
	.apply = cgroup_limits_apply,
	.verify = cgroup_limits_verify,
	.explain = cgroup_limits_explain,
};
