/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* runtime-spec config-linux.md "Block IO" */
#include "profiles/json.h"
#include "profiles/oci/parse.h"

enum { WEIGHT_MAX = 1000 };

static void parse_device(struct oci_reader *reader, const struct json *item, uint32_t *ret_major,
			 uint32_t *ret_minor)
{
	oci_value_need(reader, item, "major", JSON_INTEGER);
	oci_value_need(reader, item, "minor", JSON_INTEGER);
	*ret_major = (uint32_t)oci_value_number(reader, item, "major", UINT32_MAX, 0);
	*ret_minor = (uint32_t)oci_value_number(reader, item, "minor", UINT32_MAX, 0);
}

static struct oci_throttles parse_throttles(struct oci_reader *reader, const struct json *io,
					    const char *name)
{
	const struct json *array = oci_value_objects(reader, io, name);
	struct oci_throttle *items = oci_value_room(reader, array, sizeof(*items));
	size_t n = 0;

	for (const struct json *item = items ? array->first : NULL; item; item = item->next, n++) {
		parse_device(reader, item, &items[n].major, &items[n].minor);
		oci_value_need(reader, item, "rate", JSON_INTEGER);
		items[n].rate = oci_value_number(reader, item, "rate", UINT64_MAX, 0);
	}
	return (struct oci_throttles){ items, n };
}

static void parse_weights(struct oci_reader *reader, const struct json *io, struct oci_resources *ret)
{
	const struct json *array = oci_value_objects(reader, io, "weightDevice");
	struct oci_weight_device *items = oci_value_room(reader, array, sizeof(*items));

	ret->io_weight_devices = items;
	for (const struct json *item = items ? array->first : NULL; item; item = item->next) {
		struct oci_weight_device *device = &items[ret->n_io_weight_devices++];

		parse_device(reader, item, &device->major, &device->minor);
		device->weight = oci_value_number(reader, item, "weight", WEIGHT_MAX, OCI_UNSET);
		device->leaf_weight = oci_value_number(reader, item, "leafWeight", WEIGHT_MAX, OCI_UNSET);
		if (device->weight == OCI_UNSET && device->leaf_weight == OCI_UNSET)
			oci_value_fail(reader, item, NULL, "needs weight or leafWeight");
	}
}

void oci_parse_io(struct oci_reader *reader, const struct json *io, struct oci_resources *ret)
{
	ret->io_weight = oci_value_number(reader, io, "weight", WEIGHT_MAX, OCI_UNSET);
	ret->io_leaf_weight = oci_value_number(reader, io, "leafWeight", WEIGHT_MAX, OCI_UNSET);
	parse_weights(reader, io, ret);
	ret->read_bps = parse_throttles(reader, io, "throttleReadBpsDevice");
	ret->write_bps = parse_throttles(reader, io, "throttleWriteBpsDevice");
	ret->read_iops = parse_throttles(reader, io, "throttleReadIOPSDevice");
	ret->write_iops = parse_throttles(reader, io, "throttleWriteIOPSDevice");
}
