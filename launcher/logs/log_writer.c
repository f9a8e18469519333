/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_writer.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/logs/json_line.h"
#include "launcher/logs/log_output.h"

enum {
	PIECE = 16 * 1024,       /* dockerd's buffer: a longer line becomes several entries */
	READ_SIZE = 64 * 1024,   /* a pipe's default capacity, pipe(7) */
	QUEUE_SIZE = 136 * 1024, /* 64 KiB of usual lines, formatted; the writer stays below 256 KiB */
	ATTRS_MAX = 32 * 1024,
	STREAMS = 2,
};

static const char head[] = "{\"log\":\"";

/*
 * One of the workload's streams. What follows a line's text is the same for all lines of one
 * read, thus it is kept ready as a whole:
 *
 *	","stream":"stdout","attrs":{…},"time":"2016-10-06T00:17:09.669794202Z"}
 */
struct source {
	unsigned char carry[PIECE]; /* the begun line, less than a piece */
	size_t carried;
	bool continued; /* earlier pieces of the line are written: the next ones bear the first one's time */
	char *tail;
	size_t tail_size;
	char *tail_time; /* inside @tail */
};

/*
 * The input window: a begun line is put in front of what is read, so that a line that came
 * in several reads is one piece of memory, and a UTF-8 sequence split over two reads is whole.
 */
struct log_writer {
	struct log_output output;
	struct source sources[STREAMS];
	struct json_clock clock; /* of the last read */
	enum spec_on_full on_full;
	bool opened;
	bool failed;              /* the last attempt to write did */
	uint64_t dropped;         /* on_full drop: bytes since the start, */
	uint64_t unreported;      /* and those that the log does not speak of yet */
	struct source *source;    /* of the input that waits */
	size_t begin, fresh, end; /* of it; below @fresh there is no newline */
	bool at_eof;
	unsigned char input[PIECE + READ_SIZE];
};

/* A part of the input that becomes one entry. */
struct piece {
	const unsigned char *text;
	size_t size;  /* without the newline */
	bool newline; /* ends the line */
};

static void tick(struct log_writer *writer)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	json_line_clock(&writer->clock, &now);
}

static int init_source(struct source *source, const char *stream, const char *attrs, struct error *err)
{
	static const char parts[] = "\",\"stream\":\"\",\"time\":\"\"}\n";
	char *at;

	source->tail_size = sizeof(parts) - 1 + strlen(stream) + strlen(attrs) + JSON_LINE_TIME_SIZE;
	source->tail = malloc(source->tail_size + 1);
	if (!source->tail)
		return error_set(err, ENOMEM, "allocate the log writer");
	at = stpcpy(stpcpy(source->tail, "\",\"stream\":\""), stream);
	at = stpcpy(stpcpy(stpcpy(at, "\","), attrs), "\"time\":\"");
	source->tail_time = at;
	memcpy(at + JSON_LINE_TIME_SIZE, "\"}\n", 3);
	return 0;
}

static size_t entry_bound(const struct source *source, size_t size)
{
	return sizeof(head) - 1 + size * JSON_LINE_GROWTH + 2 + source->tail_size;
}

static int init_sources(struct log_writer *writer, const struct spec_pairs *pairs, struct error *err)
{
	static const char *const names[STREAMS] = { [LOG_STDOUT] = "stdout", [LOG_STDERR] = "stderr" };
	char *attrs = json_line_attrs(pairs);
	int r = 0;

	if (!attrs)
		return error_set(err, ENOMEM, "allocate the log writer");
	if (strlen(attrs) > ATTRS_MAX) {
		error_set(err, E2BIG, "log attributes have %zu bytes, more than %d", strlen(attrs),
			  ATTRS_MAX);
		r = error_remedy(err, "choose fewer or shorter ones in log.labels, log.env and log.tag");
	}
	for (size_t i = 0; r == 0 && i < STREAMS; i++)
		r = init_source(&writer->sources[i], names[i], attrs, err);
	free(attrs);
	return r;
}

int log_writer_open(const struct log_options *options, struct log_writer **ret, struct error *err)
{
	_cleanup_log_writer_ struct log_writer *writer = calloc(1, sizeof(*writer));
	size_t bound;
	int r;

	if (!writer)
		return error_set(err, ENOMEM, "allocate the log writer");
	writer->output = (struct log_output){
		.fd = -1,
		.max_size_bytes = options->max_size_bytes,
		.rotation = { .dirfd = -1,
			      .pidfd = -1,
			      .max_files = options->max_files,
			      .compress = options->compress },
	};
	writer->on_full = options->on_full;
	if (options->max_size_bytes == 0)
		return error_set(err, EINVAL, "log size limit is 0");
	r = init_sources(writer, &options->attrs, err);
	if (r < 0)
		return r;

	bound = entry_bound(&writer->sources[LOG_STDOUT], PIECE);
	writer->output.capacity = bound > QUEUE_SIZE ? bound : QUEUE_SIZE;
	r = log_output_open(&writer->output, options->path, err);
	if (r < 0)
		return r;
	writer->opened = true;
	*ret = take_ptr(writer);
	return 0;
}

/*
 * dockerd's cut: a piece ends at the 16384th byte of a line, wherever that is. If it is
 * inside a UTF-8 sequence, each byte of both halves is invalid and becomes \ufffd. Cutting
 * before the sequence would keep the character, but readers that know dockerd's pieces by
 * their size, and those that compare the two, would see something else.
 */
static bool next_piece(const struct log_writer *writer, struct piece *piece)
{
	size_t left = writer->end - writer->begin, limit = left < PIECE ? left : PIECE;
	size_t from = writer->fresh > writer->begin ? writer->fresh : writer->begin;
	const unsigned char *newline;

	if (left == 0)
		return false;
	piece->text = writer->input + writer->begin;
	newline = memchr(writer->input + from, '\n', writer->begin + limit - from);
	piece->newline = newline != NULL;
	piece->size = newline ? (size_t)(newline - piece->text) : limit;
	return newline || limit == PIECE || writer->at_eof;
}

static void append(struct log_writer *writer, struct source *source, const struct piece *piece)
{
	char *start = writer->output.queue + writer->output.used, *out = start;

	memcpy(out, head, sizeof(head) - 1);
	out += sizeof(head) - 1;
	out += json_line_escape(out, piece->text, piece->size);
	if (piece->newline) {
		memcpy(out, "\\n", 2);
		out += 2;
	}
	memcpy(out, source->tail, source->tail_size);
	out += source->tail_size;
	writer->output.used += (size_t)(out - start);
}

static void set_time(const struct log_writer *writer, struct source *source)
{
	memcpy(source->tail_time, writer->clock.text, JSON_LINE_TIME_SIZE);
}

static void consume(struct log_writer *writer, const struct piece *piece)
{
	struct source *source = writer->source;

	writer->begin += piece->size + piece->newline;
	if (piece->newline && source->continued)
		set_time(writer, source);
	source->continued = !piece->newline;
}

static void keep_rest(struct log_writer *writer)
{
	struct source *source = writer->source;

	if (!source)
		return;
	source->carried = writer->end - writer->begin;
	memcpy(source->carry, writer->input + writer->begin, source->carried);
	if (writer->at_eof)
		source->continued = false;
	writer->begin = writer->end = 0;
	writer->source = NULL;
}

static char *put_number(char *out, uint64_t number)
{
	char digits[20];
	int n = 0;

	do
		digits[n++] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	while (n > 0)
		*out++ = digits[--n];
	return out;
}

/* After an outage: write what waited, then say how much is missing here. */
static int recover(struct log_writer *writer, struct error *err)
{
	struct source *source = &writer->sources[LOG_STDERR];
	char text[64], time[JSON_LINE_TIME_SIZE];
	struct piece piece = { .text = (unsigned char *)text, .newline = true };
	int r;

	r = log_output_flush(&writer->output, err);
	if (r < 0 || writer->unreported == 0)
		return r;
	r = log_output_reserve(&writer->output, entry_bound(source, sizeof(text)), err);
	if (r < 0)
		return r;
	piece.size =
		(size_t)(stpcpy(put_number(stpcpy(text, "kapsel: "), writer->unreported), " bytes dropped") -
			 text);
	memcpy(time, source->tail_time, JSON_LINE_TIME_SIZE);
	set_time(writer, source);
	append(writer, source, &piece);
	memcpy(source->tail_time, time, JSON_LINE_TIME_SIZE);
	writer->unreported = 0;
	return 0;
}

static void drop(struct log_writer *writer, const struct piece *piece)
{
	writer->dropped += piece->size + piece->newline;
	writer->unreported += piece->size + piece->newline;
}

/*
 * Turn the waiting input into entries and write them. A failure ends the attempt to write:
 * with on_full block the input stays where it is, with drop it is counted and gone.
 */
static int drain(struct log_writer *writer, struct error *err)
{
	struct piece piece;
	int r = 0;

	if (writer->failed)
		r = recover(writer, err);
	while (next_piece(writer, &piece)) {
		if (r == 0)
			r = log_output_reserve(&writer->output, entry_bound(writer->source, piece.size), err);
		if (r == 0)
			append(writer, writer->source, &piece);
		else if (writer->on_full == SPEC_FULL_DROP)
			drop(writer, &piece);
		else
			break;
		consume(writer, &piece);
	}
	if (r == 0 || writer->on_full == SPEC_FULL_DROP)
		keep_rest(writer);
	if (r == 0)
		r = log_output_flush(&writer->output, err);
	writer->failed = r < 0;
	return r;
}

/* @size bytes were read for @source; the line that was begun goes in front of them. */
static int take_input(struct log_writer *writer, struct source *source, size_t size, struct error *err)
{
	tick(writer);
	if (!source->continued)
		set_time(writer, source);
	writer->source = source;
	writer->at_eof = size == 0;
	writer->begin = PIECE - source->carried;
	writer->fresh = PIECE;
	writer->end = PIECE + size;
	memcpy(writer->input + writer->begin, source->carry, source->carried);
	return drain(writer, err);
}

ssize_t log_writer_read(struct log_writer *writer, enum log_stream stream, int fd, struct error *err)
{
	ssize_t size;
	int r;

	if (log_writer_blocked(writer)) {
		r = drain(writer, err);
		if (r < 0)
			return r;
	}
	do
		size = read(fd, writer->input + PIECE, READ_SIZE);
	while (size < 0 && errno == EINTR);
	if (size < 0 && errno == EAGAIN)
		return -EAGAIN;
	if (size < 0)
		return error_set(err, errno, "read the workload's %s",
				 stream == LOG_STDOUT ? "stdout" : "stderr");

	r = take_input(writer, &writer->sources[stream], (size_t)size, err);
	return r < 0 && writer->on_full == SPEC_FULL_BLOCK ? r : size;
}

bool log_writer_stalled(const struct log_writer *writer)
{
	return writer->failed;
}

bool log_writer_blocked(const struct log_writer *writer)
{
	return writer->failed && writer->on_full == SPEC_FULL_BLOCK;
}

int log_writer_flush(struct log_writer *writer, struct error *err)
{
	if (!writer->source)
		tick(writer);
	return drain(writer, err);
}

uint64_t log_writer_dropped(const struct log_writer *writer)
{
	return writer->dropped;
}

int log_writer_compressing(const struct log_writer *writer)
{
	return writer->output.rotation.pidfd;
}

void log_writer_reap(struct log_writer *writer)
{
	rotation_reap(&writer->output.rotation);
}

struct log_writer *log_writer_close(struct log_writer *writer)
{
	if (!writer)
		return NULL;
	/* Of a pipe that was not read to its end a begun line may be here: it is written as at the end. */
	if (writer->opened && drain(writer, NULL) == 0)
		for (size_t i = 0; i < STREAMS; i++)
			if (take_input(writer, &writer->sources[i], 0, NULL) < 0)
				break;
	log_output_close(&writer->output);
	for (size_t i = 0; i < STREAMS; i++)
		free(writer->sources[i].tail);
	free(writer);
	return NULL;
}
