/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/log_pane.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/logs/log_entry.h"
#include "launcher/logs/log_lines.h"
#include "launcher/logs/log_time.h"
#include "launcher/service/record.h"

enum {
	BEHIND_MAX = 256 * 1024, /* bytes that are read one by one; of more only the end */
	TAIL_MAX = 1024 * 1024,  /* bytes that are looked through for the last lines */
	NOTE_MAX = 160,
};

struct log_pane {
	int inotify;
	int dir_watch;  /* -1: none */
	int file_watch; /* -1: none */
	char path[RECORD_PATH_MAX];
	char service[RECORD_ID_SIZE];
	char note[NOTE_MAX];
	struct log_lines *lines; /* NULL: there is no file yet */
	ino_t ino;
	dev_t dev;
	struct log_pane_line ring[LOG_PANE_LINES];
	size_t first, n;
	char scratch[LOG_LINE_MAX + 1];
};

int log_pane_new(struct log_pane **ret, struct error *err)
{
	struct log_pane *pane = calloc(1, sizeof(*pane));

	if (!pane)
		return error_set(err, ENOMEM, "make room for log lines");
	pane->dir_watch = pane->file_watch = -1;
	pane->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (pane->inotify < 0) {
		error_set(err, errno, "watch logs");
		free(pane);
		return error_remedy(err,
				    "end other watchers, or raise the sysctl fs.inotify.max_user_instances");
	}
	*ret = pane;
	return 0;
}

struct log_pane *log_pane_free(struct log_pane *pane)
{
	if (!pane)
		return NULL;
	log_lines_free(pane->lines);
	close(pane->inotify);
	free(pane);
	return NULL;
}

int log_pane_fd(const struct log_pane *pane)
{
	return pane->inotify;
}

void log_pane_drain(struct log_pane *pane)
{
	_Alignas(struct inotify_event) char events[4096];

	while (read(pane->inotify, events, sizeof(events)) > 0)
		;
}

size_t log_pane_count(const struct log_pane *pane)
{
	return pane->n;
}

const struct log_pane_line *log_pane_line(const struct log_pane *pane, size_t back)
{
	return &pane->ring[(pane->first + pane->n - 1 - back) % LOG_PANE_LINES];
}

const char *log_pane_note(const struct log_pane *pane)
{
	return pane->note;
}

static struct log_pane_line *push_line(struct log_pane *pane)
{
	struct log_pane_line *line;

	if (pane->n == LOG_PANE_LINES) {
		pane->first = (pane->first + 1) % LOG_PANE_LINES;
		pane->n--;
	}
	line = &pane->ring[(pane->first + pane->n++) % LOG_PANE_LINES];
	line->time[0] = '\0';
	line->size = 0;
	return line;
}

/* The line that this entry goes on with: the newest of its stream, if that has not ended. */
static struct log_pane_line *find_begun(struct log_pane *pane, enum log_stream stream)
{
	for (size_t back = 0; back < pane->n; back++) {
		struct log_pane_line *line = &pane->ring[(pane->first + pane->n - 1 - back) % LOG_PANE_LINES];

		if (line->stream == stream)
			return line->ended ? NULL : line;
	}
	return NULL;
}

static void fill_time(const struct log_entry *entry, char *ret, size_t size)
{
	struct tm parts;
	time_t seconds;
	int64_t ns;

	if (log_entry_time(entry, &ns) < 0)
		return;
	seconds = (time_t)(ns / LOG_TIME_SECOND);
	if (localtime_r(&seconds, &parts))
		strftime(ret, size, "%H:%M:%S", &parts);
}

static void take_entry(struct log_pane *pane, const struct log_line *text)
{
	struct log_pane_line *line;
	struct log_entry entry;
	size_t size;

	if (log_entry_parse(text->text, text->size, pane->scratch, &entry) < 0)
		return;
	line = find_begun(pane, entry.stream);
	if (!line) {
		line = push_line(pane);
		line->stream = entry.stream;
		fill_time(&entry, line->time, sizeof(line->time));
	}
	line->ended = log_entry_ends_line(&entry);
	size = entry.text_size - line->ended;
	if (size > sizeof(line->text) - line->size)
		size = sizeof(line->text) - line->size;
	memcpy(line->text + line->size, entry.text, size);
	line->size += size;
}

/* What was added since the last time. Return: whether there was anything. */
static bool read_lines(struct log_pane *pane)
{
	struct log_line line;
	bool more = false;
	int r;

	while ((r = log_lines_next(pane->lines, &line)) > LOG_LINES_END) {
		more = true;
		if (r == LOG_LINES_LINE)
			take_entry(pane, &line);
	}
	return more;
}

/* The begin of the last LOG_PANE_LINES lines, as far as they are in the last TAIL_MAX bytes. */
static uint64_t find_tail(int fd)
{
	_cleanup_log_lines_back_ struct log_lines_back *back = NULL;
	struct log_line line;
	uint64_t end, begin;

	if (log_lines_back_open(fd, &back, NULL) < 0)
		return 0;
	end = begin = log_lines_back_end(back);
	for (size_t i = 0; i < LOG_PANE_LINES && end - begin < TAIL_MAX; i++) {
		if (log_lines_back_next(back, &line) == LOG_LINES_END)
			return 0;
		begin = line.offset;
	}
	return begin;
}

/* One file's last lines, without staying with it: of an older one. */
static void read_older(struct log_pane *pane)
{
	char path[RECORD_PATH_MAX + 2];
	struct log_lines *lines = NULL;
	struct log_line line;
	uint64_t begin;
	int fd, r;

	snprintf(path, sizeof(path), "%s.1", pane->path);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	begin = find_tail(fd);
	if (log_lines_open(fd, false, &lines, NULL) < 0)
		return;
	log_lines_seek(lines, begin);
	while ((r = log_lines_next(lines, &line)) > LOG_LINES_END)
		if (r == LOG_LINES_LINE)
			take_entry(pane, &line);
	log_lines_free(lines);
}

static void say_missing(struct log_pane *pane, int errnum)
{
	if (errnum == ENOENT)
		snprintf(pane->note, sizeof(pane->note), "nothing was logged yet");
	else
		snprintf(pane->note, sizeof(pane->note), "the log can not be read: %s", error_name(errnum));
}

/* Return: whether there is a file now. */
static bool open_log(struct log_pane *pane, bool tail)
{
	int fd = open(pane->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char path[FD_PATH_MAX];
	uint64_t begin;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		say_missing(pane, fd < 0 ? errno : EINVAL);
		fd_close(&fd);
		return false;
	}
	pane->note[0] = '\0';
	if (pane->file_watch >= 0)
		inotify_rm_watch(pane->inotify, pane->file_watch);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	pane->file_watch = inotify_add_watch(pane->inotify, path, IN_MODIFY | IN_ATTRIB);
	begin = tail ? find_tail(fd) : 0;
	if (tail && begin == 0)
		read_older(pane);
	pane->lines = log_lines_free(pane->lines);
	if (log_lines_open(fd, false, &pane->lines, NULL) < 0) {
		say_missing(pane, ENOMEM);
		return false;
	}
	pane->dev = st.st_dev;
	pane->ino = st.st_ino;
	log_lines_seek(pane->lines, begin);
	return true;
}

static void watch_dir(struct log_pane *pane)
{
	char dir[RECORD_PATH_MAX];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", pane->path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return;
	*slash = '\0';
	pane->dir_watch = inotify_add_watch(pane->inotify, dir, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
}

static void forget(struct log_pane *pane)
{
	if (pane->dir_watch >= 0)
		inotify_rm_watch(pane->inotify, pane->dir_watch);
	if (pane->file_watch >= 0)
		inotify_rm_watch(pane->inotify, pane->file_watch);
	pane->dir_watch = pane->file_watch = -1;
	pane->lines = log_lines_free(pane->lines);
	pane->first = pane->n = 0;
	pane->path[0] = pane->note[0] = pane->service[0] = '\0';
}

static bool has_file(const struct record *record)
{
	return record->log_path[0] &&
	       (str_equal(record->log_driver, "json-file") || str_equal(record->log_driver, "cri"));
}

void log_pane_watch(struct log_pane *pane, const struct record *record)
{
	if (str_equal(pane->service, record ? record->id : ""))
		return;
	forget(pane);
	if (!record)
		return;
	snprintf(pane->service, sizeof(pane->service), "%s", record->id);
	if (!has_file(record)) {
		snprintf(pane->note, sizeof(pane->note), "the log driver %s keeps no file to read here",
			 record->log_driver);
		return;
	}
	snprintf(pane->path, sizeof(pane->path), "%s", record->log_path);
	watch_dir(pane);
	if (open_log(pane, true))
		read_lines(pane);
}

/* Far behind, or the file was cut off: go on near its end. */
static void catch_up(struct log_pane *pane)
{
	const uint64_t offset = log_lines_offset(pane->lines);
	struct stat st;

	if (fstat(log_lines_fd(pane->lines), &st) < 0)
		return;
	if ((uint64_t)st.st_size < offset)
		log_lines_seek(pane->lines, 0);
	else if ((uint64_t)st.st_size - offset > BEHIND_MAX)
		log_lines_seek(pane->lines, find_tail(log_lines_fd(pane->lines)));
}

bool log_pane_refresh(struct log_pane *pane)
{
	struct stat st;
	bool more = false;

	if (!pane->path[0])
		return false;
	if (pane->lines) {
		catch_up(pane);
		more = read_lines(pane);
	} else if (pane->dir_watch < 0) {
		watch_dir(pane);
	}
	/* Rotated: what was written to the old file until then has been read. */
	if (pane->lines && (stat(pane->path, &st) < 0 || (st.st_ino == pane->ino && st.st_dev == pane->dev)))
		return more;
	if (!open_log(pane, false))
		return more;
	catch_up(pane);
	return read_lines(pane) || more;
}
