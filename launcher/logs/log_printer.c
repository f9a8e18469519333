/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_printer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/logs/json_line.h"
#include "launcher/logs/log_stdout.h"
#include "launcher/logs/log_time.h"

enum { STREAMS = 2 };

/* Bytes that grow up to a bound that the caller keeps. */
struct piece {
	char *data;
	size_t size, room;
};

enum line_state {
	LINE_JOINING,  /* kept until it is whole; nothing of it is shown */
	LINE_PASSING,  /* its begin is shown: the rest goes the same way */
	LINE_DROPPING, /* its begin is long enough to know that it is not shown */
};

/* The begun line of one stream. */
struct line {
	enum line_state state;
	bool begun;
	struct piece head; /* time and attributes, of its first piece */
	struct piece text;
	struct piece objects; /* for --json */
};

struct log_printer {
	const struct log_printer_options *options;
	struct log_stdout *outs[STREAMS]; /* both the same for --json */
	bool one_target;                  /* both lead to one terminal or file: their order matters */
	struct line lines[STREAMS];
	struct piece scratch; /* for a line that came whole */
	struct json_clock clock;
	uint64_t skip, counted;
	bool counting;
};

static int piece_add(struct piece *piece, const char *data, size_t size)
{
	size_t wanted = piece->size + size, room = piece->room ? piece->room : 256;
	char *grown;

	if (!piece->data || wanted > piece->room) {
		while (room < wanted)
			room *= 2;
		grown = realloc(piece->data, room);
		if (!grown)
			return -ENOMEM;
		piece->data = grown;
		piece->room = room;
	}
	memcpy(piece->data + piece->size, data, size);
	piece->size = wanted;
	return 0;
}

static bool same_file(int a, int b)
{
	struct stat left, right;

	return fstat(a, &left) == 0 && fstat(b, &right) == 0 && left.st_dev == right.st_dev &&
	       left.st_ino == right.st_ino;
}

struct log_printer *log_printer_new(const struct log_printer_options *options)
{
	_cleanup_log_printer_ struct log_printer *printer = calloc(1, sizeof(*printer));

	if (!printer)
		return NULL;
	printer->options = options;
	printer->outs[LOG_STDOUT] = malloc(sizeof(*printer->outs[0]));
	if (!printer->outs[LOG_STDOUT])
		return NULL;
	log_stdout_init(printer->outs[LOG_STDOUT], options->out_fd);
	if (options->json) {
		printer->outs[LOG_STDERR] = printer->outs[LOG_STDOUT];
		return take_ptr(printer);
	}
	printer->outs[LOG_STDERR] = malloc(sizeof(*printer->outs[0]));
	if (!printer->outs[LOG_STDERR])
		return NULL;
	log_stdout_init(printer->outs[LOG_STDERR], options->err_fd);
	printer->one_target = same_file(options->out_fd, options->err_fd);
	return take_ptr(printer);
}

struct log_printer *log_printer_free(struct log_printer *printer)
{
	if (!printer)
		return NULL;
	for (size_t i = 0; i < STREAMS; i++) {
		free(printer->lines[i].head.data);
		free(printer->lines[i].text.data);
		free(printer->lines[i].objects.data);
	}
	free(printer->scratch.data);
	if (printer->outs[LOG_STDERR] != printer->outs[LOG_STDOUT])
		free(printer->outs[LOG_STDERR]);
	free(printer->outs[LOG_STDOUT]);
	free(printer);
	return NULL;
}

bool log_printer_matches(const struct log_printer *printer)
{
	return printer->options->pattern != NULL;
}

static void forget(struct log_printer *printer)
{
	for (size_t i = 0; i < STREAMS; i++) {
		struct line *line = &printer->lines[i];

		line->state = LINE_JOINING;
		line->begun = false;
		line->head.size = line->text.size = line->objects.size = 0;
	}
}

void log_printer_count(struct log_printer *printer, bool on)
{
	forget(printer);
	printer->counting = on;
}

uint64_t log_printer_counted(const struct log_printer *printer)
{
	return printer->counted;
}

void log_printer_skip(struct log_printer *printer, uint64_t lines)
{
	printer->skip = lines;
}

/* The output of a stream; what waits for the other one goes first if both end in the same place. */
static struct log_stdout *out_of(struct log_printer *printer, enum log_stream stream)
{
	if (printer->one_target)
		log_stdout_flush(printer->outs[stream == LOG_STDOUT ? LOG_STDERR : LOG_STDOUT]);
	return printer->outs[stream];
}

/* An unreadable time is what dockerd shows for it: Go's zero time. */
static int add_time(struct log_printer *printer, const struct log_entry *entry, struct piece *head)
{
	char text[JSON_LINE_TIME_SIZE + 1] = "0001-01-01T00:00:00.000000000Z";
	int64_t ns;

	if (log_entry_time(entry, &ns) == 0 && ns >= 0) {
		const struct timespec time = { ns / LOG_TIME_SECOND, ns % LOG_TIME_SECOND };

		json_line_clock(&printer->clock, &time);
		memcpy(text, printer->clock.text, JSON_LINE_TIME_SIZE);
	}
	text[JSON_LINE_TIME_SIZE] = ' ';
	return piece_add(head, text, sizeof(text));
}

/* As docker shows them: "TIME k=v,k=v text". */
static int make_head(struct log_printer *printer, const struct log_entry *entry, struct piece *head)
{
	size_t size;
	char *details;
	int r = 0;

	head->size = 0;
	if (printer->options->json)
		return 0;
	if (printer->options->timestamps)
		r = add_time(printer, entry, head);
	if (r < 0 || !printer->options->details)
		return r;
	details = malloc(3 * entry->attrs_size + 1);
	if (!details)
		return -ENOMEM;
	size = log_entry_details(entry, details);
	details[size] = ' ';
	r = piece_add(head, details, size + 1);
	free(details);
	return r;
}

/* The objects of a json-file log as they are; of a CRI line the object that would say the same. */
static int add_object(const struct log_line *line, const struct log_entry *entry, struct piece *objects)
{
	static const char *const streams[] = { [LOG_STDOUT] = "stdout", [LOG_STDERR] = "stderr" };
	char *text;
	size_t size;
	int r;

	if (entry->json) {
		r = piece_add(objects, line->text, line->size);
		return r < 0 ? r : piece_add(objects, "\n", 1);
	}
	text = malloc(entry->text_size * JSON_LINE_GROWTH + entry->time_size + 64);
	if (!text)
		return -ENOMEM;
	size = (size_t)(stpcpy(text, "{\"log\":\"") - text);
	size += json_line_escape(text + size, (const unsigned char *)entry->text, entry->text_size);
	size += (size_t)(stpcpy(stpcpy(stpcpy(text + size, "\",\"stream\":\""), streams[entry->stream]),
				"\",\"time\":\"") -
			 (text + size));
	memcpy(text + size, entry->time, entry->time_size); /* it was parsed: digits and little else */
	size += entry->time_size;
	memcpy(text + size, "\"}\n", 3);
	r = piece_add(objects, text, size + 3);
	free(text);
	return r;
}

/* Whether the line, or what there is of it, is to be shown. */
static bool wanted(struct log_printer *printer, const char *text, size_t size)
{
	const regex_t *pattern = printer->options->pattern;
	regmatch_t whole = { .rm_so = 0, .rm_eo = (regoff_t)size };

	if (size > 0 && text[size - 1] == '\n')
		whole.rm_eo--;
	/* REG_STARTEND: there may be a NUL in it. */
	if (pattern && regexec(pattern, text, 1, &whole, REG_STARTEND) != 0)
		return false;
	if (printer->counting) {
		printer->counted++;
		return false;
	}
	if (printer->skip > 0) {
		printer->skip--;
		return false;
	}
	return true;
}

static void show(struct log_printer *printer, enum log_stream stream, const struct piece *head,
		 const char *text, size_t size)
{
	struct log_stdout *out = out_of(printer, stream);

	/* The head is our own: digits, and attributes that are percent-encoded. */
	log_stdout_put(out, head->data, head->size);
	log_stdout_put_text(out, text, size);
}

/* The line is whole, or so long that it must be judged by its begin. */
static void judge(struct log_printer *printer, enum log_stream stream)
{
	struct line *line = &printer->lines[stream];

	line->state = LINE_DROPPING;
	if (wanted(printer, line->text.data, line->text.size)) {
		const struct piece *shown = printer->options->json ? &line->objects : &line->text;

		show(printer, stream, &line->head, shown->data, shown->size);
		line->state = LINE_PASSING;
	}
	line->head.size = line->text.size = line->objects.size = 0;
}

static void end_line(struct line *line)
{
	line->state = LINE_JOINING;
	line->begun = false;
}

static int join(struct log_printer *printer, const struct log_line *source, const struct log_entry *entry)
{
	struct line *line = &printer->lines[entry->stream];
	bool ends = log_entry_ends_line(entry);
	int r = 0;

	if (!line->begun)
		r = make_head(printer, entry, &line->head);
	line->begun = true;
	if (r == 0)
		r = piece_add(&line->text, entry->text, entry->text_size);
	if (r == 0 && printer->options->json)
		r = add_object(source, entry, &line->objects);
	if (r < 0)
		return r;
	if (ends || line->text.size > LOG_PRINTER_JOIN || line->objects.size > 8 * LOG_PRINTER_JOIN)
		judge(printer, entry->stream);
	if (ends)
		end_line(line);
	return 0;
}

/* The line's begin was judged already. */
static int pass(struct log_printer *printer, const struct log_line *source, const struct log_entry *entry)
{
	struct line *line = &printer->lines[entry->stream];
	const struct piece none = { 0 };
	int r = 0;

	if (line->state == LINE_PASSING && !printer->options->json) {
		show(printer, entry->stream, &none, entry->text, entry->text_size);
	} else if (line->state == LINE_PASSING) {
		printer->scratch.size = 0;
		r = add_object(source, entry, &printer->scratch);
		show(printer, entry->stream, &none, printer->scratch.data, printer->scratch.size);
	}
	if (log_entry_ends_line(entry))
		end_line(line);
	return r;
}

/* By far the most lines come in one piece, and are not copied. */
static int whole(struct log_printer *printer, const struct log_line *source, const struct log_entry *entry)
{
	struct piece *head = &printer->lines[entry->stream].head;
	const char *text = entry->text;
	size_t size = entry->text_size;
	int r;

	if (!wanted(printer, entry->text, entry->text_size))
		return 0;
	r = make_head(printer, entry, head);
	if (r == 0 && printer->options->json) {
		printer->scratch.size = 0;
		r = add_object(source, entry, &printer->scratch);
		text = printer->scratch.data;
		size = printer->scratch.size;
	}
	if (r == 0)
		show(printer, entry->stream, head, text, size);
	head->size = 0;
	return r;
}

static int failure(const struct log_printer *printer)
{
	int out = printer->outs[LOG_STDOUT]->failed, err = printer->outs[LOG_STDERR]->failed;

	return out ? -out : -err;
}

int log_printer_entry(struct log_printer *printer, const struct log_line *line, const struct log_entry *entry)
{
	const struct line *begun = &printer->lines[entry->stream];
	int r;

	if (begun->state != LINE_JOINING)
		r = pass(printer, line, entry);
	else if (!begun->begun && log_entry_ends_line(entry))
		r = whole(printer, line, entry);
	else
		r = join(printer, line, entry);
	return r < 0 ? r : failure(printer);
}

static int flush(struct log_printer *printer)
{
	log_stdout_flush(printer->outs[LOG_STDOUT]);
	log_stdout_flush(printer->outs[LOG_STDERR]);
	return failure(printer);
}

int log_printer_idle(struct log_printer *printer)
{
	for (enum log_stream stream = LOG_STDOUT; stream <= LOG_STDERR; stream++) {
		const struct line *line = &printer->lines[stream];

		/* What is to be skipped is decided at a line's end, by the order in which lines end. */
		if (line->begun && line->state == LINE_JOINING && !printer->options->pattern &&
		    printer->skip == 0)
			judge(printer, stream);
	}
	return flush(printer);
}

int log_printer_finish(struct log_printer *printer)
{
	for (enum log_stream stream = LOG_STDOUT; stream <= LOG_STDERR; stream++) {
		struct line *line = &printer->lines[stream];

		if (line->begun && line->state == LINE_JOINING)
			judge(printer, stream);
		end_line(line);
	}
	return flush(printer);
}
