/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Docker's json-file, and the lines of driver "socket":
 *
 *	{"log":"…\n","stream":"stdout","attrs":{…},"time":"2016-10-06T00:17:09.669794202Z"}
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "launcher/logs/json_line.h"
#include "launcher/logs/log_sink.h"

static const char head[] = "{\"log\":\"", foot[] = "\"}\n";

static int init(struct log_sink *sink, const struct log_options *options,
		_unused_ const struct log_address *address, struct error *err)
{
	char *attrs = json_line_attrs(&options->attrs);
	int r = 0;

	if (!attrs)
		return error_set(err, ENOMEM, "allocate the log writer");
	if (strlen(attrs) > LOG_ATTRS_MAX) {
		error_set(err, E2BIG, "log attributes have %zu bytes, more than %d", strlen(attrs),
			  LOG_ATTRS_MAX);
		r = error_remedy(err, "choose fewer or shorter ones in log.labels, log.env and log.tag");
	}
	for (size_t i = 0; r == 0 && i < LOG_STREAMS; i++) {
		int size = asprintf(&sink->tail[i], "\",\"stream\":\"%s\",%s\"time\":\"",
				    log_sink_name((enum log_stream)i), attrs);

		if (size < 0) {
			sink->tail[i] = NULL;
			r = error_set(err, ENOMEM, "allocate the log writer");
			break;
		}
		sink->tail_size[i] = (size_t)size;
	}
	free(attrs);
	return r;
}

static size_t bound(const struct log_sink *sink, enum log_stream stream, size_t size)
{
	return sizeof(head) + size * JSON_LINE_GROWTH + 2 + sink->tail_size[stream] + JSON_LINE_TIME_SIZE +
	       sizeof(foot);
}

static size_t format(const struct log_sink *sink, const struct log_piece *piece, char *out)
{
	char *start = out;

	memcpy(out, head, sizeof(head) - 1);
	out += sizeof(head) - 1;
	out += json_line_escape(out, piece->text, piece->size);
	if (piece->newline) {
		memcpy(out, "\\n", 2);
		out += 2;
	}
	memcpy(out, sink->tail[piece->stream], sink->tail_size[piece->stream]);
	out += sink->tail_size[piece->stream];
	memcpy(out, piece->time->text, JSON_LINE_TIME_SIZE);
	out += JSON_LINE_TIME_SIZE;
	memcpy(out, foot, sizeof(foot) - 1);
	return (size_t)(out - start) + sizeof(foot) - 1;
}

const struct log_sink_type sink_json = { .init = init, .bound = bound, .format = format };
