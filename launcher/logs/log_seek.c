/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_seek.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/logs/log_lines.h"

enum {
	NEAR = 128 * 1024,       /* less than this is read rather than searched */
	BEGIN_MAX = 1024 * 1024, /* how far before the first wanted line its begin is looked for */
	STREAMS = 2,
};

/* The first entry with a time from @offset on. Return: 1, 0: there is none, -errno. */
static int probe(struct log_lines *lines, uint64_t offset, char *scratch, uint64_t *ret_offset,
		 int64_t *ret_ns)
{
	struct log_entry entry;
	struct log_line line;
	bool whole = offset == 0;
	int r;

	/* From the byte before: if that is a newline, the line at @offset is whole. */
	log_lines_seek(lines, offset == 0 ? 0 : offset - 1);
	for (;;) {
		r = log_lines_next(lines, &line);
		if (r <= 0)
			return r;
		if (whole && r == LOG_LINES_LINE &&
		    log_entry_parse(line.text, line.size, scratch, &entry) == 0 &&
		    log_entry_time(&entry, ret_ns) == 0) {
			*ret_offset = line.offset;
			return 1;
		}
		whole = true;
	}
}

static int search(struct log_lines *lines, uint64_t size, int64_t since_ns, char *scratch,
		  uint64_t *ret_offset)
{
	uint64_t low = 0, high = size, at;
	int64_t ns;

	while (high - low > NEAR) {
		uint64_t middle = low + (high - low) / 2;
		int r = probe(lines, middle, scratch, &at, &ns);

		if (r < 0)
			return r;
		if (r == 1 && at < high && ns < since_ns)
			low = at;
		else
			high = middle;
	}
	*ret_offset = low;
	return 0;
}

int log_seek_time(int fd, uint64_t size, int64_t since_ns, uint64_t *ret_offset)
{
	_cleanup_log_lines_ struct log_lines *lines = NULL;
	char *scratch = malloc(LOG_LINE_MAX + 1);
	int copy = dup(fd), r;

	if (!scratch || copy < 0) {
		free(scratch);
		if (copy >= 0)
			close(copy);
		return -ENOMEM;
	}
	r = log_lines_open(copy, false, &lines, NULL);
	if (r == 0)
		r = search(lines, size, since_ns, scratch, ret_offset);
	free(scratch);
	return r;
}

/* How far the search from the end has come, over the files. */
struct tail {
	const struct log_filter *filter;
	char *scratch;
	uint64_t wanted, ends; /* lines, and ends of lines that were seen */
	bool seen[STREAMS];    /* at least one piece of the stream */
	bool open[STREAMS];    /* the earliest one that was seen may continue a line */
	uint64_t beyond;       /* bytes that were read after all wanted ends were seen */
};

/* Going backwards, an entry that ends a line closes the one after it and begins one more. */
static void count_entry(struct tail *tail, const struct log_entry *entry)
{
	bool ends = log_entry_ends_line(entry);

	/* A line that the log's end cuts off has no end, but it is shown, too. */
	if (ends || !tail->seen[entry->stream]) {
		tail->ends++;
		tail->open[entry->stream] = tail->ends <= tail->wanted;
	}
	tail->seen[entry->stream] = true;
}

static bool tail_done(const struct tail *tail)
{
	return tail->ends >= tail->wanted &&
	       ((!tail->open[LOG_STDOUT] && !tail->open[LOG_STDERR]) || tail->beyond > BEGIN_MAX);
}

/* Return: 1: found, 0: the file's begin was reached, -errno. */
static int tail_plain(struct tail *tail, int fd, uint64_t *ret_offset, struct error *err)
{
	_cleanup_log_lines_back_ struct log_lines_back *back = NULL;
	struct log_entry entry;
	struct log_line line;
	int64_t ns;
	int r = log_lines_back_open(fd, &back, err);

	if (r < 0)
		return r;
	*ret_offset = log_lines_back_end(back);
	while (!tail_done(tail)) {
		r = log_lines_back_next(back, &line);
		if (r < 0)
			return error_set(err, -r, "read the log from its end");
		if (r == LOG_LINES_END)
			return 0;
		*ret_offset = line.offset;
		if (tail->ends >= tail->wanted)
			tail->beyond += line.size;
		if (r != LOG_LINES_LINE || log_entry_parse(line.text, line.size, tail->scratch, &entry) < 0)
			continue;
		if (log_filter_takes(tail->filter, &entry))
			count_entry(tail, &entry);
		else if (log_entry_time(&entry, &ns) == 0 && log_filter_begins_after(tail->filter, ns))
			return 1;
	}
	return 1;
}

/* A compressed file can only be read forwards: all of its lines are counted, and shown from the right one on.
 */
static int tail_gzipped(struct tail *tail, int fd, struct error *err)
{
	_cleanup_log_lines_ struct log_lines *lines = NULL;
	struct log_entry entry;
	struct log_line line;
	int r = log_lines_open(fd, true, &lines, err);

	if (r < 0)
		return r;
	/* Where it is damaged the reader will stop, too, and say so. */
	while ((r = log_lines_next(lines, &line)) > 0)
		if (r == LOG_LINES_LINE &&
		    log_entry_parse(line.text, line.size, tail->scratch, &entry) == 0 &&
		    log_filter_takes(tail->filter, &entry) && log_entry_ends_line(&entry))
			tail->ends++;
	return tail->ends >= tail->wanted;
}

static int tail_slots(struct tail *tail, const struct log_set *set, const struct log_slot *slots, size_t n,
		      struct log_start *ret, struct error *err)
{
	int r = tail_done(tail);

	for (size_t i = 0; i < n && (r == 0 || i == 0); i++) {
		_cleanup_fd_ int fd = log_set_open(set, &slots[i], err);

		if (fd < 0)
			return fd;
		ret->slot = slots[i];
		ret->offset = 0;
		r = slots[i].gzipped ? tail_gzipped(tail, take_fd(&fd), err)
				     : tail_plain(tail, fd, &ret->offset, err);
		if (r < 0)
			return r;
	}
	ret->skip = tail->ends > tail->wanted ? tail->ends - tail->wanted : 0;
	return 0;
}

/* Whether all of a file, and thus of the older ones, is before what is wanted. */
static int is_before(const struct log_set *set, const struct log_slot *slot, const struct log_filter *filter,
		     struct error *err)
{
	_cleanup_fd_ int fd = -1;
	int64_t ns;

	if (log_filter_begins_after(filter, slot->modified_ns))
		return 1;
	if (filter->since_ns == LOG_TIME_MIN || !slot->gzipped)
		return 0;
	fd = log_set_open(set, slot, err);
	if (fd < 0)
		return fd;
	return log_set_last_time(fd, true, &ns) == 0 && log_filter_begins_after(filter, ns);
}

/* Drop the files that are too old; the log itself always stays. */
static int drop_old(const struct log_set *set, const struct log_filter *filter, const struct log_slot *slots,
		    size_t *n, struct error *err)
{
	for (size_t i = 1; i < *n; i++) {
		int r = is_before(set, &slots[i], filter, err);

		if (r < 0)
			return r;
		if (r > 0)
			*n = i;
	}
	return 0;
}

static int start_oldest(const struct log_set *set, const struct log_filter *filter,
			const struct log_slot *oldest, struct log_start *ret, struct error *err)
{
	_cleanup_fd_ int fd = -1;
	int r;

	ret->slot = *oldest;
	if (oldest->gzipped || filter->since_ns <= LOG_TIME_MIN + LOG_FILTER_SLACK)
		return 0;
	fd = log_set_open(set, oldest, err);
	if (fd < 0)
		return fd;
	r = log_seek_time(fd, oldest->size, filter->since_ns - LOG_FILTER_SLACK, &ret->offset);
	return r < 0 ? error_set(err, -r, "search the log by time") : 0;
}

static int seek_once(const struct log_set *set, const struct log_filter *filter, uint64_t lines,
		     struct log_start *ret, struct error *err)
{
	struct tail tail = { .filter = filter, .wanted = lines };
	struct log_slot *slots = NULL;
	size_t n;
	int r = log_set_list(set, &slots, &n, err);

	*ret = (struct log_start){ .found = r == 0 && n > 0 };
	if (ret->found)
		r = drop_old(set, filter, slots, &n, err);
	if (ret->found && r == 0 && lines == LOG_SEEK_ALL) {
		r = start_oldest(set, filter, &slots[n - 1], ret, err);
	} else if (ret->found && r == 0) {
		tail.scratch = malloc(LOG_LINE_MAX + 1);
		r = tail.scratch ? tail_slots(&tail, set, slots, n, ret, err)
				 : error_set(err, ENOMEM, "allocate the log reader");
		free(tail.scratch);
	}
	free(slots);
	return r;
}

int log_seek_start(const struct log_set *set, const struct log_filter *filter, uint64_t lines,
		   struct log_start *ret, struct error *err)
{
	int r = -ESTALE;

	/* A rotation meanwhile: everything has another name. */
	for (int tries = 0; r == -ESTALE && tries < 100; tries++)
		r = seek_once(set, filter, lines, ret, err);
	return r == -ESTALE ? error_set(err, ESTALE, "find the begin of the log: it is rotated all the time")
			    : r;
}
