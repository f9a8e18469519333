/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log path of the supervisor and nothing else: what comes in through the pipe on stdin
 * goes through the log writer as the workload's stdout.
 *
 *	seq 1000 | log-feed /dev/shm/x.log [MAX_SIZE_BYTES MAX_FILES [compress]]
 *	seq 1000 | log-feed KEY=VALUE...
 *
 * The keys: driver (json-file cri journald syslog socket), path, max_size, max_files, compress=yes,
 *stream=stderr, name, id, image, tag, label=NAME=VALUE (up to eight), address, facility, format, socket,
 *on_full=drop. The end of the log waits for a receiver that is slow or away.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "launcher/logs/log_writer.h"

enum { LABELS_MAX = 8 };

struct feed {
	struct log_options options;
	struct spec_pair labels[LABELS_MAX];
	enum log_stream stream;
};

static int feed(struct log_writer *writer, enum log_stream stream, struct error *err)
{
	bool ended = false;

	while (!ended || log_writer_stalled(writer)) {
		struct pollfd wait[] = {
			{ .fd = ended || log_writer_blocked(writer) ? -1 : 0, .events = POLLIN },
			{ .fd = log_writer_compressing(writer), .events = POLLIN },
		};
		ssize_t size = 0;

		if (poll(wait, ARRAY_SIZE(wait), log_writer_stalled(writer) ? 100 : -1) < 0 && errno != EINTR)
			return error_set(err, errno, "wait for input");
		if (wait[1].revents)
			log_writer_reap(writer);
		if (wait[0].revents) {
			size = log_writer_read(writer, stream, 0, err);
			ended = size == 0;
		} else if (log_writer_stalled(writer)) {
			size = log_writer_flush(writer, err);
		}
		if (size < 0 && !log_writer_stalled(writer) && size != -EAGAIN)
			return (int)size;
	}
	err->code = 0;
	return 0;
}

static int find(const char *value, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_equal(value, names[i]))
			return (int)i;
	return -1;
}

static int set_choice(struct feed *feed, const char *key, const char *value)
{
	static const char *const drivers[] = { "json-file", "journald", "syslog", "cri", "socket" };
	static const char *const formats[] = { "rfc5424micro", "rfc5424", "rfc3164" };
	int choice;

	if (str_equal(key, "driver")) {
		choice = find(value, drivers, ARRAY_SIZE(drivers));
		feed->options.driver = (enum spec_log_driver)choice;
		return choice;
	}
	if (str_equal(key, "format")) {
		choice = find(value, formats, ARRAY_SIZE(formats));
		feed->options.syslog_format = (enum spec_syslog_format)choice;
		return choice;
	}
	if (str_equal(key, "max_size"))
		return str_to_u64(value, &feed->options.max_size_bytes);
	if (str_equal(key, "max_files"))
		return str_to_u32(value, &feed->options.max_files);
	if (str_equal(key, "facility"))
		return str_to_u32(value, &feed->options.syslog_facility);
	if (str_equal(key, "compress"))
		feed->options.compress = str_equal(value, "yes");
	else if (str_equal(key, "stream"))
		feed->stream = str_equal(value, "stderr") ? LOG_STDERR : LOG_STDOUT;
	else if (str_equal(key, "on_full"))
		feed->options.on_full = str_equal(value, "drop") ? SPEC_FULL_DROP : SPEC_FULL_BLOCK;
	else
		return -EINVAL;
	return 0;
}

static int set(struct feed *feed, const char *key, char *value)
{
	struct log_options *options = &feed->options;
	const struct {
		const char *key, **at;
	} texts[] = {
		{ "path", &options->path },     { "name", &options->name },
		{ "id", &options->id },         { "image", &options->image },
		{ "tag", &options->tag },       { "address", &options->syslog_address },
		{ "socket", &options->socket },
	};
	char *equals = strchr(value, '=');

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (str_equal(key, texts[i].key)) {
			*texts[i].at = value;
			return 0;
		}
	}
	if (!str_equal(key, "label"))
		return set_choice(feed, key, value);
	if (!equals || options->attrs.n == LABELS_MAX)
		return -EINVAL;
	*equals = '\0';
	feed->labels[options->attrs.n++] = (struct spec_pair){ .name = value, .value = equals + 1 };
	options->attrs.items = feed->labels;
	return 0;
}

static int parse(struct feed *feed, int argc, char *argv[])
{
	if (argc > 1 && argv[1][0] == '/') {
		feed->options.path = argv[1];
		feed->options.compress = argc > 4 && str_equal(argv[4], "compress");
		if (argc == 2)
			return 0;
		if (argc < 4 || str_to_u64(argv[2], &feed->options.max_size_bytes) < 0)
			return -EINVAL;
		return str_to_u32(argv[3], &feed->options.max_files);
	}
	for (int i = 1; i < argc; i++) {
		char *equals = strchr(argv[i], '=');

		if (!equals)
			return -EINVAL;
		*equals = '\0';
		if (set(feed, argv[i], equals + 1) < 0)
			return -EINVAL;
	}
	return argc > 1 ? 0 : -EINVAL;
}

int main(int argc, char *argv[])
{
	struct feed what = { .options = { .max_size_bytes = SPEC_UNLIMITED, .max_files = 1 } };
	_cleanup_log_writer_ struct log_writer *writer = NULL;
	struct error err = { 0 };

	if (parse(&what, argc, argv) < 0) {
		fprintf(stderr, "usage: log-feed FILE [MAX_SIZE_BYTES MAX_FILES [compress]]\n"
				"       log-feed KEY=VALUE...\n");
		return EXIT_LAUNCHER;
	}
	writer = log_writer_allocate(&err);
	if (writer && log_writer_open(writer, &what.options, &err) == 0)
		feed(writer, what.stream, &err);
	log_writer_close(writer);
	if (err.code == 0)
		return 0;
	error_print(2, &err);
	return EXIT_LAUNCHER;
}
