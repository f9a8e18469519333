/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel doctor: what this machine has for containers, and what to do about the rest. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "launcher/commands/command.h"
#include "launcher/commands/commands.h"
#include "launcher/diagnosis.h"
#include "launcher/host.h"

enum { TEXT_MAX = 2048 };

static const struct command_option options[] = {
	{ "json", 0, NULL, "one JSON object per line" },
	{ 0 },
};

/* Parts of what is printed come from files: nothing in them may reach the terminal or end the string. */
static void print_json_string(const char *text)
{
	char clean[TEXT_MAX];

	str_escape(clean, sizeof(clean), text);
	putchar('"');
	for (const char *next = clean; *next; next++) {
		if (*next == '"' || *next == '\\')
			putchar('\\');
		putchar(*next);
	}
	putchar('"');
}

static void print_json(const struct diagnosis *row, const struct diagnosis_answer *answer)
{
	const struct {
		const char *name, *value;
	} members[] = {
		{ "name", row->name },        { "state", diagnosis_state_name(answer->state) },
		{ "found", answer->found },   { "meaning", row->meaning },
		{ "remedy", answer->remedy },
	};

	printf("{\"needed\":%s", row->needed ? "true" : "false");
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		printf(",\"%s\":", members[i].name);
		print_json_string(members[i].value);
	}
	puts("}");
}

static void print_row(const struct diagnosis *row, const struct diagnosis_answer *answer, bool color)
{
	static const char *const colors[] = { "\033[32m", "\033[33m", "\033[31m" };
	char text[TEXT_MAX];

	printf("%s%-8s%s %-16s ", color ? colors[answer->state] : "", diagnosis_state_name(answer->state),
	       color ? "\033[0m" : "", row->name);
	str_escape(text, sizeof(text), answer->found);
	printf("%s\n%26s%s\n", text, "", row->meaning);
	str_escape(text, sizeof(text), answer->remedy);
	if (text[0])
		printf("%26s= help: %s\n", "", text);
}

static void print_summary(size_t n_blocking, const char *blocking, size_t n_limited)
{
	if (n_blocking > 0)
		printf("\nA default profile doesn't start here: %s.\n", blocking);
	else if (n_limited > 0)
		printf("\nA default profile starts here; %zu features are limited.\n", n_limited);
	else
		printf("\nEverything is there.\n");
}

static int run(const struct command *command, int argc, char **argv)
{
	char blocking[TEXT_MAX] = "";
	size_t n_rows, n_blocking = 0, n_limited = 0, used = 0;
	const struct diagnosis *rows = diagnosis_all(&n_rows);
	struct host_details details;
	struct command_parse parse;
	struct error err = { 0 };
	bool json, color;
	int status;

	if (command_parse(command, argc, argv, &parse, &status) != 0)
		return status;
	if (parse.n_operands > 0 || parse.after) {
		fprintf(stderr, "kapsel: doctor takes no arguments\n");
		return STATUS_USAGE;
	}
	if (host_probe_all(&details, &err) < 0) {
		error_print(STDERR_FILENO, &err);
		return STATUS_FINDING;
	}
	json = command_given(command, &parse, "json") != NULL;
	color = command_color(STDOUT_FILENO);
	for (size_t i = 0; i < n_rows; i++) {
		struct diagnosis_answer answer;

		diagnosis_assess(&rows[i], &details, &answer);
		if (json)
			print_json(&rows[i], &answer);
		else
			print_row(&rows[i], &answer, color);
		n_limited += answer.state != DIAGNOSIS_OK;
		if (diagnosis_blocks(&rows[i], &answer) && used < sizeof(blocking)) {
			used += (size_t)snprintf(blocking + used, sizeof(blocking) - used, "%s%s",
						 n_blocking ? ", " : "", rows[i].name);
			n_blocking++;
		}
	}
	if (!json)
		print_summary(n_blocking, blocking, n_limited);
	return n_blocking > 0 ? STATUS_FINDING : STATUS_OK;
}

const struct command command_doctor = {
	.name = "doctor",
	.usage = "[--json]",
	.summary = "Shows what this machine has for containers, and what to do about the rest.",
	.example = "kapsel doctor",
	.options = options,
	.run = run,
};
