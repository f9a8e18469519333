/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Short ways to write linux.seccomp, to build its filter and to ask it. */
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdint.h>

#include "profiles/oci/oci.h"
#include "seccomp/oci_filter.h"

struct arena;

#if defined(__x86_64__)
#define NATIVE      AUDIT_ARCH_X86_64
#define NATIVE_WORD "SCMP_ARCH_X86_64"
#define COMPAT      AUDIT_ARCH_I386
#define COMPAT_WORD "SCMP_ARCH_X86"
#else
#define NATIVE      AUDIT_ARCH_AARCH64
#define NATIVE_WORD "SCMP_ARCH_AARCH64"
#define COMPAT      AUDIT_ARCH_ARM
#define COMPAT_WORD "SCMP_ARCH_ARM"
#endif

#define NAMES(...)                                                                                           \
	{                                                                                                    \
		.items = (const char *const[]){ __VA_ARGS__, NULL },                                         \
		.n = sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *)                           \
	}
#define RULES(...)                                                                                           \
	.rules = (const struct oci_seccomp_rule[]){ __VA_ARGS__ },                                           \
	.n_rules =                                                                                           \
		sizeof((const struct oci_seccomp_rule[]){ __VA_ARGS__ }) / sizeof(struct oci_seccomp_rule)
#define ARGS(...)                                                                                            \
	.args = (const struct oci_seccomp_arg[]){ __VA_ARGS__ },                                             \
	.n_args = sizeof((const struct oci_seccomp_arg[]){ __VA_ARGS__ }) / sizeof(struct oci_seccomp_arg)

/** oci_fixture_build() - build without a cache, or fail the test; the kernel would take the result. */
void oci_fixture_build(const struct oci_seccomp *seccomp, struct arena *arena, struct oci_filter *ret);

/** oci_fixture_ask() - Return: SECCOMP_RET_* for a call of architecture AUDIT_ARCH_*. */
uint32_t oci_fixture_ask(const struct oci_filter *filter, uint32_t arch, uint32_t nr, const uint64_t args[6]);

/** oci_fixture_answer() - the same for one config, one native call by name and its first argument. */
uint32_t oci_fixture_answer(const struct oci_seccomp *seccomp, const char *call, uint64_t first);

/**
 * oci_fixture_docker() - a config as container engines write it by default: EPERM for all but some
 * 350 calls, tests of arguments for personality, socket and clone, ENOSYS for clone3, three architectures
 */
void oci_fixture_docker(struct oci_seccomp *ret);
