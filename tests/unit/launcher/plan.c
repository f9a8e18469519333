/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plan_build() for specs and hosts made by hand: which steps, in which order, or which refusal. */
#include "launcher/plan.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "launcher/host.h"
#include "launcher/steps/steps.h"
#include "plan_fixture.h"
#include "profiles/spec.h"

static struct plan plan;
static struct error err;

static int build(const struct spec *spec, const struct host *host, struct arena *arena)
{
	err = (struct error){ 0 };
	return plan_build(spec, host, arena, &plan, &err);
}

/* The names, one a line. */
static const char *names(void)
{
	static char text[4096];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < plan.n_steps; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", plan.steps[i].type->name);
	return text;
}

Test(plan, orders_the_steps_of_a_default_profile)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct spec spec = fixture_spec();
	const struct host host = fixture_host();

	cr_assert(zero(int, build(&spec, &host, arena)), "%s", err.msg);
	cr_assert(eq(str, names(),
		     "cgroup-limits\ndevice-filter\nuser-namespace\nnamespaces\nuser-id\nhostname\nnetwork\n"
		     "root-filesystem\nproc\ndev\nnested-namespaces\nprogram\npivot-root\nworking-directory\n"
		     "keyring\nexec-once\nrlimits\numask\nmemory-execution\ncapabilities\nundumpable\n"
		     "no-new-privs\ndescriptors\nlandlock\nseccomp\n"));
	cr_assert(zero(sz, plan.n_warnings));
	for (size_t i = 0; i < plan.n_steps; i++) {
		cr_assert(plan.steps[i].spec == &spec);
		cr_assert(plan.steps[i].arg == NULL);
	}
}

Test(plan, orders_the_steps_of_a_profile_that_asks_for_more)
{
	static const struct spec_mount mounts[] = {
		{ .target = "/data", .type = SPEC_MOUNT_BIND, .source = "/srv/data" },
		{ .target = "/data/tmp", .type = SPEC_MOUNT_TMPFS, .size_bytes = 4096, .inodes = SPEC_UNSET },
	};
	static const struct spec_secret secrets[] = { { .name = "key", .source = "/etc/key", .mode = 0400 } };
	static const struct spec_pair sysctls[] = { { "net.ipv4.ip_unprivileged_port_start", "80" } };
	static const struct spec_listen listen[] = { { .name = "http", .address = "0.0.0.0:80", .fd = 3 } };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct spec spec = fixture_spec();
	const struct host host = fixture_host();

	spec.mounts = mounts, spec.n_mounts = ARRAY_SIZE(mounts);
	spec.secrets = secrets, spec.n_secrets = ARRAY_SIZE(secrets);
	spec.sysctls = (struct spec_pairs){ sysctls, ARRAY_SIZE(sysctls) };
	spec.listen = listen, spec.n_listen = ARRAY_SIZE(listen);
	spec.proc = SPEC_PROC_FULL;
	spec.apparmor = "kapsel-web";
	cr_assert(zero(int, build(&spec, &host, arena)), "%s", err.msg);
	cr_assert(eq(str, names(),
		     "cgroup-limits\ndevice-filter\nlisten\nuser-namespace\nnamespaces\nuser-id\nhostname\n"
		     "network\nroot-filesystem\nproc\ndev\nmount\nmount\nsecrets\nmask-path\nsysctls\n"
		     "nested-namespaces\nsecurity-label\nprogram\npivot-root\nworking-directory\nkeyring\n"
		     "exec-once\nrlimits\numask\nmemory-execution\ncapabilities\nundumpable\nno-new-privs\n"
		     "descriptors\nlandlock\nseccomp\n"));
	cr_assert(plan.steps[11].arg == &mounts[0], "parents are mounted first");
	cr_assert(plan.steps[12].arg == &mounts[1]);
}

/* Each opening drops its own step and no other. */
Test(plan, leaves_out_what_a_profile_opens)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct spec spec = fixture_spec();
	const struct host host = fixture_host();

	spec.proc = SPEC_PROC_NONE;
	spec.namespaces &= ~(unsigned int)(SPEC_NS_UTS | SPEC_NS_NET);
	spec.network = SPEC_NETWORK_HOST;
	spec.allow_setuid = spec.allow_jit = spec.allow_nested_namespaces = true;
	cr_assert(zero(int, build(&spec, &host, arena)), "%s", err.msg);
	cr_assert(eq(str, names(),
		     "cgroup-limits\ndevice-filter\nuser-namespace\nnamespaces\nuser-id\nroot-filesystem\n"
		     "dev\nprogram\npivot-root\nworking-directory\nkeyring\nexec-once\nrlimits\numask\n"
		     "capabilities\nundumpable\ndescriptors\nlandlock\nseccomp\n"));
}

Test(plan, refuses_more_steps_than_it_has_room_for)
{
	static struct spec_mount mounts[PLAN_STEPS_MAX];
	_cleanup_arena_ struct arena *arena = arena_new();
	struct spec spec = fixture_spec();
	const struct host host = fixture_host();
	size_t others;

	cr_assert(zero(int, build(&spec, &host, arena)), "%s", err.msg);
	others = plan.n_steps;
	for (size_t i = 0; i < PLAN_STEPS_MAX; i++)
		mounts[i] = (struct spec_mount){ .target = "/x", .type = SPEC_MOUNT_TMPFS };
	spec.mounts = mounts;
	spec.n_mounts = PLAN_STEPS_MAX - others;
	cr_assert(zero(int, build(&spec, &host, arena)), "%s", err.msg);
	spec.n_mounts++;
	cr_assert(eq(int, build(&spec, &host, arena), -E2BIG));
	cr_assert(strstr(err.msg, "96") != NULL, "%s", err.msg);
}

/* What a host can lack, and how the refusal or the warning names it. */
static void lose_landlock(struct host *host)
{
	host->landlock_abi = 0;
}

static void lose_notify(struct host *host)
{
	host->seccomp_notify = false;
}

static void lose_time(struct host *host)
{
	host->time_namespace = false;
}

static const struct {
	void (*lose)(struct host *host);
	const char *name, *remedy;
} losses[] = {
	{ lose_landlock, "Landlock", "lsm=landlock" },
	{ lose_notify, "seccomp user notification", "5.5" },
	{ lose_time, "time namespaces", "CONFIG_TIME_NS" },
};

Test(plan, refuses_a_host_that_lacks_a_restriction)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct spec spec = fixture_spec();

	for (size_t i = 0; i < ARRAY_SIZE(losses); i++) {
		struct host host = fixture_host();

		losses[i].lose(&host);
		cr_assert(eq(int, build(&spec, &host, arena), -ENOTSUP), "%s", losses[i].name);
		cr_assert(eq(int, err.code, ENOTSUP));
		cr_assert(strstr(err.msg, losses[i].name) != NULL, "%s", err.msg);
		cr_assert(strstr(err.remedy, losses[i].remedy) != NULL, "%s", err.remedy);
		cr_assert(strstr(err.remedy, "\"on_missing\": \"warn\"") != NULL, "%s", err.remedy);
		cr_assert(zero(sz, plan.n_warnings));
	}
}

Test(plan, warns_of_what_is_missing_when_the_profile_allows_it)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct spec spec = fixture_spec();

	spec.on_missing = SPEC_MISSING_WARN;
	for (size_t i = 0; i < ARRAY_SIZE(losses); i++) {
		struct host host = fixture_host();

		losses[i].lose(&host);
		cr_assert(zero(int, build(&spec, &host, arena)), "%s: %s", losses[i].name, err.msg);
		cr_assert(zero(int, err.code));
		cr_assert(eq(sz, plan.n_warnings, 1));
		cr_assert(strstr(plan.warnings[0], losses[i].name) != NULL, "%s", plan.warnings[0]);
		cr_assert(strstr(plan.warnings[0], "on_missing") != NULL, "%s", plan.warnings[0]);
	}
}

Test(plan, lists_each_missing_thing_once)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct spec spec = fixture_spec();
	struct host host = fixture_host();

	spec.on_missing = SPEC_MISSING_WARN;
	for (size_t i = 0; i < ARRAY_SIZE(losses); i++)
		losses[i].lose(&host);
	host.place.available = 0;
	cr_assert(zero(int, build(&spec, &host, arena)), "%s", err.msg);
	cr_assert(eq(sz, plan.n_warnings, ARRAY_SIZE(losses) + 1));
	for (size_t i = 0; i < plan.n_warnings; i++)
		for (size_t j = 0; j < i; j++)
			cr_assert(ne(str, plan.warnings[i], plan.warnings[j]));
}

Test(plan, needs_no_time_namespaces_when_the_clocks_are_the_hosts)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct spec spec = fixture_spec();
	struct host host = fixture_host();

	lose_time(&host);
	spec.namespaces &= ~(unsigned int)SPEC_NS_TIME;
	cr_assert(zero(int, build(&spec, &host, arena)), "%s", err.msg);
}

Test(plan, refuses_missing_controllers_by_name)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct spec spec = fixture_spec();
	struct host host = fixture_host();

	host.place.available &= ~(unsigned int)CGROUP_MEMORY;
	cr_assert(eq(int, build(&spec, &host, arena), -EOPNOTSUPP));
	cr_assert(strstr(err.msg, "limits.memory") != NULL, "%s", err.msg);
	cr_assert(strstr(err.msg, "controllers memory,") != NULL, "%s", err.msg);
	cr_assert(eq(str, err.step, "cgroup-limits"));
	cr_assert(strstr(err.remedy, "Delegate=yes") != NULL, "the place's own remedy: %s", err.remedy);
	cr_assert(strstr(err.remedy, "unlimited") != NULL, "%s", err.remedy);

	spec.on_missing = SPEC_MISSING_WARN;
	cr_assert(zero(int, build(&spec, &host, arena)), "%s", err.msg);
	cr_assert(zero(int, err.code));
	cr_assert(eq(str, err.step, ""));
	cr_assert(eq(sz, plan.n_warnings, 1));
	cr_assert(strstr(plan.warnings[0], "limits.memory") != NULL, "%s", plan.warnings[0]);
}

Test(plan, refuses_limits_when_there_is_no_place_for_a_group)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct spec spec = fixture_spec();
	struct host host = fixture_host();

	host.place = (struct cgroup_place){ .reason = "no cgroup2 mount", .remedy = "mount one" };
	cr_assert(eq(int, build(&spec, &host, arena), -EOPNOTSUPP));
	cr_assert(strstr(err.msg, "no cgroup2 mount") != NULL, "%s", err.msg);
	cr_assert(strstr(err.remedy, "mount one") != NULL, "%s", err.remedy);
	spec.on_missing = SPEC_MISSING_WARN;
	cr_assert(zero(int, build(&spec, &host, arena)), "%s", err.msg);
	cr_assert(eq(sz, plan.n_warnings, 1));
}

/* A group is also what ends all processes: without one, the pid namespace must do that. */
Test(plan, needs_no_group_when_nothing_is_limited_and_pid_1_ends_all)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct spec spec = fixture_spec();
	struct host host = fixture_host();

	host.place = (struct cgroup_place){ .reason = "no cgroup2 mount" };
	fixture_unlimited(&spec);
	cr_assert(zero(int, build(&spec, &host, arena)), "%s", err.msg);
	cr_assert(zero(sz, plan.n_warnings));
	spec.namespaces &= ~(unsigned int)SPEC_NS_PID;
	cr_assert(eq(int, build(&spec, &host, arena), -EOPNOTSUPP));
}

Test(plan, refuses_limits_that_the_kernel_cannot_express)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct spec spec = fixture_spec();
	const struct host host = fixture_host();

	spec.on_missing = SPEC_MISSING_WARN;
	spec.limits.cpu_cores = 0.001;
	cr_assert(eq(int, build(&spec, &host, arena), -ERANGE));
	cr_assert(strstr(err.msg, "limits.cpu") != NULL, "%s", err.msg);
}

/* Nothing holds without one, so no profile can do without. */
Test(plan, refuses_a_host_without_user_namespaces_in_every_case)
{
	const enum spec_on_missing cases[] = { SPEC_MISSING_FAIL, SPEC_MISSING_WARN };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct spec spec = fixture_spec();
	struct host host = fixture_host();

	host.user_namespaces = false;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		spec.on_missing = cases[i];
		host.user_namespaces_setting = "user.max_user_namespaces = 0";
		cr_assert(eq(int, build(&spec, &host, arena), -EPERM));
		cr_assert(strstr(err.msg, "user.max_user_namespaces = 0") != NULL, "%s", err.msg);
		cr_assert(strstr(err.remedy, "kapsel doctor") != NULL, "%s", err.remedy);
		host.user_namespaces_setting = NULL;
		cr_assert(eq(int, build(&spec, &host, arena), -EPERM));
		cr_assert(strstr(err.msg, "this kernel") != NULL, "%s", err.msg);
	}
}

Test(plan, explains_every_step_and_every_warning)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct spec spec = fixture_spec();
	struct host host = fixture_host();
	char *text = NULL, line[128];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert(out != NULL);
	spec.on_missing = SPEC_MISSING_WARN;
	lose_landlock(&host);
	cr_assert(zero(int, build(&spec, &host, arena)), "%s", err.msg);
	plan_explain(&plan, out);
	fclose(out);
	for (size_t i = 0; i < plan.n_steps; i++) {
		const struct step_type *type = plan.steps[i].type;

		snprintf(line, sizeof(line), "%s%s\n  value   ", i ? "\n" : "", type->name);
		cr_assert(strstr(text, line) != NULL, "%s in:\n%s", type->name, text);
		cr_assert(strstr(text, type->blocks) != NULL, "%s", type->name);
		cr_assert(strstr(text, type->source) != NULL, "%s", type->name);
	}
	cr_assert(strstr(text, "  phase   seal\nwarning: started without Landlock") != NULL, "%s", text);
	cr_assert(strstr(text, "value   \n") == NULL, "every value is said:\n%s", text);
	free(text);
}
