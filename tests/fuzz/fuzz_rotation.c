/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of a log and of events as somebody left them in the directory (directory.h): web.log with its
 * older ones, and NAME/NAME-events.jsonl. "limit" says how many are kept. Listing, reading and rotating must
 * cope with any names, links, directories and gaps, and never lose a file but the oldest.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/logs/log_filter.h"
#include "launcher/logs/log_printer.h"
#include "launcher/logs/log_reader.h"
#include "launcher/logs/log_seek.h"
#include "launcher/logs/log_set.h"
#include "launcher/logs/rotation.h"
#include "launcher/service/event_reader.h"
#include "tests/fuzz/directory.h"

static size_t list(const struct log_set *set)
{
	struct error err = { 0 };
	struct log_slot *slots;
	size_t n;

	demand(log_set_list(set, &slots, &n, &err) == 0);
	for (size_t i = 0; i < n; i++) {
		_cleanup_fd_ int fd = -1;
		int64_t ns;

		demand(i == 0 || slots[i - 1].number < slots[i].number);
		err = (struct error){ 0 };
		fd = log_set_open(set, &slots[i], &err);
		demand(fd >= 0 || err.msg[0] || fd == -ESTALE);
		if (fd >= 0)
			(void)!log_set_last_time(fd, slots[i].gzipped, &ns);
	}
	free(slots);
	return n;
}

static void seek(const struct log_set *set)
{
	struct log_filter filter = { .since_ns = INT64_C(1475712000000000000),
				     .until_ns = INT64_MAX,
				     .streams = { true, true } };
	struct log_start start;
	struct error err = { 0 };

	if (log_seek_start(set, &filter, 2, &start, &err) < 0)
		demand(err.msg[0] != '\0');
	filter.since_ns = INT64_MIN;
	(void)!log_seek_start(set, &filter, LOG_SEEK_ALL, &start, &err);
}

/*
 * The C library's own, which reads no further than REG_STARTEND says. AddressSanitizer's measures the text
 * with strlen(3), and what is searched may hold a NUL and end without one.
 */
int regexec(const regex_t *pattern, const char *text, size_t n, regmatch_t *matches, int flags)
{
	int (*real)(const regex_t *, const char *, size_t, regmatch_t *, int) = NULL;

	*(void **)&real = dlsym(RTLD_NEXT, "regexec");
	demand(real && (flags & REG_STARTEND));
	return real(pattern, text, n, matches, flags);
}

/* What `logs` shows of it, whichever way, ends; a line that was no entry is counted. */
static void show(const struct log_set *set, size_t size)
{
	_cleanup_fd_ int out = memfd_create("shown", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	static regex_t pattern;
	static bool compiled;
	const struct log_printer_options options = { .timestamps = size & 1,
						     .pattern = size % 3 ? &pattern : NULL,
						     .details = size & 2,
						     .json = size % 5 == 0,
						     .out_fd = out,
						     .err_fd = out };
	_cleanup_log_printer_ struct log_printer *printer = log_printer_new(&options);
	struct log_request request = { .set = set,
				       .filter = { LOG_TIME_MIN, LOG_TIME_MAX, { true, size & 4 } },
				       .lines = size & 8 ? 2 : LOG_SEEK_ALL,
				       .out_fd = out };
	struct log_damage damage;
	struct error err = { 0 };

	demand(out >= 0 && printer != NULL);
	if (!compiled)
		demand(regcomp(&pattern, "[a-n]", REG_EXTENDED | REG_NOSUB) == 0);
	compiled = true;
	if (size & 16)
		request.filter.since_ns = INT64_C(1475712000000000000);
	if (log_reader_run(&request, printer, NULL, &damage, &err) < 0)
		demand(err.msg[0] != '\0');
	else
		demand(strnlen(damage.file, sizeof(damage.file)) < sizeof(damage.file));
}

static void rotate(const struct log_set *set)
{
	struct rotation rotation = { .compress = false };
	char *limit = directory_text("limit");
	struct error err = { 0 };
	uint32_t max = 3;

	if (limit)
		limit[strcspn(limit, "\n")] = '\0';
	if (!limit || str_to_u32(limit, &max) < 0 || max == 0 || max > 20)
		max = 3;
	free(limit);
	rotation_init(&rotation, fcntl(directory_fd(), F_DUPFD_CLOEXEC, 3), "web.log");
	rotation.max_files = max;
	if (rotation_shift(&rotation, &err) < 0)
		demand(err.msg[0] != '\0');
	else
		demand(faccessat(directory_fd(), "web.log", F_OK, AT_SYMLINK_NOFOLLOW) < 0);
	rotation_deinit(&rotation);
	list(set);
}

static void events(void)
{
	_cleanup_event_reader_ struct event_reader *reader = event_reader_new();
	struct event_reader_line line;
	struct error err = { 0 };
	char before[sizeof(line.time)] = "";

	demand(reader != NULL);
	if (event_reader_add_below(reader, directory_path(), &err) < 0)
		return;
	for (int n = 0; n < 1000 && event_reader_next(reader, &line, &err) == 1; n++) {
		demand(strlen(line.text) <= line.size && !strchr(line.text, '\n'));
		memcpy(before, line.time, sizeof(before));
	}
	demand(strnlen(before, sizeof(before)) < sizeof(before));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct log_set set;
	char path[128];

	directory_fill(data, size);
	snprintf(path, sizeof(path), "%s/web.log", directory_path());
	demand(log_set_init(&set, path, false, &err) == 0);
	list(&set);
	seek(&set);
	for (size_t bits = 0; bits < 3; bits++)
		show(&set, size + 7 * bits);
	events();
	rotate(&set);
	if (log_set_init(&set, path, true, &err) == 0)
		list(&set);
	return 0;
}
