/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* runtime-spec config-linux.md "Seccomp"; to the kernel's numbers, seccomp(2) */
#include <linux/seccomp.h>

#include "base/sys.h"
#include "profiles/json.h"
#include "profiles/oci/parse.h"

enum { ARGUMENT_MAX = 5, ERRNO_MAX = 4095, TRACE_MAX = UINT16_MAX };

static const struct oci_word actions[] = {
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
	{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO },
	{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE },
	{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW },
	{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
};

/* libseccomp's enum scmp_compare; this layer does not link it, a test compares the numbers. */
static const struct oci_word operators[] = {
	{ "SCMP_CMP_NE", 1 }, { "SCMP_CMP_LT", 2 }, { "SCMP_CMP_LE", 3 },        { "SCMP_CMP_EQ", 4 },
	{ "SCMP_CMP_GE", 5 }, { "SCMP_CMP_GT", 6 }, { "SCMP_CMP_MASKED_EQ", 7 },
};

static const struct oci_word architectures[] = {
	{ "SCMP_ARCH_X86_64", 0 },      { "SCMP_ARCH_X86", 0 },     { "SCMP_ARCH_X32", 0 },
	{ "SCMP_ARCH_ARM", 0 },         { "SCMP_ARCH_AARCH64", 0 }, { "SCMP_ARCH_LOONGARCH64", 0 },
	{ "SCMP_ARCH_M68K", 0 },        { "SCMP_ARCH_MIPS", 0 },    { "SCMP_ARCH_MIPS64", 0 },
	{ "SCMP_ARCH_MIPS64N32", 0 },   { "SCMP_ARCH_MIPSEL", 0 },  { "SCMP_ARCH_MIPSEL64", 0 },
	{ "SCMP_ARCH_MIPSEL64N32", 0 }, { "SCMP_ARCH_PPC", 0 },     { "SCMP_ARCH_PPC64", 0 },
	{ "SCMP_ARCH_PPC64LE", 0 },     { "SCMP_ARCH_S390", 0 },    { "SCMP_ARCH_S390X", 0 },
	{ "SCMP_ARCH_SH", 0 },          { "SCMP_ARCH_SHEB", 0 },    { "SCMP_ARCH_PARISC", 0 },
	{ "SCMP_ARCH_PARISC64", 0 },    { "SCMP_ARCH_RISCV64", 0 },
};

static const struct oci_word flag_words[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
};

static uint32_t parse_action(struct oci_reader *reader, const struct json *object, const char *name)
{
	const struct json *action = oci_value_need(reader, object, name, JSON_STRING);
	const struct oci_word *word = oci_value_word(reader, action, "action", actions, ARRAY_SIZE(actions));

	return word ? (uint32_t)word->number : SECCOMP_RET_KILL_PROCESS;
}

/* Return: whether there is one. An action that can't say it is a mistake, says the spec. */
static bool parse_errno(struct oci_reader *reader, const struct json *object, const char *name,
			uint32_t action, uint32_t *ret)
{
	const struct json *value = oci_value_get(reader, object, name, JSON_INTEGER);

	if (!value)
		return false;
	if (action != SECCOMP_RET_ERRNO && action != SECCOMP_RET_TRACE)
		oci_value_fail(reader, value, NULL, "is only for SCMP_ACT_ERRNO and SCMP_ACT_TRACE");
	*ret = (uint32_t)oci_value_number(reader, object, name,
					  action == SECCOMP_RET_TRACE ? TRACE_MAX : ERRNO_MAX, 0);
	return true;
}

static void parse_args(struct oci_reader *reader, const struct json *item, struct oci_seccomp_rule *ret)
{
	const struct json *array = oci_value_objects(reader, item, "args");
	struct oci_seccomp_arg *args = oci_value_room(reader, array, sizeof(*args));

	ret->args = args;
	for (const struct json *arg = args ? array->first : NULL; arg; arg = arg->next) {
		const struct json *op = oci_value_need(reader, arg, "op", JSON_STRING);
		const struct oci_word *word =
			oci_value_word(reader, op, "operator", operators, ARRAY_SIZE(operators));
		struct oci_seccomp_arg *to = &args[ret->n_args++];

		oci_value_need(reader, arg, "index", JSON_INTEGER);
		oci_value_need(reader, arg, "value", JSON_INTEGER);
		to->op = word ? (int)word->number : 0;
		to->index = (unsigned int)oci_value_number(reader, arg, "index", ARGUMENT_MAX, 0);
		to->value = oci_value_number(reader, arg, "value", UINT64_MAX, 0);
		to->value_two = oci_value_number(reader, arg, "valueTwo", UINT64_MAX, 0);
	}
}

static void parse_rules(struct oci_reader *reader, const struct json *seccomp, struct oci_seccomp *ret)
{
	const struct json *array = oci_value_objects(reader, seccomp, "syscalls");
	struct oci_seccomp_rule *rules = oci_value_room(reader, array, sizeof(*rules));

	ret->rules = rules;
	for (const struct json *item = rules ? array->first : NULL; item && !reader->failed;
	     item = item->next) {
		struct oci_seccomp_rule *rule = &rules[ret->n_rules++];

		oci_value_need(reader, item, "names", JSON_ARRAY);
		rule->names = oci_value_strings(reader, item, "names");
		if (rule->names.n == 0)
			oci_value_fail(reader, item, "names", "must not be empty");
		rule->action = parse_action(reader, item, "action");
		rule->errno_given = parse_errno(reader, item, "errnoRet", rule->action, &rule->errno_ret);
		if (rule->action == SECCOMP_RET_USER_NOTIF && !ret->listener_path)
			oci_value_fail(reader, item, "action", "SCMP_ACT_NOTIFY needs listenerPath");
		parse_args(reader, item, rule);
	}
}

static void parse_architectures(struct oci_reader *reader, const struct json *seccomp,
				struct oci_seccomp *ret)
{
	const struct json *array = oci_value_get(reader, seccomp, "architectures", JSON_ARRAY);

	ret->architectures = oci_value_strings(reader, seccomp, "architectures");
	for (const struct json *item = array ? array->first : NULL; item; item = item->next)
		oci_value_word(reader, item, "architecture", architectures, ARRAY_SIZE(architectures));
}

void oci_parse_seccomp(struct oci_reader *reader, const struct json *seccomp, struct oci_seccomp *ret)
{
	ret->default_action = parse_action(reader, seccomp, "defaultAction");
	ret->default_errno_given =
		parse_errno(reader, seccomp, "defaultErrnoRet", ret->default_action, &ret->default_errno);
	/* Every call would wait for the agent, that of the runtime for its answer, too. */
	if (ret->default_action == SECCOMP_RET_USER_NOTIF)
		oci_value_fail(reader, seccomp, "defaultAction", "SCMP_ACT_NOTIFY can't be the default");
	parse_architectures(reader, seccomp, ret);
	ret->flags = (unsigned int)oci_value_flags(reader, seccomp, "flags", "seccomp flag", flag_words,
						   ARRAY_SIZE(flag_words));
	ret->listener_path = oci_value_text(reader, seccomp, "listenerPath");
	ret->listener_metadata = oci_value_text(reader, seccomp, "listenerMetadata");
	if (ret->listener_metadata && !ret->listener_path)
		oci_value_fail(reader, seccomp, "listenerMetadata", "is only for a listenerPath");
	parse_rules(reader, seccomp, ret);
}
