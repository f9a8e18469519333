/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* runtime-spec config-linux.md "Devices" and "Network Devices" */
#include <net/if.h>
#include <string.h>

#include "base/str.h"
#include "profiles/json.h"
#include "profiles/oci/parse.h"

/* The kernel's device numbers have 12 and 20 bits. */
enum { MAJOR_MAX = (1 << 12) - 1, MINOR_MAX = (1 << 20) - 1, ID_MAX = UINT32_MAX - 1 };

static void parse_device(struct oci_reader *reader, const struct json *item, struct oci_device *ret)
{
	const struct json *path = oci_value_need(reader, item, "path", JSON_STRING);
	const struct json *type = oci_value_need(reader, item, "type", JSON_STRING);

	if (!path || !type)
		return;
	if (path->text[0] != '/')
		oci_value_fail(reader, path, NULL, "\"%.100s\" is not an absolute path", path->text);
	ret->path = path->text;
	if (strlen(type->text) != 1 || !strchr("cbup", type->text[0])) {
		oci_value_fail(reader, type, NULL, "unknown device type \"%.100s\", it is c, b, u or p",
			       type->text);
		return;
	}
	/* mknod(1): "u" is a character device, too. */
	ret->type = type->text[0] == 'u' ? 'c' : type->text[0];
	if (ret->type != 'p') {
		oci_value_need(reader, item, "major", JSON_INTEGER);
		oci_value_need(reader, item, "minor", JSON_INTEGER);
		ret->major = (uint32_t)oci_value_number(reader, item, "major", MAJOR_MAX, 0);
		ret->minor = (uint32_t)oci_value_number(reader, item, "minor", MINOR_MAX, 0);
	}
	ret->mode_given = oci_value_get(reader, item, "fileMode", JSON_INTEGER) != NULL;
	/* podman writes st_mode here, with the bits of the type. */
	ret->mode = (mode_t)oci_value_number(reader, item, "fileMode", UINT32_MAX, 0) & 07777;
	ret->uid = (uid_t)oci_value_number(reader, item, "uid", ID_MAX, 0);
	ret->gid = (gid_t)oci_value_number(reader, item, "gid", ID_MAX, 0);
}

/* As the kernel's dev_valid_name(). */
static void check_interface(struct oci_reader *reader, const struct json *at, const char *name)
{
	if (*name == '\0' || strlen(name) >= IFNAMSIZ || str_equal(name, ".") || str_equal(name, "..") ||
	    strpbrk(name, "/: \t\n\v\f\r"))
		oci_value_fail(reader, at, NULL, "\"%.100s\" is not the name of a network interface", name);
}

static void parse_net_devices(struct oci_reader *reader, const struct json *config, struct oci *ret)
{
	const struct json *map = oci_value_object(reader, config, "netDevices"), *const * members;
	size_t n = oci_value_members(reader, map, &members);
	struct oci_net_device *devices = n > 0 ? oci_value_room(reader, map, sizeof(*devices)) : NULL;

	for (size_t i = 0; devices && i < n; i++) {
		const char *name = oci_value_text(reader, members[i], "name");

		if (members[i]->type != JSON_OBJECT) {
			oci_value_fail(reader, members[i], NULL, "expected an object, not %s",
				       json_type_name(members[i]->type));
			return;
		}
		devices[i].host_name = members[i]->name;
		devices[i].name = name ? name : members[i]->name;
		check_interface(reader, members[i], devices[i].host_name);
		check_interface(reader, members[i], devices[i].name);
		for (size_t j = 0; j < i; j++)
			if (!strchr(devices[i].name, '%') && str_equal(devices[i].name, devices[j].name))
				oci_value_fail(reader, members[i], NULL,
					       "two network interfaces would be called \"%s\"",
					       devices[i].name);
	}
	ret->net_devices = devices;
	ret->n_net_devices = devices ? n : 0;
}

void oci_parse_devices(struct oci_reader *reader, const struct json *config, struct oci *ret)
{
	const struct json *array = oci_value_objects(reader, config, "devices");
	struct oci_device *devices = oci_value_room(reader, array, sizeof(*devices));

	if (devices)
		for (const struct json *item = array->first; item && !reader->failed; item = item->next)
			parse_device(reader, item, &devices[ret->n_devices++]);
	ret->devices = devices;
	parse_net_devices(reader, config, ret);
}
