/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.uidMappings and gidMappings of a new user namespace, written from outside while init waits
 * (user_namespaces(7)). A caller without rights may map its own id only; for more newuidmap(1) asks
 * /etc/subuid.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "launcher/host.h"
#include "launcher/idmap.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/process.h"

enum { LINE_MAX_BYTES = 3 * 11 };

static int user_namespace_wanted(const struct spec *spec)
{
	const struct oci_namespace *user = &spec->oci->namespaces[OCI_NS_USER];

	return user->given && !user->path;
}

static char *format(struct arena *arena, const struct oci_id_maps *maps)
{
	char *text = arena_alloc(arena, maps->n * LINE_MAX_BYTES + 1);
	size_t used = 0;

	for (size_t i = 0; text && i < maps->n; i++)
		used += (size_t)sprintf(text + used, "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n",
					maps->items[i].container_id, maps->items[i].host_id,
					maps->items[i].size);
	return text;
}

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

/* The kernel would only say EINVAL. */
static int check_ranges(const char *name, const struct oci_id_maps *maps, struct error *err)
{
	for (size_t i = 0; i < maps->n; i++)
		for (size_t j = 0; j < i; j++) {
			const struct oci_id_map *a = &maps->items[i], *b = &maps->items[j];

			if (overlap(a->container_id, a->size, b->container_id, b->size) ||
			    overlap(a->host_id, a->size, b->host_id, b->size))
				return error_set(err, EINVAL, "linux.%s[%zu] and [%zu] overlap", name, j, i);
		}
	return 0;
}

static int user_namespace_prepare(const struct step *step, struct run *run, struct error *err)
{
	const struct oci *oci = run->oci->oci;

	(void)step;
	if (oci->uid_maps.n == 0 || oci->gid_maps.n == 0) {
		error_set(err, EINVAL, "create a user namespace without id mappings");
		return error_remedy(err, "give linux.uidMappings and linux.gidMappings");
	}
	if (check_ranges("uidMappings", &oci->uid_maps, err) < 0 ||
	    check_ranges("gidMappings", &oci->gid_maps, err) < 0)
		return -err->code;
	run->oci->uid_map = format(run->arena, &oci->uid_maps);
	run->oci->gid_map = format(run->arena, &oci->gid_maps);
	if (!run->oci->uid_map || !run->oci->gid_map)
		return error_set(err, ENOMEM, "format the id maps");
	return 0;
}

static bool may_map_any(const struct host *host)
{
	const uint64_t needed = UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID;

	return (host->cap_effective & needed) == needed;
}

static bool is_own(const struct oci_id_maps *maps, uint32_t id)
{
	return maps->n == 1 && maps->items[0].size == 1 && maps->items[0].host_id == id;
}

static int user_namespace_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct oci *oci = run->oci->oci;
	int r;

	(void)step;
	if (may_map_any(run->host)) {
		r = idmap_write(run->init_pid, "gid_map", run->oci->gid_map, err);
		if (r == 0)
			r = idmap_write(run->init_pid, "uid_map", run->oci->uid_map, err);
		return r < 0 ? r : STEP_DONE;
	}
	if (is_own(&oci->uid_maps, run->host->euid) && is_own(&oci->gid_maps, run->host->egid)) {
		/* Who has no rights may not drop groups either (CVE-2014-8989). */
		r = idmap_write(run->init_pid, "setgroups", "deny", err);
		if (r == 0)
			r = idmap_write(run->init_pid, "gid_map", run->oci->gid_map, err);
		if (r == 0)
			r = idmap_write(run->init_pid, "uid_map", run->oci->uid_map, err);
		return r < 0 ? r : STEP_DONE;
	}
	r = idmap_by_helper("/usr/bin/newuidmap", run->init_pid, run->oci->uid_map, err);
	if (r == 0)
		r = idmap_by_helper("/usr/bin/newgidmap", run->init_pid, run->oci->gid_map, err);
	return r < 0 ? r : STEP_DONE;
}

/* The kernel prints the same numbers in columns. */
static bool same_numbers(const char *wanted, const char *kernel)
{
	for (;;) {
		size_t n, m;

		wanted += strspn(wanted, " \n");
		kernel += strspn(kernel, " \n");
		n = strcspn(wanted, " \n");
		m = strcspn(kernel, " \n");
		if (n == 0 || m == 0)
			return n == m;
		if (n != m || memcmp(wanted, kernel, n) != 0)
			return false;
		wanted += n;
		kernel += m;
	}
}

static int user_namespace_verify(const struct step *step, const struct run *run,
				 const struct evidence *evidence, char report[STEP_REPORT_MAX],
				 struct error *err)
{
	(void)step;
	/* The buffers are small: a map with many lines is compared as far as it was read. */
	if (strlen(evidence->uid_map) + 64 < sizeof(evidence->uid_map) && run->oci->oci->uid_maps.n <= 4 &&
	    !same_numbers(run->oci->uid_map, evidence->uid_map))
		return error_set(err, EBADE, "the kernel's uid map is \"%s\"", evidence->uid_map);
	snprintf(report, STEP_REPORT_MAX, "%zu uid and %zu gid ranges", run->oci->oci->uid_maps.n,
		 run->oci->oci->gid_maps.n);
	return STEP_DONE;
}

static void user_namespace_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "%zu uid and %zu gid ranges", spec->oci->uid_maps.n, spec->oci->gid_maps.n);
}

const struct step_type oci_step_user_namespace = {
	.name = "user-namespace",
	.blocks = "root inside being root outside",
	.source = "user_namespaces(7), newuidmap(1)",
	.phase = PHASE_MAP,
	.prepare = user_namespace_prepare,
	.apply = user_namespace_apply,
	.verify = user_namespace_verify,
	.explain = user_namespace_explain,
	.wanted = user_namespace_wanted,
};
