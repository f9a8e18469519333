/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks: capabilities, by what an attacker would do with them (capabilities(7)). */
#include <inttypes.h>
#include <stdio.h>

#include "lab/audit/checks.h"
#include "lab/audit/facts.h"
#include "lab/audit/facts_parts.h"
#include "profiles/capabilities.h"
#include "profiles/spec.h"

#define BIT(number) (UINT64_C(1) << (number))

/* By number, linux/capability.h. */
#define SYS_ADMIN  BIT(21)
#define SET_IDS    (BIT(6) | BIT(7) | BIT(8))
#define PTRACE     BIT(19)
#define FILES      (BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(9) | BIT(31))
#define NET_ADMIN  BIT(12)
#define NET_RAW    BIT(13)
#define NET_BIND   BIT(10)
#define MKNOD      BIT(27)
#define KERNEL     (BIT(16) | BIT(17) | BIT(20) | BIT(22) | BIT(25) | BIT(34) | BIT(38) | BIT(39) | BIT(40))
#define RESOURCES  (BIT(14) | BIT(15) | BIT(23) | BIT(24) | BIT(28) | BIT(35) | BIT(36))
#define KILL_AUDIT (BIT(5) | BIT(29) | BIT(30) | BIT(37))
#define LABELS     (BIT(32) | BIT(33))
#define OTHERS     (BIT(11) | BIT(18) | BIT(26))
#define ALL        (BIT(41) - 1)

enum { USUAL = 14 }; /* what engines leave a container by default */

static void name_all(uint64_t set, char *ret, size_t size)
{
	ret[0] = '\0';
	for (int number = 0; number < 64; number++)
		if ((set & BIT(number)) && capabilities_name(number))
			facts_append(ret, size, capabilities_name(number));
}

/* Inside a user namespace of its own a capability is worth half: it has no power over the host's objects. */
static void judge(const struct check *check, uint64_t held, bool own, struct opinion *ret)
{
	uint64_t counted = held & check->argument;
	char names[200];

	name_all(counted, names, sizeof(names));
	if (counted == 0)
		opinion_judge(ret, 0, "none");
	else
		opinion_judge(ret, own ? 1 : check->range, own ? "held inside" : "held");
	if (counted)
		opinion_evidence(ret, "%s", names);
}

static void declared_set(const struct check *check, const struct audit_declared *declared,
			 struct opinion *ret)
{
	judge(check, declared->spec->capabilities, true, ret);
	if (!ret->evidence[0])
		opinion_evidence(ret, "capabilities");
}

static void effective_set(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const struct proc_status *status = &facts->status;
	uint64_t held =
		status->cap_effective | status->cap_permitted | status->cap_inheritable | status->cap_ambient;

	judge(check, held, facts->own[FACTS_USER], ret);
	if (!ret->evidence[0])
		opinion_evidence(ret, "CapPrm: %016" PRIx64, status->cap_permitted);
}

static void bounding_declared(const struct check *check, const struct audit_declared *declared,
			      struct opinion *ret)
{
	(void)check;
	opinion_judge(ret, declared->spec->capabilities ? 1 : 0,
		      declared->spec->capabilities ? "some" : "empty");
	opinion_evidence(ret, "capabilities: the bounding set is cut down to them");
}

/* What the bounding set has beyond what is held can be gained by executing a file, unless nothing can. */
static void bounding(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	uint64_t set = facts->status.cap_bounding & ALL;
	int n = __builtin_popcountll(set);
	bool locked = facts->status.no_new_privs || facts->own[FACTS_USER];

	opinion_judge(ret,
		      set == 0     ? 0
		      : locked     ? 1
		      : n <= USUAL ? 2
				   : check->range,
		      set ? "%d" : "empty", n);
	opinion_evidence(ret, "CapBnd: %016" PRIx64, facts->status.cap_bounding);
}

#define CAP_ROW(name, points, text, mask, ...)                                                               \
	{                                                                                                    \
		name, points, 2, text, "capabilities", "/proc/PID/status CapEff, CapPrm, CapInh, CapAmb",    \
			declared_set, effective_set, .argument = (mask), .serves = {                         \
				__VA_ARGS__                                                                  \
			}                                                                                    \
	}

const struct check checks_capabilities[] = {
	CAP_ROW("cap-sys-admin", 1500, "It can not administer the system", SYS_ADMIN, "A17", "5.4 5.5",
		"4.4.3", "baseline:privileged baseline:capabilities restricted:capabilities", "3"),
	CAP_ROW("cap-set-ids", 1500, "It can not change its user, groups or capabilities", SET_IDS, "A17",
		"5.4", "4.4.3", "restricted:capabilities", "3"),
	CAP_ROW("cap-ptrace", 1500, "It can not take over other users' processes", PTRACE, "A17", "5.4",
		"4.4.3", "baseline:capabilities restricted:capabilities", "3"),
	CAP_ROW("cap-files", 1000, "It is bound by the rights of files", FILES, "A17", "5.4", "4.4.3",
		"restricted:capabilities", "3"),
	CAP_ROW("cap-net-admin", 1000, "It can not configure the network", NET_ADMIN, "A17", "5.4", "4.4.3",
		"baseline:capabilities restricted:capabilities", "3"),
	CAP_ROW("cap-kernel", 1000, "It can not load kernel code or set the clock", KERNEL, "A17", "5.4 5.5",
		"4.4.3 4.5.2", "baseline:privileged baseline:capabilities restricted:capabilities", "3"),
	CAP_ROW("cap-net-raw", 500, "It can not forge network packets", NET_RAW, "A17", "5.4", "4.4.3",
		"baseline:capabilities restricted:capabilities", "3"),
	CAP_ROW("cap-mknod", 500, "It can not make device nodes", MKNOD, "A17", "5.4", "4.4.3",
		"restricted:capabilities", "3"),
	CAP_ROW("cap-resources", 500, "It can not exceed its limits", RESOURCES, "A15 A17", "5.4", "4.4.3",
		"baseline:capabilities restricted:capabilities", "3 7"),
	CAP_ROW("cap-kill-audit", 500, "It can not signal others or write audit records", KILL_AUDIT, "A17",
		"5.4", "4.4.3", "restricted:capabilities", "3"),
	CAP_ROW("cap-labels", 500, "It can not change the policy of security modules", LABELS, "A17 A21",
		"5.4", "4.4.3", "baseline:capabilities restricted:capabilities", "3"),
	CAP_ROW("cap-others", 200, "It holds none of chroot, broadcast and tty configuration", OTHERS, "A17",
		"5.4", "4.4.3", "restricted:capabilities", "3"),
	CAP_ROW("cap-net-bind", 100, "It can not bind low ports", NET_BIND, "A17", "5.4", NULL, NULL, "3"),
	{ "cap-bounding", 500, 3, "No capability can be gained later", "capabilities",
	  "/proc/PID/status CapBnd", bounding_declared, bounding,
	  .serves = { "A17", "5.4", "4.4.3", "restricted:capabilities", "3 4" } },
	{ 0 },
};
