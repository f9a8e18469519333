/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "profiles/oci/oci_read.h"

enum { DEFAULT_UMASK = 0022 };

static const struct {
	enum oci_namespace_type type;
	enum spec_namespace bit;
} namespace_bits[] = {
	{ OCI_NS_PID, SPEC_NS_PID },     { OCI_NS_IPC, SPEC_NS_IPC },       { OCI_NS_UTS, SPEC_NS_UTS },
	{ OCI_NS_NETWORK, SPEC_NS_NET }, { OCI_NS_CGROUP, SPEC_NS_CGROUP }, { OCI_NS_TIME, SPEC_NS_TIME },
};

/* Those that are made for it; one that is joined belongs to somebody else. */
static unsigned int own_namespaces(const struct oci *oci)
{
	unsigned int own = 0;

	for (size_t i = 0; i < ARRAY_SIZE(namespace_bits); i++) {
		const struct oci_namespace *namespace = &oci->namespaces[namespace_bits[i].type];

		if (namespace->given && !namespace->path)
			own |= namespace_bits[i].bit;
	}
	return own;
}

/* What has no '=' is no variable, and stays in the process's own list only. */
static int split_env(const struct spec_strings *env, struct arena *arena, struct spec_pairs *ret)
{
	struct spec_pair *pairs = arena_array(arena, env->n + 1, sizeof(*pairs));
	size_t n = 0;

	if (!pairs)
		return -ENOMEM;
	for (size_t i = 0; i < env->n; i++) {
		const char *text = env->items[i], *equals = strchr(text, '=');

		if (!equals)
			continue;
		pairs[n].name = arena_memdup(arena, text, (size_t)(equals - text));
		pairs[n].value = equals + 1;
		if (!pairs[n++].name)
			return -ENOMEM;
	}
	*ret = (struct spec_pairs){ pairs, n };
	return 0;
}

static void fill_network(const struct oci *oci, struct spec *spec)
{
	const struct oci_namespace *network = &oci->namespaces[OCI_NS_NETWORK];

	spec->network = SPEC_NETWORK_HOST;
	if (network->given)
		spec->network = network->path ? SPEC_NETWORK_JOIN : SPEC_NETWORK_LOOPBACK;
	spec->network_netns = network->path;
}

static void fill_process(const struct oci_process *process, struct spec *spec)
{
	spec->command = process->args;
	spec->workdir = process->cwd ? process->cwd : "/";
	spec->umask = process->user.umask_given ? process->user.umask : DEFAULT_UMASK;
	spec->user = (struct spec_user){
		.uid = process->user.uid,
		.gid = process->user.gid,
		.groups = process->user.groups,
		.n_groups = process->user.n_groups,
	};
	spec->capabilities = process->capabilities.bounding;
	spec->allow_setuid = !process->no_new_privileges;
	spec->apparmor = process->apparmor;
	spec->selinux = process->selinux;
	spec->terminal = process->terminal;
}

/* Nothing of what only profiles have: the config's own words stand in struct oci. */
static const struct spec nothing_native = {
	.description = "",
	.hostname = "",
	.proc = SPEC_PROC_NONE,
	.allow_jit = true,
	.allow_nested_namespaces = true,
	.allow_ptrace = true,
	.on_violation = SPEC_VIOLATION_ERRNO,
	.limits = {
		.memory_bytes = SPEC_UNSET,
		.memory_high_bytes = SPEC_UNSET,
		.swap_bytes = SPEC_UNSET,
		.pids = SPEC_UNSET,
		.open_files = SPEC_UNSET,
		.file_size_bytes = SPEC_UNSET,
		.core_bytes = SPEC_UNSET,
		.stack_bytes = SPEC_UNSET,
		.locked_memory_bytes = SPEC_UNSET,
	},
	.stdin_from = SPEC_STDIN_INHERIT,
	.log = { .driver = SPEC_LOG_NONE },
	.stop_signal = SIGTERM,
	.on_missing = SPEC_MISSING_FAIL,
};

int oci_to_spec(const struct oci *oci, const char *id, struct arena *arena, struct spec *ret,
		struct error *err)
{
	static const char *const any[] = { "*", NULL };
	struct spec spec = nothing_native;

	spec.oci = oci;
	spec.exec_allow = (struct spec_strings){ any, 1 };
	spec.name = arena_strdup(arena, id);
	spec.file = arena_printf(arena, "%s/config.json", oci->bundle);
	if (!spec.name || !spec.file || split_env(&oci->process.env, arena, &spec.env) < 0)
		return error_set(err, ENOMEM, "read the configuration");
	spec.rootfs = oci->rootfs;
	if (oci->hostname)
		spec.hostname = oci->hostname;
	spec.namespaces = own_namespaces(oci);
	spec.sysctls = oci->sysctls;
	fill_network(oci, &spec);
	fill_process(&oci->process, &spec);
	*ret = spec;
	return 0;
}
