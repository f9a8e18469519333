/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/plan.h"

#include <errno.h>

#include "base/error.h"
#include "base/macro.h"
#include "launcher/oci/steps/filesystem.h"
#include "launcher/oci/steps/intel_rdt.h"
#include "launcher/oci/steps/layer.h"
#include "launcher/oci/steps/process.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static const struct step_type *const for_create[] = {
	&oci_step_user_namespace,
	&oci_step_oom_score,
	&oci_step_net_devices,
	&oci_step_intel_rdt,
	/* init, in its new mount namespace, with the old root */
	&oci_step_namespaces,
	&oci_step_uts_names,
	&step_loopback,
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
	&oci_step_intel_rdt,
	&oci_step_console,
	&step_security_label,
};

static const struct step_type *const for_both[] = {
	&step_working_directory,
	&oci_step_scheduling,
	&oci_step_memory_policy,
	&oci_step_personality,
	&oci_step_identity,
	&oci_step_capabilities,
	&step_keyring,
	&oci_step_program,
	&step_memory_execution, /* of a layer; the config has no word for it */
	&step_no_new_privs,
	&oci_step_descriptors,
	&oci_step_rlimits,
	/* after start */
	&oci_step_layer_landlock,
	&oci_step_seccomp,
	&oci_step_layer_seccomp,
};

static int add_all(struct plan *plan, const struct step_type *const *types, size_t n, bool keep_keyring,
		   struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (types[i]->wanted && !types[i]->wanted(plan->spec))
			continue;
		if (keep_keyring && types[i] == &step_keyring)
			continue;
		if (plan->n_steps == PLAN_STEPS_MAX)
			return error_set(err, E2BIG, "plan more than %d steps", PLAN_STEPS_MAX);
		plan->steps[plan->n_steps++] = (struct step){ .type = types[i], .spec = plan->spec };
	}
	return 0;
}

int oci_plan_build(const struct spec *spec, const struct host *host, bool exec, bool keep_keyring,
		   struct plan *ret, struct error *err)
{
	int r;

	*ret = (struct plan){ .spec = spec, .host = host };
	if (exec)
		r = add_all(ret, for_exec, ARRAY_SIZE(for_exec), keep_keyring, err);
	else
		r = add_all(ret, for_create, ARRAY_SIZE(for_create), keep_keyring, err);
	if (r == 0)
		r = add_all(ret, for_both, ARRAY_SIZE(for_both), keep_keyring, err);
	return r;
}
