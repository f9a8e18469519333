/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/convert/export_oci.h"
#include "lab/convert/export_oci_parts.h"
#include "lab/convert/losses.h"
#include "lab/convert/writer.h"
#include "profiles/spec.h"

enum { CPU_PERIOD_US = 100000, CPU_WEIGHT_DEFAULT = 100, DEVICE_MODE = 0666 };

int export_oci_device_number(const char *path, unsigned int *ret_major, unsigned int *ret_minor)
{
	struct stat st;
	char rest;

	if (sscanf(path, "%u:%u%c", ret_major, ret_minor, &rest) == 2)
		return 'b';
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return -ENODEV;
	*ret_major = major(st.st_rdev);
	*ret_minor = minor(st.st_rdev);
	return S_ISCHR(st.st_mode) ? 'c' : 'b';
}

static int device_fail(const char *path, int r, struct error *err)
{
	error_set(err, -r, "find the number of the device %s", path);
	return error_remedy(err, "a bundle names devices by number: export on the host that has them");
}

static int write_device_rules(const struct export_oci_parts *parts, struct error *err)
{
	const struct spec *spec = parts->spec;
	struct writer *writer = parts->writer;

	writer_open(writer, "devices", '[');
	writer_open_flat(writer, NULL, '{');
	writer_bool(writer, "allow", false);
	writer_string(writer, "access", "rwm");
	writer_close(writer, '}');
	for (size_t i = 0; i < spec->n_devices; i++) {
		const struct spec_device *device = &spec->devices[i];
		unsigned int major_number, minor_number;
		int kind = export_oci_device_number(device->path, &major_number, &minor_number);

		if (kind < 0)
			return device_fail(device->path, kind, err);
		writer_open_flat(writer, NULL, '{');
		writer_bool(writer, "allow", true);
		writer_string(writer, "type", kind == 'c' ? "c" : "b");
		writer_number(writer, "major", major_number);
		writer_number(writer, "minor", minor_number);
		writer_string(writer, "access",
			      device->read && device->write ? "rw"
			      : device->write               ? "w"
							    : "r");
		writer_close(writer, '}');
	}
	writer_close(writer, ']');
	return 0;
}

int export_oci_devices(const struct export_oci_parts *parts, struct error *err)
{
	const struct spec *spec = parts->spec;
	struct writer *writer = parts->writer;

	if (spec->n_devices == 0)
		return 0;
	writer_open(writer, "devices", '[');
	for (size_t i = 0; i < spec->n_devices; i++) {
		unsigned int major_number, minor_number;
		int kind = export_oci_device_number(spec->devices[i].path, &major_number, &minor_number);

		if (kind < 0)
			return device_fail(spec->devices[i].path, kind, err);
		writer_open_flat(writer, NULL, '{');
		writer_string(writer, "path", spec->devices[i].path);
		writer_string(writer, "type", kind == 'c' ? "c" : "b");
		writer_number(writer, "major", major_number);
		writer_number(writer, "minor", minor_number);
		writer_number(writer, "fileMode", DEVICE_MODE);
		writer_close(writer, '}');
	}
	writer_close(writer, ']');
	return 0;
}

static bool is_set(uint64_t value)
{
	return value != SPEC_UNLIMITED && value != SPEC_UNSET;
}

static void write_memory(struct writer *writer, const struct spec_limits *limits)
{
	if (!is_set(limits->memory_bytes))
		return;
	writer_open_flat(writer, "memory", '{');
	writer_unsigned(writer, "limit", limits->memory_bytes);
	/* There it is memory and swap together, as it was in cgroup v1. */
	if (is_set(limits->swap_bytes))
		writer_unsigned(writer, "swap", limits->memory_bytes + limits->swap_bytes);
	else if (limits->swap_bytes == SPEC_UNLIMITED)
		writer_number(writer, "swap", -1);
	writer_close(writer, '}');
}

static void write_cpu(struct writer *writer, const struct spec_limits *limits)
{
	if (limits->cpu_cores <= 0 && !limits->cpus)
		return;
	writer_open_flat(writer, "cpu", '{');
	if (limits->cpu_cores > 0) {
		writer_number(writer, "quota", (int64_t)(limits->cpu_cores * CPU_PERIOD_US + 0.5));
		writer_number(writer, "period", CPU_PERIOD_US);
	}
	if (limits->cpus)
		writer_string(writer, "cpus", limits->cpus);
	writer_close(writer, '}');
}

/* What only cgroup v2 has: the file and its content. */
static void write_unified(struct writer *writer, const struct spec_limits *limits)
{
	char number[32];

	if (!is_set(limits->memory_bytes) && !is_set(limits->memory_high_bytes) &&
	    limits->cpu_weight == CPU_WEIGHT_DEFAULT)
		return;
	writer_open_flat(writer, "unified", '{');
	if (is_set(limits->memory_bytes))
		writer_string(writer, "memory.oom.group", "1");
	if (is_set(limits->memory_high_bytes)) {
		snprintf(number, sizeof(number), "%" PRIu64, limits->memory_high_bytes);
		writer_string(writer, "memory.high", number);
	}
	if (limits->cpu_weight != CPU_WEIGHT_DEFAULT) {
		snprintf(number, sizeof(number), "%u", limits->cpu_weight);
		writer_string(writer, "cpu.weight", number);
	}
	writer_close(writer, '}');
}

static uint64_t throttle(const struct spec_io_limit *io, size_t kind)
{
	const uint64_t values[] = { io->read_bps, io->write_bps, io->read_iops, io->write_iops };

	return values[kind];
}

static int write_throttles(const struct export_oci_parts *parts, size_t kind, struct error *err)
{
	static const char *const names[] = { "throttleReadBpsDevice", "throttleWriteBpsDevice",
					     "throttleReadIOPSDevice", "throttleWriteIOPSDevice" };
	const struct spec_limits *limits = &parts->spec->limits;
	struct writer *writer = parts->writer;

	writer_open(writer, names[kind], '[');
	for (size_t i = 0; i < limits->n_io; i++) {
		unsigned int major_number, minor_number;
		int r;

		if (!is_set(throttle(&limits->io[i], kind)))
			continue;
		r = export_oci_device_number(limits->io[i].device, &major_number, &minor_number);
		if (r < 0)
			return device_fail(limits->io[i].device, r, err);
		writer_open_flat(writer, NULL, '{');
		writer_number(writer, "major", major_number);
		writer_number(writer, "minor", minor_number);
		writer_unsigned(writer, "rate", throttle(&limits->io[i], kind));
		writer_close(writer, '}');
	}
	writer_close(writer, ']');
	return 0;
}

static int write_io(const struct export_oci_parts *parts, struct error *err)
{
	int r = 0;

	if (parts->spec->limits.n_io == 0)
		return 0;
	writer_open(parts->writer, "blockIO", '{');
	for (size_t kind = 0; r == 0 && kind < 4; kind++)
		r = write_throttles(parts, kind, err);
	writer_close(parts->writer, '}');
	return r;
}

int export_oci_resources(const struct export_oci_parts *parts, struct error *err)
{
	const struct spec_limits *limits = &parts->spec->limits;
	const char *path = arena_printf(parts->losses->arena, "/kapsel/%s", parts->spec->name);
	int r;

	if (!path)
		return error_set(err, ENOMEM, "write config.json");
	writer_string(parts->writer, "cgroupsPath", path);
	writer_open(parts->writer, "resources", '{');
	r = write_device_rules(parts, err);
	write_memory(parts->writer, limits);
	write_cpu(parts->writer, limits);
	if (is_set(limits->pids)) {
		writer_open_flat(parts->writer, "pids", '{');
		writer_unsigned(parts->writer, "limit", limits->pids);
		writer_close(parts->writer, '}');
	}
	if (r == 0)
		r = write_io(parts, err);
	write_unified(parts->writer, limits);
	writer_close(parts->writer, '}');
	return r;
}
