/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <seccomp.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "interpreter.h"
#include "seccomp/groups.h"

void oci_fixture_build(const struct oci_seccomp *seccomp, struct arena *arena, struct oci_filter *ret)
{
	struct error err = { 0 };

	cr_assert(eq(int, oci_filter_build(seccomp, NULL, arena, ret, &err), 0), "%s", err.msg);
	cr_assert(interpreter_accepts(ret->program, ret->n));
}

uint32_t oci_fixture_ask(const struct oci_filter *filter, uint32_t arch, uint32_t nr, const uint64_t args[6])
{
	struct seccomp_data data = { .nr = (int)nr, .arch = arch };
	bool looked;

	for (size_t i = 0; args && i < 6; i++)
		data.args[i] = args[i];
	return interpreter_run(filter->program, filter->n, &data, &looked);
}

uint32_t oci_fixture_answer(const struct oci_seccomp *seccomp, const char *call, uint64_t first)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const uint64_t args[6] = { first };
	struct oci_filter filter;

	oci_fixture_build(seccomp, arena, &filter);
	return oci_fixture_ask(&filter, NATIVE, (uint32_t)syscall_number(call), args);
}

void oci_fixture_docker(struct oci_seccomp *ret)
{
	static const struct oci_seccomp_arg personalities[] = {
		{ 0, 0x0, 0, SCMP_CMP_EQ },        { 0, 0x8, 0, SCMP_CMP_EQ },
		{ 0, 0x20000, 0, SCMP_CMP_EQ },    { 0, 0x20008, 0, SCMP_CMP_EQ },
		{ 0, 0xffffffff, 0, SCMP_CMP_EQ },
	};
	static const struct oci_seccomp_arg sockets[] = {
		{ 0, 38, 0, SCMP_CMP_LT },
		{ 0, 39, 0, SCMP_CMP_EQ },
		{ 0, 40, 0, SCMP_CMP_GT },
	};
	static const struct oci_seccomp_arg no_namespaces[] = { { 0, 0x7e020000, 0, SCMP_CMP_MASKED_EQ } };
	static const char *const personality[] = { "personality", NULL },
				 *const socket[] = { "socket", NULL }, *const clone[] = { "clone", NULL },
				 *const clone3[] = { "clone3", NULL };
	static const char *const architectures[] = {
		NATIVE_WORD,
		COMPAT_WORD,
#if defined(__x86_64__)
		"SCMP_ARCH_X32",
#endif
		NULL
	};
	static const char *allowed[512];
	static struct oci_seccomp_rule rules[16];
	const struct syscall_group *group = groups_find("@docker-default");
	size_t n_allowed = 0, n = 0;

	for (const char *const *call = group->calls; *call; call++)
		if (strcmp(*call, "personality") != 0 && strcmp(*call, "socket") != 0 &&
		    strcmp(*call, "clone") != 0 && strcmp(*call, "clone3") != 0)
			allowed[n_allowed++] = *call;
	rules[n++] =
		(struct oci_seccomp_rule){ .names = { allowed, n_allowed }, .action = SECCOMP_RET_ALLOW };
	for (size_t i = 0; i < 5; i++)
		rules[n++] = (struct oci_seccomp_rule){ .names = { personality, 1 },
							.action = SECCOMP_RET_ALLOW,
							.args = &personalities[i],
							.n_args = 1 };
	for (size_t i = 0; i < 3; i++)
		rules[n++] = (struct oci_seccomp_rule){
			.names = { socket, 1 }, .action = SECCOMP_RET_ALLOW, .args = &sockets[i], .n_args = 1
		};
	rules[n++] = (struct oci_seccomp_rule){
		.names = { clone, 1 }, .action = SECCOMP_RET_ALLOW, .args = no_namespaces, .n_args = 1
	};
	rules[n++] = (struct oci_seccomp_rule){
		.names = { clone3, 1 }, .action = SECCOMP_RET_ERRNO, .errno_given = true, .errno_ret = ENOSYS
	};
	*ret = (struct oci_seccomp){
		.default_action = SECCOMP_RET_ERRNO,
		.default_errno_given = true,
		.default_errno = EPERM,
		.architectures = { architectures, sizeof(architectures) / sizeof(*architectures) - 1 },
		.rules = rules,
		.n_rules = n,
	};
}
