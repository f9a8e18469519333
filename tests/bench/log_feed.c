/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log path of the supervisor and nothing else: what comes in through the pipe on stdin
 * goes through the json-file writer into the log named on the command line.
 *
 *	seq 1000 | log-feed /dev/shm/x.log [MAX_SIZE_BYTES MAX_FILES [compress]]
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>

#include "base/error.h"
#include "base/str.h"
#include "launcher/logs/log_writer.h"

static int feed(struct log_writer *writer, struct error *err)
{
	for (;;) {
		struct pollfd wait[] = {
			{ .fd = log_writer_blocked(writer) ? -1 : 0, .events = POLLIN },
			{ .fd = log_writer_compressing(writer), .events = POLLIN },
		};
		ssize_t size = 0;

		if (poll(wait, ARRAY_SIZE(wait), log_writer_stalled(writer) ? 100 : -1) < 0 && errno != EINTR)
			return error_set(err, errno, "wait for input");
		if (wait[1].revents)
			log_writer_reap(writer);
		if (wait[0].revents) {
			size = log_writer_read(writer, LOG_STDOUT, 0, err);
			if (size == 0)
				return 0;
		} else if (log_writer_stalled(writer)) {
			size = log_writer_flush(writer, err);
		}
		if (size < 0 && !log_writer_stalled(writer) && size != -EAGAIN)
			return (int)size;
	}
}

int main(int argc, char *argv[])
{
	struct log_options options = { .max_size_bytes = SPEC_UNLIMITED, .max_files = 1 };
	_cleanup_log_writer_ struct log_writer *writer = NULL;
	struct error err = { 0 };

	if (argc < 2 || (argc > 2 && (argc < 4 || str_to_u64(argv[2], &options.max_size_bytes) < 0 ||
				      str_to_u32(argv[3], &options.max_files) < 0))) {
		fprintf(stderr, "usage: log-feed FILE [MAX_SIZE_BYTES MAX_FILES [compress]]\n");
		return EXIT_LAUNCHER;
	}
	options.path = argv[1];
	options.compress = argc > 4 && str_equal(argv[4], "compress");
	if (fcntl(0, F_SETFL, O_NONBLOCK) < 0)
		error_set(&err, errno, "make stdin non-blocking");
	else if (log_writer_open(&options, &writer, &err) == 0)
		feed(writer, &err);
	if (err.code == 0)
		return 0;
	error_print(2, &err);
	return EXIT_LAUNCHER;
}
