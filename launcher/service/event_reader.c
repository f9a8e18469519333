/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/event_reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"

enum { BUFFER = 2 * EVENTS_LINE_MAX };

/* The file of one service. A line lies between start and end, what was read lies before used. */
struct stream {
	struct stream *next;
	char path[PATH_MAX], older[PATH_MAX];
	int fd;        /* -1: nothing to read yet */
	bool is_older; /* fd is that of the rotated file */
	bool skips;    /* in a line that is too long to be ours */
	bool ready;    /* a line lies at start */
	bool drained;  /* in this pass over all files it had no more */
	size_t start, end, used;
	char time[JSON_LINE_TIME_SIZE + 1];
	char buffer[BUFFER];
};

struct event_reader {
	struct stream *streams;
	struct stream *last; /* whose line was handed out */
};

struct event_reader *event_reader_new(void)
{
	return calloc(1, sizeof(struct event_reader));
}

struct event_reader *event_reader_free(struct event_reader *reader)
{
	if (!reader)
		return NULL;
	for (struct stream *stream = reader->streams, *next; stream; stream = next) {
		next = stream->next;
		fd_close(&stream->fd);
		free(stream);
	}
	free(reader);
	return NULL;
}

int event_reader_add(struct event_reader *reader, const char *path, struct error *err)
{
	struct stream *stream;

	for (stream = reader->streams; stream; stream = stream->next)
		if (str_equal(stream->path, path))
			return 0;
	if (path[0] != '/' || strlen(path) + sizeof(".1") > sizeof(stream->path))
		return error_set(err, EINVAL, "read the events in \"%s\"", path);
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return error_set(err, ENOMEM, "read the events in %s", path);
	snprintf(stream->path, sizeof(stream->path), "%s", path);
	snprintf(stream->older, sizeof(stream->older), "%s.1", path);
	stream->fd = -1;
	stream->is_older = true;
	stream->next = reader->streams;
	reader->streams = stream;
	return 1;
}

static int add_named(struct event_reader *reader, const char *log_dir, const char *name, struct error *err)
{
	char path[PATH_MAX], older[PATH_MAX + 2];

	if (name[0] == '.' || (size_t)snprintf(path, sizeof(path), "%s/%s/%s-events.jsonl", log_dir, name,
					       name) >= sizeof(path))
		return 0;
	snprintf(older, sizeof(older), "%s.1", path);
	if (access(path, F_OK) < 0 && access(older, F_OK) < 0)
		return 0;
	return event_reader_add(reader, path, err);
}

int event_reader_add_below(struct event_reader *reader, const char *log_dir, struct error *err)
{
	DIR *dir = opendir(log_dir);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return errno == ENOENT ? 0 : error_set(err, errno, "list %s", log_dir);
	while (r >= 0 && (entry = readdir(dir))) /* NOLINT(concurrency-mt-unsafe): one thread, one stream */
		r = add_named(reader, log_dir, entry->d_name, err);
	closedir(dir);
	return r < 0 ? r : 0;
}

int event_reader_each(const struct event_reader *reader, int (*see)(void *arg, const char *path), void *arg)
{
	int r = 0;

	for (const struct stream *stream = reader->streams; r >= 0 && stream; stream = stream->next)
		r = see(arg, stream->path);
	return r < 0 ? r : 0;
}

/* --- files -------------------------------------------------------------------- */

/* Return: an fd; -ENOENT where there is no file of ours; -EMFILE, -ENFILE: one too many. */
static int open_events(const char *path)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		return -errno;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -ENOENT;
	return take_fd(&fd);
}

static bool is_file(int fd, const char *path)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 && lstat(path, &named) == 0 && ours.st_ino == named.st_ino &&
	       ours.st_dev == named.st_dev;
}

static void take_file(struct stream *stream, int fd, bool is_older)
{
	fd_close(&stream->fd);
	stream->fd = fd;
	stream->is_older = is_older;
	/* A line that was never finished ends with its file. */
	stream->start = stream->end = stream->used = 0;
	stream->skips = false;
}

/*
 * The file is at its end: go on to the next one. What was renamed is read to its end first, and where it is
 * no more the older file either, a whole file was written meanwhile: that one comes first.
 * Return: 1: there may be more to read; 0: there is none for now; -errno.
 */
static int switch_file(struct stream *stream)
{
	int fd;

	if (stream->fd >= 0 && !stream->is_older) {
		if (is_file(stream->fd, stream->path))
			return 0;
		stream->is_older = true;
		/* Lines may have come between our last read and the renaming. */
		return 1;
	}
	if (stream->fd < 0 || !is_file(stream->fd, stream->older)) {
		fd = open_events(stream->older);
		if (fd >= 0) {
			take_file(stream, fd, true);
			return 1;
		}
	}
	fd = open_events(stream->path);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	take_file(stream, fd, false);
	return 1;
}

/* --- lines -------------------------------------------------------------------- */

/* Return: whether there was something to read. */
static bool fill(struct stream *stream)
{
	ssize_t got;

	if (stream->start > 0) {
		memmove(stream->buffer, stream->buffer + stream->start, stream->used - stream->start);
		stream->used -= stream->start;
		stream->start = stream->end = 0;
	}
	if (stream->used == BUFFER) { /* longer than any line of ours */
		stream->skips = true;
		stream->used = stream->end = 0;
	}
	do
		got = read(stream->fd, stream->buffer + stream->used, BUFFER - stream->used);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	stream->used += (size_t)got;
	return true;
}

/* Ours begin with the time, and hold nothing that a terminal would obey. */
static bool is_ours(const char *line, size_t size, char time[JSON_LINE_TIME_SIZE + 1])
{
	static const char head[] = "{\"time\":\"";
	const size_t head_size = sizeof(head) - 1;
	const unsigned char *next = (const unsigned char *)line;

	if (size < head_size + JSON_LINE_TIME_SIZE + 2 || memcmp(line, head, head_size) != 0 ||
	    line[head_size + JSON_LINE_TIME_SIZE - 1] != 'Z' ||
	    line[head_size + JSON_LINE_TIME_SIZE] != '"' || line[size - 1] != '}')
		return false;
	while (size > 0) {
		size_t length = str_utf8_length(next, size);

		if (length == 0 || next[0] < 0x20 || next[0] == 0x7f ||
		    (length == 2 && next[0] == 0xc2 && next[1] < 0xa0))
			return false;
		next += length;
		size -= length;
	}
	memcpy(time, line + head_size, JSON_LINE_TIME_SIZE);
	time[JSON_LINE_TIME_SIZE] = '\0';
	return true;
}

/* Return: whether a whole line lies in the buffer; it is then between start and end. */
static bool cut_line(struct stream *stream)
{
	for (;;) {
		char *from = stream->buffer + stream->start;
		char *newline = memchr(from, '\n', stream->used - stream->start);
		bool skipped = stream->skips;

		if (!newline)
			return false;
		stream->end = (size_t)(newline - stream->buffer);
		stream->skips = false;
		if (!skipped && is_ours(from, (size_t)(newline - from), stream->time)) {
			*newline = '\0';
			return true;
		}
		stream->start = stream->end + 1;
	}
}

/* Return: 0, also without a line; -errno. */
static int find_line(struct stream *stream)
{
	while (!stream->ready) {
		int r;

		stream->ready = cut_line(stream);
		if (stream->ready || (stream->fd >= 0 && fill(stream)))
			continue;
		r = switch_file(stream);
		if (r < 0)
			return r;
		/* Not asked again for each line of the others. */
		stream->drained = r == 0;
		if (stream->drained)
			break;
	}
	return 0;
}

int event_reader_next(struct event_reader *reader, struct event_reader_line *ret, struct error *err)
{
	struct stream *oldest = NULL;
	int r = 0;

	if (reader->last) {
		reader->last->start = reader->last->end + 1;
		reader->last->ready = false;
		reader->last = NULL;
	}
	for (struct stream *stream = reader->streams; stream; stream = stream->next) {
		if (!stream->drained)
			r = find_line(stream);
		if (r < 0)
			return error_set(err, -r, "open the events %s", stream->path);
		if (stream->ready && (!oldest || strcmp(stream->time, oldest->time) < 0))
			oldest = stream;
	}
	if (!oldest) {
		for (struct stream *stream = reader->streams; stream; stream = stream->next)
			stream->drained = false;
		return 0;
	}
	ret->text = oldest->buffer + oldest->start;
	ret->size = oldest->end - oldest->start;
	memcpy(ret->time, oldest->time, sizeof(ret->time));
	reader->last = oldest;
	return 1;
}
