/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_pieces.h"

#include <string.h>
#include <time.h>

#include "launcher/logs/json_line.h"
#include "launcher/logs/log_journal.h"
#include "launcher/logs/log_sink.h"

void log_pieces_tick(struct log_position *now)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	json_line_clock(&now->clock, &time);
}

/*
 * dockerd's cut: a piece ends at the 16384th byte of a line, wherever that is. If it is
 * inside a UTF-8 sequence, each byte of both halves is invalid and becomes \ufffd. Cutting
 * before the sequence would keep the character, but readers that know dockerd's pieces by
 * their size, and those that compare the two, would see something else.
 */
bool log_pieces_next(const struct log_shared *shared, struct log_piece *piece)
{
	const struct log_position *now = &shared->now;
	size_t left = now->end - now->begin, limit = left < LOG_PIECE ? left : LOG_PIECE;
	size_t from = now->fresh > now->begin ? now->fresh : now->begin;
	const struct log_line *line;
	const unsigned char *newline;

	if (now->source < 0 || left == 0)
		return false;
	line = &now->lines[now->source];
	newline = memchr(shared->input + from, '\n', now->begin + limit - from);
	if (!newline && limit < LOG_PIECE && !now->at_eof)
		return false;
	*piece = (struct log_piece){
		.stream = (enum log_stream)now->source,
		.text = shared->input + now->begin,
		.newline = newline != NULL,
		.part = line->part + 1,
		.ordinal = now->ordinal + 1,
		.first = line->part == 0 ? now->ordinal + 1 : line->first,
		.time = &line->time,
	};
	piece->size = newline ? (size_t)(newline - piece->text) : limit;
	piece->last = piece->newline || (now->at_eof && piece->size == left);
	return true;
}

void log_pieces_consume(struct log_position *now, const struct log_piece *piece)
{
	struct log_line *line = &now->lines[piece->stream];

	now->begin += piece->size + piece->newline;
	line->first = piece->first;
	line->part++;
	if (!piece->newline)
		return;
	if (line->part > 1)
		line->time = now->clock;
	line->part = 0;
}

void log_pieces_keep_rest(struct log_shared *shared)
{
	struct log_position *now = &shared->now;
	struct log_line *line;

	if (now->source < 0)
		return;
	line = &now->lines[now->source];
	line->carried = now->end - now->begin;
	memcpy(shared->carry[now->source], shared->input + now->begin, line->carried);
	if (now->at_eof)
		line->part = 0;
	now->begin = now->end = 0;
	now->source = -1;
}
