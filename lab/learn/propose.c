/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/propose.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/macro.h"
#include "base/str.h"
#include "lab/learn/propose_limits.h"
#include "profiles/spec.h"
#include "seccomp/filter.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

enum { IDS_MAX = 65536, OWN_TASKS = 1 /* kapsel's init is in the same cgroup */ };

uint64_t propose_tmpfs_bytes(const struct proposal *proposal, const char *target)
{
	struct propose_place place = { .target = target };

	propose_places_use(proposal->observation, &place);
	/* Each file takes an inode, and the default is one for 4 KiB. */
	if (place.used_bytes < place.n_files * 4 * KIB)
		place.used_bytes = place.n_files * 4 * KIB;
	return propose_limits_margin(place.used_bytes, 64 * KIB);
}

static bool is_used(const struct observation *observation, const char *target)
{
	for (size_t i = 0; i < observation->n_paths; i++)
		if (propose_places_within(observation->paths[i].path, target))
			return true;
	return false;
}

bool propose_is_kept(const struct proposal *proposal, const char *target)
{
	const struct spec *spec = proposal->present;

	for (size_t i = 0; i < spec->n_mounts; i++)
		if (str_equal(spec->mounts[i].target, target))
			return spec->mounts[i].type == SPEC_MOUNT_BIND || proposal->options.keep ||
			       is_used(proposal->observation, target);
	return false;
}

static void add_exec(struct proposal *proposal, const char *path, const char *why)
{
	for (size_t i = 0; i < proposal->n_exec; i++)
		if (str_equal(proposal->exec[i], path))
			return;
	if (proposal->n_exec == PROPOSE_EXEC_MAX)
		return;
	proposal->exec_why[proposal->n_exec] = why;
	proposal->exec[proposal->n_exec++] = path;
}

static int choose_exec(struct proposal *proposal, struct arena *arena)
{
	const struct observation *observation = proposal->observation;
	const struct spec *present = proposal->present;

	for (size_t i = 0; proposal->options.keep && i < present->exec_allow.n; i++)
		add_exec(proposal, present->exec_allow.items[i], "as before");
	for (size_t i = 0; i < observation->n_paths; i++) {
		const struct observed_path *path = &observation->paths[i];
		const char *why;

		if (!(path->access & ACCESS_EXEC))
			continue;
		why = arena_printf(arena, "%s, %llu time%s", path->comm, (unsigned long long)path->count,
				   path->count == 1 ? "" : "s");
		if (!why)
			return -ENOMEM;
		add_exec(proposal, path->path, why);
	}
	return 0;
}

/*
 * Those that the container's own user namespace can give. CAP_SYS_ADMIN is never proposed, and with the
 * host's network a capability over it means nothing.
 */
static void choose_rights(struct proposal *proposal)
{
	const struct spec *present = proposal->present;
	unsigned int facts = proposal->observation->facts;
	uint64_t network = UINT64_C(1) << CAP_NET_BIND_SERVICE | UINT64_C(1) << CAP_NET_RAW;
	uint32_t highest = proposal->observation->highest_id;

	proposal->capabilities = proposal->observation->capabilities & ~(UINT64_C(1) << CAP_SYS_ADMIN);
	if (present->network == SPEC_NETWORK_HOST)
		proposal->capabilities &= ~network;
	if (proposal->options.keep)
		proposal->capabilities |= present->capabilities;
	proposal->jit = (facts & FACT_JIT) || (proposal->options.keep && present->allow_jit);
	proposal->nested =
		(facts & FACT_NAMESPACES) || (proposal->options.keep && present->allow_nested_namespaces);
	proposal->ptrace = (facts & FACT_PTRACE) || (proposal->options.keep && present->allow_ptrace);
	if (highest > 0 && highest < IDS_MAX && highest >= present->user.host_range) {
		uint32_t own = present->user.uid > present->user.gid ? present->user.uid : present->user.gid;

		proposal->host_range = (highest > own && own < IDS_MAX ? highest
					: own < IDS_MAX                ? own
								       : highest) +
				       1;
	}
}

static bool uses_internet(const struct observation *observation)
{
	for (size_t i = 0; i < observation->n_addresses; i++)
		if (observation->addresses[i].text[0] != '/' && observation->addresses[i].text[0] != '@')
			return true;
	return false;
}

static void choose_limits(struct proposal *proposal)
{
	const struct observed_peaks *peaks = &proposal->observation->peaks;
	const struct spec *present = proposal->present;
	bool asked = proposal->observation->facts & FACT_FILES; /* the default is 256, and as good as any */
	uint64_t files = 0;

	for (size_t i = 0; i < proposal->observation->n_paths; i++)
		files += proposal->observation->paths[i].size_bytes;
	proposal->memory_bytes = proposal->pids = proposal->open_files = SPEC_UNSET;
	proposal->file_size_bytes = proposal->locked_bytes = SPEC_UNSET;
	if (peaks->memory_bytes > 0) /* what lies in a tmpfs is memory, too */
		proposal->memory_bytes = propose_limits_margin(peaks->memory_bytes + files, 16 * MIB);
	if (peaks->pids > 0)
		proposal->pids = propose_limits_margin(peaks->pids + OWN_TASKS, 4);
	if (peaks->open_files > 0)
		proposal->open_files = propose_limits_margin(peaks->open_files, asked ? 256 : 64);
	if (peaks->file_size_bytes > 0)
		proposal->file_size_bytes = propose_limits_margin(peaks->file_size_bytes, 64 * KIB);
	else if (present->log.driver != SPEC_LOG_PASSTHROUGH) /* else stdout may be a file */
		proposal->file_size_bytes = 0;
	if (peaks->locked_bytes > 0)
		proposal->locked_bytes = propose_limits_margin(peaks->locked_bytes, 64 * KIB);
}

static size_t count_docker(const struct spec *present)
{
	static const char *const all[] = { "@docker-default", NULL };
	struct spec spec = *present;

	spec.syscalls = (struct spec_strings){ all, 1 };
	spec.allow_jit = spec.allow_nested_namespaces = spec.allow_ptrace = false;
	return filter_count(&spec);
}

static int count(struct proposal *proposal, struct arena *arena)
{
	const char **words = arena_array(arena, proposal->words.n + 1, sizeof(*words));
	struct spec spec = *proposal->present;

	if (!words)
		return -ENOMEM;
	for (size_t i = 0; i < proposal->words.n; i++)
		words[i] = proposal->words.items[i].word;
	spec.syscalls = (struct spec_strings){ words, proposal->words.n };
	spec.exec_allow = (struct spec_strings){ proposal->exec, proposal->n_exec };
	spec.allow_jit = proposal->jit;
	spec.allow_nested_namespaces = proposal->nested;
	spec.allow_ptrace = proposal->ptrace;
	proposal->n_allowed = filter_count(&spec);
	proposal->n_before = filter_count(proposal->present);
	proposal->n_docker = count_docker(proposal->present);
	return 0;
}

int propose(const struct observation *observation, const struct spec *present,
	    const struct propose_options *options, const struct propose_image *image, struct arena *arena,
	    struct proposal *ret)
{
	int r;

	ret->present = present;
	ret->observation = observation;
	ret->options = *options;
	ret->n_exec = 0;
	ret->host_range = 0;
	r = propose_calls(observation, present, options->exact, options->keep, arena, &ret->words);
	if (r == 0)
		r = propose_places(observation, present, image, arena, &ret->places);
	if (r == 0)
		r = choose_exec(ret, arena);
	if (r < 0)
		return r;
	choose_rights(ret);
	choose_limits(ret);
	ret->no_network =
		present->network == SPEC_NETWORK_HOST && !uses_internet(observation) && !options->keep;
	return count(ret, arena);
}
