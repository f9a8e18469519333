/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel ps: the services, in Docker's columns. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/commands/commands.h"
#include "launcher/host.h"
#include "launcher/logs/log_time.h"
#include "launcher/service/filters.h"
#include "launcher/service/record.h"
#include "launcher/service/service_row.h"
#include "launcher/service/template.h"
#include "profiles/json_print.h"

enum { COLUMN_GAP = 3, CELL_MAX = 4 * RECORD_PATH_MAX };

struct request {
	bool all, quiet, json, truncate;
	const char *format; /* NULL: a table, or JSON */
	struct filters filters;
};

/* --- which ones --------------------------------------------------------------- */

static bool has_status(const void *arg, const char *value)
{
	const struct record *record = arg;

	return str_equal(record_status_name(record->status), value);
}

static bool has_health(const void *arg, const char *value)
{
	const struct record *record = arg;

	return str_equal(record_health_name(record->health), value);
}

/* Docker's name filter takes a part of the name. */
static bool has_name(const void *arg, const char *value)
{
	const struct record *record = arg;

	return strstr(record->name, value) != NULL;
}

static bool has_id(const void *arg, const char *value)
{
	const struct record *record = arg;

	return str_starts(record->id, value);
}

static bool has_exit(const void *arg, const char *value)
{
	const struct record *record = arg;
	uint32_t status;

	return record->status == RECORD_EXITED && str_to_u32(value, &status) == 0 &&
	       record->exit_status == (int)status;
}

/* "tier=front", or "tier" with any value; record->labels is "a=b,c=d". */
static bool has_label(const void *arg, const char *value)
{
	const struct record *record = arg;
	const size_t length = strlen(value);

	for (const char *label = record->labels; *label;) {
		size_t size = strcspn(label, ",");

		if (strncmp(label, value, length) == 0 &&
		    (size == length || (label[length] == '=' && !strchr(value, '='))))
			return true;
		label += size + (label[size] == ',');
	}
	return false;
}

static const struct {
	const char *key;
	bool (*matches)(const void *arg, const char *value);
} filters[] = {
	{ "status", has_status }, { "health", has_health }, { "name", has_name },
	{ "label", has_label },   { "id", has_id },         { "exited", has_exit },
};

/* Who asks for dead ones gets them without --all. */
static bool wants_dead(const struct request *request)
{
	return request->all || filters_have(&request->filters, "status", "exited") ||
	       filters_have(&request->filters, "status", "lost") ||
	       filters_have(&request->filters, "exited", NULL);
}

static bool is_wanted(const struct request *request, const struct record *record)
{
	if (!record_alive(record) && !wants_dead(request))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
		if (!filters_allow(&request->filters, filters[i].key, str_equal(filters[i].key, "label"),
				   filters[i].matches, record))
			return false;
	return true;
}

/* --- how ---------------------------------------------------------------------- */

static const char *word_of(const void *arg, const char *word)
{
	const struct service_row *row = arg;

	for (size_t i = 0; i < ROW_WORDS; i++)
		if (str_equal(service_row_headings[i].word, word))
			return row->text[i];
	return NULL;
}

static void print_json(const struct service_row *row)
{
	for (size_t i = 0; i < ROW_WORDS; i++) {
		fputs(i == 0 ? "{" : ",", stdout);
		json_print_string(stdout, service_row_headings[i].key);
		fputc(':', stdout);
		json_print_string(stdout, row->text[i]);
	}
	puts("}");
}

/* Columns on a terminal: every character that is no continuation takes one. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void print_cell(const char *text, size_t width, bool last)
{
	fputs(text, stdout);
	for (size_t i = width_of(text); !last && i < width + COLUMN_GAP; i++)
		fputc(' ', stdout);
	if (last)
		fputc('\n', stdout);
}

static void print_table(const struct service_row *rows, size_t n)
{
	size_t width[ROW_TABLE_COLUMNS];
	char cell[CELL_MAX];

	for (size_t i = 0; i < ROW_TABLE_COLUMNS; i++) {
		width[i] = strlen(service_row_headings[i].title);
		for (size_t row = 0; row < n; row++) {
			str_escape(cell, sizeof(cell), rows[row].text[i]);
			if (width_of(cell) > width[i])
				width[i] = width_of(cell);
		}
	}
	for (size_t i = 0; i < ROW_TABLE_COLUMNS; i++)
		print_cell(service_row_headings[i].title, width[i], i + 1 == ROW_TABLE_COLUMNS);
	for (size_t row = 0; row < n; row++) {
		for (size_t i = 0; i < ROW_TABLE_COLUMNS; i++) {
			str_escape(cell, sizeof(cell), rows[row].text[i]);
			print_cell(cell, width[i], i + 1 == ROW_TABLE_COLUMNS);
		}
	}
}

static void print_rows(const struct request *request, const struct service_row *rows, size_t n)
{
	if (!request->quiet && !request->format && !request->json) {
		print_table(rows, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (request->quiet)
			puts(rows[i].text[ROW_ID]);
		else if (request->format)
			template_print(stdout, request->format, word_of, &rows[i]);
		else
			print_json(&rows[i]);
	}
}

/* --- all together ------------------------------------------------------------- */

/* Docker shows the newest first. */
static int compare_age(const void *a, const void *b)
{
	const struct record *left = a, *right = b;

	if (left->created_ns != right->created_ns)
		return left->created_ns > right->created_ns ? -1 : 1;
	return strcmp(left->name, right->name);
}

static int show(const struct request *request, const char *run_dir, struct arena *arena, struct error *err)
{
	const uint64_t now_ns = (uint64_t)log_time_now();
	struct service_row *rows;
	struct record *records;
	size_t n, shown = 0;
	int r = record_list(run_dir, arena, &records, &n, err);

	if (r < 0)
		return r;
	rows = arena_array(arena, n + 1, sizeof(*rows));
	if (!rows)
		return error_set(err, ENOMEM, "list the services");
	if (n > 0)
		qsort(records, n, sizeof(*records), compare_age);
	for (size_t i = 0; i < n; i++) {
		_cleanup_fd_ int dir = -1;

		if (!is_wanted(request, &records[i]))
			continue;
		if (!request->quiet)
			dir = record_open(run_dir, records[i].name, NULL);
		service_row_fill(&records[i], dir, now_ns, request->truncate, &rows[shown++]);
	}
	print_rows(request, rows, shown);
	return fflush(stdout) < 0 ? error_set(err, errno, "print the services") : 0;
}

static int check_words(const struct command *command, const struct filters *given)
{
	static const char *const statuses[] = { "starting", "running", "restarting", "exited", "lost" };
	static const char *const healths[] = { "none", "starting", "healthy", "unhealthy" };

	for (size_t i = 0; i < given->n; i++) {
		const bool health = str_equal(given->items[i].key, "health");
		const char *const *words = health ? healths : statuses, *value = given->items[i].value;
		const size_t n = health ? ARRAY_SIZE(healths) : ARRAY_SIZE(statuses);
		size_t at = 0;

		if (!health && !str_equal(given->items[i].key, "status"))
			continue;
		while (at < n && !str_equal(words[at], value))
			at++;
		if (at < n)
			continue;
		return command_usage_error(command, "--filter: no %s is called \"%s\"; there are %s to %s",
					   given->items[i].key, value, words[0], words[n - 1]);
	}
	return STATUS_OK;
}

static int parse_request(const struct command *command, const struct command_parse *parse,
			 struct arena *arena, struct request *ret)
{
	const char *filter = command_given(command, parse, "filter"), *keys[ARRAY_SIZE(filters)];
	const char *words[ROW_WORDS];
	char mistake[FILTERS_MISTAKE_MAX], wrong_word[TEMPLATE_MISTAKE_MAX];

	*ret = (struct request){
		.all = command_given(command, parse, "all"),
		.quiet = command_given(command, parse, "quiet"),
		.json = command_given(command, parse, "json"),
		.truncate = !command_given(command, parse, "no-trunc"),
		.format = command_given(command, parse, "format"),
	};
	if (parse->n_operands > 0 || parse->after)
		return command_usage_error(command, "it takes no names; --filter name=... does");
	if (ret->quiet + ret->json + (ret->format != NULL) > 1)
		return command_usage_error(command, "--quiet, --json and --format exclude each other");
	for (size_t i = 0; i < ROW_WORDS; i++)
		words[i] = service_row_headings[i].word;
	if (ret->format && template_check(ret->format, words, ROW_WORDS, wrong_word) < 0)
		return command_usage_error(command, "--format: %s", wrong_word);
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
		keys[i] = filters[i].key;
	if (!filter)
		return STATUS_OK;
	if (filters_parse(filter, keys, ARRAY_SIZE(filters), arena, &ret->filters, mistake) < 0)
		return command_usage_error(command, "--filter: %s", mistake);
	return check_words(command, &ret->filters);
}

static int run(const struct command *command, int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct command_parse parse;
	struct request request;
	struct error err = { 0 };
	struct host host;
	int status, r;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (!arena) {
		error_set(&err, ENOMEM, "list the services");
		error_print(STDERR_FILENO, &err);
		return STATUS_FINDING;
	}
	status = parse_request(command, &parse, arena, &request);
	if (status)
		return status;
	r = host_probe_caller(&host, &err);
	if (r == 0)
		r = show(&request, host.run_dir, arena, &err);
	if (r < 0)
		error_print(STDERR_FILENO, &err);
	return r < 0 ? STATUS_FINDING : STATUS_OK;
}

static const struct command_option options[] = {
	{ "all", 'a', NULL, "also those that ended" },
	{ "quiet", 'q', NULL, "ids only" },
	{ "no-trunc", 0, NULL, "whole ids and commands" },
	{ "json", 0, NULL, "one object a line, with Docker's keys" },
	{ "format", 0, "TEXT",
	  "a line of {id} {image} {command} {created} {status} {ports} {name} {state} ..." },
	{ "filter", 'f', "LIST", "status=, health=, name=, label=, id=, exited=; several with commas" },
	{ 0 },
};

const struct command command_ps = {
	.name = "ps",
	.usage = "[-a] [-q] [--no-trunc] [--json | --format TEXT] [--filter LIST]",
	.summary = "Lists the services that run.",
	.example = "kapsel ps --all --filter status=exited",
	.options = options,
	.run = run,
};
