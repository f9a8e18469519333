/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/why/why_log.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "launcher/logs/log_printer.h"
#include "launcher/logs/log_reader.h"

/* Lines can be as long as the workload likes; the last ones are those that tell. */
enum { TEXT_MAX = 4 * 1024 * 1024 };

/* The reader's own output, with the time before each line, in memory. */
static int print_to(int fd, const char *path, const struct log_filter *filter, struct error *err)
{
	const struct log_printer_options options = { .timestamps = true, .out_fd = fd, .err_fd = fd };
	_cleanup_log_printer_ struct log_printer *printer = log_printer_new(&options);
	struct log_request request = { .filter = *filter, .lines = WHY_LOG_LINES_MAX, .out_fd = fd };
	struct log_damage damage;
	struct log_set set;
	int r;

	if (!printer)
		return error_set(err, ENOMEM, "read the log");
	r = log_set_init(&set, path, false, err);
	if (r < 0)
		return r;
	request.set = &set;
	return log_reader_run(&request, printer, NULL, &damage, err);
}

static void take_line(struct why_log *log, char *line, size_t size)
{
	char *text = memchr(line, ' ', size);

	if (!text)
		return; /* the middle of a line whose begin was cut off */
	*text++ = '\0';
	size -= (size_t)(text - line);
	for (size_t i = 0; i < size; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	if (log->n == WHY_LOG_LINES_MAX)
		memmove(log->lines, log->lines + 1, --log->n * sizeof(log->lines[0]));
	log->lines[log->n++] = (struct why_log_line){ line, text, size };
}

static int take_text(int fd, struct arena *arena, struct why_log *ret, struct error *err)
{
	struct stat st;
	off_t skipped;
	size_t size;
	char *text;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "read the log");
	size = st.st_size > TEXT_MAX ? TEXT_MAX : (size_t)st.st_size;
	skipped = st.st_size - (off_t)size;
	text = arena_alloc(arena, size + 1);
	if (!text)
		return error_set(err, ENOMEM, "read the log");
	if (pread(fd, text, size, skipped) != (ssize_t)size)
		return error_set(err, EIO, "read the log");
	for (char *line = text, *end = text + size; line < end;) {
		char *newline = memchr(line, '\n', (size_t)(end - line)), *stop = newline ? newline : end;

		*stop = '\0';
		/* The first one may be the rest of a line. */
		if (line > text || skipped == 0)
			take_line(ret, line, (size_t)(stop - line));
		line = stop + 1;
	}
	return 0;
}

int why_log_read(const char *path, int64_t since_ns, int64_t until_ns, struct arena *arena,
		 struct why_log *ret, struct error *err)
{
	const struct log_filter filter = { since_ns, until_ns, { true, true } };
	_cleanup_fd_ int fd = memfd_create("log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	ret->n = 0;
	if (fd < 0)
		return error_set(err, errno, "read the log");
	r = print_to(fd, path, &filter, err);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : take_text(fd, arena, ret, err);
}
