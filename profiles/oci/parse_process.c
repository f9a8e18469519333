/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/capabilities.h"
#include "profiles/json.h"
#include "profiles/oci/oci_read.h"
#include "profiles/oci/parse.h"

/* chown(2) and setuid(2) take the last id for "leave it". */
enum { ID_MAX = UINT32_MAX - 1 };

enum { SHORTEST_NICE = -20, LONGEST_NICE = 19, OOM_SCORE_MAX = 1000, IO_LEVEL_MAX = 7 };

static const struct oci_word rlimits[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
};

/* sched(7); the C library has no name for SCHED_ISO, which no kernel ever had, and for SCHED_DEADLINE. */
enum { POLICY_ISO = 4, POLICY_DEADLINE = 6 };

static const struct oci_word policies[] = {
	{ "SCHED_OTHER", SCHED_OTHER },        { "SCHED_FIFO", SCHED_FIFO }, { "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },        { "SCHED_ISO", POLICY_ISO },  { "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", POLICY_DEADLINE },
};

/* sched_setattr(2) */
static const struct oci_word sched_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },
	{ "SCHED_FLAG_DL_OVERRUN", 0x04 },     { "SCHED_FLAG_KEEP_POLICY", 0x08 },
	{ "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
};

static const struct oci_word io_classes[] = {
	{ "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
	{ "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
};

static void parse_user(struct oci_reader *reader, const struct json *user, struct oci_user *ret)
{
	const struct json *groups = oci_value_get(reader, user, "additionalGids", JSON_ARRAY);
	gid_t *ids = oci_value_room(reader, groups, sizeof(*ids));

	if (!user)
		return;
	oci_value_need(reader, user, "uid", JSON_INTEGER);
	oci_value_need(reader, user, "gid", JSON_INTEGER);
	ret->uid = (uid_t)oci_value_number(reader, user, "uid", ID_MAX, 0);
	ret->gid = (gid_t)oci_value_number(reader, user, "gid", ID_MAX, 0);
	ret->umask_given = oci_value_get(reader, user, "umask", JSON_INTEGER) != NULL;
	ret->umask = (mode_t)oci_value_number(reader, user, "umask", 0777, 0);
	for (const struct json *id = groups ? groups->first : NULL; ids && id; id = id->next) {
		uint64_t number;

		if (id->type != JSON_INTEGER || str_to_u64(id->text, &number) < 0 || number > ID_MAX) {
			oci_value_fail(reader, id, NULL, "expected a group id from 0 to %u", ID_MAX);
			return;
		}
		ids[ret->n_groups++] = (gid_t)number;
	}
	ret->groups = ids;
}

/* Return: the capability's number, -1 when it has a name that nobody here knows. */
static int capability_number(const char *text)
{
	char name[32];
	size_t n = 0;

	if (strncasecmp(text, "CAP_", 4) == 0)
		text += 4;
	while (text[n] && n < sizeof(name) - 1) {
		name[n] = (char)toupper((unsigned char)text[n]);
		n++;
	}
	name[n] = '\0';
	return text[n] ? -1 : capabilities_number(name);
}

/* Once for a name, which mostly stands in all five sets. */
static void warn_capability(struct oci_reader *reader, const struct json *item)
{
	char what[64];

	snprintf(what, sizeof(what), "unknown capability \"%.32s\"", item->text);
	for (size_t i = 0; reader->warnings && i < reader->warnings->n; i++)
		if (strstr(reader->warnings->items[i], what))
			return;
	oci_value_warn(reader, item, "%s is left out", what);
}

static uint64_t parse_capability_set(struct oci_reader *reader, const struct json *sets, const char *name)
{
	const struct json *array = oci_value_get(reader, sets, name, JSON_ARRAY);
	uint64_t set = 0;

	for (const struct json *item = array ? array->first : NULL; item; item = item->next) {
		int number;

		if (item->type != JSON_STRING) {
			oci_value_fail(reader, item, NULL, "expected a string, not %s",
				       json_type_name(item->type));
			return 0;
		}
		number = capability_number(item->text);
		if (number < 0)
			warn_capability(reader, item);
		else
			set |= UINT64_C(1) << number;
	}
	return set;
}

static void parse_capabilities(struct oci_reader *reader, const struct json *process,
			       struct oci_capabilities *ret)
{
	const struct json *sets = oci_value_object(reader, process, "capabilities");

	if (!sets)
		return;
	ret->given = true;
	ret->bounding = parse_capability_set(reader, sets, "bounding");
	ret->effective = parse_capability_set(reader, sets, "effective");
	ret->inheritable = parse_capability_set(reader, sets, "inheritable");
	ret->permitted = parse_capability_set(reader, sets, "permitted");
	ret->ambient = parse_capability_set(reader, sets, "ambient");
}

static void parse_rlimits(struct oci_reader *reader, const struct json *process, struct oci_process *ret)
{
	const struct json *array = oci_value_objects(reader, process, "rlimits");
	struct oci_rlimit *limits = oci_value_room(reader, array, sizeof(*limits));
	unsigned int seen = 0;

	if (!limits)
		return;
	for (const struct json *item = array->first; item; item = item->next) {
		const struct json *type = oci_value_need(reader, item, "type", JSON_STRING);
		const struct oci_word *word =
			oci_value_word(reader, type, "limit", rlimits, ARRAY_SIZE(rlimits));
		struct oci_rlimit *limit = &limits[ret->n_rlimits];

		oci_value_need(reader, item, "soft", JSON_INTEGER);
		oci_value_need(reader, item, "hard", JSON_INTEGER);
		if (!word)
			return;
		limit->name = word->name;
		limit->resource = (int)word->number;
		limit->soft = oci_value_number(reader, item, "soft", UINT64_MAX, 0);
		limit->hard = oci_value_number(reader, item, "hard", UINT64_MAX, 0);
		if (limit->soft > limit->hard)
			oci_value_fail(reader, item, "soft", "is above the hard limit of %s", limit->name);
		if (seen & 1U << limit->resource)
			oci_value_fail(reader, type, NULL, "%s stands twice", limit->name);
		seen |= 1U << limit->resource;
		ret->n_rlimits++;
	}
	ret->rlimits = limits;
}

static void check_scheduler(struct oci_reader *reader, const struct json *scheduler,
			    const struct oci_scheduler *got)
{
	bool fixed = got->policy == SCHED_FIFO || got->policy == SCHED_RR;

	if (got->priority != 0 && !fixed)
		oci_value_fail(reader, scheduler, "priority", "is only for SCHED_FIFO and SCHED_RR");
	if (got->policy != POLICY_DEADLINE && (got->runtime_ns || got->deadline_ns || got->period_ns))
		oci_value_fail(reader, scheduler, NULL,
			       "runtime, deadline and period are only for SCHED_DEADLINE");
}

/* runtime-spec config.md "Linux Process", scheduler; sched_setattr(2) */
static void parse_scheduler(struct oci_reader *reader, const struct json *process, struct oci_scheduler *ret)
{
	const struct json *scheduler = oci_value_object(reader, process, "scheduler");
	const struct oci_word *policy;

	if (!scheduler)
		return;
	ret->given = true;
	policy = oci_value_word(reader, oci_value_need(reader, scheduler, "policy", JSON_STRING),
				"scheduling policy", policies, ARRAY_SIZE(policies));
	ret->policy = policy ? (uint32_t)policy->number : 0;
	ret->nice = (int32_t)oci_value_signed(reader, scheduler, "nice", SHORTEST_NICE, LONGEST_NICE, 0);
	ret->priority = (uint32_t)oci_value_number(reader, scheduler, "priority", INT32_MAX, 0);
	ret->flags = oci_value_flags(reader, scheduler, "flags", "scheduling flag", sched_flags,
				     ARRAY_SIZE(sched_flags));
	ret->runtime_ns = oci_value_number(reader, scheduler, "runtime", UINT64_MAX, 0);
	ret->deadline_ns = oci_value_number(reader, scheduler, "deadline", UINT64_MAX, 0);
	ret->period_ns = oci_value_number(reader, scheduler, "period", UINT64_MAX, 0);
	check_scheduler(reader, scheduler, ret);
}

static void parse_io_priority(struct oci_reader *reader, const struct json *process,
			      struct oci_io_priority *ret)
{
	const struct json *priority = oci_value_object(reader, process, "ioPriority");
	const struct oci_word *word;

	if (!priority)
		return;
	ret->given = true;
	word = oci_value_word(reader, oci_value_need(reader, priority, "class", JSON_STRING), "I/O class",
			      io_classes, ARRAY_SIZE(io_classes));
	ret->io_class = word ? (int)word->number : 0;
	ret->priority = (int)oci_value_number(reader, priority, "priority", IO_LEVEL_MAX, 0);
}

static const char *parse_cpu_list(struct oci_reader *reader, const struct json *affinity, const char *name)
{
	const char *list = oci_value_text(reader, affinity, name);

	if (list && strspn(list, "0123456789, -") != strlen(list))
		oci_value_fail(reader, affinity, name, "\"%.100s\" is not a list of CPUs like \"0-3,7\"",
			       list);
	return list;
}

static void parse_console(struct oci_reader *reader, const struct json *process, struct oci_process *ret)
{
	const struct json *size;

	/* runtime-spec config.md: consoleSize MUST be ignored without a terminal. */
	if (!ret->terminal)
		return;
	size = oci_value_object(reader, process, "consoleSize");
	oci_value_need(reader, size, "height", JSON_INTEGER);
	oci_value_need(reader, size, "width", JSON_INTEGER);
	ret->console_height = (uint16_t)oci_value_number(reader, size, "height", UINT16_MAX, 0);
	ret->console_width = (uint16_t)oci_value_number(reader, size, "width", UINT16_MAX, 0);
}

static void parse_command(struct oci_reader *reader, const struct json *process, struct oci_process *ret)
{
	ret->args = oci_value_strings(reader, process, "args");
	ret->env = oci_value_strings(reader, process, "env");
	oci_value_need(reader, process, "cwd", JSON_STRING);
	ret->cwd = oci_value_string(reader, process, "cwd");
	if (ret->cwd && ret->cwd[0] != '/')
		oci_value_fail(reader, process, "cwd", "\"%.100s\" is not an absolute path", ret->cwd);
	if (ret->args.n == 0)
		oci_value_fail(reader, process, "args", "must not be empty");
}

void oci_parse_process(struct oci_reader *reader, const struct json *process, struct oci_process *ret)
{
	const struct json *affinity = oci_value_object(reader, process, "execCPUAffinity");

	ret->terminal = oci_value_bool(reader, process, "terminal");
	parse_console(reader, process, ret);
	parse_user(reader, oci_value_object(reader, process, "user"), &ret->user);
	parse_command(reader, process, ret);
	parse_capabilities(reader, process, &ret->capabilities);
	parse_rlimits(reader, process, ret);
	ret->no_new_privileges = oci_value_bool(reader, process, "noNewPrivileges");
	ret->apparmor = oci_value_text(reader, process, "apparmorProfile");
	ret->selinux = oci_value_text(reader, process, "selinuxLabel");
	ret->oom_score_adj_given = oci_value_get(reader, process, "oomScoreAdj", JSON_INTEGER) != NULL;
	ret->oom_score_adj =
		(int)oci_value_signed(reader, process, "oomScoreAdj", -OOM_SCORE_MAX, OOM_SCORE_MAX, 0);
	parse_scheduler(reader, process, &ret->scheduler);
	parse_io_priority(reader, process, &ret->io_priority);
	ret->cpu_affinity_initial = parse_cpu_list(reader, affinity, "initial");
	ret->cpu_affinity_final = parse_cpu_list(reader, affinity, "final");
}
