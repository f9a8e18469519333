/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Syslog messages, RFC 5424 and the older RFC 3164, as Docker's driver has them:
 *
 *	<30>1 2016-10-06T00:17:09.669794Z host web 4711 web - text
 *	<30>Oct  6 00:17:09 host web[4711]: text
 *
 * The older one goes without the host to a socket of this host: a local daemon takes the word
 * there for the tag. What could end or forge a message is written as rsyslog writes it, "#012" for a
 * newline. Text that does not fit into a message is cut, at a character, into several; each has the header.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "launcher/logs/log_address.h"
#include "launcher/logs/log_sink.h"

enum {
	SEVERITY_ERR = 3,
	SEVERITY_INFO = 6,
	FACILITY_LAST = 23,
	UDP_LIMIT = 2048,   /* RFC 5426: every receiver should take that much */
	LOCAL_LIMIT = 8192, /* rsyslog cuts longer ones, unless told otherwise */
	HOST_MAX = 255,     /* these three: RFC 5424, section 6 */
	APP_NAME_MAX = 48,
	MSGID_MAX = 32,
	TAG_MAX = 32, /* RFC 3164, section 4.1.3 */
	UNIT_MAX = 4, /* bytes that are never parted: a character, "#012" */
	TIME_MAX = 32,
};

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* PRINTUSASCII of RFC 5424, without @without; never empty. */
static void put_word(char *out, const char *text, size_t max, const char *without)
{
	size_t n = 0;

	for (; text[n] && n < max; n++) {
		unsigned char c = (unsigned char)text[n];

		out[n] = (char)(c > ' ' && c < 0x7f && !strchr(without, c) ? c : '_');
	}
	if (n == 0)
		out[n++] = '-';
	out[n] = '\0';
}

static int put_parts(struct log_sink *sink, enum log_stream stream, const struct log_options *options,
		     bool network)
{
	char host[HOST_MAX + 1] = "", name[HOST_MAX + 1] = "", tag[APP_NAME_MAX + 1], id[MSGID_MAX + 1];
	unsigned int priority =
		options->syslog_facility * 8 + (stream == LOG_STDERR ? SEVERITY_ERR : SEVERITY_INFO);
	int lead, tail;

	gethostname(name, sizeof(name) - 1);
	put_word(host, name, HOST_MAX, "");
	put_word(id, log_sink_tag(options), MSGID_MAX, "");
	if (sink->syslog_format == SPEC_SYSLOG_RFC3164) {
		put_word(tag, log_sink_tag(options), TAG_MAX, ":[]");
		lead = asprintf(&sink->lead[stream], "<%u>", priority);
		tail = asprintf(&sink->tail[stream], " %s%s%s[%d]: ", network ? host : "", network ? " " : "",
				tag, (int)getpid());
	} else {
		put_word(tag, log_sink_tag(options), APP_NAME_MAX, "");
		lead = asprintf(&sink->lead[stream], "<%u>1 ", priority);
		tail = asprintf(&sink->tail[stream], " %s %s %d %s - ", host, tag, (int)getpid(), id);
	}
	if (lead < 0)
		sink->lead[stream] = NULL;
	if (tail < 0)
		sink->tail[stream] = NULL;
	if (lead < 0 || tail < 0)
		return -ENOMEM;
	sink->lead_size[stream] = (size_t)lead;
	sink->tail_size[stream] = (size_t)tail;
	return 0;
}

static int init(struct log_sink *sink, const struct log_options *options, const struct log_address *address,
		struct error *err)
{
	int r = 0;

	if (options->syslog_facility > FACILITY_LAST)
		return error_set(err, EINVAL, "syslog facility %u is above %d", options->syslog_facility,
				 FACILITY_LAST);
	tzset(); /* now: later the supervisor may have no view of /etc/localtime; localtime_r() does not look
		    again */
	sink->framed = address->type == SOCK_DGRAM;
	sink->limit = address->network ? UDP_LIMIT : LOCAL_LIMIT;
	sink->syslog_format = options->syslog_format;
	for (size_t i = 0; r == 0 && i < LOG_STREAMS; i++)
		r = put_parts(sink, (enum log_stream)i, options, address->network);
	return r < 0 ? error_set(err, -r, "allocate the log writer") : 0;
}

static size_t header_bound(const struct log_sink *sink, enum log_stream stream)
{
	return LOG_FRAME_SIZE + sink->lead_size[stream] + TIME_MAX + sink->tail_size[stream] + 1;
}

static size_t bound(const struct log_sink *sink, enum log_stream stream, size_t size)
{
	size_t header = header_bound(sink, stream), text = size * UNIT_MAX;
	size_t messages = 1 + text / (sink->limit - header - UNIT_MAX);

	return messages * header + text;
}

static size_t put_time(const struct log_sink *sink, const struct json_clock *time, char *out)
{
	struct tm tm = { 0 };

	switch (sink->syslog_format) {
	case SPEC_SYSLOG_RFC5424MICRO:
	case SPEC_SYSLOG_RFC5424: {
		size_t digits = sink->syslog_format == SPEC_SYSLOG_RFC5424 ? 19 : 26;

		memcpy(out, time->text, digits);
		out[digits] = 'Z';
		return digits + 1;
	}
	case SPEC_SYSLOG_RFC3164:
		break;
	}
	/* its readers take it for their own local time */
	localtime_r(&time->second, &tm);
	return (size_t)snprintf(out, TIME_MAX, "%s %2d %02d:%02d:%02d", months[tm.tm_mon % 12], tm.tm_mday,
				tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static char *put_header(const struct log_sink *sink, const struct log_piece *piece, char *out)
{
	enum log_stream stream = piece->stream;

	if (sink->framed)
		out += LOG_FRAME_SIZE;
	memcpy(out, sink->lead[stream], sink->lead_size[stream]);
	out += sink->lead_size[stream];
	out += put_time(sink, piece->time, out);
	memcpy(out, sink->tail[stream], sink->tail_size[stream]);
	return out + sink->tail_size[stream];
}

static char *end_message(const struct log_sink *sink, char *start, char *out)
{
	uint32_t frame = (uint32_t)(out - start - LOG_FRAME_SIZE);

	if (sink->framed)
		memcpy(start, &frame, sizeof(frame));
	else
		*out++ = '\n';
	return out;
}

/* One character, safe and valid; *ret_taken bytes of text. Return: bytes written, at most UNIT_MAX. */
static size_t put_unit(char *out, const unsigned char *text, size_t size, size_t *ret_taken)
{
	size_t length = 1;

	*ret_taken = 1;
	if (*text < ' ' ? *text != '\t' : *text == 0x7f) {
		out[0] = '#';
		out[1] = (char)('0' + (*text >> 6));
		out[2] = (char)('0' + (*text >> 3 & 7));
		out[3] = (char)('0' + (*text & 7));
		return 4;
	}
	if (*text >= 0x80)
		length = str_utf8_length(text, size);
	if (length == 0) {
		memcpy(out, "\xef\xbf\xbd", 3);
		return 3;
	}
	memcpy(out, text, length);
	*ret_taken = length;
	return length;
}

static size_t format(const struct log_sink *sink, const struct log_piece *piece, char *out)
{
	char *const begin = out, *start = out;
	size_t left = piece->size;
	const unsigned char *text = piece->text;

	out = put_header(sink, piece, start);
	while (left > 0) {
		size_t taken, wrote;

		if ((size_t)(out - start) + UNIT_MAX > sink->limit) {
			start = end_message(sink, start, out);
			out = put_header(sink, piece, start);
		}
		wrote = put_unit(out, text, left, &taken);
		out += wrote;
		text += taken;
		left -= taken;
	}
	return (size_t)(end_message(sink, start, out) - begin);
}

const struct log_sink_type sink_syslog = { .init = init, .bound = bound, .format = format };
