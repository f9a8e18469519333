/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/error.h"
#include "base/fd.h"

enum { CHUNK = 256 * 1024, ROOM = LOG_LINE_MAX + CHUNK };

struct log_lines {
	int fd;
	gzFile gz;           /* reads a duplicate of fd; NULL: not gzipped */
	uint64_t offset;     /* of buffer[begin] */
	size_t begin, end;   /* of what is read and not handed out */
	size_t searched;     /* below it, from begin on, there is no newline */
	bool passing;        /* the begin of an overlong line is thrown away already */
	uint64_t passing_at; /* where it began */
	char buffer[ROOM];
};

int log_lines_open(int fd, bool gzipped, struct log_lines **ret, struct error *err)
{
	_cleanup_log_lines_ struct log_lines *lines = malloc(sizeof(*lines));

	if (!lines) {
		close(fd);
		return error_set(err, ENOMEM, "allocate the log reader");
	}
	/* The buffer stays as it is: pages that are not used cost nothing. */
	memset(lines, 0, offsetof(struct log_lines, buffer));
	lines->fd = fd;
	if (gzipped) {
		_cleanup_fd_ int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

		lines->gz = copy < 0 ? NULL : gzdopen(copy, "rbe");
		if (!lines->gz)
			return error_set(err, copy < 0 ? errno : ENOMEM, "read a gzipped log");
		take_fd(&copy);
		gzbuffer(lines->gz, CHUNK / 2);
	}
	*ret = take_ptr(lines);
	return 0;
}

struct log_lines *log_lines_free(struct log_lines *lines)
{
	if (!lines)
		return NULL;
	if (lines->gz)
		gzclose_r(lines->gz);
	close(lines->fd);
	free(lines);
	return NULL;
}

int log_lines_fd(const struct log_lines *lines)
{
	return lines->fd;
}

uint64_t log_lines_offset(const struct log_lines *lines)
{
	return lines->offset;
}

size_t log_lines_rest(const struct log_lines *lines)
{
	return lines->end - lines->begin;
}

void log_lines_seek(struct log_lines *lines, uint64_t offset)
{
	lines->offset = offset;
	lines->begin = lines->end = lines->searched = 0;
	lines->passing = false;
}

static ssize_t read_gz(struct log_lines *lines, size_t room)
{
	int got = gzread(lines->gz, lines->buffer + lines->end, (unsigned int)room), code;

	if (got > 0)
		return got;
	/* At the end of a file that was cut off gzread() says 0, and only this tells the difference. */
	gzerror(lines->gz, &code);
	if (code == Z_OK || code == Z_STREAM_END)
		return 0;
	return code == Z_ERRNO && errno ? -errno : code == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

/* Return: bytes, 0 at the end, -errno. */
static ssize_t fill(struct log_lines *lines)
{
	size_t used = lines->end - lines->begin;
	ssize_t got;

	if (lines->begin > 0 && ROOM - lines->end < CHUNK) {
		memmove(lines->buffer, lines->buffer + lines->begin, used);
		lines->searched -= lines->begin;
		lines->begin = 0;
		lines->end = used;
	}
	if (lines->gz) {
		got = read_gz(lines, CHUNK);
	} else {
		do
			got = pread(lines->fd, lines->buffer + lines->end, CHUNK,
				    (off_t)(lines->offset + used));
		while (got < 0 && errno == EINTR);
		if (got < 0)
			return -errno;
	}
	if (got > 0)
		lines->end += (size_t)got;
	return got;
}

static void consume(struct log_lines *lines, size_t size)
{
	lines->begin += size;
	lines->offset += size;
	lines->searched = lines->begin;
	if (lines->begin == lines->end)
		lines->begin = lines->end = lines->searched = 0;
}

/* @size bytes of a line, its newline included. */
static int hand_out(struct log_lines *lines, size_t size, struct log_line *ret)
{
	bool passing = lines->passing || size > LOG_LINE_MAX;

	*ret = (struct log_line){
		.text = lines->buffer + lines->begin,
		.size = size - 1,
		.offset = lines->passing ? lines->passing_at : lines->offset,
	};
	lines->passing = false;
	consume(lines, size);
	return passing ? LOG_LINES_OVERLONG : LOG_LINES_LINE;
}

int log_lines_next(struct log_lines *lines, struct log_line *ret)
{
	for (;;) {
		char *from = lines->buffer + lines->searched;
		char *newline = memchr(from, '\n', lines->end - lines->searched);
		ssize_t got;

		if (newline)
			return hand_out(lines, (size_t)(newline - lines->buffer) + 1 - lines->begin, ret);
		lines->searched = lines->end;
		if (lines->end - lines->begin > LOG_LINE_MAX) {
			if (!lines->passing)
				lines->passing_at = lines->offset;
			lines->passing = true;
			consume(lines, lines->end - lines->begin);
		}
		got = fill(lines);
		if (got <= 0)
			return (int)got;
	}
}

struct log_lines_back {
	int fd;
	uint64_t offset; /* of buffer[begin] */
	uint64_t end_offset;
	size_t begin, end; /* not handed out; at @end a line ends, its newline included */
	bool passing;
	char buffer[ROOM];
};

/* Read a piece in front of what is there. Return: bytes, 0 at the file's begin, -errno. */
static ssize_t fill_back(struct log_lines_back *back)
{
	size_t used = back->end - back->begin, want = back->offset < CHUNK ? (size_t)back->offset : CHUNK;
	size_t done = 0;

	if (want == 0)
		return 0;
	if (back->begin < want) {
		memmove(back->buffer + ROOM - used, back->buffer + back->begin, used);
		back->begin = ROOM - used;
		back->end = ROOM;
	}
	while (done < want) {
		ssize_t got = pread(back->fd, back->buffer + back->begin - want + done, want - done,
				    (off_t)(back->offset - want + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) /* truncated meanwhile */
			return got < 0 ? -errno : -ESTALE;
		done += (size_t)got;
	}
	back->begin -= want;
	back->offset -= want;
	return (ssize_t)want;
}

static int skip_rest(struct log_lines_back *back)
{
	for (;;) {
		char *newline = memrchr(back->buffer + back->begin, '\n', back->end - back->begin);
		ssize_t got;

		if (newline) {
			back->end = (size_t)(newline - back->buffer) + 1;
			break;
		}
		back->begin = back->end = ROOM;
		got = fill_back(back);
		if (got < 0)
			return (int)got;
		if (got == 0)
			break;
	}
	back->end_offset = back->offset + (back->end - back->begin);
	return 0;
}

int log_lines_back_open(int fd, struct log_lines_back **ret, struct error *err)
{
	_cleanup_log_lines_back_ struct log_lines_back *back = malloc(sizeof(*back));
	off_t size = lseek(fd, 0, SEEK_END);
	int r;

	if (!back)
		return error_set(err, ENOMEM, "allocate the log reader");
	if (size < 0)
		return error_set(err, errno, "find the end of the log");
	memset(back, 0, offsetof(struct log_lines_back, buffer));
	back->fd = fd;
	back->offset = (uint64_t)size;
	back->begin = back->end = ROOM;
	r = skip_rest(back);
	if (r < 0)
		return error_set(err, -r, "read the log from its end");
	*ret = take_ptr(back);
	return 0;
}

struct log_lines_back *log_lines_back_free(struct log_lines_back *back)
{
	free(back);
	return NULL;
}

uint64_t log_lines_back_end(const struct log_lines_back *back)
{
	return back->end_offset;
}

int log_lines_back_next(struct log_lines_back *back, struct log_line *ret)
{
	size_t last = 1; /* the newline of the line itself is not looked for */
	bool passing = false;

	for (;;) {
		size_t used = back->end - back->begin;
		char *newline = used > last ? memrchr(back->buffer + back->begin, '\n', used - last) : NULL;
		size_t from = newline ? (size_t)(newline - back->buffer) + 1 : back->begin;
		ssize_t got = 0;

		if (!newline) {
			if (used > LOG_LINE_MAX) { /* throw it away, but its begin is still to be found */
				passing = true;
				back->end = back->begin;
				last = 0;
			}
			got = fill_back(back);
			if (got < 0)
				return (int)got;
			if (got > 0)
				continue;
			if (back->end == back->begin && !passing)
				return LOG_LINES_END;
			from = back->begin;
		}
		used = back->end - from;
		*ret = (struct log_line){
			.text = back->buffer + from,
			.size = used > 0 && last ? used - 1 : used,
			.offset = back->offset + (from - back->begin),
		};
		back->end = from;
		return passing || used > LOG_LINE_MAX ? LOG_LINES_OVERLONG : LOG_LINES_LINE;
	}
}
