/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/convert/export_oci.h"
#include "lab/convert/export_oci_parts.h"
#include "lab/convert/losses.h"
#include "lab/convert/writer.h"
#include "launcher/idmap.h"
#include "launcher/steps/mask_paths.h"
#include "profiles/spec.h"

void export_oci_proc_paths(const struct export_oci_parts *parts)
{
	if (!export_oci_full_proc(parts->spec))
		return; /* subset=pid: there is nothing to cover */
	writer_strings(parts->writer, "maskedPaths", mask_paths_masked.items, mask_paths_masked.n);
	writer_strings(parts->writer, "readonlyPaths", mask_paths_readonly.items, mask_paths_readonly.n);
}

void export_oci_sysctls(const struct export_oci_parts *parts)
{
	const struct spec_pairs *sysctls = &parts->spec->sysctls;

	if (sysctls->n == 0)
		return;
	writer_open(parts->writer, "sysctl", '{');
	for (size_t i = 0; i < sysctls->n; i++)
		writer_string(parts->writer, sysctls->items[i].name, sysctls->items[i].value);
	writer_close(parts->writer, '}');
}

static void write_namespace(struct writer *writer, const char *type, const char *path)
{
	writer_open_flat(writer, NULL, '{');
	writer_string(writer, "type", type);
	if (path)
		writer_string(writer, "path", path);
	writer_close(writer, '}');
}

void export_oci_namespaces(const struct export_oci_parts *parts)
{
	static const struct {
		enum spec_namespace bit;
		const char *type;
	} rows[] = {
		{ SPEC_NS_PID, "pid" },
		{ SPEC_NS_IPC, "ipc" },
		{ SPEC_NS_UTS, "uts" },
		{ SPEC_NS_CGROUP, "cgroup" },
	};
	const struct spec *spec = parts->spec;

	writer_open(parts->writer, "namespaces", '[');
	write_namespace(parts->writer, "user", NULL);
	write_namespace(parts->writer, "mount", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (spec->namespaces & rows[i].bit)
			write_namespace(parts->writer, rows[i].type, NULL);
	if (spec->network == SPEC_NETWORK_JOIN)
		write_namespace(parts->writer, "network", spec->network_netns);
	else if (spec->network != SPEC_NETWORK_HOST)
		write_namespace(parts->writer, "network", NULL);
	writer_close(parts->writer, ']');
}

/* The id that kapsel itself would try first for a container of this name. */
static uint32_t first_host_id(const struct spec *spec)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	if (!spec->user.host_id_auto)
		return spec->user.host_id;
	for (const char *name = spec->name; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return IDMAP_POOL_FIRST + hash % IDMAP_POOL_SLOTS * IDMAP_SLOT_SIZE;
}

static void write_map(struct writer *writer, uint32_t inside, uint32_t host, uint32_t size)
{
	writer_open_flat(writer, NULL, '{');
	writer_number(writer, "containerID", inside);
	writer_number(writer, "hostID", host);
	writer_number(writer, "size", size);
	writer_close(writer, '}');
}

static void write_maps(const struct export_oci_parts *parts, const char *name, uint32_t id, uint32_t caller)
{
	const struct spec_user *user = &parts->spec->user;
	uint32_t first = first_host_id(parts->spec);

	writer_open(parts->writer, name, '[');
	if (parts->options->rootless) {
		write_map(parts->writer, id, caller, 1);
	} else if (user->host_range > 1) {
		write_map(parts->writer, 0, first, user->host_range);
	} else {
		write_map(parts->writer, id, first, 1);
		/* runc does its set-up as the container's root and refuses a map without one. */
		if (id != 0)
			write_map(parts->writer, 0, first + 1, 1);
	}
	writer_close(parts->writer, ']');
}

int export_oci_id_maps(const struct export_oci_parts *parts, struct error *err)
{
	const struct spec_user *user = &parts->spec->user;
	int r = 0;

	write_maps(parts, "uidMappings", user->uid, geteuid());
	write_maps(parts, "gidMappings", user->gid, getegid());
	if (parts->options->rootless && (user->uid != 0 || user->gid != 0))
		r = losses_add(parts->losses,
			       "user: a map of the caller's id alone has no root inside, which "
			       "runc insists on; crun and kapsel-oci start it");
	else if (!parts->options->rootless && user->host_range == 1 && (user->uid != 0 || user->gid != 0))
		r = losses_add(parts->losses,
			       "user.host_range: the map has root, too, as host id %u, since runc does its "
			       "set-up as that; the workload can't become it",
			       first_host_id(parts->spec) + 1);
	if (r == 0 && user->host_id_auto && !parts->options->rootless)
		r = losses_add(parts->losses,
			       "user.host_id: the host ids are fixed now, from %u, and nobody checks that "
			       "they are free",
			       first_host_id(parts->spec));
	return r < 0 ? error_set(err, -r, "note what a bundle can't say") : 0;
}
