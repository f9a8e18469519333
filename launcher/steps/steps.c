/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/steps/steps.h"

#include "base/macro.h"
#include "base/str.h"

static const struct step_type *const all[] = {
	&step_cgroup_limits,
	&step_device_filter,
	&step_listen,
	&step_user_namespace,
	/* init, with the old root and its own user namespace's capabilities */
	&step_namespaces,
	&step_user_id,
	&step_hostname,
	&step_loopback,
	&step_root_filesystem,
	&step_proc,
	&step_dev,
	&step_mount,
	&step_secrets,
	&step_mask_paths,
	&step_sysctls,
	&step_nested_namespaces,
	&step_security_label,
	&step_program,
	&step_pivot_root,
	/* init, with the new root only */
	&step_working_directory,
	&step_keyring,
	&step_exec_once,
	&step_rlimits,
	&step_umask,
	&step_memory_execution,
	&step_capabilities,
	&step_undumpable,
	&step_no_new_privs,
	&step_descriptors,
	/* payload */
	&step_landlock,
	&step_seccomp,
};

const struct step_type *const *steps_all(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(all);
	return all;
}

const struct step_type *steps_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (str_equal(all[i]->name, name))
			return all[i];
	return NULL;
}
