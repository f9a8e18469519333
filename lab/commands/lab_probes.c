/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel lab probes: the table of probes, for people and for programs. */
#include "lab/commands/lab_probes.h"

#include <stdio.h>

#include "base/macro.h"
#include "base/str.h"
#include "lab/table/probe_table.h"
#include "launcher/commands/command.h"
#include "profiles/json_print.h"

static void print_member(const char *name, const char *value)
{
	printf(",\"%s\":", name);
	if (value)
		json_print_string(stdout, value);
	else
		fputs("null", stdout);
}

/* What opens a row is JSON already. */
static void print_keys(const char *keys)
{
	printf(",\"keys\":%s", keys ? keys : "{}");
}

static void print_openings(const struct probe_row *row)
{
	fputs(",\"openings\":[", stdout);
	for (const struct probe_opening *opening = row->openings; opening && opening->title; opening++) {
		fputs(opening == row->openings ? "{\"title\":" : ",{\"title\":", stdout);
		json_print_string(stdout, opening->title);
		print_keys(opening->keys);
		print_member("answer", opening->answer);
		putchar('}');
	}
	putchar(']');
}

static void print_layers(const struct probe_layers *alone)
{
	fputs(",\"alone\":", stdout);
	if (!alone) {
		fputs("null", stdout);
		return;
	}
	fputs("{\"answer\":", stdout);
	json_print_string(stdout, alone->answer);
	printf(",\"common\":%s,\"layers\":[", alone->common ? alone->common : "{}");
	for (const struct probe_layer *layer = alone->layers; layer->name; layer++) {
		fputs(layer == alone->layers ? "{\"name\":" : ",{\"name\":", stdout);
		json_print_string(stdout, layer->name);
		print_keys(layer->keys);
		putchar('}');
	}
	fputs("]}", stdout);
}

static void print_json(const struct probe_row *row, enum text_language language)
{
	printf("{\"number\":%d", row->number);
	print_member("name", row->name);
	print_member("tries", text_in(&row->tries, language));
	print_member("layers", row->layers);
	print_member("strict", row->strict);
	printf(",\"heavy\":%s,\"dangerous\":%s,\"works_bare\":%s", row->heavy ? "true" : "false",
	       row->dangerous ? "true" : "false", row->works_bare ? "true" : "false");
	print_member("elsewhere", row->elsewhere.en ? text_in(&row->elsewhere, language) : NULL);
	print_openings(row);
	print_layers(row->alone);
	puts("}");
}

static void print_text(const struct probe_row *row, enum text_language language)
{
	printf("%3d  %-24s %-22s %s%s\n", row->number, row->name, *row->strict ? row->strict : "-",
	       text_in(&row->tries, language), row->heavy ? " *" : "");
	if (row->elsewhere.en)
		printf("%31s%s\n", "", text_in(&row->elsewhere, language));
}

static const struct command_option options[] = {
	{ "json", 0, NULL, "one probe a line, with the keys that open it" },
	{ "lang", 0, "LANGUAGE", "de or en, the default" },
	{ 0 },
};

static const struct command probes = {
	.name = "lab probes",
	.usage = "[--json] [--lang de|en]",
	.summary = "Prints the table of attacks: number, name, the hardest default's answer, what is tried.",
	.example = "kapsel lab probes --lang de",
	.options = options,
};

int lab_probes(const struct command *command, int argc, char **argv)
{
	enum text_language language = TEXT_ENGLISH;
	const struct probe_row *rows;
	struct command_parse parse;
	const char *wanted;
	size_t n;
	int status;

	(void)command;
	if (command_parse(&probes, argc, argv, &parse, &status))
		return status;
	if (parse.n_operands > 0 || parse.after)
		return command_usage_error(&probes, "lab probes takes no arguments");
	wanted = command_given(&probes, &parse, "lang");
	if (wanted && str_equal(wanted, "de"))
		language = TEXT_GERMAN;
	else if (wanted && !str_equal(wanted, "en"))
		return command_usage_error(&probes, "unknown language \"%s\"; there are de and en", wanted);
	rows = probe_table(&n);
	for (size_t i = 0; i < n; i++) {
		if (command_given(&probes, &parse, "json"))
			print_json(&rows[i], language);
		else
			print_text(&rows[i], language);
	}
	if (!command_given(&probes, &parse, "json"))
		puts(language == TEXT_GERMAN ? "* nur mit Namen: belastet die Maschine"
					     : "* only by name: a load on the machine");
	return STATUS_OK;
}
