/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/denial.h"

#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "base/str.h"
#include "profiles/spec.h"
#include "seccomp/decode.h"
#include "seccomp/groups.h"
#include "seccomp/notify.h"
#include "seccomp/policy.h"

/* "syscalls": { "allow": ["@base", "@ipc"] }: the present list and @word. */
static void open_word(const struct spec *spec, char opens[NOTIFY_REASON_MAX], const char *word)
{
	size_t used = (size_t)snprintf(opens, NOTIFY_REASON_MAX, "\"syscalls\": { \"allow\": [");

	for (size_t i = 0; i < spec->syscalls.n && used < NOTIFY_REASON_MAX; i++)
		used += (size_t)snprintf(opens + used, NOTIFY_REASON_MAX - used, "\"%s\", ",
					 spec->syscalls.items[i]);
	if (used < NOTIFY_REASON_MAX)
		used += (size_t)snprintf(opens + used, NOTIFY_REASON_MAX - used, "\"%s\"] }", word);
	if (used >= NOTIFY_REASON_MAX)
		snprintf(opens, NOTIFY_REASON_MAX, "\"syscalls\": { \"allow\": [..., \"%s\"] }", word);
}

static void open_key(char opens[NOTIFY_REASON_MAX], const char *key)
{
	snprintf(opens, NOTIFY_REASON_MAX, "\"%s\": true", key);
}

static void open_exec(char opens[NOTIFY_REASON_MAX])
{
	snprintf(opens, NOTIFY_REASON_MAX, "\"exec\": { \"allow\": [\"*\"] }");
}

/* What lifts a rule about arguments. */
static void open_rule(const struct spec *spec, const struct argument_rule *rule, struct denial *denial)
{
	switch (rule->when) {
	case WHEN_ALWAYS:
	case WHEN_INIT:
	case WHEN_NETLINK:
		return;
	case WHEN_NO_NESTED:
		open_key(denial->opens, "allow_nested_namespaces");
		return;
	case WHEN_NO_JIT:
		open_key(denial->opens, "allow_jit");
		return;
	case WHEN_NO_RAW:
		snprintf(denial->opens, sizeof(denial->opens), "\"capabilities\": [%s\"NET_RAW\"]",
			 spec->capabilities ? "..., " : "");
		return;
	case WHEN_NO_NETLINK:
		/* Only the protocol NETLINK_ROUTE, 0, can be opened. */
		if ((uint32_t)denial->args[2] == 0)
			open_word(spec, denial->opens, "@netlink");
		return;
	case WHEN_NO_THREADS:
		open_word(spec, denial->opens, "@threads");
		return;
	case WHEN_NO_PROCESSES:
		open_word(spec, denial->opens, "@process");
		return;
	case WHEN_EXEC_ONCE:
	case WHEN_EXEC_LIST:
		open_exec(denial->opens);
		return;
	case WHEN_NO_IDENTITY:
		open_word(spec, denial->opens, "@identity");
		return;
	case WHEN_ONLY_NOTIFY:
		open_word(spec, denial->opens, "@socket-client");
		return;
	}
}

/* What opens a call that is closed by its number. */
static void open_call(const struct spec *spec, const char *call, char opens[NOTIFY_REASON_MAX])
{
	const char *group = groups_of(call);

	if (policy_key(call))
		open_key(opens, policy_key(call));
	else if (str_equal(call, "execve") || str_equal(call, "execveat"))
		open_exec(opens);
	else
		/* Docker's list would open three hundred others with it. */
		open_word(spec, opens, group && !str_equal(group, "@docker-default") ? group : call);
}

void denial_explain(const struct spec *spec, const struct policy *policy, struct denial *denial)
{
	const char *call = syscall_name(denial->nr);
	const struct argument_rule *rule;
	char arguments[100];

	denial->opens[0] = '\0';
	if (!call) {
		snprintf(denial->reason, sizeof(denial->reason), "system call %d: unknown", denial->nr);
		return;
	}
	decode_arguments(arguments, sizeof(arguments), call, denial->args);
	if (syscall_never(denial->nr)) {
		snprintf(denial->reason, sizeof(denial->reason), "%s(%s): no workload has a reason for it",
			 call, arguments);
		return;
	}
	rule = policy ? policy_rule(policy, denial->nr, denial->args) : NULL;
	if (rule) {
		snprintf(denial->reason, sizeof(denial->reason), "%s(%s): %s", call, arguments, rule->reason);
		open_rule(spec, rule, denial);
		return;
	}
	snprintf(denial->reason, sizeof(denial->reason), "%s(%s): not opened by the profile", call,
		 arguments);
	open_call(spec, call, denial->opens);
}

void denial_describe(const struct spec *spec, struct denial *denial)
{
	struct policy policy;
	bool known = policy_read(spec, -1, &policy, NULL) == 0;

	denial_explain(spec, known ? &policy : NULL, denial);
}
