/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/container_devices.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "cgroups/container.h"
#include "device_attempt.h"
#include "device_interpreter.h"
#include "profiles/oci/oci.h"
#include "scratch.h"

enum { R = BPF_DEVCG_ACC_READ, W = BPF_DEVCG_ACC_WRITE, M = BPF_DEVCG_ACC_MKNOD };

#define ALL .read = true, .write = true, .mknod = true
#define DENY_ALL                                                                                             \
	{                                                                                                    \
		.type = 'a', .any_major = true, .any_minor = true, ALL                                       \
	}

struct filter {
	struct bpf_insn insns[8192];
	int n;
};

static void compile(struct filter *filter, const struct oci_device_rule *rules, size_t n_rules)
{
	const struct oci_resources resources = { .devices_given = rules,
						 .devices = rules,
						 .n_devices = n_rules };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct device_rule *ranked;
	size_t n;

	cr_assert(zero(int, container_devices_rules(&resources, arena, &ranked, &n)));
	filter->n = devices_compile_to(ranked, n, filter->insns, ARRAY_SIZE(filter->insns));
	cr_assert(gt(int, filter->n, 0));
}

static bool allows(const struct oci_device_rule *rules, size_t n_rules, bool block, uint32_t major,
		   uint32_t minor, uint32_t access)
{
	static struct filter filter;

	compile(&filter, rules, n_rules);
	return device_interpreter_allows(filter.insns, filter.n, block, major, minor, access);
}

static void needs_defaults(const struct oci_device_rule *rules, size_t n_rules)
{
	static const struct {
		uint32_t major, minor;
	} nodes[] = { { 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 },   { 1, 9 },
		      { 5, 0 }, { 5, 1 }, { 5, 2 }, { 136, 0 }, { 136, 700 } };

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		cr_assert(allows(rules, n_rules, false, nodes[i].major, nodes[i].minor, R | W | M), "%u:%u",
			  nodes[i].major, nodes[i].minor);
	cr_assert(allows(rules, n_rules, false, 10, 229, M), "making a node opens nothing");
	cr_assert(allows(rules, n_rules, true, 8, 0, M));
	cr_assert(not(allows(rules, n_rules, true, 8, 0, R)));
	cr_assert(not(allows(rules, n_rules, true, 1, 3, R)), "a block device with the number of null");
	cr_assert(not(allows(rules, n_rules, false, 1, 1, R)), "/dev/mem");
	cr_assert(not(allows(rules, n_rules, false, 1, 11, W)), "/dev/kmsg");
	cr_assert(not(allows(rules, n_rules, false, 10, 229, R)), "/dev/fuse");
}

Test(container_devices_rules, give_the_default_devices_and_nothing_else)
{
	const struct oci_device_rule deny[] = { DENY_ALL };
	const struct oci_device_rule by_kind[] = {
		{ .type = 'c', .any_major = true, .any_minor = true, ALL },
		{ .type = 'b', .any_major = true, .any_minor = true, ALL },
	};

	needs_defaults(NULL, 0);
	needs_defaults(deny, ARRAY_SIZE(deny));
	needs_defaults(by_kind, ARRAY_SIZE(by_kind));
}

Test(container_devices_rules, let_the_last_match_win)
{
	const struct oci_device_rule rules[] = {
		{ .allow = true, .type = 'c', .major = 200, .any_minor = true, ALL },
		DENY_ALL,
		{ .allow = true, .type = 'c', .major = 10, .any_minor = true, ALL },
		{ .type = 'c', .major = 10, .minor = 229, .read = true, .write = true },
		{ .allow = true, .type = 'c', .major = 10, .minor = 229, .read = true },
		{ .allow = true, .type = 'b', .any_major = true, .minor = 7, .read = true },
		{ .type = 'c', .major = 1, .minor = 9, .write = true },
	};
	const size_t n = ARRAY_SIZE(rules);

	cr_assert(not(allows(rules, n, false, 200, 1, R)), "before the last \"deny all\"");
	cr_assert(allows(rules, n, false, 10, 200, R | W | M));
	cr_assert(allows(rules, n, false, 10, 229, R));
	cr_assert(not(allows(rules, n, false, 10, 229, W)));
	cr_assert(not(allows(rules, n, false, 10, 229, R | W)), "one bit denied is denied");
	cr_assert(allows(rules, n, false, 10, 229, R | M));
	cr_assert(allows(rules, n, true, 259, 7, R));
	cr_assert(not(allows(rules, n, true, 259, 8, R)));
	cr_assert(allows(rules, n, false, 1, 9, R));
	cr_assert(not(allows(rules, n, false, 1, 9, W)), "a default device denied by name");
}

Test(container_devices_rules, let_a_config_forbid_the_making_of_nodes)
{
	const struct oci_device_rule rules[] = {
		DENY_ALL,
		{ .type = 'c', .any_major = true, .any_minor = true, .mknod = true },
	};

	cr_assert(not(allows(rules, 2, false, 10, 229, M)));
	cr_assert(allows(rules, 2, false, 1, 3, R | W));
}

Test(container_devices_rules, allow_everything_to_a_privileged_container)
{
	const struct oci_device_rule all[] = { { .allow = true, .type = 'a', ALL } };
	const struct oci_device_rule but_one[] = {
		{ .allow = true, .type = 'a', .any_major = true, .any_minor = true, ALL },
		{ .type = 'b', .major = 8, .any_minor = true, ALL },
	};

	for (uint32_t access = 1; access <= (R | W | M); access++) {
		cr_assert(allows(all, 1, true, 8, 0, access));
		cr_assert(allows(all, 1, false, 4000000000, 4000000000, access));
		cr_assert(not(allows(but_one, 2, true, 8, 0, access)));
		cr_assert(allows(but_one, 2, true, 9, 0, access));
	}
}

Test(container_devices_rules, take_missing_access_as_all_where_that_is_the_stricter_reading)
{
	const struct oci_device_rule rules[] = {
		{ .type = 'a' },
		{ .allow = true, .type = 'c', .major = 10, .minor = 1 },
	};
	const struct oci_device_rule all = { .allow = true, .type = 'a' };

	cr_assert(not(allows(rules, 2, false, 10, 1, R)));
	cr_assert(not(allows(rules, 2, true, 8, 0, R)));
	cr_assert(allows(&all, 1, true, 8, 0, R | W | M));
}

/* What the words of the contract mean, slowly: each bit on its own, the last rule that matches. */
static bool expected(const struct oci_device_rule *rules, size_t n, bool block, uint32_t major,
		     uint32_t minor, uint32_t access)
{
	for (uint32_t bit = 1; bit <= (R | W | M); bit <<= 1) {
		bool allowed = false;

		if (!(access & bit))
			continue;
		for (size_t i = 0; i < n; i++) {
			const struct oci_device_rule *rule = &rules[i];
			const uint32_t bits =
				(rule->read ? R : 0) | (rule->write ? W : 0) | (rule->mknod ? M : 0);

			if ((rule->type == 'a' || (rule->type == 'b') == block) && (bits & bit) &&
			    (rule->any_major || rule->type == 'a' || rule->major == major) &&
			    (rule->any_minor || rule->type == 'a' || rule->minor == minor))
				allowed = rule->allow;
		}
		if (!allowed)
			return false;
	}
	return true;
}

Test(container_devices_rules, agree_with_the_slow_reading_for_mixed_rules)
{
	enum { N = 12, LISTS = 300 };
	struct oci_device_rule rules[N];
	static struct filter filter;
	unsigned int seed = 4711;

	for (int list = 0; list < LISTS; list++) {
		for (size_t i = 0; i < N; i++) {
			const unsigned int random = (unsigned int)rand_r(&seed);
			const unsigned int access = (random >> 12) % 7 + 1;

			/* Majors that no default device has; the making of nodes is a default, too: left out.
			 */
			rules[i] = (struct oci_device_rule){
				.allow = random & 1,
				.type = "abcbc"[(random >> 1) % 5],
				.any_major = (random >> 4) % 4 == 0,
				.any_minor = (random >> 6) % 4 == 0,
				.major = 20 + (random >> 8) % 2,
				.minor = (random >> 10) % 3 * 20,
				.read = access & 1,
				.write = access & 2,
				.mknod = access & 4,
			};
		}
		rules[0] = (struct oci_device_rule){ .type = 'a', ALL };
		compile(&filter, rules, N);
		for (uint32_t where = 0; where < 2 * 3 * 4; where++) {
			const bool block = where % 2;
			const uint32_t major = 20 + where / 2 % 3, minor = where / 6 * 20;

			for (uint32_t access = 1; access <= 7; access++)
				if (!(access & M))
					cr_assert(eq(int,
						     device_interpreter_allows(filter.insns, filter.n, block,
									       major, minor, access),
						     expected(rules, N, block, major, minor, access)),
						  "list %d: %c %u:%u access %u", list, block ? 'b' : 'c',
						  major, minor, access);
		}
	}
}

Test(container_devices_rules, leave_out_what_is_decided_already)
{
	struct oci_device_rule rules[100];
	const struct oci_resources given = { .devices_given = true,
					     .devices = rules,
					     .n_devices = ARRAY_SIZE(rules) };
	const struct oci_resources none = { 0 };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct device_rule *ranked;
	size_t n, n_defaults;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		rules[i] = (struct oci_device_rule){
			.allow = i > 0, .type = i ? 'c' : 'a', .major = 1, .minor = 3, ALL
		};
	cr_assert(zero(int, container_devices_rules(&none, arena, &ranked, &n_defaults)));
	cr_assert(zero(int, container_devices_rules(&given, arena, &ranked, &n)));
	cr_assert(eq(sz, n, n_defaults));
}

Test(container_devices_rules, refuse_more_than_anybody_needs)
{
	const struct oci_resources many = { .devices_given = true, .n_devices = CONTAINER_DEVICES_MAX + 1 };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct device_rule *ranked;
	size_t n;

	cr_assert(eq(int, container_devices_rules(&many, arena, &ranked, &n), -E2BIG));
}

/* --- against the kernel ------------------------------------------------------- */

static void apply(const struct scratch *scratch, const struct oci_device_rule *rules, size_t n_rules)
{
	const struct oci_resources resources = { .devices_given = true,
						 .devices = rules,
						 .n_devices = n_rules };
	struct error err = { 0 };
	int r = cgroup_devices_apply(scratch->fd, &resources, false, &err);

	if (r == -EPERM || r == -ENOSYS)
		cr_skip_test("no device filter can be loaded here: %s", error_name(-r));
	cr_assert(zero(int, r), "%s: %s", err.msg, error_name(err.code));
}

static int attempt(const struct scratch *scratch, int (*body)(void *), void *arg)
{
	return scratch_wait(scratch_spawn(scratch->fd, body, arg));
}

Test(container_devices, stop_an_open_and_an_update_opens_it_again)
{
	const struct oci_device_rule deny[] = { DENY_ALL };
	const struct oci_device_rule with_kmsg[] = {
		DENY_ALL,
		{ .allow = true, .type = 'c', .major = 1, .minor = 11, .read = true },
	};
	const struct oci_device_rule no_nodes[] = {
		DENY_ALL,
		{ .type = 'c', .any_major = true, .any_minor = true, .mknod = true },
	};
	const struct oci_device_rule all[] = { { .allow = true, .type = 'a', ALL } };
	struct device_attempt null_rw = { "/dev/null", O_RDWR },
			      kmsg_r = { "/dev/kmsg", O_RDONLY | O_NONBLOCK },
			      kmsg_rw = { "/dev/kmsg", O_RDWR };
	struct scratch scratch;
	char path[64];
	struct device_node node = { .path = path, .minor = 11 };

	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	snprintf(path, sizeof(path), "/tmp/kapsel-test-kmsg-%d", getpid());
	apply(&scratch, deny, ARRAY_SIZE(deny));
	cr_assert(eq(int, devices_attached(scratch.fd), 1));
	cr_assert(zero(int, attempt(&scratch, device_attempt_open, &null_rw)));
	cr_assert(eq(int, attempt(&scratch, device_attempt_open, &kmsg_r), EPERM));
	cr_assert(zero(int, attempt(&scratch, device_attempt_mknod, &node)),
		  "a node can be made, but not opened");

	apply(&scratch, with_kmsg, ARRAY_SIZE(with_kmsg));
	cr_assert(eq(int, devices_attached(scratch.fd), 1), "replaced, not added");
	cr_assert(zero(int, attempt(&scratch, device_attempt_open, &kmsg_r)));
	cr_assert(eq(int, attempt(&scratch, device_attempt_open, &kmsg_rw), EPERM));

	apply(&scratch, no_nodes, ARRAY_SIZE(no_nodes));
	cr_assert(eq(int, attempt(&scratch, device_attempt_mknod, &node), EPERM));
	apply(&scratch, all, ARRAY_SIZE(all));
	cr_assert(zero(int, attempt(&scratch, device_attempt_open, &kmsg_rw)),
		  "an update to a privileged one takes hold");
	scratch_finish(&scratch);
}

struct tries {
	atomic_bool over;
	atomic_uint n, opened;
};

/* Opens what no filter of the test allows, until that is over. */
static int open_all_the_time(void *arg)
{
	struct tries *tries = arg;

	while (!tries->over) {
		int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

		tries->n++;
		tries->opened += fd >= 0;
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

Test(container_devices, leave_no_moment_without_a_filter_when_it_is_replaced)
{
	const struct oci_device_rule deny[] = { DENY_ALL };
	const struct oci_device_rule other[] = {
		DENY_ALL,
		{ .allow = true, .type = 'c', .major = 1, .minor = 5, ALL },
	};
	struct tries *tries =
		mmap(NULL, sizeof(*tries), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct scratch scratch;
	pid_t pid;

	cr_assert(ne(ptr, tries, MAP_FAILED));
	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	apply(&scratch, deny, ARRAY_SIZE(deny));
	pid = scratch_spawn(scratch.fd, open_all_the_time, tries);
	for (unsigned int i = 0; i < 20 || tries->n < 1000; i++) {
		apply(&scratch, i % 2 ? deny : other, i % 2 ? ARRAY_SIZE(deny) : ARRAY_SIZE(other));
		cr_assert(eq(int, devices_attached(scratch.fd), 1));
	}
	tries->over = true;
	cr_assert(zero(int, scratch_wait(pid)));
	cr_assert(eq(uint, tries->opened, 0));
	scratch_finish(&scratch);
	munmap(tries, sizeof(*tries));
}

Test(container_devices, need_no_filter_where_everything_is_allowed)
{
	const struct oci_device_rule all[] = { { .allow = true, .type = 'a', ALL } };
	struct scratch scratch;

	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	apply(&scratch, all, ARRAY_SIZE(all));
	cr_assert(zero(int, devices_attached(scratch.fd)));
	scratch_finish(&scratch);
}

Test(container_devices, leave_room_for_filters_of_containers_inside)
{
	const struct oci_device_rule deny[] = { DENY_ALL };
	const struct oci_device_rule all_but_zero[] = {
		{ .allow = true, .type = 'a', ALL },
		{ .type = 'c', .major = 1, .minor = 5, ALL },
	};
	const struct oci_resources inner_resources = { .devices_given = true,
						       .devices = all_but_zero,
						       .n_devices = 2 };
	struct device_attempt null_rw = { "/dev/null", O_RDWR }, zero_r = { "/dev/zero", O_RDONLY },
			      kmsg_r = { "/dev/kmsg", O_RDONLY | O_NONBLOCK };
	struct scratch scratch;
	struct error err = { 0 };
	int inner;

	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	apply(&scratch, deny, ARRAY_SIZE(deny));
	cr_assert(zero(int, mkdirat(scratch.fd, "inner", 0755)));
	inner = openat(scratch.fd, "inner", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(zero(int, cgroup_devices_apply(inner, &inner_resources, false, &err)), "%s", err.msg);
	cr_assert(zero(int, scratch_wait(scratch_spawn(inner, device_attempt_open, &null_rw))));
	cr_assert(eq(int, scratch_wait(scratch_spawn(inner, device_attempt_open, &zero_r)), EPERM));
	cr_assert(eq(int, scratch_wait(scratch_spawn(inner, device_attempt_open, &kmsg_r)), EPERM),
		  "the outer one holds");
	close(inner);
	scratch_finish(&scratch);
}

Test(container_devices, load_as_many_rules_as_are_taken)
{
	static struct oci_device_rule many[1000];
	struct scratch scratch;
	struct device_attempt null_rw = { "/dev/null", O_RDWR },
			      kmsg_r = { "/dev/kmsg", O_RDONLY | O_NONBLOCK };

	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct oci_device_rule){ .allow = i % 3 > 0,
						    .type = i % 2 ? 'c' : 'b',
						    .major = 300 + (uint32_t)i,
						    .minor = 77,
						    .read = true,
						    .write = i % 5 == 0 };
	apply(&scratch, many, ARRAY_SIZE(many));
	cr_assert(zero(int, attempt(&scratch, device_attempt_open, &null_rw)));
	cr_assert(eq(int, attempt(&scratch, device_attempt_open, &kmsg_r), EPERM));
	scratch_finish(&scratch);
}

Test(container_devices, are_no_matter_without_a_group)
{
	const struct oci_resources resources = { 0 };
	struct error err = { 0 };

	cr_assert(zero(int, cgroup_devices_apply(-1, &resources, true, &err)));
	cr_assert(zero(int, err.code));
}
