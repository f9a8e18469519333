/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/container_devices.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "cgroups/container.h"
#include "profiles/oci/oci.h"

/* In the words of a config, lowest rank first. */
static const struct oci_device_rule defaults[] = {
	{ .allow = true, .type = 'c', .any_major = true, .any_minor = true, .mknod = true },
	{ .allow = true, .type = 'b', .any_major = true, .any_minor = true, .mknod = true },
#define NODE(number, at)                                                                                     \
	{                                                                                                    \
		.allow = true, .type = 'c', .major = number, .minor = at, .read = true, .write = true,       \
		.mknod = true                                                                                \
	}
	NODE(1, 3), /* null */
	NODE(1, 5), /* zero */
	NODE(1, 7), /* full */
	NODE(1, 8), /* random */
	NODE(1, 9), /* urandom */
	NODE(5, 0), /* tty */
	NODE(5, 1), /* console */
	NODE(5, 2), /* ptmx */
#undef NODE
	{ .allow = true,
	  .type = 'c',
	  .major = 136,
	  .any_minor = true,
	  .read = true,
	  .write = true,
	  .mknod = true },
};

struct rules {
	struct device_rule *items;
	size_t n;
};

static bool denies_everything(const struct oci_device_rule *rule)
{
	const bool whole =
		(rule->read && rule->write && rule->mknod) || (!rule->read && !rule->write && !rule->mknod);

	return !rule->allow && whole && (rule->type == 'a' || (rule->any_major && rule->any_minor));
}

/* Whether @rule decides nothing that @other, of higher rank, doesn't decide. */
static bool is_covered(const struct device_rule *rule, const struct device_rule *other)
{
	return rule->block == other->block &&
	       (other->any_major || (!rule->any_major && rule->major == other->major)) &&
	       (other->any_minor || (!rule->any_minor && rule->minor == other->minor)) &&
	       (other->read || !rule->read) && (other->write || !rule->write) &&
	       (other->mknod || !rule->mknod);
}

static void add_one(struct rules *rules, const struct device_rule *rule)
{
	for (size_t i = 0; i < rules->n; i++)
		if (is_covered(rule, &rules->items[i]))
			return;
	rules->items[rules->n++] = *rule;
}

static void add(struct rules *rules, const struct oci_device_rule *from)
{
	const bool any = from->type == 'a', none = !from->read && !from->write && !from->mknod;
	struct device_rule rule = {
		.deny = !from->allow,
		.major = from->major,
		.minor = from->minor,
		.any_major = from->any_major || any,
		.any_minor = from->any_minor || any,
		.read = from->read,
		.write = from->write,
		.mknod = from->mknod,
	};

	/* Without "access": all of it, but a single device isn't opened by what was left out. */
	if (none && from->allow && !any)
		return;
	if (none)
		rule.read = rule.write = rule.mknod = true;
	if (from->type != 'b')
		add_one(rules, &rule);
	rule.block = true;
	if (from->type != 'c')
		add_one(rules, &rule);
}

int container_devices_rules(const struct oci_resources *resources, struct arena *arena,
			    struct device_rule **ret, size_t *ret_n)
{
	const size_t n = resources->devices_given ? resources->n_devices : 0;
	struct rules rules = { 0 };
	size_t base = n;

	if (n > CONTAINER_DEVICES_MAX)
		return -E2BIG;
	rules.items = arena_array(arena, 2 * (n + ARRAY_SIZE(defaults)), sizeof(*rules.items));
	if (!rules.items)
		return -ENOMEM;
	while (base > 0 && !denies_everything(&resources->devices[base - 1]))
		base--;
	for (size_t i = n; i > base; i--)
		add(&rules, &resources->devices[i - 1]);
	for (size_t i = ARRAY_SIZE(defaults); i > 0; i--)
		add(&rules, &defaults[i - 1]);
	for (size_t i = base; i > 0; i--)
		add(&rules, &resources->devices[i - 1]);
	/* What nobody allows is denied. */
	while (rules.n > 0 && rules.items[rules.n - 1].deny)
		rules.n--;
	*ret = rules.items;
	*ret_n = rules.n;
	return 0;
}

/* A privileged container: no filter is faster than one that allows everything. */
static bool allows_everything(const struct device_rule *rules, size_t n)
{
	bool kinds[2] = { false, false };

	for (size_t i = 0; i < n && !rules[i].deny; i++)
		if (rules[i].any_major && rules[i].any_minor && rules[i].read && rules[i].write &&
		    rules[i].mknod)
			kinds[rules[i].block] = true;
	return kinds[0] && kinds[1];
}

static int compile_and_load(const struct device_rule *rules, size_t n, struct arena *arena, struct error *err)
{
	const size_t max = n * DEVICES_INSNS_RULE_MAX + DEVICES_INSNS_FRAME;
	struct bpf_insn *insns = arena_array(arena, max, sizeof(*insns));
	int size = insns ? devices_compile_to(rules, n, insns, max) : -ENOMEM;

	if (size < 0)
		return error_set(err, -size, "linux.resources.devices: compile %zu rules", n);
	return devices_load(insns, (size_t)size, err);
}

int cgroup_devices_apply(int fd, const struct oci_resources *resources, bool rootless, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_fd_ int program_fd = -1;
	struct error failure = { 0 };
	struct device_rule *rules;
	size_t n;
	int r;

	if (fd < 0)
		return 0;
	r = arena ? container_devices_rules(resources, arena, &rules, &n) : -ENOMEM;
	if (r < 0)
		return error_set(err, -r, "linux.resources.devices: %zu rules, at most %d are taken",
				 resources->n_devices, CONTAINER_DEVICES_MAX);
	if (allows_everything(rules, n) && devices_attached(fd) <= 0)
		return 0;
	program_fd = compile_and_load(rules, n, arena, &failure);
	r = program_fd < 0 ? program_fd : devices_attach_shared(fd, program_fd, &failure);
	/* Who has no rights outside gets no device from the kernel anyway but those he could open already. */
	if (r == -EPERM && rootless)
		return 0;
	if (r < 0 && err)
		*err = failure;
	return r;
}
