/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/reader.h"

enum { CPUS_MAX = 8192 };

/* cpuset.cpus of cgroups(7): "0-3,7". Return: whether it is a list of rising ranges. */
static bool is_cpu_list(const char *text)
{
	char number[8];
	uint32_t first = 0, last;

	for (;;) {
		for (int part = 0; part < 2; part++) {
			size_t length = strspn(text, "0123456789");

			if (length == 0 || length >= sizeof(number))
				return false;
			memcpy(number, text, length);
			number[length] = '\0';
			if (str_to_u32(number, &last) < 0 || last >= CPUS_MAX || (part == 1 && last < first))
				return false;
			first = last;
			text += length;
			if (*text != '-' || part == 1)
				break;
			text++;
		}
		if (*text == '\0')
			return true;
		if (*text++ != ',')
			return false;
	}
}

static void read_cpus(struct reader *reader, const struct json *limits)
{
	const struct json *cpus = reader_get(limits, "limits.cpus");
	const char *list = reader_string(reader, limits, "limits.cpus");

	if (!list)
		return;
	if (!is_cpu_list(list)) {
		finding_label(
			reader_error(reader, "E040", &cpus->place, "\"%s\" is not a list of CPUs", list),
			"expected numbers and ranges like \"0-3,7\"");
		return;
	}
	reader->spec->limits.cpus = list;
}

static void read_memory(struct reader *reader, const struct json *limits)
{
	const struct json *high = reader_get(limits, "limits.memory_high");
	struct spec_limits *ret = &reader->spec->limits;

	ret->memory_bytes = reader_size(reader, limits, "limits.memory");
	ret->swap_bytes = reader_size(reader, limits, "limits.swap");
	/* Without a memory limit there is nothing that swap could get around; written as 0 it stays 0. */
	if (ret->memory_bytes == SPEC_UNLIMITED && !json_get(limits, "swap"))
		ret->swap_bytes = SPEC_UNLIMITED;
	/*
	 * No brake by default: without swap the kernel can reclaim next to nothing from a leaking
	 * workload, so memory.high lets it crawl for minutes where memory.max ends it at once.
	 */
	ret->memory_high_bytes = high ? reader_size(reader, limits, "limits.memory_high") : SPEC_UNLIMITED;
	if (high && ret->memory_high_bytes != SPEC_UNLIMITED && ret->memory_high_bytes > ret->memory_bytes)
		finding_help(
			reader_error(reader, "E039", &high->place, "\"memory_high\" is above \"memory\""),
			"leave it out, or set it below \"memory\"");
}

/* "/dev/sda" or "8:0". */
static bool is_disk(const char *text)
{
	const char *colon = strchr(text, ':');
	uint32_t number;
	char major[12];

	if (str_starts(text, "/dev/"))
		return text[5] != '\0' && !strstr(text, "/../") && !strchr(text, ' ');
	if (!colon || (size_t)(colon - text) >= sizeof(major))
		return false;
	memcpy(major, text, (size_t)(colon - text));
	major[colon - text] = '\0';
	return str_to_u32(major, &number) == 0 && str_to_u32(colon + 1, &number) == 0;
}

static void read_io(struct reader *reader, const struct json *limits)
{
	const struct json *io = reader_get(limits, "limits.io");
	struct spec_io_limit *list;
	size_t n = 0;

	if (!io || io->type != JSON_OBJECT)
		return;
	list = reader_alloc(reader, io->n, sizeof(*list));
	if (!list)
		return;
	for (const struct json *disk = io->first; disk; disk = disk->next) {
		struct spec_io_limit *limit = &list[n];

		if (disk->type != JSON_OBJECT ||
		    !values_plain(reader->findings, "the name of a disk", &disk->name_place, disk->name))
			continue;
		if (!is_disk(disk->name)) {
			finding_label(reader_error(reader, "E040", &disk->name_place, "\"%s\" is not a disk",
						   disk->name),
				      "expected a path below /dev or MAJOR:MINOR");
			continue;
		}
		if (disk->n == 0)
			reader_error(reader, "E040", &disk->place, "no limit for \"%s\"", disk->name);
		limit->device = disk->name;
		limit->read_bps = json_get(disk, "read_bps")
					  ? reader_size(reader, disk, "limits.io.*.read_bps")
					  : SPEC_UNSET;
		limit->write_bps = json_get(disk, "write_bps")
					   ? reader_size(reader, disk, "limits.io.*.write_bps")
					   : SPEC_UNSET;
		limit->read_iops = json_get(disk, "read_iops")
					   ? reader_count(reader, disk, "limits.io.*.read_iops")
					   : SPEC_UNSET;
		limit->write_iops = json_get(disk, "write_iops")
					    ? reader_count(reader, disk, "limits.io.*.write_iops")
					    : SPEC_UNSET;
		n++;
	}
	reader->spec->limits.io = list;
	reader->spec->limits.n_io = n;
}

void reader_limits(struct reader *reader)
{
	const struct json *limits = reader_get(reader->root, "limits");
	const struct json *cpu = reader_get(limits, "limits.cpu");
	const struct json *runtime = reader_get(limits, "limits.runtime");
	struct spec_limits *ret = &reader->spec->limits;

	read_memory(reader, limits);
	ret->cpu_cores = 0.5;
	if (cpu)
		values_cores(reader->findings, keys_find("limits.cpu"), cpu, &ret->cpu_cores);
	ret->cpu_weight = (uint32_t)reader_integer(reader, limits, "limits.cpu_weight");
	read_cpus(reader, limits);
	ret->pids = reader_count(reader, limits, "limits.pids");
	ret->open_files = reader_count(reader, limits, "limits.open_files");
	ret->file_size_bytes = reader_size(reader, limits, "limits.file_size");
	ret->core_bytes = reader_size(reader, limits, "limits.core");
	ret->stack_bytes = reader_size(reader, limits, "limits.stack");
	ret->locked_memory_bytes = reader_size(reader, limits, "limits.locked_memory");
	if (runtime)
		ret->runtime_ms = reader_duration(reader, limits, "limits.runtime");
	read_io(reader, limits);
}
