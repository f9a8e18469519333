/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/commands/duration.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static const struct {
	const char *name;
	double ms;
} units[] = {
	{ "ns", 1e-6 }, { "us", 1e-3 }, { "µs", 1e-3 }, { "ms", 1 },
	{ "s", 1e3 },   { "m", 6e4 },   { "h", 3.6e6 },
};

static const char *parse_number(const char *text, double *ret)
{
	double scale = 1;
	const char *start = text;

	*ret = 0;
	for (; *text >= '0' && *text <= '9'; text++)
		*ret = *ret * 10 + (*text - '0');
	if (*text == '.') {
		for (text++; *text >= '0' && *text <= '9'; text++) {
			scale /= 10;
			*ret += (*text - '0') * scale;
		}
		if (text == start + 1)
			return NULL;
	}
	return text == start ? NULL : text;
}

int duration_parse(const char *text, uint64_t *ret_ms)
{
	double sum = 0;

	if (!*text)
		return -EINVAL;
	while (*text) {
		size_t length, unit = 0;
		double number;

		text = parse_number(text, &number);
		if (!text)
			return -EINVAL;
		length = strcspn(text, "0123456789.");
		while (unit < ARRAY_SIZE(units) &&
		       (strlen(units[unit].name) != length || strncmp(units[unit].name, text, length) != 0))
			unit++;
		if (unit == ARRAY_SIZE(units))
			return -EINVAL;
		sum += number * units[unit].ms;
		text += length;
	}
	if (sum < 1 || sum > INT_MAX)
		return -EINVAL;
	*ret_ms = (uint64_t)sum;
	return 0;
}
