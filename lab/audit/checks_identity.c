/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks: whose rights the process has on the host. */
#include <inttypes.h>

#include "base/str.h"
#include "lab/audit/checks.h"
#include "lab/audit/facts.h"
#include "profiles/spec.h"

enum { FEW_IDS = 65536 };

static void user_namespace(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	if (facts->namespace_error[FACTS_USER]) {
		opinion_unreadable(ret, facts->namespace_error[FACTS_USER], "ns/user");
		return;
	}
	opinion_judge(ret, facts->own[FACTS_USER] ? 0 : check->range,
		      facts->own[FACTS_USER] ? "own" : "the host's");
	opinion_evidence(ret, "/proc/%d/ns/user", (int)facts->pid);
}

static void host_root(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const uid_t *uid = facts->status.uid;
	bool root = uid[0] == 0 || uid[1] == 0 || uid[2] == 0 || uid[3] == 0;

	opinion_judge(ret, root ? check->range : 0, root ? "root" : "id %u", uid[1]);
	opinion_evidence(ret, "Uid: %u %u %u %u", uid[0], uid[1], uid[2], uid[3]);
}

static void host_root_declared(const struct check *check, const struct audit_declared *declared,
			       struct opinion *ret)
{
	(void)check;
	if (declared->spec->user.host_id_auto)
		opinion_judge(ret, 0, "a free id");
	else
		opinion_judge(ret, 0, "id %" PRIu32, declared->spec->user.host_id);
	opinion_evidence(ret, "user.host_id is never 0");
}

static void root_mapped(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	int64_t inside = facts_inside(&facts->uid_map, 0);

	if (facts->uid_map.error) {
		opinion_unreadable(ret, facts->uid_map.error, "uid_map");
		return;
	}
	opinion_judge(ret, inside >= 0 ? check->range : 0, inside >= 0 ? "mapped" : "not mapped");
	if (inside >= 0)
		opinion_evidence(ret, "uid_map: id %" PRId64 " inside is root of the host", inside);
	else
		opinion_evidence(ret, "uid_map: %zu range(s), none with id 0 of the host", facts->uid_map.n);
}

static void root_inside_declared(const struct check *check, const struct audit_declared *declared,
				 struct opinion *ret)
{
	const struct spec_user *user = &declared->spec->user;

	opinion_judge(ret, user->uid == 0 ? check->range : 0, "uid %u", user->uid);
	opinion_amount(ret, user->uid);
	opinion_evidence(ret, "user.uid %u, user.gid %u", user->uid, user->gid);
}

static void root_inside(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	int64_t inside = facts_inside(&facts->uid_map, facts->status.uid[1]);

	if (facts->uid_map.error) {
		opinion_unreadable(ret, facts->uid_map.error, "uid_map");
		return;
	}
	opinion_judge(ret, inside == 0 ? check->range : 0, "uid %" PRId64, inside);
	opinion_amount(ret, (uint64_t)inside);
	opinion_evidence(ret, "Uid %u is %" PRId64 " in uid_map", facts->status.uid[1], inside);
}

static unsigned int judge_ids(uint64_t ids)
{
	if (ids == 1)
		return 0;
	return ids <= FEW_IDS ? 1 : 2;
}

static void id_range_declared(const struct check *check, const struct audit_declared *declared,
			      struct opinion *ret)
{
	(void)check;
	opinion_judge(ret, judge_ids(declared->spec->user.host_range), "%" PRIu32,
		      declared->spec->user.host_range);
	opinion_amount(ret, declared->spec->user.host_range);
	opinion_evidence(ret, "user.host_range");
}

static void id_range(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	uint64_t ids = 0;

	(void)check;
	if (facts->uid_map.error) {
		opinion_unreadable(ret, facts->uid_map.error, "uid_map");
		return;
	}
	for (size_t i = 0; i < facts->uid_map.n; i++)
		ids += facts->uid_map.ranges[i].count;
	opinion_judge(ret, judge_ids(ids), "%" PRIu64, ids);
	opinion_amount(ret, ids);
	opinion_evidence(ret, "uid_map: %" PRIu64 " id(s) in %zu range(s)", ids, facts->uid_map.n);
}

static void groups_declared(const struct check *check, const struct audit_declared *declared,
			    struct opinion *ret)
{
	(void)check;
	opinion_judge(ret, declared->spec->user.n_groups > 0 ? 1 : 0, "%zu", declared->spec->user.n_groups);
	opinion_evidence(ret, "user.groups");
}

static void groups(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	const struct proc_status *status = &facts->status;
	bool root = status->gid[0] == 0 || status->gid[1] == 0;
	size_t further = 0;

	for (size_t i = 0; i < status->n_groups; i++) {
		root = root || status->groups[i] == 0;
		further += status->groups[i] != status->gid[1];
	}
	opinion_judge(ret, root ? check->range : further > 0, root ? "root's" : "%zu", further);
	opinion_evidence(ret, "Gid: %u, Groups: %zu beside it%s", status->gid[1], further,
			 root ? ", the host's group 0 among them" : "");
}

static void judge_account(const struct check *check, bool found, uid_t id, const char *name,
			  struct opinion *ret)
{
	opinion_judge(ret, found ? check->range : 0, found ? "%s" : "none", name);
	opinion_evidence(ret, found ? "id %u is an account of the host" : "no account of the host has id %u",
			 id);
}

static void account_declared(const struct check *check, const struct audit_declared *declared,
			     struct opinion *ret)
{
	const struct spec_user *user = &declared->spec->user;
	char name[64] = "";
	bool found = false;

	if (user->host_id_auto) {
		opinion_judge(ret, 0, "none");
		opinion_evidence(ret, "user.host_id auto: from the range that containers have to themselves");
		return;
	}
	for (uint32_t i = 0; i < user->host_range && !found; i += user->host_range > 16 ? 1000 : 1)
		found = facts_account(declared->passwd, user->host_id + i, name, sizeof(name));
	judge_account(check, found, user->host_id, name, ret);
}

static void account(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	judge_account(check, facts->account[0] != '\0', facts->status.uid[1], facts->account, ret);
}

static void judge_nnp(const struct check *check, bool set, struct opinion *ret)
{
	opinion_judge(ret, set ? 0 : check->range, set ? "set" : "not set");
}

static void nnp_declared(const struct check *check, const struct audit_declared *declared,
			 struct opinion *ret)
{
	judge_nnp(check, !declared->spec->allow_setuid, ret);
	opinion_evidence(ret, "allow_setuid");
}

static void nnp(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	judge_nnp(check, facts->status.no_new_privs, ret);
	opinion_evidence(ret, "NoNewPrivs: %d", facts->status.no_new_privs);
}

const struct check checks_identity[] = {
	{ "user-namespace", 1500, 1, "It has a user namespace of its own", NULL, "/proc/PID/ns/user",
	  opinion_always, user_namespace, .serves = { "A3 A17 A26", "5.31", "4.4.3 4.5.2", NULL, "2 11" } },
	{ "host-root", 2000, 1, "It is not root of the host", "user.host_id", "/proc/PID/status Uid",
	  host_root_declared, host_root,
	  .serves = { "A17", "5.24", "4.1.2 4.4.3", "restricted:run-as-user", "2 11" } },
	{ "host-root-mapped", 1000, 1, "No id inside is root of the host", "user.host_id",
	  "/proc/PID/uid_map", host_root_declared, root_mapped,
	  .serves = { "A17", NULL, "4.4.3", NULL, "11" } },
	{ "root-inside", 500, 1, "It is not root inside either", "user.uid", "/proc/PID/status Uid, uid_map",
	  root_inside_declared, root_inside,
	  .serves = { "A17", "5.24", "4.1.2", "restricted:run-as-non-root restricted:run-as-user", "2" } },
	{ "id-range", 200, 2, "Only one user id exists inside", "user.host_range", "/proc/PID/uid_map",
	  id_range_declared, id_range, .serves = { "A17 A18", NULL, NULL, NULL, "11" } },
	{ "groups", 200, 2, "It has no further groups", "user.groups", "/proc/PID/status Gid, Groups",
	  groups_declared, groups, .serves = { "A17 A18", NULL, NULL, NULL, "2" } },
	{ "account", 200, 1, "Its id is no account of the host", "user.host_id",
	  "/proc/PID/status Uid, /etc/passwd", account_declared, account,
	  .serves = { "A18", NULL, NULL, NULL, NULL } },
	{ "no-new-privs", 1000, 1, "No executed file gives it more rights", "allow_setuid",
	  "/proc/PID/status NoNewPrivs", nnp_declared, nnp,
	  .serves = { "A17", "5.26", "4.1.2 4.4.3", "restricted:privilege-escalation", "4" } },
	{ 0 },
};
