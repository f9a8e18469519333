/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts, namespaces, id maps, devices and the filter of a bundle. */
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/str.h"
#include "lab/convert/draft.h"
#include "lab/convert/import_oci.h"
#include "lab/convert/quantities.h"
#include "lab/convert/syscall_list.h"
#include "profiles/oci/oci.h"
#include "seccomp/argument_rules.h"
#include "seccomp/groups.h"

#define TMPFS_SIZE (UINT64_C(64) << 20)

static void import_tmpfs(struct draft *draft, struct json *entry, const struct oci_mount *mount)
{
	char *rest = arena_strdup(draft->arena, mount->flags.data), mode[16];
	uint64_t size = 0, inodes = 0;

	while (rest) {
		const char *option = strsep(&rest, ",");

		if (str_starts(option, "size=") &&
		    quantities_docker_size(option + strlen("size="), &size) < 0)
			draft_lost(draft, "mounts %s: %s: no size of a profile", mount->destination, option);
		else if (str_starts(option, "nr_inodes="))
			inodes = str_to_u64(option + strlen("nr_inodes="), &inodes) < 0 ? 0 : inodes;
		else if (str_starts(option, "mode=")) {
			snprintf(mode, sizeof(mode), "%04lo",
				 strtoul(option + strlen("mode="), NULL, 8) & 01777);
			draft_string(draft, entry, "mode", mode);
		}
	}
	draft_size(draft, entry, "size", size ? size : TMPFS_SIZE);
	if (inodes)
		draft_number(draft, entry, "inodes", (int64_t)inodes);
	if (!json_get(entry, "mode"))
		draft_string(draft, entry, "mode", "1777");
	if (!size)
		draft_note(draft,
			   "mounts.%s: without a size it grows to half of the memory; here it is 64MiB",
			   mount->destination);
}

static void import_mount(struct draft *draft, const struct oci_mount *mount)
{
	struct json *mounts = draft_object(draft, draft->root, "mounts");
	uint64_t attributes = mount->flags.attr_set | mount->flags.rec_attr_set;
	struct json *entry = draft_object(draft, mounts, mount->destination);
	bool readonly = attributes & MOUNT_ATTR_RDONLY;

	draft_string(draft, entry, "type", mount->flags.bind ? "bind" : "tmpfs");
	if (mount->flags.bind) {
		draft_string(draft, entry, "source", mount->source);
		if (mount->flags.recursive)
			draft_bool(draft, entry, "recursive", true);
		if (mount->flags.idmap)
			draft_bool(draft, entry, "idmap", true);
	} else {
		import_tmpfs(draft, entry, mount);
	}
	if (readonly == !mount->flags.bind)
		draft_bool(draft, entry, "write", !readonly);
	if (!(attributes & MOUNT_ATTR_NOEXEC))
		draft_bool(draft, entry, "exec", true);
}

static void import_proc(struct draft *draft, const struct oci_mount *mount)
{
	draft_string(draft, draft->root, "proc", strstr(mount->flags.data, "subset=pid") ? "own" : "full");
}

void import_oci_mounts(struct draft *draft, const struct oci *oci)
{
	bool proc = false;

	for (size_t i = 0; i < oci->n_mounts; i++) {
		const struct oci_mount *mount = &oci->mounts[i];
		const char *type = mount->type ? mount->type : "";

		if (str_equal(type, "proc") && str_equal(mount->destination, "/proc")) {
			import_proc(draft, mount);
			proc = true;
		} else if (str_equal(mount->destination, "/dev") && str_equal(type, "tmpfs")) {
			continue; /* kapsel's own */
		} else if (mount->flags.bind || str_equal(type, "tmpfs")) {
			import_mount(draft, mount);
		} else {
			draft_lost(draft, "mounts: %s on %s: a profile mounts binds and tmpfs only", type,
				   mount->destination);
		}
	}
	if (!proc)
		draft_string(draft, draft->root, "proc", "none");
}

static void import_network(struct draft *draft, const struct oci_namespace *network)
{
	struct json *object;

	if (!network->given) {
		draft_string(draft, draft->root, "network", "host");
	} else if (!network->path) {
		draft_string(draft, draft->root, "network", "loopback");
	} else {
		object = draft_object(draft, draft->root, "network");
		draft_string(draft, object, "mode", "join");
		draft_string(draft, object, "netns", network->path);
	}
}

static void import_ids(struct draft *draft, const struct oci *oci)
{
	struct json *user = draft_object(draft, draft->root, "user");

	for (size_t i = 0; i < oci->uid_maps.n; i++) {
		const struct oci_id_map *map = &oci->uid_maps.items[i];
		uint32_t uid = oci->process.user.uid;

		if (uid < map->container_id || uid - map->container_id >= map->size)
			continue;
		if (map->host_id == 0 || (map->size > 1 && map->container_id != 0)) {
			draft_lost(draft,
				   "linux.uidMappings: host ids are never 0, and a range begins with 0 "
				   "inside: kapsel takes ids of its own");
			return;
		}
		draft_number(draft, user, "host_id", map->host_id);
		draft_number(draft, user, "host_range", map->size > 65536 ? 65536 : map->size);
		return;
	}
	if (!oci->namespaces[OCI_NS_USER].given || oci->namespaces[OCI_NS_USER].path)
		draft_note(draft, "user: a container has a user namespace of its own, always");
	if (oci->process.user.n_groups > 0)
		draft_number(draft, user, "host_range", 65536);
}

void import_oci_namespaces(struct draft *draft, const struct oci *oci)
{
	static const struct {
		enum oci_namespace_type type;
		const char *name;
	} names[] = { { OCI_NS_PID, "pid" },
		      { OCI_NS_IPC, "ipc" },
		      { OCI_NS_UTS, "uts" },
		      { OCI_NS_CGROUP, "cgroup" } };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct oci_namespace *namespace = &oci->namespaces[names[i].type];

		if (!namespace->given)
			draft_add(draft, draft_array(draft, draft->root, "share_host"), names[i].name);
		else if (namespace->path)
			draft_lost(draft, "linux.namespaces: %s of %s: containers share none; here it is new",
				   names[i].name, namespace->path);
	}
	if (!oci->namespaces[OCI_NS_PID].given)
		draft_string(draft, draft->root, "proc", "none");
	if (oci->time_monotonic.given || oci->time_boottime.given)
		draft_lost(draft, "linux.timeOffsets: the clocks begin with 0");
	import_network(draft, &oci->namespaces[OCI_NS_NETWORK]);
	import_ids(draft, oci);
}

static bool is_default_node(uint32_t major_number, uint32_t minor_number)
{
	static const unsigned char memory[] = { 3, 5, 7, 8, 9 };

	for (size_t i = 0; i < ARRAY_SIZE(memory); i++)
		if (major_number == 1 && minor_number == memory[i])
			return true;
	return (major_number == 5 && minor_number <= 2) || major_number == 136;
}

static bool covers(const struct oci_device_rule *rule, const struct oci_device *device)
{
	return (rule->type == 'a' || rule->type == device->type) &&
	       (rule->any_major || rule->major == device->major) &&
	       (rule->any_minor || rule->minor == device->minor);
}

static void import_device(struct draft *draft, const struct oci *oci, const struct oci_device *device)
{
	bool reads = false, writes = false;

	for (size_t i = 0; i < oci->resources.n_devices; i++) {
		const struct oci_device_rule *rule = &oci->resources.devices[i];

		if (!covers(rule, device))
			continue;
		reads = rule->read ? rule->allow : reads;
		writes = rule->write ? rule->allow : writes;
	}
	if (device->type == 'p' || (!reads && !writes) || !str_starts(device->path, "/dev/"))
		draft_lost(draft, "linux.devices: %s: no device of the host that it may open", device->path);
	else
		draft_string(draft, draft_object(draft, draft->root, "devices"), device->path,
			     reads && writes ? "rw"
			     : writes        ? "w"
					     : "r");
}

void import_oci_devices(struct draft *draft, const struct oci *oci)
{
	for (size_t i = 0; i < oci->n_devices; i++)
		if (!is_default_node(oci->devices[i].major, oci->devices[i].minor))
			import_device(draft, oci, &oci->devices[i]);
	for (size_t i = 0; i < oci->resources.n_devices; i++) {
		const struct oci_device_rule *rule = &oci->resources.devices[i];

		if (rule->allow && rule->any_major && (rule->read || rule->write))
			draft_lost(draft, "linux.resources.devices: access to all devices: name each in "
					  "\"devices\"");
	}
}

/* Whether kapsel's filter looks at the arguments of that call, too. */
static bool has_own_rule(const char *call)
{
	const struct argument_rule *rules;
	size_t n;

	rules = argument_rules(&n);
	for (size_t i = 0; i < n; i++)
		if (str_equal(rules[i].call, call))
			return true;
	return false;
}

struct filter_facts {
	struct syscall_list list;
	bool kills, logs, mmap, mprotect, unshare, netlink;
};

static bool opens_netlink(const struct oci_seccomp_rule *rule)
{
	for (size_t i = 0; i < rule->n_args; i++) {
		const struct oci_seccomp_arg *arg = &rule->args[i];

		if (arg->index == 0)
			return (arg->op == SCMP_CMP_EQ && arg->value == AF_NETLINK) ||
			       (arg->op == SCMP_CMP_MASKED_EQ && arg->value_two == AF_NETLINK);
	}
	return true;
}

static void read_rule(struct draft *draft, struct filter_facts *facts, const struct oci_seccomp_rule *rule)
{
	facts->kills = facts->kills || rule->action == SECCOMP_RET_KILL_PROCESS ||
		       rule->action == SECCOMP_RET_KILL_THREAD;
	facts->logs = facts->logs || rule->action == SECCOMP_RET_LOG;
	if (rule->action != SECCOMP_RET_ALLOW && rule->action != SECCOMP_RET_LOG)
		return;
	for (size_t i = 0; i < rule->names.n; i++) {
		const char *name = rule->names.items[i];
		bool whole = rule->n_args == 0;

		if (rule->action == SECCOMP_RET_LOG)
			continue;
		if (!syscall_list_add(&facts->list, name))
			draft_lost(draft, "linux.seccomp: %s: no system call of this architecture", name);
		else if (!whole && !has_own_rule(name))
			draft_lost(draft, "linux.seccomp: the arguments of %s: kapsel has rules of its own",
				   name);
		facts->mmap = facts->mmap || (whole && str_equal(name, "mmap"));
		facts->mprotect = facts->mprotect || (whole && str_equal(name, "mprotect"));
		facts->unshare = facts->unshare || (whole && str_equal(name, "unshare"));
		facts->netlink = facts->netlink || (str_equal(name, "socket") && opens_netlink(rule));
	}
}

static void open_flags(struct draft *draft, const struct filter_facts *facts)
{
	static const enum syscall_row_count traces[] = {
		SYSCALL_ROW_kcmp,
		SYSCALL_ROW_pidfd_getfd,
		SYSCALL_ROW_process_vm_readv,
		SYSCALL_ROW_process_vm_writev,
		SYSCALL_ROW_ptrace,
	};
	bool traced = true;

	/* All that the key opens: Docker's list has ptrace alone. */
	for (size_t i = 0; i < ARRAY_SIZE(traces); i++)
		traced = traced && facts->list.rows[traces[i]];
	if (facts->mmap && facts->mprotect)
		draft_bool(draft, draft->root, "allow_jit", true);
	if (facts->unshare)
		draft_bool(draft, draft->root, "allow_nested_namespaces", true);
	if (traced)
		draft_bool(draft, draft->root, "allow_ptrace", true);
}

void import_oci_seccomp(struct draft *draft, const struct oci *oci)
{
	struct json *syscalls = draft_object(draft, draft->root, "syscalls");
	struct filter_facts *facts = arena_alloc(draft->arena, sizeof(*facts));
	const struct oci_seccomp *seccomp = &oci->seccomp;

	if (!facts) {
		draft->exhausted = true;
		return;
	}
	if (!oci->seccomp_given || seccomp->default_action == SECCOMP_RET_ALLOW) {
		draft_lost(draft,
			   "linux.seccomp: %s; there is always a filter, and @docker-default is the widest",
			   oci->seccomp_given ? "a list of what is refused" : "none is asked for");
		draft_add(draft, draft_array(draft, syscalls, "allow"), "@docker-default");
		draft_string(draft, syscalls, "on_violation", "errno");
		return;
	}
	for (size_t i = 0; i < seccomp->n_rules; i++)
		read_rule(draft, facts, &seccomp->rules[i]);
	if (seccomp->listener_path)
		draft_lost(draft, "linux.seccomp.listenerPath: kapsel listens itself");
	facts->logs = facts->logs || seccomp->default_action == SECCOMP_RET_LOG;
	facts->kills = facts->kills || seccomp->default_action == SECCOMP_RET_KILL_PROCESS ||
		       seccomp->default_action == SECCOMP_RET_KILL_THREAD;
	syscall_list_write(&facts->list, draft);
	if (facts->netlink)
		draft_add(draft, draft_array(draft, syscalls, "allow"), "@netlink");
	if (facts->logs || !facts->kills)
		draft_string(draft, syscalls, "on_violation", facts->logs ? "log" : "errno");
	open_flags(draft, facts);
}
