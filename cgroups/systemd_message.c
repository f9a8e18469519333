/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/systemd_message.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "base/error.h"
#include "base/str.h"
#include "cgroups/systemd_request.h"

/* Decimal, with a sign only where the type has one. */
static int append_number(sd_bus_message *message, char type, const char *text)
{
	bool negative = *text == '-';
	int64_t signed_value;
	uint64_t value;

	if (str_to_u64(text + negative, &value) < 0)
		return -EPROTO;
	if (negative && (!strchr("nix", type) || value > (uint64_t)INT64_MAX + 1))
		return -EPROTO;
	signed_value = negative ? (int64_t)(0 - value) : (int64_t)value;
	switch (type) {
	case 'y':
		return sd_bus_message_append(message, "y", (int)(uint8_t)value);
	case 'n':
		return sd_bus_message_append(message, "n", (int)(int16_t)signed_value);
	case 'q':
		return sd_bus_message_append(message, "q", (int)(uint16_t)value);
	case 'i':
		return sd_bus_message_append(message, "i", (int32_t)signed_value);
	case 'u':
		return sd_bus_message_append(message, "u", (uint32_t)value);
	case 'x':
		return sd_bus_message_append(message, "x", signed_value);
	case 't':
		return sd_bus_message_append(message, "t", value);
	default:
		return -EPROTO;
	}
}

static int append_basic(sd_bus_message *message, char type, const char *text)
{
	char *end;
	double value;

	switch (type) {
	case 's':
		return sd_bus_message_append(message, "s", text);
	case 'b':
		if (!str_equal(text, "true") && !str_equal(text, "false"))
			return -EPROTO;
		return sd_bus_message_append(message, "b", *text == 't');
	case 'd':
		value = strtod(text, &end);
		return *text && !*end ? sd_bus_message_append(message, "d", value) : -EPROTO;
	default:
		return append_number(message, type, text);
	}
}

static int append_bytes(sd_bus_message *message, const char *digits)
{
	size_t n = strlen(digits) / 2;
	void *bytes = NULL;
	int r;

	if (strlen(digits) % 2 || digits[strspn(digits, "0123456789abcdef")])
		return -EPROTO;
	if (n == 0)
		return sd_bus_message_append_array(message, 'y', NULL, 0);
	r = sd_bus_message_append_array_space(message, 'y', n, &bytes);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		const char pair[] = { digits[2 * i], digits[2 * i + 1], '\0' };

		((uint8_t *)bytes)[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return r;
}

/* @at stands at the first value; the values are read in any case, to come to the next property. */
static int append_value(sd_bus_message *message, const char *signature, const char **at, const char *end)
{
	const char *field = systemd_request_next(at, end);
	uint32_t n;
	int r;

	if (!field || !signature[0])
		return -EPROTO;
	if (str_equal(signature, "ay"))
		return append_bytes(message, field);
	if (signature[0] != 'a')
		return signature[1] ? -EPROTO : append_basic(message, signature[0], field);
	if (!signature[1] || signature[2] || str_to_u32(field, &n) < 0)
		return -EPROTO;
	r = sd_bus_message_open_container(message, 'a', signature + 1);
	for (uint32_t i = 0; r >= 0 && i < n; i++) {
		field = systemd_request_next(at, end);
		r = field ? append_basic(message, signature[1], field) : -EPROTO;
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int skip_value(const char *signature, const char **at, const char *end)
{
	const char *field = systemd_request_next(at, end);
	uint32_t n = 0;

	if (field && signature[0] == 'a' && !str_equal(signature, "ay") && str_to_u32(field, &n) < 0)
		return -EPROTO;
	while (field && n-- > 0)
		field = systemd_request_next(at, end);
	return field ? 0 : -EPROTO;
}

static int append_property(sd_bus_message *message, const char *name, const char *signature, const char **at,
			   const char *end)
{
	int r = sd_bus_message_open_container(message, 'r', "sv");

	if (r >= 0)
		r = sd_bus_message_append(message, "s", name);
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'v', signature);
	if (r >= 0)
		r = append_value(message, signature, at, end);
	if (r >= 0)
		r = sd_bus_message_close_container(message);
	if (r >= 0)
		r = sd_bus_message_close_container(message);
	return r;
}

int systemd_message_properties(sd_bus_message *message, const char *at, const char *end, bool optional,
			       struct error *err)
{
	const char *name = "", *signature;
	int r = sd_bus_message_open_container(message, 'a', "(sv)");

	while (r >= 0 && (name = systemd_request_next(&at, end))) {
		signature = systemd_request_next(&at, end);
		if (!signature || strlen(signature) >= SYSTEMD_SIGNATURE_MAX)
			r = -EPROTO;
		else if (*name == '?' && !optional)
			r = skip_value(signature, &at, end);
		else
			r = append_property(message, name + (*name == '?'), signature, &at, end);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(message);
	if (r < 0)
		return error_set(err, -r, "put property %.64s into the message to systemd", name);
	return 0;
}
