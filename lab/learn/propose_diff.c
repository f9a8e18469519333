/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/str.h"
#include "lab/learn/propose.h"
#include "lab/learn/propose_limits.h"
#include "lab/learn/propose_print.h"
#include "profiles/capabilities.h"
#include "profiles/spec.h"

enum { LINES_MAX = 1024 };

/* What a profile opens, one line each, so that two profiles can be compared. */
struct lines {
	char *items[LINES_MAX];
	size_t n;
	bool exhausted;
};

static void lines_free(struct lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free(lines->items[i]);
	free(lines);
}

static void lines_freep(struct lines **lines)
{
	if (*lines)
		lines_free(*lines);
}

_printf_(2, 3) static void add(struct lines *lines, const char *format, ...)
{
	va_list args;

	if (lines->n == LINES_MAX)
		return;
	va_start(args, format);
	if (vasprintf(&lines->items[lines->n], format, args) < 0)
		lines->exhausted = true;
	else
		lines->n++;
	va_end(args);
}

static bool has(const struct lines *lines, const char *text)
{
	for (size_t i = 0; i < lines->n; i++)
		if (str_equal(lines->items[i], text))
			return true;
	return false;
}

static void add_size(struct lines *lines, const char *key, uint64_t bytes)
{
	char size[32];

	if (bytes == SPEC_UNLIMITED) {
		add(lines, "%s: unlimited", key);
		return;
	}
	propose_limits_size(bytes, size);
	add(lines, "%s: %s", key, size);
}

static void add_count(struct lines *lines, const char *key, uint64_t count)
{
	if (count == SPEC_UNLIMITED)
		add(lines, "%s: unlimited", key);
	else
		add(lines, "%s: %" PRIu64, key, count);
}

static void add_capabilities(struct lines *lines, uint64_t bits)
{
	for (int i = 0; i < 64; i++)
		if ((bits & (UINT64_C(1) << i)) && capabilities_name(i))
			add(lines, "capabilities: %s", capabilities_name(i));
}

static void add_switches(struct lines *lines, bool jit, bool nested, bool ptrace)
{
	if (jit)
		add(lines, "allow_jit: true");
	if (nested)
		add(lines, "allow_nested_namespaces: true");
	if (ptrace)
		add(lines, "allow_ptrace: true");
}

static void describe_present(const struct spec *spec, struct lines *lines)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];

		if (mount->type == SPEC_MOUNT_TMPFS)
			add_size(lines, mount->target, mount->size_bytes);
		else
			add(lines, "%s: bind", mount->target);
	}
	for (size_t i = 0; i < spec->syscalls.n; i++)
		add(lines, "syscalls.allow: %s", spec->syscalls.items[i]);
	for (size_t i = 0; i < spec->exec_allow.n; i++)
		add(lines, "exec.allow: %s", spec->exec_allow.items[i]);
	add_capabilities(lines, spec->capabilities);
	add_switches(lines, spec->allow_jit, spec->allow_nested_namespaces, spec->allow_ptrace);
	if (spec->network == SPEC_NETWORK_HOST)
		add(lines, "network: host");
	add_size(lines, "limits.memory", spec->limits.memory_bytes);
	add_count(lines, "limits.pids", spec->limits.pids);
	add_count(lines, "limits.open_files", spec->limits.open_files);
	add_size(lines, "limits.file_size", spec->limits.file_size_bytes);
	add_size(lines, "limits.locked_memory", spec->limits.locked_memory_bytes);
}

static uint64_t choose(uint64_t learned, uint64_t present, bool unlimited)
{
	return unlimited ? SPEC_UNLIMITED : learned == SPEC_UNSET ? present : learned;
}

static void describe_proposed_mounts(const struct proposal *proposal, struct lines *lines)
{
	for (size_t i = 0; i < proposal->present->n_mounts; i++) {
		const struct spec_mount *mount = &proposal->present->mounts[i];

		if (!propose_is_kept(proposal, mount->target))
			continue;
		if (mount->type == SPEC_MOUNT_BIND)
			add(lines, "%s: bind", mount->target);
		else
			add_size(lines, mount->target,
				 proposal->options.keep ? mount->size_bytes
							: propose_tmpfs_bytes(proposal, mount->target));
	}
	for (size_t i = 0; i < proposal->places.n; i++) {
		const struct propose_place *place = &proposal->places.items[i];

		if (place->source)
			add(lines, "%s: bind", place->target);
		else
			add_size(lines, place->target, propose_tmpfs_bytes(proposal, place->target));
	}
}

static void describe_proposed(const struct proposal *proposal, struct lines *lines)
{
	const struct spec_limits *limits = &proposal->present->limits;
	bool unlimited = proposal->options.no_limits;

	describe_proposed_mounts(proposal, lines);
	for (size_t i = 0; i < proposal->words.n; i++)
		add(lines, "syscalls.allow: %s", proposal->words.items[i].word);
	for (size_t i = 0; i < proposal->n_exec; i++)
		add(lines, "exec.allow: %s", proposal->exec[i]);
	add_capabilities(lines, proposal->capabilities);
	add_switches(lines, proposal->jit, proposal->nested, proposal->ptrace);
	if (proposal->present->network == SPEC_NETWORK_HOST && !proposal->no_network)
		add(lines, "network: host");
	add_size(lines, "limits.memory", choose(proposal->memory_bytes, limits->memory_bytes, unlimited));
	add_count(lines, "limits.pids", choose(proposal->pids, limits->pids, unlimited));
	add_count(lines, "limits.open_files", choose(proposal->open_files, limits->open_files, false));
	add_size(lines, "limits.file_size",
		 choose(proposal->file_size_bytes, limits->file_size_bytes, false));
	add_size(lines, "limits.locked_memory",
		 choose(proposal->locked_bytes, limits->locked_memory_bytes, false));
}

int propose_print_diff(const struct proposal *proposal, const char *name, FILE *out)
{
	_cleanup_(lines_freep) struct lines *before = calloc(1, sizeof(*before));
	_cleanup_(lines_freep) struct lines *after = calloc(1, sizeof(*after));

	if (!before || !after)
		return -ENOMEM;
	describe_present(proposal->present, before);
	describe_proposed(proposal, after);
	if (before->exhausted || after->exhausted)
		return -ENOMEM;
	fprintf(out, "--- %s\n+++ learned\n", name);
	for (size_t i = 0; i < before->n; i++)
		if (!has(after, before->items[i]))
			fprintf(out, "-%s\n", before->items[i]);
	for (size_t i = 0; i < after->n; i++)
		if (!has(before, after->items[i]))
			fprintf(out, "+%s\n", after->items[i]);
	return 0;
}
