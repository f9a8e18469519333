/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The switch to the unprivileged id, as init's first act: from here on not even a bug in
 * our own set-up reads a file with the caller's id. The capabilities inside the own user
 * namespace stay until the capabilities step: no id 0 is left or entered on the way.
 */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/host.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int set_ids(const struct spec_user *user, struct error *err)
{
	/* The plain system calls: glibc's wrappers would signal threads that don't exist. */
	if (syscall(SYS_setresgid, user->gid, user->gid, user->gid) < 0)
		return error_set(err, errno, "switch to gid %u", user->gid);
	/* Keep the namespace's capabilities also where id 0 is mapped and left here. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return error_set(err, errno, "keep capabilities over the switch");
	if (syscall(SYS_setresuid, user->uid, user->uid, user->uid) < 0)
		return error_set(err, errno, "switch to uid %u", user->uid);
	return 0;
}

static int user_id_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct spec_user *user = &step->spec->user;
	int r;

	/* Where setgroups is denied the supervisor has emptied the list before, if it could. */
	if ((user->n_groups > 0 || run->maps_by_helper) && setgroups(user->n_groups, user->groups) < 0)
		return error_set(err, errno, "set %zu supplementary groups", user->n_groups);
	r = set_ids(user, err);
	if (r < 0)
		return r;
	/* A change of ids resets both. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return error_set(err, errno, "bind init's life to the supervisor's");
	return STEP_DONE;
}

/* Membership in the own primary group says nothing new: login puts it into the list, too. */
static size_t foreign_groups(const struct proc_status *status)
{
	size_t n = 0;

	for (size_t i = 0; i < status->n_groups; i++)
		if (status->groups[i] != status->gid[0])
			n++;
	return n;
}

/* The profile's groups, as the host sees them. */
static bool has_groups(const struct run *run, const struct proc_status *status)
{
	const struct spec_user *user = &run->spec->user;

	for (size_t i = 0; i < user->n_groups; i++) {
		gid_t wanted = run->host_range == 1 ? status->gid[0] : run->host_id + user->groups[i];
		size_t j = 0;

		while (j < status->n_groups && status->groups[j] != wanted)
			j++;
		if (j == status->n_groups)
			return false;
	}
	return true;
}

static int user_id_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			  char report[STEP_REPORT_MAX], struct error *err)
{
	const struct proc_status *status = &evidence->payload;
	const struct spec_user *user = &step->spec->user;

	for (int i = 0; i < 4; i++) {
		if (status->uid[i] == 0 || status->gid[i] == 0)
			return error_set(err, EBADE, "the workload has host uid %u, gid %u", status->uid[i],
					 status->gid[i]);
		if (status->uid[i] != status->uid[0] || status->gid[i] != status->gid[0])
			return error_set(err, EBADE, "the workload has more than one uid or gid");
	}
	if (status->uid[0] < run->host_id || status->uid[0] - run->host_id >= run->host_range)
		return error_set(err, EBADE, "the workload has host uid %u, outside its range",
				 status->uid[0]);
	if (foreign_groups(status) > user->n_groups || !has_groups(run, status)) {
		error_set(err, EBADE, "the workload has %zu supplementary groups instead of %zu",
			  status->n_groups, user->n_groups);
		return error_remedy(err,
				    "a caller without subordinate ids can't drop its own groups: add them "
				    "(usermod --add-subuids, --add-subgids) or run kapsel as root");
	}
	snprintf(report, STEP_REPORT_MAX, "uid %u gid %u (host %u %u), %zu groups", user->uid, user->gid,
		 status->uid[0], status->gid[0], status->n_groups);
	return STEP_DONE;
}

static void user_id_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "uid %u, gid %u, %zu supplementary groups", spec->user.uid, spec->user.gid,
		spec->user.n_groups);
}

const struct step_type step_user_id = {
	.name = "user-id",
	.blocks = "using the launcher's id, its files and its supplementary groups",
	.source = "setresuid(2), setgroups(2), credentials(7)",
	.phase = PHASE_MOUNT,
	.apply = user_id_apply,
	.verify = user_id_verify,
	.explain = user_id_explain,
};
