/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/values.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/keys.h"
#include "profiles/spec.h"

static const struct unit {
	const char *name;
	uint64_t factor;
} size_units[] = {
	{ "B", 1 },
	{ "KiB", 1024ULL },
	{ "MiB", 1024ULL * 1024 },
	{ "GiB", 1024ULL * 1024 * 1024 },
	{ "TiB", 1024ULL * 1024 * 1024 * 1024 },
	{ "kB", 1000ULL },
	{ "MB", 1000ULL * 1000 },
	{ "GB", 1000ULL * 1000 * 1000 },
	{ "TB", 1000ULL * 1000 * 1000 * 1000 },
}, time_units[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "min", 60 * 1000 },
	{ "h", 60 * 60 * 1000 },
	{ "d", 24 * 60 * 60 * 1000 },
};

enum { YEARS_MAX = 10 };
static const uint64_t duration_max_ms = YEARS_MAX * 365ULL * 24 * 60 * 60 * 1000;

/* Reads digits. Return: what follows them, NULL when there are none or too many. */
static const char *read_digits(const char *text, uint64_t *ret)
{
	size_t length = strspn(text, "0123456789");
	char digits[24];

	if (length == 0 || length >= sizeof(digits))
		return NULL;
	memcpy(digits, text, length);
	digits[length] = '\0';
	return str_to_u64(digits, ret) == 0 ? text + length : NULL;
}

int values_parse_size(const char *text, uint64_t *ret)
{
	size_t n_digits = strspn(text, "0123456789");
	uint64_t number, bytes;
	const char *unit;

	if (n_digits == 0)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(size_units); i++) {
		if (!str_equal(text + n_digits, size_units[i].name))
			continue;
		unit = read_digits(text, &number);
		if (!unit || __builtin_mul_overflow(number, size_units[i].factor, &bytes) ||
		    bytes > INT64_MAX)
			return -ERANGE;
		*ret = bytes;
		return 0;
	}
	return -EINVAL;
}

int values_parse_duration(const char *text, uint64_t *ret)
{
	uint64_t total = 0;

	if (*text == '\0')
		return -EINVAL;
	while (*text) {
		size_t n_digits = strspn(text, "0123456789"), length, i;
		uint64_t number, part;

		length = strspn(text + n_digits, "abcdefghijklmnopqrstuvwxyz");
		for (i = 0; i < ARRAY_SIZE(time_units); i++)
			if (strlen(time_units[i].name) == length &&
			    strncmp(text + n_digits, time_units[i].name, length) == 0)
				break;
		if (n_digits == 0 || i == ARRAY_SIZE(time_units))
			return -EINVAL;
		if (!read_digits(text, &number) ||
		    __builtin_mul_overflow(number, time_units[i].factor, &part) ||
		    __builtin_add_overflow(total, part, &total) || total > duration_max_ms)
			return -ERANGE;
		text += n_digits + length;
	}
	*ret = total;
	return 0;
}

int values_parse_mode(const char *text, mode_t *ret)
{
	mode_t mode = 0;

	if (strlen(text) != 4)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '7')
			return -EINVAL;
		mode = mode << 3 | (mode_t)(*text - '0');
	}
	*ret = mode;
	return 0;
}

static bool report_range(struct findings *findings, const struct key *key, const struct json *value)
{
	struct finding *finding = findings_add(findings, FINDING_ERROR, "E011", &value->place,
					       "\"%s\" is out of range", key->path);

	if (key->max > 0)
		finding_label(finding, "must be %" PRId64 " to %" PRId64, key->min, key->max);
	else
		finding_label(finding, "must be at least %" PRId64, key->min);
	return false;
}

/* "64m" is 64 * 1024^2 for docker, 64 * 1000^2 for some and 0.064 for Kubernetes. */
static bool report_ambiguous(struct findings *findings, const struct json *value, size_t n_digits)
{
	static const char letters[] = "kmgt";
	const char *letter = strchr(letters, tolower((unsigned char)value->text[n_digits]));
	struct finding *finding;
	uint64_t binary, decimal;
	char first[64], second[64];

	if (!letter || *letter == '\0' || value->text[n_digits + 1] != '\0' || n_digits > 20)
		return false;
	snprintf(first, sizeof(first), "%.*s%ciB", (int)n_digits, value->text,
		 toupper((unsigned char)*letter));
	snprintf(second, sizeof(second), "%.*s%cB", (int)n_digits, value->text,
		 *letter == 'k' ? 'k' : toupper((unsigned char)*letter));
	if (values_parse_size(first, &binary) < 0 || values_parse_size(second, &decimal) < 0)
		return false;
	finding = findings_add(findings, FINDING_ERROR, "E008", &value->place, "ambiguous size \"%s\"",
			       value->text);
	finding_label(finding, "unit must be one of B KiB MiB GiB TiB kB MB GB TB");
	finding_help(finding,
		     "write \"%s\" (%" PRIu64 " bytes, what docker -m %s means) or \"%s\" (%" PRIu64 ")",
		     first, binary, value->text, second, decimal);
	return true;
}

static void report_size(struct findings *findings, const struct key *key, const struct json *value)
{
	size_t n_digits = strspn(value->text, "0123456789");
	const char *unit = value->text + n_digits + strspn(value->text + n_digits, " ");
	struct finding *finding;

	if (n_digits > 0 && report_ambiguous(findings, value, n_digits))
		return;
	finding = findings_add(findings, FINDING_ERROR, "E009", &value->place, "\"%s\" is not a size",
			       value->text);
	finding_label(finding, "expected digits and one of B KiB MiB GiB TiB kB MB GB TB");
	for (size_t i = 0; i < ARRAY_SIZE(size_units) && n_digits > 0; i++) {
		if (strcasecmp(unit, size_units[i].name) == 0) {
			finding_help(finding, "write \"%.*s%s\"", (int)n_digits, value->text,
				     size_units[i].name);
			return;
		}
	}
	if (n_digits > 0 && *unit == '\0')
		finding_help(finding, "write \"%.*sB\" for bytes, or another unit", (int)n_digits,
			     value->text);
	else if (key->kind & KEY_UNLIMITED)
		finding_help(finding, "examples: \"64MiB\", \"10MB\", 4096 or \"unlimited\"");
	else
		finding_help(finding, "examples: \"64MiB\", \"10MB\" or 4096");
}

static bool is_unlimited(const struct key *key, const struct json *value)
{
	return value->type == JSON_STRING && (key->kind & KEY_UNLIMITED) &&
	       str_equal(value->text, "unlimited");
}

bool values_size(struct findings *findings, const struct key *key, const struct json *value, uint64_t *ret)
{
	uint64_t bytes;
	int r;

	if (is_unlimited(key, value)) {
		*ret = SPEC_UNLIMITED;
		return true;
	}
	if (value->type == JSON_INTEGER) {
		if (value->integer < 0)
			return report_range(findings, key, value);
		bytes = (uint64_t)value->integer;
	} else if (value->type == JSON_STRING) {
		r = values_parse_size(value->text, &bytes);
		if (r == -ERANGE)
			return report_range(findings, key, value);
		if (r < 0) {
			report_size(findings, key, value);
			return false;
		}
	} else {
		return false; /* its type was complained about */
	}
	if (bytes < (uint64_t)key->min)
		return report_range(findings, key, value);
	*ret = bytes;
	return true;
}

bool values_count(struct findings *findings, const struct key *key, const struct json *value, uint64_t *ret)
{
	if (is_unlimited(key, value)) {
		*ret = SPEC_UNLIMITED;
		return true;
	}
	if (value->type != JSON_INTEGER)
		return false;
	if (value->integer < key->min || value->integer < 0 || (key->max > 0 && value->integer > key->max))
		return report_range(findings, key, value);
	*ret = (uint64_t)value->integer;
	return true;
}

bool values_cores(struct findings *findings, const struct key *key, const struct json *value, double *ret)
{
	struct finding *finding;

	if (is_unlimited(key, value)) {
		*ret = 0;
		return true;
	}
	if (!(value->type & (JSON_INTEGER | JSON_NUMBER)))
		return false;
	/* The kernel takes a quota of at least 1 ms in a period of 100 ms. */
	if (!(value->number >= 0.01 && value->number <= 4096)) {
		finding = findings_add(findings, FINDING_ERROR, "E011", &value->place,
				       "\"%s\" is out of range", key->path);
		finding_label(finding, "must be 0.01 to 4096 cores");
		finding_help(finding,
			     "1 is one whole core, 0.25 a quarter of one; no limit is written \"unlimited\"");
		return false;
	}
	*ret = value->number;
	return true;
}

/* "30s", "1min": the largest unit that leaves no rest. */
static const char *duration_text(int64_t time_ms, char *buffer, size_t size)
{
	size_t i = ARRAY_SIZE(time_units) - 1;

	while (i > 0 && (time_ms == 0 || time_ms % (int64_t)time_units[i].factor != 0))
		i--;
	snprintf(buffer, size, "%" PRId64 "%s", time_ms / (int64_t)time_units[i].factor, time_units[i].name);
	return buffer;
}

static bool report_duration_range(struct findings *findings, const struct key *key, const struct json *value)
{
	struct finding *finding = findings_add(findings, FINDING_ERROR, "E011", &value->place,
					       "\"%s\" is out of range", key->path);
	char min[32], max[32];

	if (key->max > 0)
		finding_label(finding, "must be %s to %s",
			      key->min > 0 ? duration_text(key->min, min, sizeof(min)) : "0s",
			      duration_text(key->max, max, sizeof(max)));
	else
		finding_label(finding, "must be %s, at most ten years",
			      key->min > 0 ? "longer than nothing" : "0s or longer");
	return false;
}

bool values_duration(struct findings *findings, const struct key *key, const struct json *value,
		     uint64_t *ret)
{
	struct finding *finding;
	uint64_t time_ms = 0;
	size_t n_digits;
	int r;

	if (value->type != JSON_STRING)
		return false;
	r = values_parse_duration(value->text, &time_ms);
	if (r == -ERANGE ||
	    (r == 0 && (time_ms < (uint64_t)key->min || (key->max > 0 && time_ms > (uint64_t)key->max))))
		return report_duration_range(findings, key, value);
	if (r == 0) {
		*ret = time_ms;
		return true;
	}
	n_digits = strspn(value->text, "0123456789");
	finding = findings_add(findings, FINDING_ERROR, "E010", &value->place, "\"%s\" is not a time",
			       value->text);
	finding_label(finding, "expected digits and one of ms s min h d");
	if (n_digits > 0 && str_equal(value->text + n_digits, "m"))
		finding_help(finding, "write \"%.*smin\" or \"%.*sms\"", (int)n_digits, value->text,
			     (int)n_digits, value->text);
	else if (n_digits > 0 && value->text[n_digits] == '\0')
		finding_help(finding, "write \"%ss\" for seconds", value->text);
	else
		finding_help(finding, "examples: \"30s\", \"5min\", \"1h30min\"");
	return false;
}

bool values_mode(struct findings *findings, const struct key *key, const struct json *value, mode_t *ret)
{
	struct finding *finding;
	mode_t mode = 0;
	int r;

	if (value->type != JSON_STRING)
		return false;
	r = values_parse_mode(value->text, &mode);
	if (r == 0 && mode <= (mode_t)key->max) {
		*ret = mode;
		return true;
	}
	finding = findings_add(findings, FINDING_ERROR, "E011", &value->place,
			       "\"%s\" is not a mode for \"%s\"", value->text, key->path);
	finding_label(finding, "expected four octal digits, at most \"%04o\"", (unsigned int)key->max);
	return false;
}
