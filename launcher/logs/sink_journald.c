/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * systemd-journald's native protocol, with the fields that Docker's driver writes. A message is a
 * list of fields: "NAME=value\n", or, for any bytes, "NAME\n", the length in 8 bytes (little-endian),
 * the value, "\n". Source: systemd's document "Native Journal Protocol".
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "launcher/logs/log_sink.h"

enum {
	NAME_MAX_BYTES = 64,    /* journald drops a field with a longer name */
	SHORT_ID = 12,          /* Docker's */
	ENTRY_FIELDS_MAX = 512, /* the fields of put_entry() without the text */
};

/* Ours; a label with such a name would give the entry a second, false value. */
static const char *const reserved[] = {
	"MESSAGE",
	"PRIORITY",
	"CONTAINER_ID",
	"CONTAINER_ID_FULL",
	"CONTAINER_NAME",
	"CONTAINER_TAG",
	"IMAGE_NAME",
	"SYSLOG_IDENTIFIER",
	"SYSLOG_TIMESTAMP",
	"CONTAINER_LOG_EPOCH",
	"CONTAINER_LOG_ORDINAL",
	"CONTAINER_PARTIAL_MESSAGE",
	"CONTAINER_PARTIAL_ID",
	"CONTAINER_PARTIAL_ORDINAL",
	"CONTAINER_PARTIAL_LAST",
};

static void put_field(FILE *out, const char *name, const char *value, size_t size)
{
	uint64_t length = htole64(size);

	if (memchr(value, '\n', size)) {
		fprintf(out, "%s\n", name);
		fwrite(&length, sizeof(length), 1, out);
	} else {
		fprintf(out, "%s=", name);
	}
	fwrite(value, 1, size, out);
	fputc('\n', out);
}

static void put_text(FILE *out, const char *name, const char *value)
{
	if (value && value[0])
		put_field(out, name, value, strlen(value));
}

/*
 * Docker's rule: upper case, other characters become "_", none at the start. A field that
 * begins with "_" is journald's own word about the sender and can't be set by one; those with a digit
 * in front it drops.
 */
static bool field_name(const char *from, char name[static NAME_MAX_BYTES + 1])
{
	size_t n = 0;

	for (; *from && n < NAME_MAX_BYTES; from++) {
		char c = *from;

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		else if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
			c = '_';
		if (n > 0 || (c >= 'A' && c <= 'Z'))
			name[n++] = c;
	}
	name[n] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (str_equal(name, reserved[i]))
			return false;
	return n > 0;
}

static void put_attrs(FILE *out, const struct spec_pairs *pairs)
{
	char name[NAME_MAX_BYTES + 1];

	for (size_t i = 0; i < pairs->n; i++)
		if (field_name(pairs->items[i].name, name))
			put_text(out, name, pairs->items[i].value);
}

static int put_lead(struct log_sink *sink, enum log_stream stream, const struct log_options *options,
		    struct error *err)
{
	FILE *out = open_memstream(&sink->lead[stream], &sink->lead_size[stream]);
	const char *id = options->id ? options->id : "";
	bool failed;

	if (!out)
		return error_set(err, ENOMEM, "allocate the log writer");
	put_text(out, "PRIORITY", stream == LOG_STDERR ? "3" : "6");
	put_field(out, "CONTAINER_ID", id, strnlen(id, SHORT_ID));
	put_text(out, "CONTAINER_ID_FULL", id);
	put_text(out, "CONTAINER_NAME", options->name);
	put_text(out, "CONTAINER_TAG", log_sink_tag(options));
	put_text(out, "SYSLOG_IDENTIFIER", log_sink_tag(options));
	put_text(out, "IMAGE_NAME", options->image);
	fprintf(out, "CONTAINER_LOG_EPOCH=%.*s\n", LOG_EPOCH_SIZE, sink->epoch);
	put_attrs(out, &options->attrs);
	failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed)
		return error_set(err, ENOMEM, "allocate the log writer");
	return 0;
}

static int init(struct log_sink *sink, const struct log_options *options,
		_unused_ const struct log_address *address, struct error *err)
{
	int r = 0;

	sink->framed = true;
	for (size_t i = 0; r == 0 && i < LOG_STREAMS; i++)
		r = put_lead(sink, (enum log_stream)i, options, err);
	if (r == 0 && sink->lead_size[0] > LOG_ATTRS_MAX) {
		error_set(err, E2BIG, "log attributes have %zu bytes, more than %d", sink->lead_size[0],
			  LOG_ATTRS_MAX);
		return error_remedy(err, "choose fewer or shorter ones in log.labels, log.env and log.tag");
	}
	return r;
}

static size_t bound(const struct log_sink *sink, enum log_stream stream, size_t size)
{
	return LOG_FRAME_SIZE + sink->lead_size[stream] + ENTRY_FIELDS_MAX + size;
}

/* One identity for all pieces of a line, as long as Docker's: the epoch and the first piece's ordinal. */
static size_t put_partial(const struct log_sink *sink, const struct log_piece *piece, char *out)
{
	if (piece->part == 1 && piece->last)
		return 0;
	return (size_t)sprintf(out,
			       "CONTAINER_PARTIAL_ID=%.*s%016llx\nCONTAINER_PARTIAL_ORDINAL=%u\n"
			       "CONTAINER_PARTIAL_LAST=%s\n%s",
			       LOG_EPOCH_SIZE, sink->epoch, (unsigned long long)piece->first, piece->part,
			       piece->last ? "true" : "false",
			       piece->last ? "" : "CONTAINER_PARTIAL_MESSAGE=true\n");
}

static size_t format(const struct log_sink *sink, const struct log_piece *piece, char *out)
{
	uint64_t length = htole64(piece->size);
	char *start = out + LOG_FRAME_SIZE;
	uint32_t frame;

	out = start;
	memcpy(out, sink->lead[piece->stream], sink->lead_size[piece->stream]);
	out += sink->lead_size[piece->stream];
	out += sprintf(out, "CONTAINER_LOG_ORDINAL=%llu\nSYSLOG_TIMESTAMP=%.*s\n",
		       (unsigned long long)piece->ordinal, JSON_LINE_TIME_SIZE, piece->time->text);
	out += put_partial(sink, piece, out);
	/* With its length in front, always: the workload's bytes are not looked at. */
	memcpy(out, "MESSAGE\n", 8);
	memcpy(out + 8, &length, sizeof(length));
	out += 8 + sizeof(length);
	memcpy(out, piece->text, piece->size);
	out += piece->size;
	*out++ = '\n';
	frame = (uint32_t)(out - start);
	memcpy(start - LOG_FRAME_SIZE, &frame, sizeof(frame));
	return LOG_FRAME_SIZE + frame;
}

const struct log_sink_type sink_journald = { .init = init, .bound = bound, .format = format };
