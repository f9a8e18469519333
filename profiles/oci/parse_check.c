/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one part of a config demands of another: a setting without the namespace that it
 * belongs to would change the host.
 */
#include <string.h>

#include "base/str.h"
#include "profiles/json.h"
#include "profiles/oci/parse.h"

/* Settings that each namespace has of its own (namespaces(7), ipc_namespaces(7)). */
static const struct {
	const char *name; /* with a '.' or '/' at the end: all below */
	enum oci_namespace_type type;
} own_sysctls[] = {
	{ "net.", OCI_NS_NETWORK },           { "fs.mqueue.", OCI_NS_IPC },
	{ "kernel.msgmax", OCI_NS_IPC },      { "kernel.msgmnb", OCI_NS_IPC },
	{ "kernel.msgmni", OCI_NS_IPC },      { "kernel.sem", OCI_NS_IPC },
	{ "kernel.shmall", OCI_NS_IPC },      { "kernel.shmmax", OCI_NS_IPC },
	{ "kernel.shmmni", OCI_NS_IPC },      { "kernel.shm_rmid_forced", OCI_NS_IPC },
	{ "kernel.msg_next_id", OCI_NS_IPC }, { "kernel.sem_next_id", OCI_NS_IPC },
	{ "kernel.shm_next_id", OCI_NS_IPC }, { "kernel.domainname", OCI_NS_UTS },
	{ "kernel.hostname", OCI_NS_UTS },    { "user.", OCI_NS_USER },
};

static const char *const type_names[OCI_NS_TYPES] = {
	[OCI_NS_USER] = "user",     [OCI_NS_PID] = "pid",   [OCI_NS_NETWORK] = "network",
	[OCI_NS_IPC] = "ipc",       [OCI_NS_UTS] = "uts",   [OCI_NS_MOUNT] = "mount",
	[OCI_NS_CGROUP] = "cgroup", [OCI_NS_TIME] = "time",
};

/* As sysctl(8): where the first separator is a '/', names have '/' between their parts and dots in them. */
static bool sysctl_matches(const char *name, const char *row)
{
	const bool slashes = name[strcspn(name, "./")] == '/';
	const size_t length = strlen(row);

	for (size_t i = 0; i < length; i++) {
		char c = slashes && name[i] == '/' ? '.' : name[i];

		if (c != row[i])
			return false;
	}
	return row[length - 1] == '.' || name[length] == '\0';
}

static void check_sysctl(struct oci_reader *reader, const struct json *at, const char *name,
			 const struct oci *oci)
{
	if (strstr(name, "..") || strstr(name, "//") || strstr(name, "./") || strstr(name, "/.")) {
		oci_value_fail(reader, at, name, "is not the name of a kernel setting");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(own_sysctls); i++) {
		if (!sysctl_matches(name, own_sysctls[i].name))
			continue;
		if (!oci->namespaces[own_sysctls[i].type].given)
			oci_value_fail(reader, at, name,
				       "would change the host: the container has no %s namespace",
				       type_names[own_sysctls[i].type]);
		return;
	}
	oci_value_fail(reader, at, name, "would change the host: no namespace has this setting of its own");
}

static void check_idmaps(struct oci_reader *reader, const struct json *root, const struct oci *oci)
{
	const struct json *array = oci_value_objects(reader, root, "mounts");
	const struct json *item = array ? array->first : NULL;

	for (size_t i = 0; i < oci->n_mounts && item; i++, item = item->next)
		if (oci->mounts[i].flags.idmap && oci->mounts[i].uid_maps.n == 0 &&
		    !oci->namespaces[OCI_NS_USER].given)
			oci_value_fail(
				reader, item, NULL,
				"an id-mapped mount needs mappings, or a user namespace that has them");
}

void oci_parse_check(struct oci_reader *reader, const struct oci *oci)
{
	const struct json *root = reader->root, *linux_part = oci_value_object(reader, root, "linux");
	const struct json *sysctls = oci_value_object(reader, linux_part, "sysctl");

	if (oci->hostname && !oci->namespaces[OCI_NS_UTS].given)
		oci_value_fail(reader, root, "hostname", "needs a uts namespace of the container's own");
	if (oci->domainname && !oci->namespaces[OCI_NS_UTS].given)
		oci_value_fail(reader, root, "domainname", "needs a uts namespace of the container's own");
	if ((oci->uid_maps.n > 0 || oci->gid_maps.n > 0) && !oci->namespaces[OCI_NS_USER].given)
		oci_value_fail(reader, linux_part, oci->uid_maps.n > 0 ? "uidMappings" : "gidMappings",
			       "needs a user namespace");
	if ((oci->time_monotonic.given || oci->time_boottime.given) &&
	    (!oci->namespaces[OCI_NS_TIME].given || oci->namespaces[OCI_NS_TIME].path))
		oci_value_fail(reader, linux_part, "timeOffsets", "needs a new time namespace");
	if (oci->n_net_devices > 0 && !oci->namespaces[OCI_NS_NETWORK].given)
		oci_value_fail(reader, linux_part, "netDevices", "needs a network namespace");
	for (size_t i = 0; i < oci->sysctls.n; i++)
		check_sysctl(reader, sysctls, oci->sysctls.items[i].name, oci);
	check_idmaps(reader, root, oci);
}
