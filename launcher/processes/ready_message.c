/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/processes/ready_message.h"

#include <string.h>

/* How many bytes the UTF-8 character at @text has, 0: it is none. Surrogates and overlong forms are none. */
static size_t utf8_size(const unsigned char *text, size_t left)
{
	unsigned int lowest = 0x80, highest = 0xbf;
	size_t size;

	if (text[0] < 0x80)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	size = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	if (text[0] == 0xe0)
		lowest = 0xa0;
	if (text[0] == 0xf0)
		lowest = 0x90;
	if (text[0] == 0xed)
		highest = 0x9f;
	if (text[0] == 0xf4)
		highest = 0x8f;
	if (left < size || text[1] < lowest || text[1] > highest)
		return 0;
	for (size_t i = 2; i < size; i++)
		if (text[i] < 0x80 || text[i] > 0xbf)
			return 0;
	return size;
}

/* C0, DEL and C1: a terminal that shows the status must not obey it. */
static bool is_control(const unsigned char *text, size_t size)
{
	return text[0] < 0x20 || text[0] == 0x7f || (size == 2 && text[0] == 0xc2 && text[1] < 0xa0);
}

static void copy_status(const char *value, size_t size, struct ready_message *ret)
{
	const unsigned char *text = (const unsigned char *)value;
	size_t used = 0;

	for (size_t i = 0; i < size;) {
		size_t n = utf8_size(text + i, size - i);
		bool clean = n > 0 && !is_control(text + i, n);

		if (used + (clean ? n : 1) >= sizeof(ret->status))
			break;
		if (clean)
			memcpy(ret->status + used, text + i, n);
		else
			ret->status[used] = '?';
		used += clean ? n : 1;
		i += n ? n : 1;
	}
	ret->status[used] = '\0';
	ret->has_status = true;
}

/* Digits only. Rounded up: 1 microsecond is not "off". */
static bool parse_usec(const char *value, size_t size, uint64_t *ret_ms)
{
	uint64_t usec = 0;

	if (size == 0)
		return false;
	for (size_t i = 0; i < size; i++) {
		unsigned int digit = (unsigned int)(unsigned char)value[i] - '0';

		if (digit > 9 || usec > (UINT64_MAX - digit) / 10)
			return false;
		usec = usec * 10 + digit;
	}
	*ret_ms = usec / 1000 + (usec % 1000 != 0);
	return true;
}

static bool is_line(const char *line, size_t size, const char *text)
{
	return size == strlen(text) && memcmp(line, text, size) == 0;
}

/* Return: whether the line starts with @name, which ends in "="; then its value. */
static bool is_field(const char *line, size_t size, const char *name, const char **ret_value,
		     size_t *ret_size)
{
	size_t length = strlen(name);

	if (size < length || memcmp(line, name, length) != 0)
		return false;
	*ret_value = line + length;
	*ret_size = size - length;
	return true;
}

static void parse_line(const char *line, size_t size, struct ready_message *ret)
{
	const char *value;
	size_t length;

	if (is_line(line, size, "READY=1"))
		ret->ready = true;
	else if (is_line(line, size, "STOPPING=1"))
		ret->stopping = true;
	else if (is_line(line, size, "WATCHDOG=1"))
		ret->watchdog = true;
	else if (is_line(line, size, "WATCHDOG=trigger"))
		ret->watchdog_triggered = true;
	else if (is_field(line, size, "WATCHDOG_USEC=", &value, &length))
		ret->has_watchdog_ms |= parse_usec(value, length, &ret->watchdog_ms);
	else if (is_field(line, size, "EXTEND_TIMEOUT_USEC=", &value, &length))
		ret->has_extend_ms |= parse_usec(value, length, &ret->extend_ms);
	else if (is_field(line, size, "STATUS=", &value, &length))
		copy_status(value, length, ret);
}

void ready_message_parse(const char *text, size_t size, struct ready_message *ret)
{
	const char *end = text + size;

	memset(ret, 0, sizeof(*ret));
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t length = newline ? (size_t)(newline - text) : (size_t)(end - text);

		parse_line(text, length, ret);
		text += length + 1;
	}
}
