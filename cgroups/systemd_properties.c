/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/systemd_properties.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cgroups/container.h"
#include "cgroups/cpulist.h"
#include "cgroups/resources.h"
#include "cgroups/systemd_request.h"
#include "cgroups/systemd_variant.h"
#include "cgroups/text.h"
#include "profiles/spec.h"

#define ANNOTATION_PREFIX "org.systemd.property."

enum { CPU_PERIOD_DEFAULT_US = 100000 };

struct properties {
	struct systemd_request *request;
	const struct spec_pairs *annotations; /* NULL: none */
	struct error *err;
	int r; /* the first failure */
};

/*
 * What decides where the container is and which devices it has is not up to an annotation. A device
 * policy in particular: systemd would hang its own program on the group, and from then on the kernel
 * lets nobody attach ours, which knows rules that systemd's can't express.
 */
static const char *const reserved[] = {
	"BPFProgram",
	"Controller",
	"Delegate",
	"DelegateSubgroup",
	"DeviceAllow",
	"DevicePolicy",
	"PIDFDs",
	"PIDs",
	"Slice",
	/* These start or end other units, or the machine (CVE-2024-3154). */
	"FailureAction",
	"FailureActionExitStatus",
	"JobTimeoutAction",
	"JobTimeoutRebootArgument",
	"OnFailure",
	"OnFailureJobMode",
	"OnSuccess",
	"OnSuccessJobMode",
	"RebootArgument",
	"StartLimitAction",
	"SuccessAction",
	"SuccessActionExitStatus",
	"Conflicts",
	"PropagatesStopTo",
	"StopPropagatedFrom",
	"Upholds",
	"BindsTo",
	"Requires",
	"Requisite",
	"PartOf",
	"JoinsNamespaceOf",
	"PropagatesReloadTo",
};

enum kind { KIND_BYTES, KIND_TASKS, KIND_WEIGHT, KIND_BFQ_WEIGHT, KIND_CPU_MAX, KIND_CPU_IDLE, KIND_LIST };

static const struct file {
	const char *name;
	enum kind kind;
	const char *property; /* '?': not known to every systemd that can run on our kernels */
} files[] = {
	{ "cpu.idle", KIND_CPU_IDLE, "CPUWeight" }, /* 252: weight 0 */
	{ "cpu.max", KIND_CPU_MAX, "CPUQuotaPerSecUSec" },
	{ "cpu.weight", KIND_WEIGHT, "CPUWeight" },
	{ "cpuset.cpus", KIND_LIST, "AllowedCPUs" },
	{ "cpuset.mems", KIND_LIST, "AllowedMemoryNodes" },
	{ "io.bfq.weight", KIND_BFQ_WEIGHT, "IOWeight" },
	{ "io.weight", KIND_WEIGHT, "IOWeight" },
	{ "memory.high", KIND_BYTES, "MemoryHigh" },
	{ "memory.low", KIND_BYTES, "MemoryLow" },
	{ "memory.max", KIND_BYTES, "MemoryMax" },
	{ "memory.min", KIND_BYTES, "MemoryMin" },
	{ "memory.swap.max", KIND_BYTES, "MemorySwapMax" },
	{ "memory.zswap.max", KIND_BYTES, "?MemoryZSwapMax" }, /* 253 */
	{ "pids.max", KIND_TASKS, "TasksMax" },
};

static const struct spec_pair *find_annotation(const struct properties *properties, const char *property)
{
	const struct spec_pairs *annotations = properties->annotations;
	char name[SYSTEMD_NAME_MAX];

	for (size_t i = 0; annotations && i < annotations->n; i++) {
		const struct spec_pair *pair = &annotations->items[i];

		if (str_starts(pair->name, ANNOTATION_PREFIX) &&
		    systemd_variant_name(pair->name + strlen(ANNOTATION_PREFIX), name) >= 0 &&
		    str_equal(name, property))
			return pair;
	}
	return NULL;
}

/*
 * Name and signature of a limit; the value is the caller's next call. An annotation for the same
 * property is a contradiction: which of two limits holds must not depend on an order.
 */
static bool add_limit(struct properties *properties, const char *property, const char *signature)
{
	const struct spec_pair *pair = find_annotation(properties, property + (*property == '?'));

	if (pair && properties->r == 0) {
		properties->r = error_set(properties->err, EINVAL,
					  "annotation %s sets what linux.resources sets, too", pair->name);
		error_remedy(properties->err, "leave one of them out");
	}
	if (pair || properties->r < 0)
		return false;
	systemd_request_add(properties->request, property);
	systemd_request_add(properties->request, signature);
	return true;
}

static void add_u64(struct properties *properties, const char *property, uint64_t value)
{
	if (add_limit(properties, property, "t"))
		systemd_request_format(properties->request, "%" PRIu64, value);
}

/* A default of ours, which gives way to an annotation. */
static void add_default(struct properties *properties, const char *property, const char *signature,
			const char *value)
{
	if (find_annotation(properties, property))
		return;
	systemd_request_add(properties->request, property);
	systemd_request_add(properties->request, signature);
	systemd_request_add(properties->request, value);
}

/*
 * systemd keeps the quota of a transient unit as whole percent (CPUQuota=) and would come back from
 * a reload with less than was asked for: rounded up, it stays as it is. The group's own cpu.max
 * is written exactly, after this.
 */
static void add_quota(struct properties *properties, uint64_t quota_us, uint64_t period_us)
{
	uint64_t per_second;

	if (quota_us > UINT64_MAX / 1000000) {
		per_second = UINT64_MAX;
	} else {
		per_second = quota_us * 1000000 / period_us;
		per_second = (per_second + 9999) / 10000 * 10000;
	}
	add_u64(properties, "CPUQuotaPerSecUSec", per_second);
	add_u64(properties, "CPUQuotaPeriodUSec", period_us);
}

/* A bit for each CPU or node, the first in the lowest bit of the first byte. */
static void add_list(struct properties *properties, const char *property, const char *text)
{
	char digits[CGROUP_CPUS_MAX / 4 + 1] = "";
	struct cpulist list;
	size_t bytes = 0;

	if (cpulist_parse(text, &list) < 0) {
		if (properties->r == 0)
			properties->r =
				error_set(properties->err, EINVAL,
					  "%s: \"%.100s\" isn't a list such as \"0-3,8\"", property, text);
		return;
	}
	for (size_t i = 0; i < CGROUP_CPUS_MAX / 8; i++) {
		unsigned int byte = (list.words[i / 8] >> (i % 8 * 8)) & 0xff;

		snprintf(digits + i * 2, 3, "%02x", byte);
		if (byte != 0)
			bytes = i + 1;
	}
	digits[bytes * 2] = '\0';
	if (add_limit(properties, property, "ay"))
		systemd_request_add(properties->request, digits);
}

/* A number as the kernel's memparse() takes it: "1G", "max". False: the kernel is to refuse it. */
static bool parse_amount(const char *text, bool suffixes, uint64_t *ret)
{
	static const char units[] = "kmgtpe";
	char digits[24];
	size_t length = strcspn(text, "\n");
	unsigned int shift = 0;
	const char *unit;

	if (length == 3 && strncmp(text, "max", 3) == 0) {
		*ret = UINT64_MAX;
		return true;
	}
	if (length == 0 || length >= sizeof(digits))
		return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	unit = strchr(units, digits[length - 1] | 0x20);
	if (suffixes && unit && digits[length - 1] > '9') {
		shift = 10 * ((unsigned int)(unit - units) + 1);
		digits[length - 1] = '\0';
	}
	if (str_to_u64(digits, ret) < 0 || *ret > UINT64_MAX >> shift)
		return false;
	*ret <<= shift;
	return true;
}

/* "max 100000", "20000"; a quota alone leaves the period as it is. */
static void add_cpu_max(struct properties *properties, int group_fd, const char *text)
{
	uint64_t quota, period = CPU_PERIOD_DEFAULT_US;
	char first[24], now[64];
	const char *rest = strchr(text, ' ');

	if (!rest && group_fd >= 0 && text_read(group_fd, "cpu.max", now, sizeof(now)) > 0)
		rest = strchr(now, ' ');
	if (rest && (!parse_amount(rest + 1, false, &period) || period < 1000 || period > 1000000))
		return;
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(text, " \n"), text);
	if (parse_amount(first, false, &quota) && quota > 0)
		add_quota(properties, quota, period);
}

/* The line for all devices; systemd leaves the lines of single devices that it doesn't know alone. */
static void add_weight(struct properties *properties, const struct file *file, const char *text)
{
	uint64_t weight;

	if (str_starts(text, "default "))
		text += strlen("default ");
	if (!parse_amount(text, false, &weight) || weight < 1 || weight > 10000)
		return;
	/* What systemd makes of IOWeight= for the scheduler BFQ, the other way round. */
	if (file->kind == KIND_BFQ_WEIGHT && weight > 100)
		weight = 100 + (weight - 100) * 11;
	add_u64(properties, file->property, weight);
}

/* One write as a property; a text that can't be read is left to the kernel's refusal. */
static void add_write(struct properties *properties, const struct file *file, int group_fd, const char *text)
{
	uint64_t value;

	switch (file->kind) {
	case KIND_BYTES:
		if (parse_amount(text, true, &value))
			add_u64(properties, file->property, value);
		return;
	case KIND_TASKS:
		/* systemd takes no 0 here; both 0 and 1 forbid the first process to fork. */
		if (parse_amount(text, false, &value))
			add_u64(properties, file->property, value == 0 ? 1 : value);
		return;
	case KIND_WEIGHT:
	case KIND_BFQ_WEIGHT:
		add_weight(properties, file, text);
		return;
	case KIND_CPU_IDLE:
		/* Back from idle, the kernel has the default weight. */
		if (parse_amount(text, false, &value) && value <= 1)
			add_u64(properties, file->property, value == 1 ? 0 : 100);
		return;
	case KIND_CPU_MAX:
		add_cpu_max(properties, group_fd, text);
		return;
	case KIND_LIST:
		add_list(properties, file->property, text);
		return;
	}
}

static void add_limits(struct properties *properties, const struct resources_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		for (size_t j = 0; j < ARRAY_SIZE(files) && !plan->items[i].device; j++)
			if (str_equal(plan->items[i].file, files[j].name))
				add_write(properties, &files[j], plan->fd, plan->items[i].value);
}

static int add_annotations(struct properties *properties)
{
	const struct spec_pairs *annotations = properties->annotations;

	for (size_t i = 0; annotations && i < annotations->n; i++) {
		const struct spec_pair *pair = &annotations->items[i];
		char name[SYSTEMD_NAME_MAX];
		int r;

		if (!str_starts(pair->name, ANNOTATION_PREFIX))
			continue;
		r = systemd_variant_add(pair->name + strlen(ANNOTATION_PREFIX), pair->value,
					properties->request, properties->err);
		if (r < 0)
			return r;
		if (systemd_variant_name(pair->name + strlen(ANNOTATION_PREFIX), name) < 0)
			continue;
		if (find_annotation(properties, name) != pair)
			return error_set(properties->err, EINVAL, "annotations set the property %s twice",
					 name);
		for (size_t j = 0; j < ARRAY_SIZE(reserved); j++)
			if (str_equal(name, reserved[j])) {
				error_set(properties->err, EINVAL,
					  "annotation %s: this property is the runtime's to set", pair->name);
				return error_remedy(properties->err, "leave the annotation out");
			}
	}
	return 0;
}

static int end(const struct properties *properties)
{
	if (properties->r == 0 && properties->request->failed)
		return error_set(properties->err, ENOMEM, "put the properties of the systemd scope together");
	return properties->r;
}

int systemd_properties_scope(const struct cgroup_container *group, pid_t pid,
			     const struct resources_plan *plan, const struct spec_pairs *annotations,
			     struct systemd_request *request, struct error *err)
{
	struct properties properties = { .request = request, .annotations = annotations, .err = err };
	static const char *const accounting[] = { "CPUAccounting", "IOAccounting", "MemoryAccounting",
						  "TasksAccounting" };
	char description[sizeof(group->unit) + 32];

	snprintf(description, sizeof(description), "kapsel container %.*s",
		 (int)(strlen(group->unit) - strlen(".scope")), group->unit);
	add_default(&properties, "Description", "s", description);
	if (group->slice[0]) {
		systemd_request_add(request, "Slice");
		systemd_request_add(request, "s");
		systemd_request_add(request, group->slice);
	}
	systemd_request_add(request, "PIDs");
	systemd_request_add(request, "au");
	systemd_request_add(request, "1");
	systemd_request_format(request, "%d", (int)pid);
	systemd_request_add(request, "Delegate");
	systemd_request_add(request, "b");
	systemd_request_add(request, "true");
	/* Engines stop their containers in their own order; and a scope that failed leaves nothing. */
	add_default(&properties, "DefaultDependencies", "b", "false");
	add_default(&properties, "CollectMode", "s", "inactive-or-failed");
	for (size_t i = 0; i < ARRAY_SIZE(accounting); i++)
		add_default(&properties, accounting[i], "b", "true");

	add_limits(&properties, plan);
	if (properties.r == 0)
		properties.r = add_annotations(&properties);
	return end(&properties);
}

int systemd_properties_limits(const struct resources_plan *plan, struct systemd_request *request,
			      struct error *err)
{
	struct properties properties = { .request = request, .err = err };

	add_limits(&properties, plan);
	return end(&properties);
}
