/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks: namespaces (namespaces(7)). */
#include <string.h>

#include "lab/audit/checks.h"
#include "lab/audit/facts.h"
#include "profiles/spec.h"

/* The row's argument is the spec's bit; 0: always own. */
static void namespace_declared(const struct check *check, const struct audit_declared *declared,
			       struct opinion *ret)
{
	bool own = check->argument == 0 || (declared->spec->namespaces & check->argument);

	if (check->argument == SPEC_NS_NET && declared->spec->network == SPEC_NETWORK_HOST)
		own = false;
	opinion_judge(ret, own ? 0 : check->range, own ? "own" : "the host's");
	opinion_evidence(ret, check->argument == SPEC_NS_NET ? "network" : "share_host");
}

static int number_of(uint64_t bit)
{
	switch (bit) {
	case SPEC_NS_PID:
		return FACTS_PID;
	case SPEC_NS_IPC:
		return FACTS_IPC;
	case SPEC_NS_UTS:
		return FACTS_UTS;
	case SPEC_NS_NET:
		return FACTS_NET;
	case SPEC_NS_CGROUP:
		return FACTS_CGROUP;
	case SPEC_NS_TIME:
		return FACTS_TIME;
	default:
		return FACTS_MNT;
	}
}

static void namespace_own(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	int number = number_of(check->argument);

	if (facts->namespace_error[number]) {
		opinion_unreadable(ret, facts->namespace_error[number], check->where);
		return;
	}
	opinion_judge(ret, facts->own[number] ? 0 : check->range, facts->own[number] ? "own" : "the host's");
	opinion_evidence(ret, "/proc/%d/%s", (int)facts->pid, strstr(check->where, "ns/"));
}

#define NAMESPACE_ROW(name, points, text, bit, from, ...)                                                    \
	{                                                                                                    \
		"ns-" name, points, 1, text, from, "/proc/PID/ns/" name, namespace_declared, namespace_own,  \
			.argument = (bit), .serves = {                                                       \
				__VA_ARGS__                                                                  \
			}                                                                                    \
	}

const struct check checks_isolation[] = {
	NAMESPACE_ROW("net", 2500, "It has a network of its own", SPEC_NS_NET, "network", "A3 A5", "5.10",
		      "4.3.3 4.4.2 4.4.3", "baseline:host-namespaces baseline:host-ports", "5"),
	NAMESPACE_ROW("mnt", 1000, "It has mounts of its own", 0, NULL, "A3", NULL, "4.4.3 4.5.5", NULL,
		      NULL),
	NAMESPACE_ROW("pid", 1000, "It does not see the host's processes", SPEC_NS_PID, "share_host", "A3",
		      "5.16", "4.4.3", "baseline:host-namespaces", NULL),
	NAMESPACE_ROW("ipc", 500, "It has queues and shared memory of its own", SPEC_NS_IPC, "share_host",
		      "A3", "5.17", "4.4.3", "baseline:host-namespaces", NULL),
	NAMESPACE_ROW("cgroup", 100, "It does not see the host's control groups", SPEC_NS_CGROUP,
		      "share_host", "A3", NULL, "4.4.3", NULL, NULL),
	NAMESPACE_ROW("uts", 50, "It has a host name of its own", SPEC_NS_UTS, "share_host", "A3", "5.21",
		      "4.4.3", NULL, NULL),
	NAMESPACE_ROW("time", 50, "It does not see how long the host is up", SPEC_NS_TIME, "share_host", "A3",
		      NULL, NULL, NULL, NULL),
	{ 0 },
};
