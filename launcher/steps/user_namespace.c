/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The user namespace: ids inside are other ids outside, a distinct range for every
 * container, and never host id 0 (user_namespaces(7)).
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "launcher/host.h"
#include "launcher/idmap.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

/* The lock's byte offset is the host id itself: overlapping ranges exclude each other, and
 * the kernel releases the lock with the last process of the start, however it ends. */
static int claim(int ids_fd, uint32_t first, uint32_t count)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = first, .l_len = count };

	return fcntl(ids_fd, F_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

static uint32_t name_hash(const char *name)
{
	uint32_t hash = 2166136261u; /* FNV-1a: the same name gets the same ids where they are free */

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash;
}

static int claim_any(struct run *run, uint32_t first, uint32_t slots, uint32_t size, struct error *err)
{
	uint32_t start = name_hash(run->spec->name) % slots;

	for (uint32_t i = 0; i < slots; i++) {
		uint32_t id = first + (start + i) % slots * size;
		int r = claim(run->ids_fd, id, run->host_range);

		if (r == 0) {
			run->host_id = id;
			return 0;
		}
		if (r != -EAGAIN && r != -EACCES)
			return error_set(err, -r, "lock host id %" PRIu32, id);
	}
	error_set(err, EBUSY, "find %" PRIu32 " free host ids", run->host_range);
	return error_remedy(err, "stop a container, or add subordinate ids (usermod --add-subuids)");
}

static bool has_helper(const struct host *host)
{
	return host->subuid_count > 0 && host->subgid_count > 0 && host->have_newuidmap &&
	       host->subuid_first == host->subgid_first;
}

/* Whether newuidmap(1) and newgidmap(1) will map these ids for the caller. */
static bool are_subordinate(const struct host *host, uint32_t first, uint32_t n)
{
	uint32_t count = host->subuid_count < host->subgid_count ? host->subuid_count : host->subgid_count;

	return has_helper(host) && first >= host->subuid_first && n <= count &&
	       first - host->subuid_first <= count - n;
}

static int choose_ids(struct run *run, struct error *err)
{
	const struct spec_user *user = &run->spec->user;
	const struct host *host = run->host;
	uint32_t slots;
	int r;

	run->host_range = user->host_range;
	if (!user->host_id_auto) {
		run->host_id = user->host_id;
		run->maps_by_helper =
			!host_privileged(host) && are_subordinate(host, run->host_id, run->host_range);
		r = claim(run->ids_fd, run->host_id, run->host_range);
		if (r == -EAGAIN || r == -EACCES) {
			error_set(err, EBUSY, "claim host ids %" PRIu32 "+%" PRIu32, run->host_id,
				  run->host_range);
			return error_remedy(
				err,
				"another container uses them: give this one its own user.host_id, or \"auto\"");
		}
		return r < 0 ? error_set(err, -r, "lock host id %" PRIu32, run->host_id) : 0;
	}
	if (host_privileged(host))
		return claim_any(run, IDMAP_POOL_FIRST, IDMAP_POOL_SLOTS, IDMAP_SLOT_SIZE, err);
	if (host->subuid_count >= run->host_range && host->subgid_count >= run->host_range &&
	    has_helper(host)) {
		run->maps_by_helper = true;
		slots = host->subuid_count / run->host_range;
		return claim_any(run, host->subuid_first, slots, run->host_range, err);
	}
	if (run->host_range > 1) {
		error_set(err, EPERM, "map %" PRIu32 " host ids without subordinate ids", run->host_range);
		return error_remedy(
			err, "as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER, "
			     "and install uidmap; or leave out user.host_range");
	}
	run->host_id = host->euid; /* the caller's own id is the only one it may map */
	return 0;
}

static int user_namespace_prepare(const struct step *step, struct run *run, struct error *err)
{
	const struct spec_user *user = &step->spec->user;
	bool own = !host_privileged(run->host);
	uint32_t host_gid;
	int r = choose_ids(run, err);

	if (r < 0)
		return r;
	if (run->host_id == 0)
		return error_set(err, EPERM, "map host id 0 into the container");
	host_gid = own && !run->maps_by_helper && user->host_id_auto ? run->host->egid : run->host_id;
	if (run->host_range == 1) {
		snprintf(run->uid_map, sizeof(run->uid_map), "%u %" PRIu32 " 1\n", user->uid, run->host_id);
		snprintf(run->gid_map, sizeof(run->gid_map), "%u %" PRIu32 " 1\n", user->gid, host_gid);
		return 0;
	}
	if (user->uid >= run->host_range || user->gid >= run->host_range) {
		error_set(err, EINVAL, "map user %u:%u into a range of %" PRIu32 " ids", user->uid, user->gid,
			  run->host_range);
		return error_remedy(err, "raise user.host_range above both, or set it to 1");
	}
	snprintf(run->uid_map, sizeof(run->uid_map), "0 %" PRIu32 " %" PRIu32 "\n", run->host_id,
		 run->host_range);
	snprintf(run->gid_map, sizeof(run->gid_map), "0 %" PRIu32 " %" PRIu32 "\n", run->host_id,
		 run->host_range);
	return 0;
}

static int user_namespace_apply(const struct step *step, struct run *run, struct error *err)
{
	char map[RUN_MAP_MAX];
	int r = 0;

	if (run->maps_by_helper) {
		memcpy(map, run->uid_map, sizeof(map));
		r = idmap_by_helper("/usr/bin/newuidmap", run->init_pid, map, err);
		if (r < 0)
			return r;
		memcpy(map, run->gid_map, sizeof(map));
		r = idmap_by_helper("/usr/bin/newgidmap", run->init_pid, map, err);
		return r < 0 ? r : STEP_DONE;
	}
	/* Without groups to set, setgroups(2) is closed before gid_map, for good (CVE-2014-8989). */
	if (step->spec->user.n_groups == 0)
		r = idmap_write(run->init_pid, "setgroups", "deny", err);
	if (r == 0)
		r = idmap_write(run->init_pid, "gid_map", run->gid_map, err);
	if (r == 0)
		r = idmap_write(run->init_pid, "uid_map", run->uid_map, err);
	return r < 0 ? r : STEP_DONE;
}

static int same_map(const char *wanted, const char *kernel)
{
	unsigned int a[3], b[3], extra;

	if (sscanf(wanted, "%u %u %u", &a[0], &a[1], &a[2]) != 3)
		return 0;
	if (sscanf(kernel, "%u %u %u %u", &b[0], &b[1], &b[2], &extra) != 3)
		return 0;
	return memcmp(a, b, sizeof(a)) == 0 && b[1] != 0;
}

static int user_namespace_verify(const struct step *step, const struct run *run,
				 const struct evidence *evidence, char report[STEP_REPORT_MAX],
				 struct error *err)
{
	unsigned int inside, outside, count;

	(void)step;
	if (!same_map(run->uid_map, evidence->uid_map) || !same_map(run->gid_map, evidence->gid_map))
		return error_set(err, EBADE, "the kernel's id maps are \"%.*s\" and \"%.*s\"",
				 (int)strcspn(evidence->uid_map, "\n"), evidence->uid_map,
				 (int)strcspn(evidence->gid_map, "\n"), evidence->gid_map);
	sscanf(evidence->uid_map, "%u %u %u", &inside, &outside, &count);
	snprintf(report, STEP_REPORT_MAX, "uid_map %u -> %u (%u id%s)", inside, outside, count,
		 count == 1 ? "" : "s");
	return STEP_DONE;
}

static void user_namespace_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	if (spec->user.host_id_auto)
		fprintf(out, "%" PRIu32 " id(s) from a range that no other container has",
			spec->user.host_range);
	else
		fprintf(out, "host ids %" PRIu32 "+%" PRIu32, spec->user.host_id, spec->user.host_range);
}

const struct step_type step_user_namespace = {
	.name = "user-namespace",
	.blocks = "root inside being root outside, and two containers sharing an id",
	.source = "user_namespaces(7)",
	.phase = PHASE_MAP,
	.prepare = user_namespace_prepare,
	.apply = user_namespace_apply,
	.verify = user_namespace_verify,
	.explain = user_namespace_explain,
};
