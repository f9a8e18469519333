/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/json_line.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { SECONDS_A_DAY = 86400, LAST_YEAR = 9999, BLOCK = 16 };

/* 16 bytes at once: gcc and clang turn this into SSE2 or NEON, which every host we run on has. */
typedef int8_t block __attribute__((vector_size(BLOCK)));

static const char hex[] = "0123456789abcdef";

/* What can't be copied as it is: control bytes, " & < > \ and all that is not ASCII. */
static const uint8_t special[256] = {
	[0x00 ... 0x1f] = 1, ['"'] = 1, ['&'] = 1, ['<'] = 1, ['>'] = 1, ['\\'] = 1, [0x80 ... 0xff] = 1,
};

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static void put_digits(char *at, int n, unsigned long value)
{
	while (n-- > 0) {
		at[n] = (char)('0' + value % 10);
		value /= 10;
	}
}

/*
 * gmtime_r() is not used: glibc's reads /etc/localtime first, and by the time of the first
 * line the supervisor may have given up its view of the file system.
 */
static void format_second(char *text, time_t second)
{
	static const int lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	long days = second / SECONDS_A_DAY;
	unsigned long rest = (unsigned long)(second % SECONDS_A_DAY);
	int year = 1970, month = 0;

	for (; days >= 365 + is_leap(year); year++)
		days -= 365 + is_leap(year);
	for (; days >= lengths[month] + (month == 1 && is_leap(year)); month++)
		days -= lengths[month] + (month == 1 && is_leap(year));

	memcpy(text, "0000-00-00T00:00:00.000000000Z", JSON_LINE_TIME_SIZE);
	put_digits(text, 4, (unsigned long)year);
	put_digits(text + 5, 2, (unsigned long)month + 1);
	put_digits(text + 8, 2, (unsigned long)days + 1);
	put_digits(text + 11, 2, rest / 3600);
	put_digits(text + 14, 2, rest / 60 % 60);
	put_digits(text + 17, 2, rest % 60);
}

void json_line_clock(struct json_clock *clock, const struct timespec *now)
{
	const time_t end = 253402300799; /* the last second of LAST_YEAR: four digits hold no more */
	time_t second = now->tv_sec < 0 ? 0 : now->tv_sec > end ? end : now->tv_sec;

	if (second != clock->second || clock->text[0] == '\0') {
		format_second(clock->text, second);
		clock->second = second;
	}
	put_digits(clock->text + 20, 9, (unsigned long)now->tv_nsec);
}

static char *put_control(char *out, unsigned char byte)
{
	memcpy(out, "\\u00", 4);
	out[4] = hex[byte >> 4];
	out[5] = hex[byte & 0xf];
	return out + 6;
}

static char *put_ascii(char *out, unsigned char byte)
{
	switch (byte) {
	case '"':
	case '\\':
		*out++ = '\\';
		*out++ = (char)byte;
		return out;
	case '\n':
		memcpy(out, "\\n", 2);
		return out + 2;
	case '\r':
		memcpy(out, "\\r", 2);
		return out + 2;
	default:
		return put_control(out, byte);
	}
}

/* @text is not ASCII. U+2028 and U+2029 end a line in JavaScript, thus they are escaped. */
static size_t put_rune(char **out, const unsigned char *text, size_t size)
{
	size_t length = str_utf8_length(text, size);

	if (length == 0) {
		memcpy(*out, "\\ufffd", 6);
		*out += 6;
		return 1;
	}
	if (length == 3 && text[0] == 0xe2 && text[1] == 0x80 && (text[2] & 0xfe) == 0xa8) {
		memcpy(*out, "\\u202", 5);
		(*out)[5] = hex[text[2] & 0xf];
		*out += 6;
		return 3;
	}
	memcpy(*out, text, length);
	*out += length;
	return length;
}

static bool block_is_clean(block bytes)
{
	/* As signed numbers the bytes from 0x80 up are below 0x20 too. " and & differ in bit 2, < and > in
	 * bit 1. */
	block found = (bytes < 0x20) | ((bytes | 4) == '&') | ((bytes | 2) == '>') | (bytes == '\\');
	uint64_t halves[2];

	memcpy(halves, &found, sizeof(halves));
	return (halves[0] | halves[1]) == 0;
}

size_t json_line_escape(char *out, const unsigned char *text, size_t size)
{
	const unsigned char *end = text + size;
	char *start = out;

	while (text < end) {
		const unsigned char *stop;
		block bytes;

		while (end - text >= BLOCK) {
			memcpy(&bytes, text, BLOCK);
			if (!block_is_clean(bytes))
				break;
			memcpy(out, &bytes, BLOCK);
			text += BLOCK;
			out += BLOCK;
		}
		stop = end - text < BLOCK ? end : text + BLOCK;
		while (text < stop) {
			if (!special[*text])
				*out++ = (char)*text++;
			else if (*text < 0x80)
				out = put_ascii(out, *text++);
			else
				text += put_rune(&out, text, (size_t)(end - text));
		}
	}
	return (size_t)(out - start);
}

/*
 * dockerd gives the attributes to Go's general JSON encoder, which knows three more short
 * escapes than its own writer for the text: \b and \f (since Go 1.22) and \t.
 */
static char *put_attr_string(char *out, const char *text)
{
	const unsigned char *next = (const unsigned char *)text;
	size_t length;

	*out++ = '"';
	while (*next) {
		length = strcspn((const char *)next, "\b\f\t");
		out += json_line_escape(out, next, length);
		next += length;
		if (*next) {
			*out++ = '\\';
			*out++ = (char)(*next == '\t' ? 't' : *next == '\b' ? 'b' : 'f');
			next++;
		}
	}
	*out++ = '"';
	return out;
}

static int compare_names(const void *a, const void *b)
{
	const struct spec_pair *const *left = a, *const *right = b;
	int order = strcmp((*left)->name, (*right)->name);

	if (order == 0) /* the later one of the same name comes last */
		order = *left < *right ? -1 : 1;
	return order;
}

static size_t attrs_size(const struct spec_pairs *pairs)
{
	size_t size = sizeof("\"attrs\":{},");

	for (size_t i = 0; i < pairs->n; i++)
		size += (strlen(pairs->items[i].name) + strlen(pairs->items[i].value)) * JSON_LINE_GROWTH +
			sizeof("\"\":\"\",");
	return size;
}

static char *put_attrs(char *out, const struct spec_pair *const *sorted, size_t n)
{
	out = stpcpy(out, "\"attrs\":{");
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && str_equal(sorted[i]->name, sorted[i + 1]->name))
			continue;
		out = put_attr_string(out, sorted[i]->name);
		*out++ = ':';
		out = put_attr_string(out, sorted[i]->value);
		*out++ = ',';
	}
	return stpcpy(out - 1, "},"); /* over the last comma */
}

char *json_line_attrs(const struct spec_pairs *pairs)
{
	const struct spec_pair **sorted;
	char *text;

	if (pairs->n == 0)
		return strdup("");
	sorted = calloc(pairs->n, sizeof(*sorted));
	text = malloc(attrs_size(pairs));
	if (sorted && text) {
		for (size_t i = 0; i < pairs->n; i++)
			sorted[i] = &pairs->items[i];
		qsort(sorted, pairs->n, sizeof(*sorted), compare_names);
		put_attrs(text, sorted, pairs->n);
	} else {
		free(text);
		text = NULL;
	}
	free(sorted);
	return text;
}
