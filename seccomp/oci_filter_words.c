/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/oci_filter_words.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/macro.h"
#include "base/str.h"
#include "base/sys.h"
#include "seccomp/oci_filter.h"

/* The two tables have the same rows. A newer libseccomp adds its own at the end. */
static const char *const architectures[] = {
	"SCMP_ARCH_X86",
	"SCMP_ARCH_X86_64",
	"SCMP_ARCH_X32",
	"SCMP_ARCH_ARM",
	"SCMP_ARCH_AARCH64",
	"SCMP_ARCH_MIPS",
	"SCMP_ARCH_MIPS64",
	"SCMP_ARCH_MIPS64N32",
	"SCMP_ARCH_MIPSEL",
	"SCMP_ARCH_MIPSEL64",
	"SCMP_ARCH_MIPSEL64N32",
	"SCMP_ARCH_PPC",
	"SCMP_ARCH_PPC64",
	"SCMP_ARCH_PPC64LE",
	"SCMP_ARCH_S390",
	"SCMP_ARCH_S390X",
	"SCMP_ARCH_PARISC",
	"SCMP_ARCH_PARISC64",
	"SCMP_ARCH_RISCV64",
#ifdef SCMP_ARCH_LOONGARCH64 /* 2.6 */
	"SCMP_ARCH_LOONGARCH64",
	"SCMP_ARCH_M68K",
	"SCMP_ARCH_SH",
	"SCMP_ARCH_SHEB",
#endif
	NULL,
};

static const uint32_t tokens[] = {
	SCMP_ARCH_X86,         SCMP_ARCH_X86_64, SCMP_ARCH_X32,       SCMP_ARCH_ARM,     SCMP_ARCH_AARCH64,
	SCMP_ARCH_MIPS,        SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS64N32, SCMP_ARCH_MIPSEL,  SCMP_ARCH_MIPSEL64,
	SCMP_ARCH_MIPSEL64N32, SCMP_ARCH_PPC,    SCMP_ARCH_PPC64,     SCMP_ARCH_PPC64LE, SCMP_ARCH_S390,
	SCMP_ARCH_S390X,       SCMP_ARCH_PARISC, SCMP_ARCH_PARISC64,  SCMP_ARCH_RISCV64,
#ifdef SCMP_ARCH_LOONGARCH64
	SCMP_ARCH_LOONGARCH64, SCMP_ARCH_M68K,   SCMP_ARCH_SH,        SCMP_ARCH_SHEB,
#endif
};

_Static_assert(ARRAY_SIZE(tokens) + 1 == ARRAY_SIZE(architectures), "a token for each word");

static const char *const operators[] = {
	"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",        "SCMP_CMP_EQ",
	"SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ", NULL,
};

/* Several words for one action: the first one is shown. */
static const char *const actions[] = {
	"SCMP_ACT_KILL",        "SCMP_ACT_KILL_PROCESS",
	"SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
	"SCMP_ACT_ERRNO",       "SCMP_ACT_TRACE",
	"SCMP_ACT_ALLOW",       "SCMP_ACT_LOG",
	"SCMP_ACT_NOTIFY",      NULL,
};

static const uint32_t action_values[] = {
	SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
	SECCOMP_RET_TRAP,        SECCOMP_RET_ERRNO,        SECCOMP_RET_TRACE,
	SECCOMP_RET_ALLOW,       SECCOMP_RET_LOG,          SECCOMP_RET_USER_NOTIF,
};

_Static_assert(ARRAY_SIZE(action_values) + 1 == ARRAY_SIZE(actions), "a value for each word");

static const char *const flags[] = {
	"SECCOMP_FILTER_FLAG_TSYNC",
	"SECCOMP_FILTER_FLAG_LOG",
	"SECCOMP_FILTER_FLAG_SPEC_ALLOW",
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
	NULL,
};

static const unsigned int flag_values[] = {
	SECCOMP_FILTER_FLAG_TSYNC,
	SECCOMP_FILTER_FLAG_LOG,
	SECCOMP_FILTER_FLAG_SPEC_ALLOW,
	/* Taken only together: without a listener nobody receives. */
	SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV | SECCOMP_FILTER_FLAG_NEW_LISTENER,
};

_Static_assert(ARRAY_SIZE(flag_values) + 1 == ARRAY_SIZE(flags), "a value for each word");

uint32_t oci_filter_words_token(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
		if (str_equal(architectures[i], word))
			return tokens[i];
	return 0;
}

const char *oci_filter_words_architecture(uint32_t token)
{
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
		if (tokens[i] == token)
			return architectures[i];
	return "an unknown architecture";
}

const char *oci_filter_words_action(uint32_t action)
{
	for (size_t i = 0; i < ARRAY_SIZE(action_values); i++)
		if (action_values[i] == action)
			return actions[i];
	return "an unknown action";
}

const char *const *oci_filter_actions(void)
{
	return actions;
}

const char *const *oci_filter_operators(void)
{
	return operators;
}

const char *const *oci_filter_architectures(void)
{
	return architectures;
}

const char *const *oci_filter_flags(void)
{
	return flags;
}

const char *const *oci_filter_supported_flags(struct arena *arena)
{
	const char **supported = arena_array(arena, ARRAY_SIZE(flags), sizeof(*supported));
	size_t n = 0;

	if (!supported)
		return NULL;
	/* A flag that the kernel has gets as far as the program, which isn't there: EFAULT (seccomp(2)). */
	for (size_t i = 0; i < ARRAY_SIZE(flag_values); i++)
		if (sys_seccomp(SECCOMP_SET_MODE_FILTER, flag_values[i], NULL) < 0 && errno == EFAULT)
			supported[n++] = flags[i];
	return supported;
}
