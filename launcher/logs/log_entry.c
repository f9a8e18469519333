/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_entry.h"

#include <errno.h>
#include <string.h>

#include "launcher/logs/log_time.h"

enum { DEPTH_MAX = 64 };

struct cursor {
	const char *at, *end;
};

/* What ends a run of plain bytes inside a string: the quote, an escape, and what JSON forbids there. */
static const uint8_t stops[256] = { [0x00 ... 0x1f] = 1, ['"'] = 1, ['\\'] = 1 };

static void skip_space(struct cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\r'))
		cursor->at++;
}

static bool take(struct cursor *cursor, char wanted)
{
	skip_space(cursor);
	if (cursor->at == cursor->end || *cursor->at != wanted)
		return false;
	cursor->at++;
	return true;
}

static int hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The four digits behind "\u". Return: the code unit, -1: there are none. */
static int take_unit(struct cursor *cursor)
{
	int unit = 0;

	if (cursor->end - cursor->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(cursor->at[i]);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	cursor->at += 4;
	return unit;
}

static char *put_rune(char *out, unsigned int rune)
{
	if (rune < 0x80) {
		*out++ = (char)rune;
	} else if (rune < 0x800) {
		*out++ = (char)(0xc0 | rune >> 6);
		*out++ = (char)(0x80 | (rune & 0x3f));
	} else if (rune < 0x10000) {
		*out++ = (char)(0xe0 | rune >> 12);
		*out++ = (char)(0x80 | (rune >> 6 & 0x3f));
		*out++ = (char)(0x80 | (rune & 0x3f));
	} else {
		*out++ = (char)(0xf0 | rune >> 18);
		*out++ = (char)(0x80 | (rune >> 12 & 0x3f));
		*out++ = (char)(0x80 | (rune >> 6 & 0x3f));
		*out++ = (char)(0x80 | (rune & 0x3f));
	}
	return out;
}

/* Behind "\u". A half of a surrogate pair that stands alone is no character. NULL: no escape. */
static char *decode_unicode(struct cursor *cursor, char *out)
{
	int unit = take_unit(cursor), low;
	struct cursor next;

	if (unit < 0)
		return NULL;
	if (unit < 0xd800 || unit > 0xdfff)
		return put_rune(out, (unsigned int)unit);
	next = *cursor;
	if (unit < 0xdc00 && next.end - next.at >= 6 && next.at[0] == '\\' && next.at[1] == 'u') {
		next.at += 2;
		low = take_unit(&next);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*cursor = next;
			return put_rune(out, 0x10000 + ((unsigned int)(unit - 0xd800) << 10) +
						     (unsigned int)(low - 0xdc00));
		}
	}
	return put_rune(out, 0xfffd);
}

/* Behind a backslash. NULL: no escape that JSON knows. */
static char *decode_escape(struct cursor *cursor, char *out)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *found;
	char name;

	if (cursor->at == cursor->end)
		return NULL;
	name = *cursor->at++;
	if (name == 'u')
		return decode_unicode(cursor, out);
	found = name ? strchr(names, name) : NULL;
	if (!found)
		return NULL;
	*out++ = values[found - names];
	return out;
}

/*
 * A string behind its opening quote, decoded to @out, which needs no more room than the string
 * has in the line. Return: the end in @out; NULL: it is none, or does not end.
 */
static char *decode_string(struct cursor *cursor, char *out)
{
	for (;;) {
		const char *run = cursor->at;

		while (cursor->at < cursor->end && !stops[(unsigned char)*cursor->at])
			cursor->at++;
		memcpy(out, run, (size_t)(cursor->at - run));
		out += cursor->at - run;
		if (cursor->at == cursor->end)
			return NULL;
		if (*cursor->at == '"') {
			cursor->at++;
			return out;
		}
		if (*cursor->at++ != '\\')
			return NULL;
		out = decode_escape(cursor, out);
		if (!out)
			return NULL;
	}
}

/* A string behind its opening quote, passed over: escapes are not looked at. */
static bool skip_string(struct cursor *cursor)
{
	while (cursor->at < cursor->end) {
		char byte = *cursor->at++;

		if (byte == '"')
			return true;
		if ((unsigned char)byte < 0x20 || (byte == '\\' && cursor->at++ == cursor->end))
			return false;
	}
	return false;
}

/* Any value that we do not know: brackets must match and strings end, the rest does not matter to us. */
static bool skip_value(struct cursor *cursor)
{
	char closing[DEPTH_MAX];
	int depth = 0;

	skip_space(cursor);
	while (cursor->at < cursor->end) {
		char byte = *cursor->at;

		if (depth == 0 && (byte == ',' || byte == '}'))
			return true;
		if ((unsigned char)byte < 0x20 && byte != '\t' && byte != '\r')
			return false;
		cursor->at++;
		if (byte == '"' && !skip_string(cursor))
			return false;
		if (byte == '{' || byte == '[') {
			if (depth == DEPTH_MAX)
				return false;
			closing[depth++] = byte == '{' ? '}' : ']';
		} else if (byte == '}' || byte == ']') {
			if (depth == 0 || closing[--depth] != byte)
				return false;
		}
	}
	return false;
}

enum key { KEY_LOG, KEY_STREAM, KEY_ATTRS, KEY_TIME, KEY_OTHER };

/* Keys with escapes are nobody's: they count as unknown. */
static enum key key_of(const char *text, size_t size)
{
	static const struct {
		const char *name;
		size_t size;
	} known[] = {
		[KEY_LOG] = { "log", 3 },
		[KEY_STREAM] = { "stream", 6 },
		[KEY_ATTRS] = { "attrs", 5 },
		[KEY_TIME] = { "time", 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (size == known[i].size && memcmp(text, known[i].name, size) == 0)
			return (enum key)i;
	return KEY_OTHER;
}

static bool stream_of(const char *text, size_t size, enum log_stream *ret)
{
	if (size != 6 || memcmp(text, "std", 3) != 0)
		return false;
	if (memcmp(text + 3, "out", 3) == 0)
		*ret = LOG_STDOUT;
	else if (memcmp(text + 3, "err", 3) == 0)
		*ret = LOG_STDERR;
	else
		return false;
	return true;
}

/* A string without escapes, as it stands in the line. */
static bool take_plain(struct cursor *cursor, const char **ret, size_t *ret_size)
{
	if (!take(cursor, '"'))
		return false;
	*ret = cursor->at;
	if (!skip_string(cursor))
		return false;
	*ret_size = (size_t)(cursor->at - *ret) - 1;
	return true;
}

static bool take_attrs(struct cursor *cursor, struct log_entry *ret)
{
	skip_space(cursor);
	ret->attrs = cursor->at;
	if (cursor->at == cursor->end || !skip_value(cursor))
		return false;
	ret->attrs_size = *ret->attrs == '{' ? (size_t)(cursor->at - ret->attrs) : 0;
	return true;
}

static bool take_member(struct cursor *cursor, char *scratch, struct log_entry *ret, unsigned int *seen)
{
	const char *text, *end;
	size_t size;
	enum key key;

	if (!take_plain(cursor, &text, &size) || !take(cursor, ':'))
		return false;
	key = key_of(text, size);
	*seen |= 1u << key;
	switch (key) {
	case KEY_LOG:
		end = take(cursor, '"') ? decode_string(cursor, scratch) : NULL;
		ret->text = scratch;
		ret->text_size = end ? (size_t)(end - scratch) : 0;
		return end != NULL;
	case KEY_STREAM:
		return take_plain(cursor, &text, &size) && stream_of(text, size, &ret->stream);
	case KEY_ATTRS:
		return take_attrs(cursor, ret);
	case KEY_TIME:
		return take_plain(cursor, &ret->time, &ret->time_size);
	case KEY_OTHER:
	default:
		return skip_value(cursor);
	}
}

static int parse_json(const char *line, size_t size, char *scratch, struct log_entry *ret)
{
	struct cursor cursor = { line, line + size };
	unsigned int seen = 0;

	ret->json = true;
	if (!take(&cursor, '{'))
		return -EINVAL;
	if (!take(&cursor, '}')) {
		do
			if (!take_member(&cursor, scratch, ret, &seen))
				return -EINVAL;
		while (take(&cursor, ','));
		if (!take(&cursor, '}'))
			return -EINVAL;
	}
	skip_space(&cursor);
	/* dockerd leaves an empty log out, but never the time: another program's object has no place here */
	if (cursor.at != cursor.end || !(seen & (1u << KEY_LOG | 1u << KEY_TIME)))
		return -EINVAL;
	return 0;
}

static bool take_word(struct cursor *cursor, const char **ret, size_t *ret_size)
{
	const char *space = memchr(cursor->at, ' ', (size_t)(cursor->end - cursor->at));

	if (!space)
		return false;
	*ret = cursor->at;
	*ret_size = (size_t)(space - cursor->at);
	cursor->at = space + 1;
	return true;
}

/* The tag's first part is F or P; more, behind colons, may come with later versions. */
static int parse_cri(const char *line, size_t size, char *scratch, struct log_entry *ret)
{
	struct cursor cursor = { line, line + size };
	const char *stream, *tag;
	size_t stream_size, tag_size;
	int64_t ns;

	if (!take_word(&cursor, &ret->time, &ret->time_size) || !take_word(&cursor, &stream, &stream_size) ||
	    !stream_of(stream, stream_size, &ret->stream))
		return -EINVAL;
	if (!take_word(&cursor, &tag, &tag_size)) { /* an empty line may lack the last space */
		tag = cursor.at;
		tag_size = (size_t)(cursor.end - cursor.at);
		cursor.at = cursor.end;
	}
	if (tag_size == 0 || (tag[0] != 'F' && tag[0] != 'P') || (tag_size > 1 && tag[1] != ':'))
		return -EINVAL;
	if (log_time_parse(ret->time, ret->time_size, &ns) < 0)
		return -EINVAL;
	ret->text = scratch;
	ret->text_size = (size_t)(cursor.end - cursor.at);
	memcpy(scratch, cursor.at, ret->text_size);
	if (tag[0] == 'F')
		scratch[ret->text_size++] = '\n';
	return 0;
}

int log_entry_parse(const char *line, size_t size, char *scratch, struct log_entry *ret)
{
	*ret = (struct log_entry){ .text = scratch, .attrs = "", .time = "" };
	if (size == 0)
		return -EINVAL;
	return line[0] == '{' ? parse_json(line, size, scratch, ret) : parse_cri(line, size, scratch, ret);
}

int log_entry_time(const struct log_entry *entry, int64_t *ret_ns)
{
	return log_time_parse(entry->time, entry->time_size, ret_ns) < 0 ? -EINVAL : 0;
}

/* As Go's url.QueryEscape, which dockerd uses: a value can't forge another attribute. */
static bool is_kept(unsigned char byte)
{
	return ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') || (byte >= '0' && byte <= '9') ||
	       byte == '-' || byte == '_' || byte == '.' || byte == '~';
}

/* In place, thus from the end. Return: the new end. */
static char *encode(char *out, size_t size)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t grown = 0;
	char *end, *to;

	for (size_t i = 0; i < size; i++)
		grown += is_kept((unsigned char)out[i]) || out[i] == ' ' ? 0 : 2;
	end = to = out + size + grown;
	while (size > 0) {
		unsigned char byte = (unsigned char)out[--size];

		if (is_kept(byte) || byte == ' ') {
			*--to = byte == ' ' ? '+' : (char)byte;
			continue;
		}
		*--to = digits[byte & 0xf];
		*--to = digits[byte >> 4];
		*--to = '%';
	}
	return end;
}

static char *put_encoded(struct cursor *cursor, char *out)
{
	char *end = take(cursor, '"') ? decode_string(cursor, out) : NULL;

	return end ? encode(out, (size_t)(end - out)) : NULL;
}

size_t log_entry_details(const struct log_entry *entry, char *out)
{
	struct cursor cursor = { entry->attrs, entry->attrs + entry->attrs_size };
	char *next = out, *whole = out;

	if (entry->attrs_size == 0 || !take(&cursor, '{'))
		return 0;
	do {
		if (next > out)
			*next++ = ',';
		next = put_encoded(&cursor, next);
		if (!next || !take(&cursor, ':'))
			break;
		*next++ = '=';
		next = put_encoded(&cursor, next);
		if (!next)
			break;
		whole = next;
	} while (take(&cursor, ','));
	return (size_t)(whole - out);
}
