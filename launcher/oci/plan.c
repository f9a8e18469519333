/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/plan.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "launcher/oci/steps/filesystem.h"
#include "launcher/oci/steps/process.h"
#include "launcher/steps/steps.h"
#include "profiles/oci/oci.h"
#include "profiles/spec.h"

static const struct step_type *const for_create[] = {
	&oci_step_user_namespace,
	&oci_step_oom_score,
	&oci_step_net_devices,
	/* init, in its new mount namespace, with the old root */
	&oci_step_namespaces,
	&oci_step_uts_names,
	&step_sysctls,
	&oci_step_propagation,
	&oci_step_root,
	&oci_step_mounts,
	&oci_step_devices,
	&oci_step_console,
	&oci_step_working_directory,
	&step_security_label,
	&oci_step_hooks,
	&oci_step_readonly_paths,
	&oci_step_masked_paths,
	&oci_step_root_readonly,
	&oci_step_pivot_root,
};

/* A process that joins stands in the container's root already. */
static const struct step_type *const for_exec[] = {
	&oci_step_oom_score,
	&oci_step_console,
	&step_security_label,
};

static const struct step_type *const for_both[] = {
	&step_working_directory,
	&oci_step_rlimits,
	&oci_step_scheduling,
	&oci_step_memory_policy,
	&oci_step_personality,
	&oci_step_identity,
	&oci_step_capabilities,
	&step_keyring,
	&oci_step_program,
	&step_no_new_privs,
	&oci_step_descriptors,
	/* after start */
	&oci_step_seccomp,
};

static int add_all(struct plan *plan, const struct step_type *const *types, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (types[i]->wanted && !types[i]->wanted(plan->spec))
			continue;
		if (plan->n_steps == PLAN_STEPS_MAX)
			return error_set(err, E2BIG, "plan more than %d steps", PLAN_STEPS_MAX);
		plan->steps[plan->n_steps++] = (struct step){ .type = types[i], .spec = plan->spec };
	}
	return 0;
}

/* A sysctl without a namespace of its own would change the host (runtime-spec config-linux.md "Sysctl"). */
static int check_sysctl(const struct oci *oci, const char *name, struct error *err)
{
	static const char *const ipc[] = { "kernel.msgmax",          "kernel.msgmnb", "kernel.msgmni",
					   "kernel.sem",             "kernel.shmall", "kernel.shmmax",
					   "kernel.shmmni",          "kernel.shm_rmid_forced", "kernel.msg_next_id",
					   "kernel.sem_next_id",     "kernel.shm_next_id" };
	enum oci_namespace_type needed = OCI_NS_TYPES;

	if (str_starts(name, "fs.mqueue."))
		needed = OCI_NS_IPC;
	for (size_t i = 0; i < ARRAY_SIZE(ipc); i++)
		if (str_equal(name, ipc[i]))
			needed = OCI_NS_IPC;
	if (str_starts(name, "net."))
		needed = OCI_NS_NETWORK;
	if (str_equal(name, "kernel.domainname") || str_equal(name, "kernel.hostname"))
		needed = OCI_NS_UTS;
	if (str_starts(name, "user."))
		needed = OCI_NS_USER;
	if (needed == OCI_NS_TYPES)
		return error_set(err, EINVAL, "set the sysctl %s: it has no namespace, the host would be changed",
				 name);
	if (!oci->namespaces[needed].given)
		return error_set(err, EINVAL,
				 "set the sysctl %s: it is not allowed in the host's namespace, the container needs its own",
				 name);
	return 0;
}

static int check(const struct oci *oci, struct error *err)
{
	for (size_t i = 0; i < oci->sysctls.n; i++) {
		int r = check_sysctl(oci, oci->sysctls.items[i].name, err);

		if (r < 0)
			return r;
	}
	if ((oci->uid_maps.n > 0 || oci->gid_maps.n > 0) && !oci->namespaces[OCI_NS_USER].given)
		return error_set(err, EINVAL, "map ids without a user namespace: linux.namespaces has no \"user\"");
	if ((oci->time_monotonic.given || oci->time_boottime.given) &&
	    (!oci->namespaces[OCI_NS_TIME].given || oci->namespaces[OCI_NS_TIME].path))
		return error_set(err, EINVAL, "set linux.timeOffsets without a new time namespace");
	return 0;
}

int oci_plan_build(const struct spec *spec, const struct host *host, bool exec, struct plan *ret,
		   struct error *err)
{
	int r = check(spec->oci, err);

	*ret = (struct plan){ .spec = spec, .host = host };
	if (r == 0 && exec)
		r = add_all(ret, for_exec, ARRAY_SIZE(for_exec), err);
	else if (r == 0)
		r = add_all(ret, for_create, ARRAY_SIZE(for_create), err);
	if (r == 0)
		r = add_all(ret, for_both, ARRAY_SIZE(for_both), err);
	return r;
}
