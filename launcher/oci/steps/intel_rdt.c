/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.intelRdt: the process enters a resctrl group while it waits, so that all its children are in there,
 * too. The kernel does this by process, not by cgroup: exec must do it again.
 */
#include "launcher/oci/steps/intel_rdt.h"

#include <errno.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/rdt.h"
#include "launcher/oci/run.h"

static int intel_rdt_wanted(const struct spec *spec)
{
	return spec->oci->intel_rdt.given;
}

static int resolve(const struct run *run, struct rdt_group *ret, struct error *err)
{
	char root[PATH_MAX];
	int r = rdt_mount_find(root, err);

	return r == 0 ? rdt_resolve(&run->oci->oci->intel_rdt, run->oci->state->id, root, run->arena, ret,
				    err)
		      : r;
}

/* Before the container's process is made: nothing has to be undone where there is no resctrl. */
static int intel_rdt_prepare(const struct step *step, struct run *run, struct error *err)
{
	struct rdt_group group;

	(void)step;
	return resolve(run, &group, err);
}

/* What shall be made is written down before: a create that is killed in between can be cleaned up. */
static int make(struct run *run, const struct rdt_group *group, struct error *err)
{
	const struct oci_intel_rdt *config = &run->oci->oci->intel_rdt;
	int r = rdt_check(config, group, run->arena, err);

	if (r == 0) {
		run->oci->state->rdt_group = rdt_group_made(group);
		r = oci_state_write(run->oci->state_fd, run->oci->state, err);
	}
	if (r == 0)
		r = rdt_make(group, err);
	return r == 0 ? rdt_configure(config, group, run->arena, err) : r;
}

static int intel_rdt_map(const struct step *step, struct run *run, struct error *err)
{
	_cleanup_fd_ int lock = -1;
	struct rdt_group group;
	char root[PATH_MAX];
	int r = rdt_mount_find(root, err);

	(void)step;
	if (r < 0)
		return r;
	lock = rdt_lock(root, err);
	if (lock < 0)
		return lock;
	r = resolve(run, &group, err);
	if (r == 0 && !run->oci->exec)
		r = make(run, &group, err);
	return r == 0 ? rdt_enter(&group, run->init_pid, err) : r;
}

static int intel_rdt_apply(const struct step *step, struct run *run, struct error *err)
{
	(void)step, (void)run, (void)err;
	return STEP_DONE; /* all is done in map */
}

static int intel_rdt_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			    char report[STEP_REPORT_MAX], struct error *err)
{
	struct rdt_group group;
	int r = resolve(run, &group, err);

	(void)step, (void)evidence;
	if (r == 0)
		r = rdt_has(&group, run->init_pid, err);
	if (r < 0)
		return r;
	snprintf(report, STEP_REPORT_MAX, "in %s", group.monitor ? group.monitor : group.path);
	return STEP_DONE;
}

static void intel_rdt_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	const struct oci_intel_rdt *config = &spec->oci->intel_rdt;

	(void)step;
	fprintf(out, "group %s%s", config->clos_id && *config->clos_id ? config->clos_id : "of its own",
		config->enable_monitoring ? ", monitored" : "");
}

const struct step_type oci_step_intel_rdt = {
	.name = "intel-rdt",
	.blocks = "driving other workloads out of the shared cache, or off the memory bus",
	.source = "Documentation/arch/x86/resctrl.rst; runtime-spec config-linux.md, IntelRdt",
	.phase = PHASE_MAP,
	.prepare = intel_rdt_prepare,
	.map = intel_rdt_map,
	.apply = intel_rdt_apply,
	.verify = intel_rdt_verify,
	.explain = intel_rdt_explain,
	.wanted = intel_rdt_wanted,
};
