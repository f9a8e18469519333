/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* runtime-spec config-linux.md "Control groups" */
#include <string.h>

#include "base/str.h"
#include "profiles/json.h"
#include "profiles/oci/oci_read.h"
#include "profiles/oci/parse.h"

void oci_resources_init(struct oci_resources *ret)
{
	*ret = (struct oci_resources){
		.memory_limit = OCI_UNSET,
		.memory_reservation = OCI_UNSET,
		.memory_swap = OCI_UNSET,
		.memory_kernel = OCI_UNSET,
		.memory_kernel_tcp = OCI_UNSET,
		.swappiness = OCI_UNSET,
		.cpu_shares = OCI_UNSET,
		.cpu_quota = OCI_UNSET,
		.cpu_burst = OCI_UNSET,
		.cpu_period = OCI_UNSET,
		.cpu_rt_runtime = OCI_UNSET,
		.cpu_rt_period = OCI_UNSET,
		.cpu_idle = OCI_UNSET,
		.io_weight = OCI_UNSET,
		.io_leaf_weight = OCI_UNSET,
		.network_class = OCI_UNSET,
	};
}

/* A major or minor number: absent and -1 mean all. */
static uint32_t parse_number(struct oci_reader *reader, const struct json *item, const char *name,
			     bool *ret_any)
{
	int64_t number = oci_value_signed(reader, item, name, -1, UINT32_MAX, -1);

	*ret_any = number < 0;
	return number < 0 ? 0 : (uint32_t)number;
}

static void parse_access(struct oci_reader *reader, const struct json *item, struct oci_device_rule *ret)
{
	const char *access = oci_value_text(reader, item, "access");

	if (!access)
		access = "rwm";
	else if (strspn(access, "rwm") != strlen(access))
		oci_value_fail(reader, item, "access", "\"%.100s\" has another letter than r, w and m",
			       access);
	ret->read = strchr(access, 'r') != NULL;
	ret->write = strchr(access, 'w') != NULL;
	ret->mknod = strchr(access, 'm') != NULL;
}

static void parse_device_rules(struct oci_reader *reader, const struct json *resources,
			       struct oci_resources *ret)
{
	const struct json *array = oci_value_objects(reader, resources, "devices");
	struct oci_device_rule *rules = oci_value_room(reader, array, sizeof(*rules));

	ret->devices_given = array != NULL;
	ret->devices = rules;
	for (const struct json *item = rules ? array->first : NULL; item; item = item->next) {
		struct oci_device_rule *rule = &rules[ret->n_devices++];
		const char *type = oci_value_text(reader, item, "type");

		oci_value_need(reader, item, "allow", JSON_BOOL);
		rule->allow = oci_value_bool(reader, item, "allow");
		rule->type = type ? type[0] : 'a';
		if (type && (strlen(type) != 1 || !strchr("acb", type[0])))
			oci_value_fail(reader, item, "type",
				       "unknown device type \"%.100s\", it is a, b or c", type);
		rule->major = parse_number(reader, item, "major", &rule->any_major);
		rule->minor = parse_number(reader, item, "minor", &rule->any_minor);
		parse_access(reader, item, rule);
	}
}

/* 0 to 100; -1 in 64 bits without a sign is how some engines write that there is none. */
static uint64_t parse_swappiness(struct oci_reader *reader, const struct json *memory)
{
	uint64_t swappiness = oci_value_number(reader, memory, "swappiness", UINT64_MAX, OCI_UNSET);

	if (swappiness == UINT64_MAX || swappiness == OCI_UNSET)
		return OCI_UNSET;
	if (swappiness > 100)
		oci_value_fail(reader, memory, "swappiness", "is not from 0 to 100");
	return swappiness;
}

static void parse_memory(struct oci_reader *reader, const struct json *memory, struct oci_resources *ret)
{
	ret->memory_limit = oci_value_limit(reader, memory, "limit");
	ret->memory_reservation = oci_value_limit(reader, memory, "reservation");
	ret->memory_swap = oci_value_limit(reader, memory, "swap");
	ret->memory_kernel = oci_value_limit(reader, memory, "kernel");
	ret->memory_kernel_tcp = oci_value_limit(reader, memory, "kernelTCP");
	ret->swappiness = parse_swappiness(reader, memory);
	ret->disable_oom_killer = oci_value_bool(reader, memory, "disableOOMKiller");
	ret->use_hierarchy = oci_value_bool(reader, memory, "useHierarchy");
	ret->check_before_update = oci_value_bool(reader, memory, "checkBeforeUpdate");
}

static void parse_cpu(struct oci_reader *reader, const struct json *cpu, struct oci_resources *ret)
{
	/* Any negative quota takes the limit away, as it did in cpu.cfs_quota_us. */
	int64_t quota = oci_value_signed(reader, cpu, "quota", INT64_MIN, INT64_MAX, 0);

	ret->cpu_shares = oci_value_number(reader, cpu, "shares", INT64_MAX, OCI_UNSET);
	if (oci_value_get(reader, cpu, "quota", JSON_INTEGER))
		ret->cpu_quota = quota < 0 ? OCI_UNLIMITED : (uint64_t)quota;
	ret->cpu_burst = oci_value_number(reader, cpu, "burst", INT64_MAX, OCI_UNSET);
	ret->cpu_period = oci_value_number(reader, cpu, "period", INT64_MAX, OCI_UNSET);
	ret->cpu_rt_runtime = oci_value_limit(reader, cpu, "realtimeRuntime");
	ret->cpu_rt_period = oci_value_number(reader, cpu, "realtimePeriod", INT64_MAX, OCI_UNSET);
	ret->cpu_idle = oci_value_number(reader, cpu, "idle", 1, OCI_UNSET);
	ret->cpus = oci_value_string(reader, cpu, "cpus");
	ret->mems = oci_value_string(reader, cpu, "mems");
}

static void parse_pids(struct oci_reader *reader, const struct json *pids, struct oci_resources *ret)
{
	if (!pids)
		return;
	oci_value_need(reader, pids, "limit", JSON_INTEGER);
	ret->pids_given = true;
	ret->pids_limit = oci_value_signed(reader, pids, "limit", -1, INT64_MAX, -1);
}

/* "2MB": as the file's name in the cgroup has it. */
static bool is_page_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && text[0] != '0' && text[digits] && strchr("KMG", text[digits]) &&
	       str_equal(text + digits + 1, "B");
}

static void parse_hugepages(struct oci_reader *reader, const struct json *resources,
			    struct oci_resources *ret)
{
	const struct json *array = oci_value_objects(reader, resources, "hugepageLimits");
	struct oci_hugepage_limit *limits = oci_value_room(reader, array, sizeof(*limits));

	ret->hugepages = limits;
	for (const struct json *item = limits ? array->first : NULL; item; item = item->next) {
		const struct json *size = oci_value_need(reader, item, "pageSize", JSON_STRING);

		oci_value_need(reader, item, "limit", JSON_INTEGER);
		if (!size)
			return;
		if (!is_page_size(size->text))
			oci_value_fail(reader, size, NULL, "\"%.100s\" is not a page size like \"2MB\"",
				       size->text);
		limits[ret->n_hugepages].page_size = size->text;
		limits[ret->n_hugepages++].limit_bytes =
			oci_value_number(reader, item, "limit", UINT64_MAX, 0);
	}
}

static void parse_network(struct oci_reader *reader, const struct json *network, struct oci_resources *ret)
{
	const struct json *priorities = oci_value_objects(reader, network, "priorities");

	ret->network_class = oci_value_number(reader, network, "classID", UINT32_MAX, OCI_UNSET);
	/* An empty object asks for nothing. */
	ret->network_given = ret->network_class != OCI_UNSET || (priorities && priorities->n > 0);
	for (const struct json *item = priorities ? priorities->first : NULL; item; item = item->next) {
		oci_value_need(reader, item, "name", JSON_STRING);
		oci_value_need(reader, item, "priority", JSON_INTEGER);
		oci_value_number(reader, item, "priority", UINT32_MAX, 0);
	}
}

static void parse_rdma(struct oci_reader *reader, const struct json *resources, struct oci_resources *ret)
{
	const struct json *map = oci_value_object(reader, resources, "rdma"), *const * members;
	size_t n = oci_value_members(reader, map, &members);
	struct oci_rdma_limit *limits = n > 0 ? oci_value_room(reader, map, sizeof(*limits)) : NULL;

	ret->rdma = limits;
	for (size_t i = 0; limits && i < n; i++) {
		struct oci_rdma_limit *limit = &limits[ret->n_rdma++];

		limit->device = members[i]->name;
		limit->handles = oci_value_number(reader, members[i], "hcaHandles", UINT32_MAX, OCI_UNSET);
		limit->objects = oci_value_number(reader, members[i], "hcaObjects", UINT32_MAX, OCI_UNSET);
		if (members[i]->type != JSON_OBJECT)
			oci_value_fail(reader, members[i], NULL, "expected an object, not %s",
				       json_type_name(members[i]->type));
		if (limit->handles == OCI_UNSET && limit->objects == OCI_UNSET)
			oci_value_fail(reader, members[i], NULL, "needs hcaHandles or hcaObjects");
	}
}

/* A key is a file of the cgroup: with a '/' it could be one of another cgroup. */
static void parse_unified(struct oci_reader *reader, const struct json *resources, struct oci_resources *ret)
{
	const struct json *map = oci_value_object(reader, resources, "unified");

	ret->unified = oci_value_pairs(reader, resources, "unified");
	for (size_t i = 0; i < ret->unified.n; i++)
		if (strchr(ret->unified.items[i].name, '/') || ret->unified.items[i].name[0] == '.')
			oci_value_fail(reader, map, ret->unified.items[i].name,
				       "the key is not a file of the cgroup");
}

void oci_parse_resources(struct oci_reader *reader, const struct json *resources, struct oci_resources *ret)
{
	oci_resources_init(ret);
	if (!resources)
		return;
	parse_device_rules(reader, resources, ret);
	parse_memory(reader, oci_value_object(reader, resources, "memory"), ret);
	parse_cpu(reader, oci_value_object(reader, resources, "cpu"), ret);
	parse_pids(reader, oci_value_object(reader, resources, "pids"), ret);
	oci_parse_io(reader, oci_value_object(reader, resources, "blockIO"), ret);
	parse_hugepages(reader, resources, ret);
	parse_network(reader, oci_value_object(reader, resources, "network"), ret);
	parse_rdma(reader, resources, ret);
	parse_unified(reader, resources, ret);
}
