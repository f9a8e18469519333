/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the log drivers make of a workload's bytes. The first line says which one and of whom: DRIVER TAG
 * LABEL VALUE, the rest is the output. Whatever it is, a receiver gets exactly the entries that there are: no
 * byte of it ends a message, begins another one or adds a field.
 */
#include <endian.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "launcher/logs/json_line.h"
#include "launcher/logs/log_address.h"
#include "launcher/logs/log_entry.h"
#include "launcher/logs/log_sink.h"
#include "tests/fuzz/demand.h"

static const char epoch[LOG_EPOCH_SIZE + 1] = "0123456789abcdef0123456789abcdef0123456789abcdef";

struct driver {
	const char *name;
	const struct log_sink_type *type;
	enum spec_syslog_format format;
	const char *address;
	void (*check)(const char *bytes, size_t size, const struct log_piece *piece);
};

static void *room(size_t size)
{
	void *memory = malloc(size ? size : 1);

	demand(memory != NULL);
	return memory;
}

/* One line of a file, which the reader takes apart. */
static void check_line(const char *bytes, size_t size, const struct log_piece *piece)
{
	char *line = room(size), *scratch = room(size + 1);
	struct log_entry entry;

	demand(size > 0 && memchr(bytes, '\n', size) == bytes + size - 1);
	memcpy(line, bytes, size - 1);
	demand(log_entry_parse(line, size - 1, scratch, &entry) == 0);
	demand(entry.stream == piece->stream && log_entry_ends_line(&entry) == piece->newline);
	free(line);
	free(scratch);
}

/* Fields of the native protocol: MESSAGE once, with the workload's bytes as they are, and no name of
 * journald's. */
static void check_journald(const char *bytes, size_t size, const struct log_piece *piece)
{
	size_t messages = 0;
	uint32_t frame;

	demand(size >= LOG_FRAME_SIZE);
	memcpy(&frame, bytes, sizeof(frame));
	demand(frame == size - LOG_FRAME_SIZE);
	for (const char *at = bytes + LOG_FRAME_SIZE, *end = bytes + size; at < end;) {
		const char *line = memchr(at, '\n', (size_t)(end - at)), *equals;
		uint64_t length;

		demand(line != NULL && line > at && at[0] >= 'A' && at[0] <= 'Z');
		equals = memchr(at, '=', (size_t)(line - at));
		if (equals) {
			demand(strncmp(at, "MESSAGE=", 8) != 0);
			at = line + 1;
			continue;
		}
		demand((size_t)(end - line) > sizeof(length));
		memcpy(&length, line + 1, sizeof(length));
		length = le64toh(length);
		demand(length < (size_t)(end - line) - sizeof(length));
		if (strncmp(at, "MESSAGE\n", 8) == 0) {
			messages++;
			demand(length == piece->size &&
			       memcmp(line + 1 + sizeof(length), piece->text, length) == 0);
		}
		at = line + 1 + sizeof(length) + length;
		demand(at < end && *at == '\n');
		at++;
	}
	demand(messages == 1);
}

static void check_message(const char *message, size_t size)
{
	demand(size > 4 && message[0] == '<' && memchr(message, '>', 5));
	for (size_t i = 0; i < size; i++)
		demand((unsigned char)message[i] >= ' ' || message[i] == '\t');
	demand(!memchr(message, 0x7f, size));
	for (size_t i = 0; i < size;) {
		size_t length = str_utf8_length((const unsigned char *)message + i, size - i);

		demand(length > 0);
		i += length;
	}
}

/* Datagrams, each with its length in front and within the limit. */
static void check_datagrams(const char *bytes, size_t size, const struct log_piece *piece)
{
	(void)piece;
	demand(size > 0);
	while (size > 0) {
		uint32_t frame;

		demand(size > LOG_FRAME_SIZE);
		memcpy(&frame, bytes, sizeof(frame));
		demand(frame > 0 && frame <= size - LOG_FRAME_SIZE && frame <= 8192 + LOG_FRAME_SIZE);
		check_message(bytes + LOG_FRAME_SIZE, frame);
		bytes += LOG_FRAME_SIZE + frame;
		size -= LOG_FRAME_SIZE + frame;
	}
}

/* A stream of lines. */
static void check_stream(const char *bytes, size_t size, const struct log_piece *piece)
{
	(void)piece;
	demand(size > 0 && bytes[size - 1] == '\n');
	while (size > 0) {
		size_t length = (size_t)((const char *)memchr(bytes, '\n', size) - bytes);

		check_message(bytes, length);
		bytes += length + 1;
		size -= length + 1;
	}
}

static const struct driver drivers[] = {
	{ "json-file", &sink_json, 0, NULL, check_line },
	{ "cri", &sink_cri, 0, NULL, check_line },
	{ "journald", &sink_journald, 0, NULL, check_journald },
	{ "syslog", &sink_syslog, SPEC_SYSLOG_RFC5424, "unixgram:///dev/log", check_datagrams },
	{ "syslog-micro", &sink_syslog, SPEC_SYSLOG_RFC5424MICRO, "udp://127.0.0.1:514", check_datagrams },
	{ "syslog-old", &sink_syslog, SPEC_SYSLOG_RFC3164, "udp://127.0.0.1:514", check_datagrams },
	{ "syslog-stream", &sink_syslog, SPEC_SYSLOG_RFC3164, "unix:///dev/log", check_stream },
};

static void format(const struct driver *driver, struct log_sink *sink, const char *text, size_t size)
{
	struct log_piece piece = { .part = 1, .ordinal = 1, .first = 1 };
	const struct timespec when = { 1700000000, 123456789 };
	struct json_clock clock = { 0 };

	json_line_clock(&clock, &when);
	piece.time = &clock;
	/* As the writer cuts it: at newlines, and after LOG_PIECE bytes. */
	while (size > 0) {
		const char *newline = memchr(text, '\n', size);
		size_t length = newline ? (size_t)(newline - text) : size;
		char *out;
		size_t most, wrote;

		if (length > LOG_PIECE)
			length = LOG_PIECE;
		piece.stream = piece.ordinal % 3 ? LOG_STDOUT : LOG_STDERR;
		piece.text = (const unsigned char *)text;
		piece.size = length;
		piece.newline = newline && newline == text + length;
		piece.last = piece.newline || length == size;
		most = driver->type->bound(sink, piece.stream, length);
		out = room(most);
		wrote = driver->type->format(sink, &piece, out);
		demand(wrote <= most);
		driver->check(out, wrote, &piece);
		free(out);
		text += length + piece.newline;
		size -= length + piece.newline;
		piece.part = piece.newline ? 1 : piece.part + 1;
		piece.first = piece.newline ? piece.ordinal + 1 : piece.first;
		piece.ordinal++;
	}
}

static void write_all(const struct driver *driver, const struct log_options *options, const char *text,
		      size_t size)
{
	struct log_sink sink = { .type = driver->type, .syslog_format = driver->format, .epoch = epoch };
	struct log_address address = { 0 };
	struct error err = { 0 };

	if (driver->address)
		demand(log_address_parse(driver->address, &address, &err) == 0);
	if (driver->type->init(&sink, options, &address, &err) < 0)
		demand(err.msg[0] != '\0');
	else
		format(driver, &sink, text, size);
	log_sink_deinit(&sink);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = room(size + 1), *rest, *text, *name;
	struct spec_pair label = { .name = "", .value = "" };
	struct log_options options = { .name = "web", .id = "0123456789abcdef", .image = "/srv/web" };

	memcpy(copy, data, size);
	copy[size] = '\0';
	text = memchr(copy, '\n', size);
	if (text) {
		*text++ = '\0';
		rest = copy;
		name = strsep(&rest, " ");
		options.tag = strsep(&rest, " ");
		options.syslog_facility = size % 24;
		label.name = rest ? strsep(&rest, " ") : "";
		label.value = rest ? rest : "";
		options.attrs = (struct spec_pairs){ &label, 1 };
		for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
			options.syslog_format = drivers[i].format;
			if (str_equal(name, drivers[i].name))
				write_all(&drivers[i], &options, text, size - (size_t)(text - copy));
		}
	}
	free(copy);
	return 0;
}
