/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd.resource-control(5) and the limits of systemd.exec(5). */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "lab/convert/draft.h"
#include "lab/convert/import_systemd_parts.h"
#include "lab/convert/quantities.h"
#include "profiles/spec.h"

static struct json *limits(struct systemd *systemd)
{
	return draft_object(systemd->draft, systemd->draft->root, "limits");
}

static void set_size(struct systemd *systemd, const char *key, const char *value)
{
	uint64_t bytes = 0;

	if (!value[0])
		return;
	if (strchr(value, '%'))
		systemd_lost(systemd, "a share of this host's memory: write bytes");
	else if (quantities_systemd_size(value, &bytes) < 0)
		systemd_lost(systemd, "not a size");
	else
		draft_size(systemd->draft, limits(systemd), key, bytes);
}

void systemd_memory_max(struct systemd *systemd, const char *value)
{
	set_size(systemd, "memory", value);
}

void systemd_memory_high(struct systemd *systemd, const char *value)
{
	set_size(systemd, "memory_high", value);
}

void systemd_memory_swap_max(struct systemd *systemd, const char *value)
{
	set_size(systemd, "swap", value);
}

static void set_count(struct systemd *systemd, const char *key, const char *value)
{
	uint32_t count = 0;

	if (str_equal(value, "infinity"))
		draft_string(systemd->draft, limits(systemd), key, "unlimited");
	else if (str_to_u32(value, &count) < 0)
		systemd_lost(systemd, "not a count");
	else
		draft_number(systemd->draft, limits(systemd), key, count);
}

void systemd_tasks_max(struct systemd *systemd, const char *value)
{
	set_count(systemd, "pids", value);
}

void systemd_cpu_quota(struct systemd *systemd, const char *value)
{
	char text[32];
	double percent = 0;
	size_t n = strlen(value);

	if (!n)
		return;
	snprintf(text, sizeof(text), "%.*s", (int)(n - 1), value);
	if (value[n - 1] != '%' || n > sizeof(text) || quantities_real(text, &percent) < 0 || percent <= 0)
		systemd_lost(systemd, "not a share of one CPU, as 150%");
	else
		draft_real(systemd->draft, limits(systemd), "cpu", percent / 100);
}

void systemd_cpu_weight(struct systemd *systemd, const char *value)
{
	if (str_equal(value, "idle"))
		draft_number(systemd->draft, limits(systemd), "cpu_weight", 1);
	else
		set_count(systemd, "cpu_weight", value);
}

/* Ranges with spaces or commas between them. */
void systemd_allowed_cpus(struct systemd *systemd, const char *value)
{
	char *list = arena_strdup(systemd->draft->arena, value);
	size_t n = 0;

	if (!list) {
		systemd->draft->exhausted = true;
		return;
	}
	for (const char *c = value; *c; c++) {
		if (!strchr(" \t,", *c))
			list[n++] = *c;
		else if (n > 0 && list[n - 1] != ',')
			list[n++] = ',';
	}
	list[n] = '\0';
	if (n > 0)
		draft_string(systemd->draft, limits(systemd), "cpus", list);
}

/* "1024", "1024:4096", "infinity"; sizes with K, M, G. */
static void set_rlimit(struct systemd *systemd, const char *key, const char *value, bool count)
{
	char *soft = arena_strdup(systemd->draft->arena, value), *hard = soft;
	uint64_t number = 0;

	if (!soft) {
		systemd->draft->exhausted = true;
		return;
	}
	strsep(&hard, ":");
	if (quantities_systemd_size(soft, &number) < 0) {
		systemd_lost(systemd, "not a limit");
		return;
	}
	if (hard && !str_equal(hard, soft))
		systemd_lost(systemd, "the hard limit; in kapsel both are the soft one");
	if (count && number != SPEC_UNLIMITED)
		draft_number(systemd->draft, limits(systemd), key, (int64_t)number);
	else
		draft_size(systemd->draft, limits(systemd), key, number);
}

void systemd_limit_nofile(struct systemd *systemd, const char *value)
{
	set_rlimit(systemd, "open_files", value, true);
}

void systemd_limit_fsize(struct systemd *systemd, const char *value)
{
	set_rlimit(systemd, "file_size", value, false);
}

void systemd_limit_core(struct systemd *systemd, const char *value)
{
	set_rlimit(systemd, "core", value, false);
}

void systemd_limit_stack(struct systemd *systemd, const char *value)
{
	set_rlimit(systemd, "stack", value, false);
}

void systemd_limit_memlock(struct systemd *systemd, const char *value)
{
	set_rlimit(systemd, "locked_memory", value, false);
}

/* "/dev/sda 5M": here K, M and G are powers of 1000. */
static void set_bandwidth(struct systemd *systemd, const char *key)
{
	const char *const *words = systemd_words(systemd);
	const char *unit;
	uint64_t number = 0, factor = 1;
	char text[32];

	if (!words || !words[0])
		return;
	snprintf(text, sizeof(text), "%s", words[1] ? words[1] : "");
	unit = text + strspn(text, "0123456789");
	factor = *unit == 'K' ? 1000 : *unit == 'M' ? 1000000 : *unit == 'G' ? 1000000000 : 1;
	text[unit - text] = '\0';
	if (str_to_u64(text, &number) < 0 || number > (uint64_t)INT64_MAX / 1000000000) {
		systemd_lost(systemd, "not a device and bytes a second");
		return;
	}
	draft_number(
		systemd->draft,
		draft_object(systemd->draft, draft_object(systemd->draft, limits(systemd), "io"), words[0]),
		key, (int64_t)(number * factor));
}

void systemd_io_read_bandwidth(struct systemd *systemd, const char *value)
{
	(void)value;
	set_bandwidth(systemd, "read_bps");
}

void systemd_io_write_bandwidth(struct systemd *systemd, const char *value)
{
	(void)value;
	set_bandwidth(systemd, "write_bps");
}
