/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_sink.h"

#include <stdlib.h>

const char *log_sink_name(enum log_stream stream)
{
	return stream == LOG_STDERR ? "stderr" : "stdout";
}

const char *log_sink_tag(const struct log_options *options)
{
	if (options->tag && options->tag[0])
		return options->tag;
	return options->name && options->name[0] ? options->name : "kapsel";
}

void log_sink_deinit(struct log_sink *sink)
{
	for (size_t i = 0; i < LOG_STREAMS; i++) {
		free(sink->lead[i]);
		free(sink->tail[i]);
		sink->lead[i] = sink->tail[i] = NULL;
	}
}
