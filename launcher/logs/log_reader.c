/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_reader.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/logs/log_follow.h"
#include "launcher/logs/log_lines.h"
#include "launcher/logs/log_printer.h"

enum { TRIES = 100 };

struct reader {
	const struct log_request *request;
	struct log_printer *printer;
	struct log_damage *damage;
	struct log_lines *lines; /* of the file that is read, NULL: there is none yet */
	struct log_slot slot;    /* which one that is */
	struct log_follow *follow;
	char *scratch;
	int64_t last_ns; /* of the last entry that had a time */
	bool broken;     /* this file can't be read on: a gzipped one that is damaged */
	bool ended;      /* what follows is later than what is wanted */
	bool counting;   /* only counts: what can't be shown is met again */
};

static void note_damage(struct reader *reader, uint64_t offset)
{
	struct log_damage *damage = reader->damage;

	if (reader->counting)
		return;
	if (damage->lines++ == 0) {
		log_set_file_name(reader->request->set, &reader->slot, damage->file, sizeof(damage->file));
		damage->offset = offset;
	}
}

static int take_line(struct reader *reader, const struct log_line *line, struct error *err)
{
	const struct log_filter *filter = &reader->request->filter;
	struct log_entry entry;
	int64_t ns;
	int r;

	if (log_entry_parse(line->text, line->size, reader->scratch, &entry) < 0) {
		note_damage(reader, line->offset);
		return 0;
	}
	if (log_entry_time(&entry, &ns) == 0) {
		reader->last_ns = ns;
		if (log_filter_ends_before(filter, ns))
			reader->ended = true;
	}
	if (!log_filter_takes(filter, &entry))
		return 0;
	r = log_printer_entry(reader->printer, line, &entry);
	return r < 0 ? error_set(err, -r, "write the log to the output") : 0;
}

/* Everything that the present file holds by now. */
static int read_file(struct reader *reader, struct error *err)
{
	struct log_line line;
	int r;

	while (!reader->ended && !reader->broken) {
		r = log_lines_next(reader->lines, &line);
		if (r == LOG_LINES_END)
			return 0;
		if (r == -EBADMSG) { /* what is behind the damage is lost, but not the younger files */
			reader->broken = reader->damage->files = true;
			note_damage(reader, log_lines_offset(reader->lines));
			return 0;
		}
		if (r < 0)
			return error_set(err, -r, "read the log in %s", reader->request->set->dir);
		if (r == LOG_LINES_OVERLONG)
			note_damage(reader, line.offset);
		r = r == LOG_LINES_LINE ? take_line(reader, &line, err) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

/* A file that was cut off, to be written anew: go on at its begin. */
static bool rewind_truncated(struct reader *reader)
{
	struct stat st;

	if (reader->slot.gzipped || fstat(log_lines_fd(reader->lines), &st) < 0 ||
	    (uint64_t)st.st_size >= log_lines_offset(reader->lines) + log_lines_rest(reader->lines))
		return false;
	log_lines_seek(reader->lines, 0);
	return true;
}

/*
 * Leave the file that was read. Since there is a younger one it does not change any more: what was written
 * between our last look and the rotation is read now.
 */
static int leave(struct reader *reader, struct error *err)
{
	int r = reader->lines ? read_file(reader, err) : 0;

	if (r < 0)
		return r;
	/* A rest without a newline: its writer was killed there. */
	if (reader->lines && log_lines_rest(reader->lines) > 0 && !reader->ended && !reader->broken)
		note_damage(reader, log_lines_offset(reader->lines));
	reader->lines = log_lines_free(reader->lines);
	return 0;
}

/* Take over the file of @slot. -ESTALE when it has another name by now; the one before is still there then.
 */
static int enter(struct reader *reader, const struct log_slot *slot, struct error *err)
{
	_cleanup_fd_ int fd = log_set_open(reader->request->set, slot, err);
	int r;

	if (fd < 0)
		return fd;
	r = leave(reader, err);
	if (r == 0 && reader->follow)
		r = log_follow_file(reader->follow, fd, err);
	if (r == 0)
		r = log_lines_open(take_fd(&fd), slot->gzipped, &reader->lines, err);
	reader->slot = *slot;
	reader->broken = false;
	return r;
}

/* The file that ours is by now, in @slots; @n: it is none of them. */
static size_t find_present(const struct reader *reader, const struct log_slot *slots, size_t n)
{
	size_t i = 0;

	while (i < n && (slots[i].ino != reader->slot.ino || slots[i].dev != reader->slot.dev))
		i++;
	return i;
}

/* Return: whether the file ends later than what was read, or -ESTALE when it has another name by now. */
static int is_later(const struct reader *reader, const struct log_slot *slot)
{
	_cleanup_fd_ int fd = log_set_open(reader->request->set, slot, NULL);
	int64_t ns;

	if (fd < 0)
		return fd == -ESTALE ? fd : 0;
	if (log_set_last_time(fd, slot->gzipped, &ns) < 0)
		ns = slot->modified_ns;
	return ns > reader->last_ns;
}

/*
 * The file that was read has no name any more: compressed or removed. What comes after it is told by the
 * time. Return: the place of the next file plus 1, 0: there is none, -ESTALE, -errno with *err filled.
 */
static int find_by_time(struct reader *reader, const struct log_slot *slots, size_t n, struct error *err)
{
	/* Its last lines may have come after our last look; left out here, its own compressed form would be
	 * later than what was read. */
	int r = read_file(reader, err);
	size_t at = n;

	if (r < 0)
		return r;
	/* The log itself, if it is there, is younger in any case. */
	while (at > 0 && slots[at - 1].number > 0) {
		r = is_later(reader, &slots[at - 1]);
		if (r != 0)
			return r < 0 ? r : (int)at;
		at--;
	}
	return (int)at;
}

/* Return: 1: the next file is entered, 0: there is none, -ESTALE: look again, -errno with *err filled. */
static int next_once(struct reader *reader, struct error *err)
{
	struct log_slot *slots = NULL;
	size_t n;
	int r = log_set_list(reader->request->set, &slots, &n, err), at;

	if (r < 0)
		return r;
	at = reader->lines ? (int)find_present(reader, slots, n) : (int)n;
	if (at == (int)n && n > 0 && reader->lines)
		at = find_by_time(reader, slots, n, err);
	r = at < 0 ? at : 0;
	if (at > 0) {
		r = enter(reader, &slots[at - 1], err);
		r = r < 0 ? r : 1;
	}
	free(slots);
	return r;
}

static int next_file(struct reader *reader, struct error *err)
{
	int r = -ESTALE;

	for (int tries = 0; r == -ESTALE && tries < TRIES; tries++)
		r = next_once(reader, err);
	return r == -ESTALE ? error_set(err, ESTALE, "read the log: it is rotated all the time") : r;
}

/* From where we are to the present end. */
static int read_all(struct reader *reader, struct error *err)
{
	int r = 1;

	while (r > 0 && !reader->ended) {
		r = reader->lines ? read_file(reader, err) : 0;
		if (r == 0 && reader->lines && rewind_truncated(reader))
			r = 1;
		else if (r == 0)
			r = next_file(reader, err);
	}
	return r < 0 ? r : 0;
}

static int begin(struct reader *reader, uint64_t lines, uint64_t *ret_skip, struct error *err)
{
	struct log_start start;
	int r = -ESTALE;

	*ret_skip = 0;
	for (int tries = 0; r == -ESTALE && tries < TRIES; tries++) {
		r = log_seek_start(reader->request->set, &reader->request->filter, lines, &start, err);
		if (r < 0)
			return r;
		if (!start.found)
			return 0;
		r = enter(reader, &start.slot, err);
	}
	if (r < 0)
		return r == -ESTALE ? error_set(err, ESTALE, "read the log: it is rotated all the time") : r;
	if (start.offset > 0)
		log_lines_seek(reader->lines, start.offset);
	*ret_skip = start.skip;
	return 0;
}

/* The last lines that match a pattern are not to be found from the end: count them all first. */
static int begin_matching(struct reader *reader, struct error *err)
{
	uint64_t skip, counted;
	int r = begin(reader, LOG_SEEK_ALL, &skip, err);

	if (r < 0)
		return r;
	reader->counting = true;
	log_printer_count(reader->printer, true);
	r = read_all(reader, err);
	if (r == 0 && log_printer_finish(reader->printer) < 0)
		r = error_set(err, EIO, "count the lines of the log");
	log_printer_count(reader->printer, false);
	reader->counting = reader->ended = false;
	reader->last_ns = LOG_TIME_MIN;
	reader->lines = log_lines_free(reader->lines);
	counted = log_printer_counted(reader->printer);
	if (counted > reader->request->lines)
		log_printer_skip(reader->printer, counted - reader->request->lines);
	return r < 0 ? r : begin(reader, LOG_SEEK_ALL, &skip, err);
}

static int begin_reading(struct reader *reader, struct error *err)
{
	uint64_t skip;
	int r;

	if (log_printer_matches(reader->printer) && reader->request->lines != LOG_SEEK_ALL)
		return begin_matching(reader, err);
	r = begin(reader, reader->request->lines, &skip, err);
	if (r == 0)
		log_printer_skip(reader->printer, skip);
	return r;
}

static int watch(struct reader *reader, struct error *err)
{
	const struct log_life *life = reader->request->life;
	int r = log_follow_dir(reader->follow, reader->request->set->dir, err);

	for (size_t i = 0; life && r == 0 && i < ARRAY_SIZE(life->dirs); i++)
		if (life->dirs[i])
			r = log_follow_dir(reader->follow, life->dirs[i], err);
	return r;
}

/* Until nothing as late as this can be wanted any more. */
static int timeout_of(const struct log_filter *filter)
{
	int64_t left;

	if (filter->until_ns == LOG_TIME_MAX)
		return -1;
	left = (filter->until_ns - log_time_now()) / (LOG_TIME_SECOND / 1000);
	return left < 0 ? 0 : left >= INT_MAX ? INT_MAX : (int)left + 1;
}

/* The writer has not ended, and what it writes can still be wanted. */
static bool goes_on(const struct log_request *request)
{
	return timeout_of(&request->filter) != 0 &&
	       (!request->life || request->life->running(request->life->arg));
}

static int show_present(struct reader *reader, bool names, struct error *err)
{
	int r;

	/* Most often there is only a line more, and nothing else to look at. */
	if (!names && reader->lines && !rewind_truncated(reader))
		r = read_file(reader, err);
	else
		r = read_all(reader, err);
	if (r < 0)
		return r;
	/* Nothing was read at all: what is older than this moment is not what is followed. */
	if (reader->lines && reader->last_ns == LOG_TIME_MIN)
		reader->last_ns = log_time_now();
	r = log_printer_idle(reader->printer);
	return r < 0 ? error_set(err, -r, "write the log to the output") : 0;
}

static int follow(struct reader *reader, void (*on_idle)(const struct log_damage *), struct error *err)
{
	const struct log_request *request = reader->request;
	int ended_fd = request->life ? request->life->ended_fd : -1, what = LOG_FOLLOW_NAMES, r;
	bool more = true;

	for (;;) {
		/* In this order: what happens after a look wakes us up, and the last look is after the end.
		 */
		if (what != LOG_FOLLOW_BYTES) {
			r = watch(reader, err);
			if (r < 0)
				return r;
			more = goes_on(request);
		}
		r = show_present(reader, what != LOG_FOLLOW_BYTES, err);
		if (r < 0 || !more || reader->ended)
			return r;
		if (on_idle)
			on_idle(reader->damage);
		what = log_follow_wait(reader->follow, &ended_fd, request->out_fd,
				       timeout_of(&request->filter), err);
		if (what < 0)
			return what == -EPIPE ? 0 : what;
	}
}

/* The last line of a log may just be written; of one that rests it was torn. */
static bool is_resting(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	       st.st_mtim.tv_sec * LOG_TIME_SECOND + st.st_mtim.tv_nsec < log_time_now() - LOG_TIME_SECOND;
}

static int run(struct reader *reader, void (*on_idle)(const struct log_damage *), struct error *err)
{
	int r = begin_reading(reader, err);

	if (r == 0)
		r = reader->request->follow ? follow(reader, on_idle, err) : read_all(reader, err);
	if (r < 0)
		return r;
	if (!reader->lines)
		return error_set(err, ENOENT, "open the log %s/%s", reader->request->set->dir,
				 reader->request->set->name);
	if (log_lines_rest(reader->lines) > 0 && !reader->ended && !reader->broken &&
	    is_resting(log_lines_fd(reader->lines)))
		note_damage(reader, log_lines_offset(reader->lines));
	r = log_printer_finish(reader->printer);
	return r < 0 ? error_set(err, -r, "write the log to the output") : 0;
}

int log_reader_run(const struct log_request *request, struct log_printer *printer,
		   void (*on_idle)(const struct log_damage *damage), struct log_damage *ret_damage,
		   struct error *err)
{
	_cleanup_log_follow_ struct log_follow *follower = NULL;
	struct reader reader = {
		.request = request,
		.printer = printer,
		.damage = ret_damage,
		.scratch = malloc(LOG_LINE_MAX + 1),
		.last_ns = LOG_TIME_MIN,
	};
	int r = 0;

	*ret_damage = (struct log_damage){ 0 };
	if (!reader.scratch)
		return error_set(err, ENOMEM, "allocate the log reader");
	if (request->follow)
		r = log_follow_open(&follower, err);
	reader.follow = follower;
	if (r == 0)
		r = run(&reader, on_idle, err);
	log_lines_free(reader.lines);
	free(reader.scratch);
	return r;
}
