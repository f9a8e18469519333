/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines that a kubelet reads, and podman's k8s-file: "TIME stdout F text", P in place of F when the
 * line goes on in the next entry. What a stream ends with, without a newline, is P as well: containerd and
 * cri-o do so.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "launcher/logs/log_sink.h"

static int init(struct log_sink *sink, _unused_ const struct log_options *options,
		_unused_ const struct log_address *address, struct error *err)
{
	for (size_t i = 0; i < LOG_STREAMS; i++) {
		int size = asprintf(&sink->tail[i], " %s ", log_sink_name((enum log_stream)i));

		if (size < 0) {
			sink->tail[i] = NULL;
			return error_set(err, ENOMEM, "allocate the log writer");
		}
		sink->tail_size[i] = (size_t)size;
	}
	return 0;
}

static size_t bound(const struct log_sink *sink, enum log_stream stream, size_t size)
{
	return JSON_LINE_TIME_SIZE + sink->tail_size[stream] + 2 + size + 1;
}

static size_t format(const struct log_sink *sink, const struct log_piece *piece, char *out)
{
	char *start = out;

	memcpy(out, piece->time->text, JSON_LINE_TIME_SIZE);
	out += JSON_LINE_TIME_SIZE;
	memcpy(out, sink->tail[piece->stream], sink->tail_size[piece->stream]);
	out += sink->tail_size[piece->stream];
	*out++ = piece->newline ? 'F' : 'P';
	*out++ = ' ';
	memcpy(out, piece->text, piece->size);
	out += piece->size;
	*out++ = '\n';
	return (size_t)(out - start);
}

const struct log_sink_type sink_cri = { .init = init, .bound = bound, .format = format };
