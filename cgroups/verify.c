/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/verify.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "cgroups/cpulist.h"
#include "cgroups/text.h"

enum { FILE_MAX_BYTES = 4096 };

static int parse_bytes(const char *text, uint64_t *ret)
{
	if (str_equal(text, "max")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return str_to_u64(text, ret);
}

/* The kernel counts pages, rounds down, and has no number at or above LONG_MAX (page_counter). */
static bool same_bytes(const char *wanted_text, const char *got_text)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t wanted, got;

	if (parse_bytes(wanted_text, &wanted) < 0 || parse_bytes(got_text, &got) < 0)
		return false;
	if (wanted / page >= INT64_MAX / page)
		return got == UINT64_MAX;
	return got == wanted / page * page;
}

/*
 * Asked is which CPUs the group may use. cpuset.cpus would only repeat what was
 * written; when the parent has none of these CPUs, the kernel quietly lets the group
 * use the parent's instead.
 */
static bool same_cpus(const char *wanted_text, const char *effective_text)
{
	struct cpulist wanted, effective;

	return cpulist_parse(wanted_text, &wanted) == 0 && cpulist_parse(effective_text, &effective) == 0 &&
	       !cpulist_is_empty(&effective) && cpulist_is_within(&effective, &wanted);
}

/* Whether @line, "8:0 rbps=1 wbps=max", has the word of @length bytes. */
static bool has_word(const char *line, size_t line_length, const char *word, size_t length)
{
	for (const char *next = line; next < line + line_length;) {
		size_t here = strcspn(next, " \n");

		if (here == length && memcmp(next, word, length) == 0)
			return true;
		next += here + 1;
	}
	return false;
}

/* One line of io.max is one device; the limits not asked for are there too, as "max". */
static bool same_io(const char *wanted, const char *got)
{
	const size_t device = strcspn(wanted, " ");
	const char *line = got;
	size_t line_length;

	while (!(strncmp(line, wanted, device) == 0 && line[device] == ' ')) {
		line = strchr(line, '\n');
		if (!line)
			return false;
		line++;
	}
	line_length = strcspn(line, "\n");
	for (const char *word = wanted; *word;) {
		size_t length = strcspn(word, " ");

		if (!has_word(line, line_length, word, length))
			return false;
		word += length;
		word += *word == ' ';
	}
	return true;
}

const char *verify_file(const struct cgroup_setting *setting)
{
	return str_equal(setting->file, "cpuset.cpus") ? "cpuset.cpus.effective" : setting->file;
}

bool verify_same(const struct cgroup_setting *setting, const char *got)
{
	if (str_equal(setting->file, "memory.max") || str_equal(setting->file, "memory.high") ||
	    str_equal(setting->file, "memory.swap.max"))
		return same_bytes(setting->value, got);
	if (str_equal(setting->file, "cpuset.cpus"))
		return same_cpus(setting->value, got);
	if (str_equal(setting->file, "io.max"))
		return same_io(setting->value, got);
	return str_equal(setting->value, got);
}

int cgroup_verify(int fd, const struct cgroup_limits *limits, struct error *err)
{
	for (size_t i = 0; i < limits->n; i++) {
		const struct cgroup_setting *setting = &limits->items[i];
		const char *file = verify_file(setting), *key = setting->key;
		char got[FILE_MAX_BYTES];
		ssize_t size = text_read(fd, file, got, sizeof(got));

		if (size == -ENOENT && setting->optional)
			continue;
		if (size < 0)
			return error_set(err, (int)-size, "read back %s", file);
		if (!verify_same(setting, got))
			return error_set(
				err, EBADE, "read back %s%s%s%s: wanted \"%s\", the kernel has \"%.100s\"",
				file, key ? " (" : "", key ? key : "", key ? ")" : "", setting->value, got);
	}
	return 0;
}
