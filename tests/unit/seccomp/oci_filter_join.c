/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>

#include "base/arena.h"
#include "base/error.h"
#include "interpreter.h"
#include "oci_fixture.h"
#include "profiles/spec.h"
#include "seccomp/oci_filter_join.h"

static struct arena *arena;

static void make_arena(void)
{
	arena = arena_new();
	cr_assert(ne(ptr, arena, NULL));
}

static void free_arena(void)
{
	arena = arena_free(arena);
}

TestSuite(oci_filter_join, .init = make_arena, .fini = free_arena);

static void build_profile(struct filter *ret)
{
	static const char *const any[] = { "*", NULL };
	static const char *const calls[] = { "@base", "@process", NULL };
	const struct spec spec = {
		.exec_allow = { any, 1 },
		.syscalls = { calls, 2 },
		.on_violation = SPEC_VIOLATION_KILL,
	};
	const struct filter_options options = { .exec_fd = -1 };
	struct error err = { 0 };

	cr_assert(zero(int, filter_build(&spec, &options, arena, ret, &err)), "%s", err.msg);
}

static uint32_t ask_profile(const struct filter *filter, const struct seccomp_data *data)
{
	bool looked;

	return interpreter_run(filter->program, filter->n, data, &looked);
}

/* Every call, with arguments that some rules look at: the layer's refusal, else the config's answer. */
Test(oci_filter_join, answers_as_both_would)
{
	static const uint64_t arguments[] = { 0, CLONE_NEWUSER, 0x7 };
	static const uint32_t architectures[] = { NATIVE, COMPAT };
	struct oci_seccomp config = { 0 };
	struct oci_filter alone, joined;
	struct filter profile;
	struct error err = { 0 };
	size_t refused_by_both = 0, refused_by_one = 0, allowed = 0;

	oci_fixture_docker(&config);
	oci_fixture_build(&config, arena, &alone);
	build_profile(&profile);
	joined = alone;
	cr_assert(zero(int, oci_filter_join(&profile, arena, &joined, &err)), "%s", err.msg);
	cr_assert(interpreter_accepts(joined.program, joined.n));
	for (uint32_t nr = 0; nr < 1024 * ARRAY_SIZE(arguments) * ARRAY_SIZE(architectures); nr++) {
		uint64_t value = arguments[nr / 1024 % ARRAY_SIZE(arguments)];
		uint32_t arch = architectures[nr / 1024 / ARRAY_SIZE(arguments)];
		const uint64_t args[6] = { value, value, value, value, value, value };
		const struct seccomp_data data = { .nr = (int)(nr % 1024),
						   .arch = arch,
						   .args = { value, value, value, value, value, value } };
		uint32_t first = ask_profile(&profile, &data);
		uint32_t second = oci_fixture_ask(&alone, arch, nr % 1024, args);
		uint32_t got = oci_fixture_ask(&joined, arch, nr % 1024, args);

		cr_assert(eq(u32, got, first == SECCOMP_RET_ALLOW ? second : first), "call %u", nr % 1024);
		refused_by_both += first != SECCOMP_RET_ALLOW && second != SECCOMP_RET_ALLOW;
		refused_by_one += (first == SECCOMP_RET_ALLOW) != (second == SECCOMP_RET_ALLOW);
		allowed += got == SECCOMP_RET_ALLOW;
	}
	/* The comparison must have met every case. */
	cr_assert(all(gt(sz, refused_by_both, 50), gt(sz, refused_by_one, 50), gt(sz, allowed, 50)));
}

Test(oci_filter_join, leaves_the_config_flags_alone)
{
	struct oci_seccomp config = { .default_action = SECCOMP_RET_ALLOW, .flags = SECCOMP_FILTER_FLAG_LOG };
	struct oci_filter filter;
	struct filter profile;
	struct error err = { 0 };

	oci_fixture_build(&config, arena, &filter);
	build_profile(&profile);
	cr_assert(zero(int, oci_filter_join(&profile, arena, &filter, &err)));
	cr_assert(eq(uint, filter.flags, SECCOMP_FILTER_FLAG_LOG));
	cr_assert(not(filter.notify));
}

Test(oci_filter_join, refuses_what_the_kernel_would_not_take)
{
	static struct sock_filter many[BPF_MAXINSNS];
	struct oci_filter filter = { .program = many, .n = BPF_MAXINSNS };
	struct filter profile;
	struct error err = { 0 };

	build_profile(&profile);
	cr_assert(eq(int, oci_filter_join(&profile, arena, &filter, &err), -E2BIG));
	cr_assert(eq(sz, filter.n, BPF_MAXINSNS));
}

Test(oci_filter_join, refuses_a_first_part_with_a_listener)
{
	struct sock_filter leave = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct oci_filter filter = { .program = &leave, .n = 1 };
	struct filter profile = { .program = &leave, .n = 1, .notify = true };
	struct error err = { 0 };

	cr_assert(eq(int, oci_filter_join(&profile, arena, &filter, &err), -EINVAL));
}
