/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* runtime-spec config.md "Mounts" */
#include "base/arena.h"
#include "base/str.h"
#include "profiles/json.h"
#include "profiles/oci/mount_options.h"
#include "profiles/oci/parse.h"

struct oci_id_maps oci_parse_id_maps(struct oci_reader *reader, const struct json *object, const char *name)
{
	const struct json *array = oci_value_objects(reader, object, name);
	struct oci_id_map *maps = oci_value_room(reader, array, sizeof(*maps));
	size_t n = 0;

	if (!maps)
		return (struct oci_id_maps){ 0 };
	for (const struct json *item = array->first; item; item = item->next) {
		oci_value_need(reader, item, "containerID", JSON_INTEGER);
		oci_value_need(reader, item, "hostID", JSON_INTEGER);
		oci_value_need(reader, item, "size", JSON_INTEGER);
		maps[n].container_id = (uint32_t)oci_value_number(reader, item, "containerID", UINT32_MAX, 0);
		maps[n].host_id = (uint32_t)oci_value_number(reader, item, "hostID", UINT32_MAX, 0);
		maps[n].size = (uint32_t)oci_value_number(reader, item, "size", UINT32_MAX, 0);
		if (maps[n].size == 0)
			oci_value_fail(reader, item, "size", "must be greater than 0");
		n++;
	}
	return (struct oci_id_maps){ maps, n };
}

static const char *absolute(struct oci_reader *reader, const char *in, const char *path)
{
	char *joined = arena_printf(reader->arena, "%s/%s", in, path);

	if (!joined)
		oci_value_exhausted(reader);
	return joined;
}

static void check_mount(struct oci_reader *reader, const struct json *item, const struct oci_mount *mount)
{
	const struct oci_mount_flags *flags = &mount->flags;

	if (flags->bind && !mount->source && !flags->remount)
		oci_value_fail(reader, item, "source", "missing: a bind mount has one");
	if (!mount->type && !flags->bind && !flags->remount && flags->n_propagation == 0)
		oci_value_fail(reader, item, "type", "missing, and no option says bind");
	if ((mount->uid_maps.n > 0) != (mount->gid_maps.n > 0))
		oci_value_fail(reader, item, mount->uid_maps.n > 0 ? "gidMappings" : "uidMappings",
			       "missing: an id-mapped mount has both");
	if (flags->idmap && !flags->bind)
		oci_value_fail(reader, item, NULL, "only a bind mount can be id-mapped");
}

static void parse_mount(struct oci_reader *reader, const struct json *item, struct oci_mount *ret)
{
	const struct json *destination = oci_value_need(reader, item, "destination", JSON_STRING);
	const struct spec_strings options = oci_value_strings(reader, item, "options");

	if (!destination || reader->failed)
		return;
	if (!*destination->text)
		oci_value_fail(reader, destination, NULL, "is empty");
	/* Since runtime-spec 1.2 a relative one is taken from the root. */
	ret->destination =
		destination->text[0] == '/' ? destination->text : absolute(reader, "", destination->text);
	ret->type = oci_value_text(reader, item, "type");
	ret->source = oci_value_text(reader, item, "source");
	if (mount_options_parse(ret->type, &options, reader->arena, &ret->flags, NULL) < 0)
		oci_value_exhausted(reader);
	if (ret->flags.bind && ret->source && ret->source[0] != '/' && reader->bundle)
		ret->source = absolute(reader, reader->bundle, ret->source);
	ret->uid_maps = oci_parse_id_maps(reader, item, "uidMappings");
	ret->gid_maps = oci_parse_id_maps(reader, item, "gidMappings");
	if (ret->uid_maps.n > 0)
		ret->flags.idmap = true;
	check_mount(reader, item, ret);
}

void oci_parse_mounts(struct oci_reader *reader, const struct json *config, struct oci *ret)
{
	const struct json *array = oci_value_objects(reader, config, "mounts");
	struct oci_mount *mounts = oci_value_room(reader, array, sizeof(*mounts));

	if (!mounts)
		return;
	for (const struct json *item = array->first; item && !reader->failed; item = item->next)
		parse_mount(reader, item, &mounts[ret->n_mounts++]);
	ret->mounts = mounts;
}
