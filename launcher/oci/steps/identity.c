/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ids of the workload, its groups and its umask. Capabilities survive the switch; the next
 * step takes those away that the config does not list.
 */
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/capabilities.h"
#include "launcher/oci/steps/process.h"

enum { OCI_UMASK = 0022 };

/*
 * So that the workload may open /dev/stdout again. Only pipes, sockets and terminals: a file or another
 * device (/dev/null) that the caller redirected from or to is the host's, and stays its owner's. One that
 * can't be given away stays as it is.
 */
static void give_stdio(uid_t uid)
{
	struct stat st;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fstat(fd, &st) < 0 || st.st_uid == uid)
			continue;
		if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode) && !isatty(fd))
			continue;
		if (fchown(fd, uid, (gid_t)-1) < 0)
			continue;
	}
}

static int set_groups(const struct oci_user *user, struct error *err)
{
	if (setgroups(user->n_groups, user->groups) == 0)
		return 0;
	/* Denied in a user namespace whose maker had no rights: then there are no groups to set either. */
	if (user->n_groups == 0 && (errno == EPERM || errno == EINVAL))
		return 0;
	error_set(err, errno, "set %zu supplementary groups", user->n_groups);
	return error_remedy(err, "a rootless container has none: leave out process.user.additionalGids, "
				 "and map each of them");
}

static int identity_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct oci_user *user = &run->oci->process->user;
	int r;

	(void)step;
	/* To the kernel it would mean: stay who you are. */
	if (user->uid == (uid_t)-1 || user->gid == (gid_t)-1)
		return error_set(err, EINVAL, "switch to uid %u, gid %u: no such id", user->uid, user->gid);
	if (user->uid != 0 || run->oci->process->terminal)
		give_stdio(user->uid);
	umask(user->umask_given ? user->umask : OCI_UMASK);
	r = oci_capabilities_drop_bounding(run, err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return error_set(err, errno, "keep capabilities over the switch");
	r = set_groups(user, err);
	if (r < 0)
		return r;
	/* The plain system calls: the C library's would signal threads that don't exist. */
	if (syscall(SYS_setresgid, user->gid, user->gid, user->gid) < 0) {
		error_set(err, errno, "switch to gid %u", user->gid);
		return error_remedy(err, "is it in linux.gidMappings?");
	}
	if (syscall(SYS_setresuid, user->uid, user->uid, user->uid) < 0) {
		error_set(err, errno, "switch to uid %u", user->uid);
		return error_remedy(err, "is it in linux.uidMappings?");
	}
	/* A change of ids resets both. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    (run->oci->dies_with_parent && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0))
		return error_set(err, errno, "bind the process's life to the runtime's");
	return STEP_DONE;
}

static int identity_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			   char report[STEP_REPORT_MAX], struct error *err)
{
	const struct proc_status *status = &evidence->payload;
	const struct oci_user *user = &run->oci->process->user;
	mode_t mask = user->umask_given ? user->umask : OCI_UMASK;

	(void)step;
	for (int i = 1; i < 4; i++)
		if (status->uid[i] != status->uid[0] || status->gid[i] != status->gid[0])
			return error_set(err, EBADE, "the process has more than one uid or gid");
	/* Without a user namespace ids are the host's, and can be compared. */
	if (!run->oci->new_userns && !(run->oci->exec_flags & CLONE_NEWUSER) &&
	    run->oci->join_fds[OCI_NS_USER] < 0 && !run->oci->rootless &&
	    (status->uid[0] != user->uid || status->gid[0] != user->gid))
		return error_set(err, EBADE, "the process has uid %u, gid %u", status->uid[0],
				 status->gid[0]);
	if (status->n_groups != (user->n_groups < PROC_GROUPS_MAX ? user->n_groups : PROC_GROUPS_MAX) &&
	    !run->oci->rootless)
		return error_set(err, EBADE, "the process has %zu supplementary groups instead of %zu",
				 status->n_groups, user->n_groups);
	if (status->umask != mask)
		return error_set(err, EBADE, "the process's umask is %04o", status->umask);
	snprintf(report, STEP_REPORT_MAX, "uid %u gid %u, %zu groups, umask %04o", status->uid[0],
		 status->gid[0], status->n_groups, status->umask);
	return STEP_DONE;
}

static void identity_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	const struct oci_user *user = &spec->oci->process.user;

	(void)step;
	fprintf(out, "uid %u, gid %u, %zu supplementary groups", user->uid, user->gid, user->n_groups);
}

const struct step_type oci_step_identity = {
	.name = "user-id",
	.blocks = "using the runtime's id, its files and its supplementary groups",
	.source = "setresuid(2), setgroups(2), credentials(7)",
	.phase = PHASE_PRIV,
	.apply = identity_apply,
	.verify = identity_verify,
	.explain = identity_explain,
};
