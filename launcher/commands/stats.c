/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel stats: what the running services use, as `docker stats` shows it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "launcher/commands/commands.h"
#include "launcher/host.h"
#include "launcher/oci/commands/duration.h"
#include "launcher/service/sample.h"
#include "launcher/service/stats_row.h"
#include "profiles/json_print.h"

enum { REFRESH_MS = 1000, FIELD_WORD_MAX = 32, COLUMN_GAP = 3 };

#define USUAL_COLUMNS ((1U << STATS_USUAL_COLUMNS) - 1)

struct request {
	char run_dir[HOST_PATH_MAX];
	char *const *names;
	size_t n_names;
	bool all, once, truncate, json;
	const char *format;   /* NULL: a table, or JSON */
	unsigned int columns; /* bits by enum stats_column */
	uint64_t sample_ms;   /* between two readings; 0: one reading is enough */
};

/* All services at one moment. */
struct frame {
	struct arena *arena;
	struct sample *samples;
	size_t n;
};

static void frame_free(struct frame *frame)
{
	frame->arena = arena_free(frame->arena);
}
#define _cleanup_frame_ _cleanup_(frame_free)

static int read_frame(const struct request *request, struct frame *ret, struct error *err)
{
	_cleanup_frame_ struct frame frame = { .arena = arena_new() };
	int r;

	if (!frame.arena)
		return error_set(err, ENOMEM, "read the services");
	r = sample_list(request->run_dir, request->names, request->n_names, !request->all,
			stats_parts(request->columns), frame.arena, &frame.samples, &frame.n, err);
	if (r < 0)
		return r;
	frame_free(ret);
	*ret = frame;
	frame.arena = NULL;
	return 0;
}

static const struct sample *find_before(const struct frame *before, const struct sample *sample)
{
	for (size_t i = 0; i < before->n; i++)
		if (str_equal(before->samples[i].record->id, sample->record->id))
			return &before->samples[i];
	return NULL;
}

static void print_json(const struct request *request, const struct stats_row *row)
{
	/* Docker prints a key for what the container was asked for by, too. */
	fputs("{\"Container\":", stdout);
	json_print_string(stdout, row->text[STATS_NAME]);
	for (unsigned int i = 0; i < STATS_COLUMNS; i++) {
		if (!(request->columns >> i & 1))
			continue;
		printf(",\"%s\":", stats_headings[i].key);
		json_print_string(stdout, row->text[i]);
	}
	puts("}");
}

/* The column that "{word}" stands for; @length: of the word. STATS_COLUMNS: none. */
static unsigned int find_word(const char *word, size_t length)
{
	unsigned int i = 0;

	while (i < STATS_COLUMNS && (strlen(stats_headings[i].word) != length ||
				     strncmp(stats_headings[i].word, word, length) != 0))
		i++;
	return i;
}

/* Checked by parse_format(): every brace has its word. */
static void print_format(const char *format, const struct stats_row *row)
{
	for (const char *next = format; *next; next++) {
		size_t length = strcspn(next + 1, "}");

		if (*next == '\\' && (next[1] == 't' || next[1] == 'n')) {
			putchar(*++next == 't' ? '\t' : '\n');
		} else if (*next != '{') {
			putchar(*next);
		} else {
			fputs(row->text[find_word(next + 1, length)], stdout);
			next += length + 1;
		}
	}
	putchar('\n');
}

static void print_cell(const char *text, size_t width, bool last)
{
	if (last)
		puts(text);
	else
		printf("%-*s", (int)width + COLUMN_GAP, text);
}

static void print_table(const struct request *request, const struct stats_row *rows, size_t n)
{
	size_t width[STATS_COLUMNS];
	unsigned int last = 0;

	for (unsigned int i = 0; i < STATS_COLUMNS; i++) {
		width[i] = strlen(stats_headings[i].title);
		for (size_t row = 0; row < n; row++)
			if (strlen(rows[row].text[i]) > width[i])
				width[i] = strlen(rows[row].text[i]);
		if (request->columns >> i & 1)
			last = i;
	}
	for (unsigned int i = 0; i < STATS_COLUMNS; i++)
		if (request->columns >> i & 1)
			print_cell(stats_headings[i].title, width[i], i == last);
	for (size_t row = 0; row < n; row++)
		for (unsigned int i = 0; i < STATS_COLUMNS; i++)
			if (request->columns >> i & 1)
				print_cell(rows[row].text[i], width[i], i == last);
}

static int print_frame(const struct request *request, const struct frame *frame, const struct frame *before,
		       struct error *err)
{
	const enum stats_period period =
		request->once && request->sample_ms == 0 ? STATS_SINCE_START : STATS_SINCE_READING;
	struct stats_row *rows = arena_array(frame->arena, frame->n, sizeof(*rows));

	if (!rows)
		return error_set(err, ENOMEM, "print the statistics");
	for (size_t i = 0; i < frame->n; i++)
		stats_row_fill(&frame->samples[i], find_before(before, &frame->samples[i]), period,
			       request->truncate, &rows[i]);
	if (!request->once && isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	if (!request->json && !request->format)
		print_table(request, rows, frame->n);
	for (size_t i = 0; i < frame->n; i++) {
		if (request->format)
			print_format(request->format, &rows[i]);
		else if (request->json)
			print_json(request, &rows[i]);
	}
	if (fflush(stdout) < 0)
		return error_set(err, errno, "print the statistics");
	return 0;
}

static void sleep_ms(uint64_t ms)
{
	struct timespec left = { .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

static int show(const struct request *request, struct error *err)
{
	_cleanup_frame_ struct frame now = { NULL, NULL, 0 }, before = { NULL, NULL, 0 };
	const bool two = request->once && request->sample_ms > 0;
	int r = read_frame(request, two ? &before : &now, err);

	if (r == 0 && two) {
		sleep_ms(request->sample_ms);
		r = read_frame(request, &now, err);
	}
	while (r == 0) {
		r = print_frame(request, &now, &before, err);
		if (r < 0 || request->once)
			break;
		sleep_ms(request->sample_ms ? request->sample_ms : REFRESH_MS);
		frame_free(&before);
		before = now;
		now = (struct frame){ NULL, NULL, 0 };
		r = read_frame(request, &now, err);
	}
	return r;
}

static int unknown_word(const struct command *command, const char *option, const char *word, size_t length,
			unsigned int first)
{
	const char *words[STATS_COLUMNS], *nearest;
	char shown[FIELD_WORD_MAX];
	size_t n = 0;

	for (unsigned int i = first; i < STATS_COLUMNS; i++)
		words[n++] = stats_headings[i].word;
	snprintf(shown, sizeof(shown), "%.*s", (int)length, word);
	nearest = str_nearest(shown, words, n);
	if (nearest)
		return command_usage_error(command, "--%s: unknown word \"%s\"; did you mean \"%s\"?", option,
					   shown, nearest);
	return command_usage_error(command, "--%s: unknown word \"%s\"; the first known ones are %s, %s, %s",
				   option, shown, words[0], words[1], words[2]);
}

/* Return: 0, or the exit status of a mistake. */
static int parse_format(const struct command *command, struct request *request)
{
	request->columns = 0;
	for (const char *next = request->format; *next; next++) {
		size_t length = strcspn(next + 1, "}");
		unsigned int column;

		if (*next != '{')
			continue;
		if (!next[length + 1])
			return command_usage_error(command, "--format: a { without its }");
		column = find_word(next + 1, length);
		if (column == STATS_COLUMNS)
			return unknown_word(command, "format", next + 1, length, 0);
		request->columns |= 1U << column;
		next += length + 1;
	}
	return 0;
}

static int parse_columns(const struct command *command, const char *text, struct request *request)
{
	while (*text) {
		size_t length = strcspn(text, ",");
		unsigned int column = find_word(text, length);

		if (column < STATS_USUAL_COLUMNS || column == STATS_COLUMNS)
			return unknown_word(command, "columns", text, length, STATS_USUAL_COLUMNS);
		request->columns |= 1U << column;
		text += length + (text[length] == ',');
	}
	return 0;
}

static int parse_request(const struct command *command, const struct command_parse *parse,
			 struct request *ret)
{
	const char *sample = command_given(command, parse, "sample");
	const char *columns = command_given(command, parse, "columns");
	int status = 0;

	*ret = (struct request){
		.names = parse->operands,
		.n_names = (size_t)parse->n_operands,
		.all = command_given(command, parse, "all"),
		.once = command_given(command, parse, "no-stream"),
		.truncate = !command_given(command, parse, "no-trunc"),
		.json = command_given(command, parse, "json"),
		.format = command_given(command, parse, "format"),
		.columns = USUAL_COLUMNS,
	};
	if (parse->after)
		return command_usage_error(command, "nothing may stand behind --");
	if (ret->json && ret->format)
		return command_usage_error(command, "--json and --format exclude each other");
	if (sample && duration_parse(sample, &ret->sample_ms) < 0)
		return command_usage_error(command, "--sample is a time like 1s or 500ms, not \"%s\"",
					   sample);
	if (columns && ret->format)
		return command_usage_error(command, "--format names its columns itself, without --columns");
	if (ret->format)
		status = parse_format(command, ret);
	if (status == 0 && columns)
		status = parse_columns(command, columns, ret);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct command_parse parse;
	struct error err = { 0 };
	struct request request;
	struct host host;
	int status, r;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	status = parse_request(command, &parse, &request);
	if (status)
		return status;
	r = host_probe_caller(&host, &err);
	if (r == 0) {
		snprintf(request.run_dir, sizeof(request.run_dir), "%s", host.run_dir);
		r = show(&request, &err);
	}
	if (r < 0)
		error_print(STDERR_FILENO, &err);
	return r < 0 ? STATUS_FINDING : STATUS_OK;
}

static const struct command_option options[] = {
	{ "all", 'a', NULL, "also those that ended" },
	{ "no-stream", 0, NULL, "print once; CPU % is then the average since the start of the run" },
	{ "no-trunc", 0, NULL, "whole ids" },
	{ "json", 0, NULL, "one object a line, with Docker's keys" },
	{ "format", 0, "TEXT", "a line of {name} {cpu} {memory} {memory_share} {network} {block} {pids} …" },
	{ "sample", 0, "DURATION", "time between two readings (default: 1s; with --no-stream: one reading)" },
	{ "columns", 0, "LIST", "further ones: throttled,psi,oom,denied" },
	{ 0 },
};

const struct command command_stats = {
	.name = "stats",
	.usage =
		"[-a] [--no-stream] [--no-trunc] [--json | --format TEXT] [--sample DURATION] [--columns LIST] "
		"[NAME...]",
	.summary = "Shows what the running services use, every second.",
	.example = "kapsel stats --no-stream --sample 1s",
	.options = options,
	.run = run,
};
