/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel update: other limits for services that run. The profile stays as it is. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/named.h"
#include "launcher/service/record.h"
#include "profiles/spec.h"
#include "profiles/values.h"

enum { CPU_THOUSANDTHS = 1000, CPU_MAX = 4096, CPU_WEIGHT_MAX = 10000, WORD_MAX = 48 };

enum unit { SIZE, COUNT, CORES, WEIGHT };

static const struct limit {
	const char *option, *key;
	enum unit unit;
} limits[] = {
	{ "memory", "memory", SIZE }, { "memory-high", "memory_high", SIZE }, { "swap", "swap", SIZE },
	{ "cpu", "cpu", CORES },      { "cpu-weight", "cpu_weight", WEIGHT }, { "pids", "pids", COUNT },
};

static int ended(const struct record *record, int64_t *ret_number, struct error *err)
{
	(void)ret_number;
	error_set(err, ESRCH, "change limits of %s: it does not run", record->name);
	error_remedy(err, "they stand in its profile: %s", record->profile);
	return -ESRCH;
}

/* "1.5" in thousandths, by digits alone: strtod(3) follows the locale and takes "inf". */
static int parse_cores(const char *text, uint64_t *ret)
{
	const size_t whole = strspn(text, "0123456789"), point = text[whole] == '.';
	const size_t digits = point ? strspn(text + whole + 1, "0123456789") : 0;
	char number[16];

	if (whole == 0 || whole > 4 || digits > 3 || (point && digits == 0) || text[whole + point + digits])
		return -EINVAL;
	snprintf(number, sizeof(number), "%.*s%.*s%.*s", (int)whole, text, (int)digits, text + whole + point,
		 (int)(3 - digits), "000");
	if (str_to_u64(number, ret) < 0 || *ret < CPU_THOUSANDTHS / 100 || *ret > CPU_MAX * CPU_THOUSANDTHS)
		return -EINVAL;
	return 0;
}

static int parse_value(const struct limit *limit, const char *text, uint64_t *ret)
{
	if (limit->unit != WEIGHT && str_equal(text, "unlimited")) {
		*ret = SPEC_UNLIMITED;
		return 0;
	}
	switch (limit->unit) {
	case SIZE:
		return values_parse_size(text, ret);
	case CORES:
		return parse_cores(text, ret);
	case WEIGHT:
		return str_to_u64(text, ret) < 0 || *ret < 1 || *ret > CPU_WEIGHT_MAX ? -EINVAL : 0;
	case COUNT:
		return str_to_u64(text, ret) < 0 || *ret < 1 || *ret > INT32_MAX ? -EINVAL : 0;
	}
	return -EINVAL;
}

static int wrong_value(const struct command *command, const struct limit *limit, const char *text)
{
	static const char *const forms[] = {
		[SIZE] = "a size like 128MiB or \"unlimited\"",
		[COUNT] = "a number from 1 or \"unlimited\"",
		[CORES] = "cores like 1.5, at least 0.01, or \"unlimited\"",
		[WEIGHT] = "a number from 1 to 10000",
	};

	return command_usage_error(command, "--%s is %s, not \"%s\"", limit->option, forms[limit->unit],
				   text);
}

static int run(const struct command *command, int argc, char **argv)
{
	char buffers[ARRAY_SIZE(limits)][WORD_MAX];
	const char *words[ARRAY_SIZE(limits) + 1] = { "update" };
	struct command_parse parse;
	size_t n = 1;
	int status;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const char *text = command_given(command, &parse, limits[i].option);
		uint64_t value;

		if (!text)
			continue;
		if (parse_value(&limits[i], text, &value) < 0)
			return wrong_value(command, &limits[i], text);
		snprintf(buffers[i], WORD_MAX, "%s=%" PRIu64, limits[i].key, value);
		words[n++] = buffers[i];
	}
	if (n == 1)
		return command_usage_error(command, "which limit? --memory, --cpu, --pids, ...");
	return named_ask(
		command, &parse,
		&(struct named_request){ .words = words, .n = n, .ended = ended, .done = named_print });
}

static const struct command_option options[] = {
	{ "memory", 'm', "SIZE", "limits.memory" },
	{ "memory-high", 0, "SIZE", "limits.memory_high" },
	{ "swap", 0, "SIZE", "limits.swap" },
	{ "cpu", 0, "CORES", "limits.cpu" },
	{ "cpu-weight", 0, "NUMBER", "limits.cpu_weight" },
	{ "pids", 0, "NUMBER", "limits.pids" },
	{ 0 },
};

const struct command command_update = {
	.name = "update",
	.usage = "[--memory SIZE] [--memory-high SIZE] [--swap SIZE] [--cpu CORES] [--cpu-weight NUMBER] "
		 "[--pids NUMBER] NAME...",
	.summary = "Changes limits of running services, until they end.",
	.example = "kapsel update --memory 256MiB web",
	.options = options,
	.run = run,
};
