/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include "base/sys.h"
#include "oci_reading.h"

static struct oci_reading read_seccomp(const char *more)
{
	char text[4096];

	snprintf(text, sizeof(text), "\"seccomp\":{%s}", more);
	return oci_read_linux(text);
}

static struct oci_reading read_rule(const char *more)
{
	char text[4096];

	snprintf(text, sizeof(text), "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{%s}]", more);
	return read_seccomp(text);
}

Test(oci_seccomp, reads_every_member)
{
	_cleanup_oci_ struct oci_reading reading = oci_read_corpus("full");
	const struct oci_seccomp *seccomp = &reading.oci.seccomp;

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	cr_assert(reading.oci.seccomp_given);
	cr_assert(eq(u32, seccomp->default_action, SECCOMP_RET_ERRNO));
	cr_assert(seccomp->default_errno_given);
	cr_assert(eq(u32, seccomp->default_errno, ENOSYS));
	cr_assert(eq(sz, seccomp->architectures.n, 3));
	cr_assert(eq(uint, seccomp->flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW));
	cr_assert(same_text(seccomp->listener_path, "/run/agent.sock"));
	cr_assert(same_text(seccomp->listener_metadata, "opaque"));
	cr_assert(eq(sz, seccomp->n_rules, 3));
	cr_assert(eq(sz, seccomp->rules[0].names.n, 2));
	cr_assert(same_text(seccomp->rules[0].names.items[1], "chmod"));
	cr_assert(seccomp->rules[0].errno_given);
	cr_assert(eq(u32, seccomp->rules[0].errno_ret, EACCES));
	cr_assert(eq(u32, seccomp->rules[1].action, SECCOMP_RET_USER_NOTIF));
	cr_assert(holds(!seccomp->rules[1].errno_given));
	cr_assert(eq(sz, seccomp->rules[2].n_args, 2));
	cr_assert(eq(u64, seccomp->rules[2].args[0].value, UINT64_MAX));
	cr_assert(eq(u64, seccomp->rules[2].args[0].value_two, 2114060288));
	cr_assert(eq(int, seccomp->rules[2].args[0].op, SCMP_CMP_MASKED_EQ));
	cr_assert(eq(uint, seccomp->rules[2].args[1].index, 5));
}

Test(oci_seccomp, has_libseccomps_numbers)
{
	static const struct {
		const char *name;
		int op;
	} cases[] = {
		{ "SCMP_CMP_NE", SCMP_CMP_NE },
		{ "SCMP_CMP_LT", SCMP_CMP_LT },
		{ "SCMP_CMP_LE", SCMP_CMP_LE },
		{ "SCMP_CMP_EQ", SCMP_CMP_EQ },
		{ "SCMP_CMP_GE", SCMP_CMP_GE },
		{ "SCMP_CMP_GT", SCMP_CMP_GT },
		{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[256];
		_cleanup_oci_ struct oci_reading reading = { 0 };

		snprintf(text, sizeof(text),
			 "\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\","
			 "\"args\":[{\"index\":0,\"value\":0,\"op\":\"%s\"}]",
			 cases[i].name);
		reading = read_rule(text);
		cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
		cr_assert(eq(int, reading.oci.seccomp.rules[0].args[0].op, cases[i].op), "%s", cases[i].name);
	}
}

Test(oci_seccomp, knows_every_action)
{
	static const struct {
		const char *name;
		uint32_t action;
	} cases[] = {
		{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
		{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
		{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
		{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
		{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO },
		{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE },
		{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW },
		{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[128];
		_cleanup_oci_ struct oci_reading reading = { 0 };

		snprintf(text, sizeof(text), "\"defaultAction\":\"%s\"", cases[i].name);
		reading = read_seccomp(text);
		cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
		cr_assert(eq(u32, reading.oci.seccomp.default_action, cases[i].action), "%s", cases[i].name);
		cr_assert(holds(!reading.oci.seccomp.default_errno_given));
	}
}

Test(oci_seccomp, knows_every_architecture_and_flag)
{
	_cleanup_oci_ struct oci_reading reading = read_seccomp(
		"\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86_64\","
		"\"SCMP_ARCH_X32\",\"SCMP_ARCH_ARM\",\"SCMP_ARCH_AARCH64\",\"SCMP_ARCH_LOONGARCH64\","
		"\"SCMP_ARCH_M68K\",\"SCMP_ARCH_MIPS\",\"SCMP_ARCH_MIPS64\",\"SCMP_ARCH_MIPS64N32\","
		"\"SCMP_ARCH_MIPSEL\",\"SCMP_ARCH_MIPSEL64\",\"SCMP_ARCH_MIPSEL64N32\",\"SCMP_ARCH_PPC\","
		"\"SCMP_ARCH_PPC64\",\"SCMP_ARCH_PPC64LE\",\"SCMP_ARCH_S390\",\"SCMP_ARCH_S390X\",\"SCMP_ARCH_SH\","
		"\"SCMP_ARCH_SHEB\",\"SCMP_ARCH_PARISC\",\"SCMP_ARCH_PARISC64\",\"SCMP_ARCH_RISCV64\"],"
		"\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\",\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]");

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	cr_assert(eq(sz, reading.oci.seccomp.architectures.n, 23));
	cr_assert(eq(uint, reading.oci.seccomp.flags,
		     SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV));
}

Test(oci_seccomp, refuses_a_filter_that_is_wrong)
{
	static const struct oci_mistake mistakes[] = {
		{ "", "linux.seccomp.defaultAction: missing" },
		{ "\"defaultAction\":\"SCMP_ACT_DENY\"",
		  "linux.seccomp.defaultAction: unknown action \"SCMP_ACT_DENY\"" },
		{ "\"defaultAction\":\"SCMP_ACT_NOTIFY\",\"listenerPath\":\"/x\"",
		  "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY can't be the default" },
		{ "\"defaultAction\":\"SCMP_ACT_KILL\",\"defaultErrnoRet\":1",
		  "linux.seccomp.defaultErrnoRet: is only for SCMP_ACT_ERRNO and SCMP_ACT_TRACE" },
		{ "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096",
		  "linux.seccomp.defaultErrnoRet: 4096 is not from 0 to 4095" },
		{ "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_VAX\"]",
		  "linux.seccomp.architectures[0]: unknown architecture \"SCMP_ARCH_VAX\"" },
		{ "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"flags\":[\"SECCOMP_FILTER_FLAG_NEW_LISTENER\"]",
		  "linux.seccomp.flags[0]: unknown seccomp flag \"SECCOMP_FILTER_FLAG_NEW_LISTENER\"" },
		{ "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"listenerMetadata\":\"x\"",
		  "linux.seccomp.listenerMetadata: is only for a listenerPath" },
		{ "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":{}",
		  "linux.seccomp.syscalls: expected an array, not an object" },
		{ "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[\"read\"]",
		  "linux.seccomp.syscalls[0]: expected an object, not a string" },
	};

	oci_refuses(read_seccomp, mistakes, ARRAY_SIZE(mistakes));
}

#define ARGS(args) "\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\",\"args\":" args
#define AT         "linux.seccomp.syscalls[0]."

Test(oci_seccomp, refuses_a_rule_that_is_wrong)
{
	static const struct oci_mistake mistakes[] = {
		{ "\"action\":\"SCMP_ACT_LOG\"", AT "names: missing" },
		{ "\"action\":\"SCMP_ACT_LOG\",\"names\":[]", AT "names: must not be empty" },
		{ "\"action\":\"SCMP_ACT_LOG\",\"names\":[1]",
		  AT "names[0]: expected a string, not an integer" },
		{ "\"names\":[\"read\"]", AT "action: missing" },
		{ "\"names\":[\"read\"],\"action\":\"LOG\"", AT "action: unknown action \"LOG\"" },
		{ "\"names\":[\"read\"],\"action\":\"SCMP_ACT_NOTIFY\"",
		  AT "action: SCMP_ACT_NOTIFY needs listenerPath" },
		{ "\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"errnoRet\":1",
		  AT "errnoRet: is only for SCMP_ACT_ERRNO and SCMP_ACT_TRACE" },
		{ "\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":65536",
		  AT "errnoRet: 65536 is not from 0 to 65535" },
		{ ARGS("[{\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]"), AT "args[0].index: missing" },
		{ ARGS("[{\"index\":1,\"op\":\"SCMP_CMP_EQ\"}]"), AT "args[0].value: missing" },
		{ ARGS("[{\"index\":1,\"value\":1}]"), AT "args[0].op: missing" },
		{ ARGS("[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]"),
		  AT "args[0].index: 6 is not from 0 to 5" },
		{ ARGS("[{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}]"),
		  AT "args[0].value: -1 is not from 0 to 18446744073709551615" },
		{ ARGS("[{\"index\":0,\"value\":18446744073709551616,\"op\":\"SCMP_CMP_EQ\"}]"),
		  AT "args[0].value: 18446744073709551616 is not from 0 to 18446744073709551615" },
		{ ARGS("[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_IN\"}]"),
		  AT "args[0].op: unknown operator \"SCMP_CMP_IN\"" },
		{ ARGS("{}"), AT "args: expected an array, not an object" },
	};

	oci_refuses(read_rule, mistakes, ARRAY_SIZE(mistakes));
}
