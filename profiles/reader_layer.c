/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A profile as a layer over a container that somebody else describes (an OCI bundle): only what tightens
 * counts. All other keys are refused, not passed over: a limit that is written but not set would be
 * believed in.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/reader.h"

static bool counts(const char *name)
{
	static const char *const names[] = {
		"$schema",      "kapsel",   "name",         "description",
		"labels",       "syscalls", "allow_jit",    "allow_nested_namespaces",
		"allow_ptrace", "exec",     "capabilities", "mounts",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_equal(names[i], name))
			return true;
	return false;
}

static void refuse_foreign(struct reader *reader)
{
	for (const struct json *member = reader->root->first; member; member = member->next) {
		if (member->type == JSON_NULL || counts(member->name))
			continue;
		if (str_equal(member->name, "allow_setuid") && member->type == JSON_BOOL && !member->boolean)
			continue;
		if (str_equal(member->name, "allow_setuid"))
			finding_help(
				reader_error(
					reader, "E039", &member->name_place,
					"a layer can't have \"allow_setuid\": it always sets no_new_privs"),
				"list \"@identity\" in syscalls.allow for a program that changes its user");
		else
			finding_help(reader_error(reader, "E039", &member->name_place,
						  "\"%s\" has no meaning in a layer", member->name),
				     "the container's own config decides about it: remove the key");
	}
}

static void refuse_members(struct reader *reader, const struct json *mount)
{
	for (const struct json *member = mount->first; member; member = member->next)
		if (member->type != JSON_NULL && !str_equal(member->name, "write"))
			finding_help(reader_error(reader, "E024", &member->name_place,
						  "\"%s\" has no meaning for a mount in a layer",
						  member->name),
				     "only \"write\" counts: the container's own config mounts");
}

/* Only the places that may be written; what is mounted there, the container's config says. */
static void read_places(struct reader *reader)
{
	const struct json *mounts = reader_get(reader->root, "mounts");
	struct spec_mount *list;
	size_t n = 0;

	if (!mounts || mounts->type != JSON_OBJECT || !mounts->first)
		return;
	list = reader_alloc(reader, mounts->n, sizeof(*list));
	for (const struct json *mount = list ? mounts->first : NULL; mount; mount = mount->next) {
		size_t n_errors = reader->findings->n_errors;
		const char *target = values_path(reader->findings, reader->arena, "the place",
						 &mount->name_place, mount->name);

		reader->exhausted |= !target && reader->findings->n_errors == n_errors;
		if (!target || mount->type != JSON_OBJECT)
			continue;
		refuse_members(reader, mount);
		list[n].target = target;
		list[n++].write = reader_bool(reader, mount, "mounts.*.write");
	}
	reader->spec->mounts = list;
	reader->spec->n_mounts = n;
}

void reader_layer(struct reader *reader)
{
	const struct json *syscalls = reader_get(reader->root, "syscalls");
	const struct json *violation = json_get(syscalls, "on_violation");

	refuse_foreign(reader);
	reader_rights(reader);
	read_places(reader);
	if (reader->spec->on_violation == SPEC_VIOLATION_LOG)
		finding_help(reader_error(reader, "E039", &violation->place,
					  "a layer that only logs tightens nothing"),
			     "write \"kill\" or \"errno\"");
}
