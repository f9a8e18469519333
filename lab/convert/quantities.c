/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/quantities.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "base/str.h"
#include "profiles/spec.h"

enum { WORD_MAX = 12 };

struct unit {
	const char *name;
	double factor;
};

int quantities_real(const char *text, double *ret)
{
	double value = 0, scale = 1;
	const char *c = text;

	for (; isdigit((unsigned char)*c); c++)
		value = value * 10 + (*c - '0');
	if (*c == '.')
		for (c++; isdigit((unsigned char)*c); c++)
			value += (*c - '0') * (scale /= 10);
	if (*c || c == text || (c == text + 1 && text[0] == '.') || value > 1e18)
		return -EINVAL;
	*ret = value;
	return 0;
}

/* A number with a unit at *text, which moves behind it. */
static int take(const char **text, const struct unit *units, size_t n, double *ret)
{
	char number[32] = "", word[WORD_MAX] = "";
	size_t length = strspn(*text, "0123456789.");
	double value;

	if (length == 0 || length >= sizeof(number))
		return -EINVAL;
	memcpy(number, *text, length);
	if (quantities_real(number, &value) < 0)
		return -EINVAL;
	*text += length;
	length = strcspn(*text, "0123456789. ");
	if (length >= sizeof(word))
		return -EINVAL;
	memcpy(word, *text, length);
	*text += length;
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(word, units[i].name) != 0)
			continue;
		*ret = value * units[i].factor;
		return 0;
	}
	return -EINVAL;
}

static int to_integer(double value, uint64_t *ret)
{
	if (value >= 9e18)
		return -ERANGE;
	*ret = (uint64_t)value;
	if ((double)*ret < value)
		(*ret)++;
	return 0;
}

#define KIB 1024.0

static const struct unit sizes[] = {
	{ "", 1 },
	{ "b", 1 },
	{ "k", KIB },
	{ "kb", KIB },
	{ "kib", KIB },
	{ "m", KIB *KIB },
	{ "mb", KIB *KIB },
	{ "mib", KIB *KIB },
	{ "g", KIB *KIB *KIB },
	{ "gb", KIB *KIB *KIB },
	{ "gib", KIB *KIB *KIB },
	{ "t", KIB *KIB *KIB *KIB },
	{ "tb", KIB *KIB *KIB *KIB },
	{ "tib", KIB *KIB *KIB *KIB },
};

int quantities_docker_size(const char *text, uint64_t *ret)
{
	double value;
	int r = take(&text, sizes, ARRAY_SIZE(sizes), &value);

	if (r < 0 || *text)
		return -EINVAL;
	return to_integer(value, ret);
}

int quantities_systemd_size(const char *text, uint64_t *ret)
{
	if (str_equal(text, "infinity")) {
		*ret = SPEC_UNLIMITED;
		return 0;
	}
	return quantities_docker_size(text, ret);
}

static int times(const char *text, const struct unit *units, size_t n, uint64_t *ret)
{
	double sum = 0, value;

	if (!*text)
		return -EINVAL;
	while (*text) {
		int r = take(&text, units, n, &value);

		if (r < 0)
			return r;
		sum += value;
		text += strspn(text, " ");
	}
	return to_integer(sum, ret);
}

int quantities_docker_time(const char *text, uint64_t *ret)
{
	static const struct unit units[] = {
		{ "ns", 1e-6 }, { "us", 1e-3 }, { "ms", 1 }, { "s", 1e3 }, { "m", 6e4 }, { "h", 3.6e6 },
	};

	if (str_equal(text, "0")) {
		*ret = 0;
		return 0;
	}
	return strchr(text, ' ') ? -EINVAL : times(text, units, ARRAY_SIZE(units), ret);
}

int quantities_systemd_time(const char *text, uint64_t *ret)
{
	static const struct unit units[] = {
		{ "", 1e3 },        { "us", 1e-3 },      { "usec", 1e-3 },     { "ms", 1 },
		{ "msec", 1 },      { "s", 1e3 },        { "sec", 1e3 },       { "second", 1e3 },
		{ "seconds", 1e3 }, { "m", 6e4 },        { "min", 6e4 },       { "minute", 6e4 },
		{ "minutes", 6e4 }, { "h", 3.6e6 },      { "hr", 3.6e6 },      { "hour", 3.6e6 },
		{ "hours", 3.6e6 }, { "d", 8.64e7 },     { "day", 8.64e7 },    { "days", 8.64e7 },
		{ "w", 6.048e8 },   { "week", 6.048e8 }, { "weeks", 6.048e8 },
	};

	if (str_equal(text, "infinity")) {
		*ret = SPEC_UNLIMITED;
		return 0;
	}
	return times(text, units, ARRAY_SIZE(units), ret);
}
