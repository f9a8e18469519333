/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* runtime-spec config-linux.md, all but devices, resources and seccomp */
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>

#include "base/str.h"
#include "profiles/json.h"
#include "profiles/oci/parse.h"

static const struct oci_word namespace_types[] = {
	{ "user", OCI_NS_USER },     { "pid", OCI_NS_PID },   { "network", OCI_NS_NETWORK },
	{ "ipc", OCI_NS_IPC },       { "uts", OCI_NS_UTS },   { "mount", OCI_NS_MOUNT },
	{ "cgroup", OCI_NS_CGROUP }, { "time", OCI_NS_TIME },
};

static const struct oci_word propagations[] = {
	{ "", 0 },
	{ "private", MS_PRIVATE },
	{ "slave", MS_SLAVE },
	{ "shared", MS_SHARED },
	{ "unbindable", MS_UNBINDABLE },
	{ "rprivate", MS_PRIVATE | MS_REC },
	{ "rslave", MS_SLAVE | MS_REC },
	{ "rshared", MS_SHARED | MS_REC },
	{ "runbindable", MS_UNBINDABLE | MS_REC },
};

static const struct oci_word domains[] = {
	{ "LINUX", PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
};

enum { WEIGHTED_INTERLEAVE = 6 }; /* since 6.9 */

/* set_mempolicy(2) */
static const struct oci_word memory_modes[] = {
	{ "MPOL_DEFAULT", MPOL_DEFAULT },       { "MPOL_BIND", MPOL_BIND },
	{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE }, { "MPOL_WEIGHTED_INTERLEAVE", WEIGHTED_INTERLEAVE },
	{ "MPOL_PREFERRED", MPOL_PREFERRED },   { "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
	{ "MPOL_LOCAL", MPOL_LOCAL },
};

static const struct oci_word memory_flags[] = {
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
};

static void parse_namespaces(struct oci_reader *reader, const struct json *config, struct oci *ret)
{
	const struct json *array = oci_value_objects(reader, config, "namespaces");

	for (const struct json *item = array ? array->first : NULL; item; item = item->next) {
		const struct json *type = oci_value_need(reader, item, "type", JSON_STRING);
		const struct oci_word *word = oci_value_word(reader, type, "namespace", namespace_types,
							     ARRAY_SIZE(namespace_types));
		struct oci_namespace *namespace = word ? &ret->namespaces[word->number] : NULL;

		if (!namespace)
			return;
		if (namespace->given)
			oci_value_fail(reader, type, NULL, "the namespace \"%s\" stands twice", word->name);
		namespace->given = true;
		namespace->path = oci_value_text(reader, item, "path");
		if (namespace->path && namespace->path[0] != '/')
			oci_value_fail(reader, item, "path", "\"%.100s\" is not an absolute path",
				       namespace->path);
	}
}

static void parse_time_offset(struct oci_reader *reader, const struct json *offsets, const char *clock,
			      struct oci_time_offset *ret)
{
	const struct json *offset = oci_value_object(reader, offsets, clock);

	if (!offset)
		return;
	ret->given = true;
	ret->secs = oci_value_signed(reader, offset, "secs", INT64_MIN, INT64_MAX, 0);
	ret->nanosecs = (uint32_t)oci_value_number(reader, offset, "nanosecs", 999999999, 0);
}

/* The keys are clocks, so one that the kernel has no offset for is an unknown value. */
static void parse_time_offsets(struct oci_reader *reader, const struct json *config, struct oci *ret)
{
	const struct json *offsets = oci_value_object(reader, config, "timeOffsets"), *const * members;
	size_t n = oci_value_members(reader, offsets, &members);

	for (size_t i = 0; i < n; i++)
		if (!str_equal(members[i]->name, "monotonic") && !str_equal(members[i]->name, "boottime"))
			oci_value_fail(reader, members[i], NULL,
				       "unknown clock, a time namespace has monotonic and boottime");
	parse_time_offset(reader, offsets, "monotonic", &ret->time_monotonic);
	parse_time_offset(reader, offsets, "boottime", &ret->time_boottime);
}

static void parse_personality(struct oci_reader *reader, const struct json *config, struct oci *ret)
{
	const struct json *personality = oci_value_object(reader, config, "personality");
	const struct json *flags = oci_value_get(reader, personality, "flags", JSON_ARRAY);
	const struct oci_word *domain;

	if (!personality)
		return;
	ret->personality_given = true;
	domain = oci_value_word(reader, oci_value_need(reader, personality, "domain", JSON_STRING),
				"personality", domains, ARRAY_SIZE(domains));
	ret->personality = domain ? domain->number : 0;
	if (flags && flags->n > 0)
		oci_value_fail(reader, flags, NULL, "no flag of the personality is supported");
}

/* The name becomes a directory below /sys/fs/resctrl, where a ".." would be another one. */
static void check_clos_id(struct oci_reader *reader, const struct json *rdt, const char *name)
{
	if (str_equal(name, "/"))
		return;
	if (strchr(name, '/') || str_equal(name, ".") || str_equal(name, ".."))
		oci_value_fail(reader, rdt, "closID", "\"%.100s\" is not the name of a class", name);
}

static void parse_intel_rdt(struct oci_reader *reader, const struct json *config, struct oci_intel_rdt *ret)
{
	const struct json *rdt = oci_value_object(reader, config, "intelRdt");

	if (!rdt)
		return;
	ret->given = true;
	ret->clos_id = oci_value_text(reader, rdt, "closID");
	ret->l3_cache_schema = oci_value_text(reader, rdt, "l3CacheSchema");
	ret->mem_bw_schema = oci_value_text(reader, rdt, "memBwSchema");
	ret->schemata = oci_value_strings(reader, rdt, "schemata");
	ret->enable_monitoring = oci_value_bool(reader, rdt, "enableMonitoring");
	if (ret->clos_id)
		check_clos_id(reader, rdt, ret->clos_id);
	if (ret->mem_bw_schema &&
	    (!str_starts(ret->mem_bw_schema, "MB:") || strchr(ret->mem_bw_schema, '\n')))
		oci_value_fail(reader, rdt, "memBwSchema", "must start with \"MB:\" and be one line");
}

static void parse_memory_policy(struct oci_reader *reader, const struct json *config,
				struct oci_memory_policy *ret)
{
	const struct json *policy = oci_value_object(reader, config, "memoryPolicy");
	const struct json *nodes = oci_value_get(reader, policy, "nodes", JSON_STRING);
	const struct oci_word *mode;

	if (!policy)
		return;
	ret->given = true;
	mode = oci_value_word(reader, oci_value_need(reader, policy, "mode", JSON_STRING), "memory policy",
			      memory_modes, ARRAY_SIZE(memory_modes));
	ret->mode = mode ? (int)mode->number : 0;
	ret->flags = (unsigned int)oci_value_flags(reader, policy, "flags", "memory policy flag",
						   memory_flags, ARRAY_SIZE(memory_flags));
	ret->nodes = nodes ? nodes->text : NULL;
	if (nodes && strspn(nodes->text, "0123456789,- ") != strlen(nodes->text))
		oci_value_fail(reader, nodes, NULL, "\"%.100s\" is not a list of nodes like \"0-1,3\"",
			       nodes->text);
}

void oci_parse_linux(struct oci_reader *reader, const struct json *config, struct oci *ret)
{
	const struct json *seccomp = oci_value_object(reader, config, "seccomp");
	const struct oci_word *propagation =
		oci_value_word(reader, oci_value_get(reader, config, "rootfsPropagation", JSON_STRING),
			       "propagation", propagations, ARRAY_SIZE(propagations));

	parse_namespaces(reader, config, ret);
	ret->uid_maps = oci_parse_id_maps(reader, config, "uidMappings");
	ret->gid_maps = oci_parse_id_maps(reader, config, "gidMappings");
	parse_time_offsets(reader, config, ret);
	oci_parse_devices(reader, config, ret);
	ret->cgroups_path = oci_value_text(reader, config, "cgroupsPath");
	oci_parse_resources(reader, oci_value_object(reader, config, "resources"), &ret->resources);
	ret->rootfs_propagation = propagation ? propagation->number : 0;
	ret->seccomp_given = seccomp != NULL;
	if (seccomp)
		oci_parse_seccomp(reader, seccomp, &ret->seccomp);
	ret->sysctls = oci_value_pairs(reader, config, "sysctl");
	ret->masked_paths = oci_value_paths(reader, config, "maskedPaths");
	ret->readonly_paths = oci_value_paths(reader, config, "readonlyPaths");
	ret->mount_label = oci_value_text(reader, config, "mountLabel");
	parse_personality(reader, config, ret);
	parse_intel_rdt(reader, config, &ret->intel_rdt);
	parse_memory_policy(reader, config, &ret->memory_policy);
}
