/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#include "base/error.h"
#include "launcher/logs/json_line.h"
#include "launcher/logs/log_intake.h"
#include "launcher/logs/log_journal.h"
#include "launcher/logs/log_output.h"
#include "launcher/logs/log_pieces.h"
#include "launcher/logs/log_sink.h"
#include "launcher/logs/output_socket.h"

/* An entry must fit into the queue, whatever its 16 KiB are. 1 KiB is for what is neither text nor
 * attributes. */
_Static_assert(LOG_PIECE *JSON_LINE_GROWTH + LOG_ATTRS_MAX + 1024 <= LOG_QUEUE_SIZE,
	       "the queue holds the largest entry");

/* The process's own part. What another process must go on with is in *shared. */
struct log_writer {
	struct log_shared *shared;
	struct log_intake intake;
	struct log_sink sink;
	struct log_output output;
	enum spec_on_full on_full;
	bool ours; /* this process has the log open */
};

/* --- entries ----------------------------------------------------------------------- */

static int make_room(struct log_writer *writer, enum log_stream stream, size_t size, struct error *err)
{
	return log_output_reserve(&writer->output, writer->sink.type->bound(&writer->sink, stream, size),
				  err);
}

static void append(struct log_writer *writer, const struct log_piece *piece)
{
	struct log_shared *shared = writer->shared;

	shared->now.queue_end +=
		writer->sink.type->format(&writer->sink, piece, shared->queue + shared->now.queue_end);
	shared->now.ordinal = piece->ordinal;
}

/* --- writing ----------------------------------------------------------------------- */

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
	struct log_position *now = &writer->shared->now;
	char text[64];
	struct log_piece piece = {
		.stream = LOG_STDERR,
		.text = (unsigned char *)text,
		.newline = true,
		.last = true,
		.part = 1,
		.time = &now->clock,
	};
	int r;

	r = log_output_flush(&writer->output, err);
	if (r < 0 || now->unreported == 0)
		return r;
	r = make_room(writer, LOG_STDERR, sizeof(text), err);
	if (r < 0)
		return r;
	piece.size =
		(size_t)(stpcpy(put_number(stpcpy(text, "kapsel: "), now->unreported), " bytes dropped") -
			 text);
	piece.ordinal = piece.first = now->ordinal + 1;
	append(writer, &piece);
	now->unreported = 0;
	return 0;
}

static void drop(struct log_position *now, const struct log_piece *piece)
{
	now->dropped += piece->size + piece->newline;
	now->unreported += piece->size + piece->newline;
}

/*
 * Turn the waiting input into entries and write them. A failure ends the attempt to write:
 * with on_full block the input stays where it is, with drop it is counted and gone. How it
 * stands then is committed.
 */
static int drain(struct log_writer *writer, struct error *err)
{
	struct log_position *now = &writer->shared->now;
	struct log_piece piece;
	int r = 0;

	if (now->failed)
		r = recover(writer, err);
	while (log_pieces_next(writer->shared, &piece)) {
		if (r == 0)
			r = make_room(writer, piece.stream, piece.size, err);
		if (r == 0)
			append(writer, &piece);
		else if (writer->on_full == SPEC_FULL_DROP)
			drop(now, &piece);
		else
			break;
		log_pieces_consume(now, &piece);
	}
	if (r == 0 || writer->on_full == SPEC_FULL_DROP)
		log_pieces_keep_rest(writer->shared);
	if (r == 0)
		r = log_output_flush(&writer->output, err);
	now->failed = r < 0;
	log_journal_commit(writer->shared);
	return r;
}

/* @size bytes are in the window; the line that was begun goes in front of them. */
static int take_input(struct log_writer *writer, int stream, size_t size, struct error *err)
{
	struct log_shared *shared = writer->shared;
	struct log_position *now = &shared->now;
	struct log_line *line = &now->lines[stream];

	log_pieces_tick(now);
	if (line->part == 0)
		line->time = now->clock;
	now->source = stream;
	now->at_eof = size == 0;
	now->begin = LOG_PIECE - line->carried;
	now->fresh = LOG_PIECE;
	now->end = LOG_PIECE + size;
	now->bytes += size;
	memcpy(shared->input + now->begin, shared->carry[stream], line->carried);
	log_journal_commit(shared);
	log_intake_done(shared);
	return drain(writer, err);
}

/* --- opening ----------------------------------------------------------------------- */

struct log_writer *log_writer_allocate(struct error *err)
{
	struct log_writer *writer = calloc(1, sizeof(*writer));

	if (!writer) {
		error_set(err, ENOMEM, "allocate the log writer");
		return NULL;
	}
	writer->intake.hold[0] = writer->intake.hold[1] = -1;
	writer->output = (struct log_output){ .fd = -1, .rotation = { .dirfd = -1, .pidfd = -1 } };
	if (log_journal_map(&writer->shared, err) < 0 || log_intake_init(&writer->intake, err) < 0)
		return log_writer_release(writer);
	log_writer_share(writer, false);
	writer->output.shared = writer->shared;
	writer->sink.epoch = writer->shared->epoch;
	return writer;
}

void log_writer_share(struct log_writer *writer, bool share)
{
	/* can't fail: the range is one mapping of ours */
	(void)madvise(writer->shared, sizeof(*writer->shared), share ? MADV_DOFORK : MADV_DONTFORK);
}

static int choose(struct log_writer *writer, const struct log_options *options,
		  struct log_address *ret_address, struct error *err)
{
	switch (options->driver) {
	case SPEC_LOG_JSON_FILE:
	case SPEC_LOG_CRI:
		writer->sink.type = options->driver == SPEC_LOG_CRI ? &sink_cri : &sink_json;
		writer->output.type = &output_file;
		return options->max_size_bytes == 0 ? error_set(err, EINVAL, "log size limit is 0") : 0;
	case SPEC_LOG_JOURNALD:
		writer->sink.type = &sink_journald;
		break;
	case SPEC_LOG_SYSLOG:
		writer->sink.type = &sink_syslog;
		break;
	case SPEC_LOG_SOCKET:
		writer->sink.type = &sink_json;
		break;
	case SPEC_LOG_PASSTHROUGH:
	case SPEC_LOG_NONE:
		return error_set(err, EINVAL, "log driver %d needs no writer", (int)options->driver);
	}
	if (output_socket_address(options, ret_address, err) < 0)
		return -err->code;
	writer->output.type = ret_address->type == SOCK_STREAM ? &output_stream : &output_datagram;
	return 0;
}

static void let_go(struct log_writer *writer)
{
	log_output_release(&writer->output);
	log_sink_deinit(&writer->sink);
	writer->ours = false;
}

void log_writer_stand_by(struct log_writer *writer, int ret_fds[2])
{
	if (writer->ours)
		let_go(writer);
	ret_fds[0] = writer->intake.hold[0];
	ret_fds[1] = writer->intake.hold[1];
}

static int set_up(struct log_writer *writer, const struct log_options *options, bool adopt, struct error *err)
{
	struct log_address address = { 0 };
	int r = choose(writer, options, &address, err);

	writer->on_full = options->on_full;
	if (r == 0)
		r = writer->sink.type->init(&writer->sink, options, &address, err);
	if (r == 0)
		r = log_output_open(&writer->output, options, adopt, err);
	if (r < 0)
		let_go(writer);
	else
		writer->ours = true;
	return r;
}

static int make_epoch(struct log_shared *shared, struct error *err)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char random[LOG_EPOCH_SIZE / 2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return error_set(err, errno, "get random bytes");
	for (size_t i = 0; i < LOG_EPOCH_SIZE; i++)
		shared->epoch[i] = hex[random[i / 2] >> (i % 2 * 4) & 0xf];
	return 0;
}

/* The counters of the writer's whole life stay. */
static void begin_log(struct log_position *now)
{
	*now = (struct log_position){ .source = -1, .bytes = now->bytes, .dropped = now->dropped };
	log_pieces_tick(now);
}

int log_writer_open(struct log_writer *writer, const struct log_options *options, struct error *err)
{
	struct error ignored;
	int r;

	if (!err)
		err = &ignored;
	if (writer->ours)
		return error_set(err, EBUSY, "open the log: one is open");
	begin_log(&writer->shared->now);
	r = make_epoch(writer->shared, err);
	if (r == 0)
		r = set_up(writer, options, false, err);
	if (r < 0)
		return r;
	writer->shared->now.open = true;
	log_journal_commit(writer->shared);
	return 0;
}

/* What fails now is a stall, for log_writer_flush(). */
static int catch_up(struct log_writer *writer, struct error *err)
{
	struct log_position *now = &writer->shared->now;
	int stream = 0, r = 0;
	ssize_t size;

	if (now->source >= 0) {
		log_intake_done(writer->shared); /* it is in the window, all of it */
		r = drain(writer, err);
	} else if (now->failed || now->queue_begin < now->queue_end) {
		r = drain(writer, err);
	}
	if (r < 0 && writer->on_full == SPEC_FULL_BLOCK)
		return 0;
	size = log_intake_recover(&writer->intake, writer->shared, &stream);
	if (size < 0)
		return error_set(err, (int)-size, "recover the workload's output");
	if (size > 0 && take_input(writer, stream, (size_t)size, err) < 0)
		return 0;
	log_output_settle(&writer->output);
	return 0;
}

int log_writer_adopt(struct log_writer *writer, const struct log_options *options, struct error *err)
{
	struct error ignored;
	int r;

	if (!err)
		err = &ignored;
	if (writer->ours)
		return error_set(err, EBUSY, "adopt the log: it is ours");
	if (!log_journal_latest(writer->shared)->open)
		return log_writer_open(writer, options, err);
	log_journal_restore(writer->shared);
	r = set_up(writer, options, true, err);
	if (r < 0)
		return r;
	r = catch_up(writer, err);
	if (r < 0)
		let_go(writer);
	return r;
}

/* --- the supervisor's loop --------------------------------------------------------- */

ssize_t log_writer_read(struct log_writer *writer, enum log_stream stream, int fd, struct error *err)
{
	ssize_t size;
	int r;

	if (log_writer_blocked(writer)) {
		r = drain(writer, err);
		if (r < 0)
			return r;
	}
	size = log_intake_fill(&writer->intake, writer->shared, (int)stream, fd);
	if (size == -EAGAIN)
		return size;
	if (size < 0)
		return error_set(err, (int)-size, "read the workload's %s", log_sink_name(stream));

	r = take_input(writer, (int)stream, (size_t)size, err);
	return r < 0 && writer->on_full == SPEC_FULL_BLOCK ? r : size;
}

bool log_writer_stalled(const struct log_writer *writer)
{
	return writer->shared->now.failed;
}

bool log_writer_blocked(const struct log_writer *writer)
{
	return writer->shared->now.failed && writer->on_full == SPEC_FULL_BLOCK;
}

int log_writer_flush(struct log_writer *writer, struct error *err)
{
	if (writer->shared->now.source < 0)
		log_pieces_tick(&writer->shared->now);
	return drain(writer, err);
}

int log_writer_end_streams(struct log_writer *writer, struct error *err)
{
	struct log_position *now = &writer->shared->now;
	int r = now->failed ? drain(writer, err) : 0;

	for (int i = 0; i < LOG_STREAMS; i++) {
		if (r < 0 && writer->on_full == SPEC_FULL_BLOCK)
			return r;
		if (now->lines[i].carried > 0 || now->lines[i].part > 0)
			r = take_input(writer, i, 0, err);
	}
	return r < 0 && writer->on_full == SPEC_FULL_BLOCK ? r : 0;
}

uint64_t log_writer_bytes(const struct log_writer *writer)
{
	return writer->shared->now.bytes;
}

uint64_t log_writer_dropped(const struct log_writer *writer)
{
	return writer->shared->now.dropped;
}

int log_writer_compressing(const struct log_writer *writer)
{
	return writer->output.rotation.pidfd;
}

void log_writer_reap(struct log_writer *writer)
{
	rotation_reap(&writer->output.rotation);
}

void log_writer_close(struct log_writer *writer)
{
	struct log_position *now;

	if (!writer || !writer->ours)
		return;
	now = &writer->shared->now;
	/* A wait is the supervisor's decision: what can't be written at once is given up. */
	if (log_writer_end_streams(writer, NULL) < 0)
		now->failed = true;
	/* First, or a standby would write once more what is cut off next. */
	now->open = false;
	log_journal_commit(writer->shared);
	log_output_close(&writer->output);
	log_sink_deinit(&writer->sink);
	now->failed = false;
	writer->ours = false;
}

struct log_writer *log_writer_release(struct log_writer *writer)
{
	if (!writer)
		return NULL;
	let_go(writer);
	log_intake_deinit(&writer->intake);
	if (writer->shared)
		munmap(writer->shared, sizeof(*writer->shared));
	free(writer);
	return NULL;
}
