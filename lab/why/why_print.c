/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/why/why_print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/str.h"
#include "lab/why/why.h"
#include "profiles/json_print.h"

enum { TEXT_MAX = 16384 };

/* Each byte can become four. */
static void put(FILE *out, const char *text)
{
	char escaped[TEXT_MAX];

	str_escape(escaped, sizeof(escaped), text);
	fputs(escaped, out);
}

/* --- what is to be tried ----------------------------------------------------------- */

static bool has_failure(const struct why *why)
{
	return why->end->state != WHY_END_OVER || why->end->exit_status != 0;
}

/* Return: whether a cause says something beyond the bare end. */
static bool is_explained(const struct why *why)
{
	return !has_failure(why) || why->n > 0;
}

static const char *const tries[] = {
	"read its last lines: kapsel logs --tail 50 %s",
	"see what else happened: kapsel events %s",
	"let it go on after a refusal and list them all: kapsel learn",
	"start it with more of its own messages, or look around inside while it runs: kapsel enter",
};

/* --- text -------------------------------------------------------------------------- */

static void print_row(FILE *out, const char *label, const char *text)
{
	if (!text)
		return;
	fprintf(out, "   %-9s ", label);
	put(out, text);
	fputc('\n', out);
}

static void print_cause(FILE *out, const struct why_cause *cause, size_t number)
{
	fprintf(out, "\n%zu. %s: ", number, cause->certain ? "certain" : "likely");
	put(out, cause->what ? cause->what : cause->id);
	fputc('\n', out);
	for (size_t i = 0; i < cause->n_evidence; i++)
		print_row(out, i ? "" : "evidence", cause->evidence[i]);
	print_row(out, "why", cause->reason);
	print_row(out, "line", cause->line);
	print_row(out, "exposes", cause->exposes);
	print_row(out, "advice", cause->advice);
}

/* Seconds are enough. What stands in a file may be no time. */
static void put_time(FILE *out, const char *time)
{
	char text[20];

	snprintf(text, sizeof(text), "%s", time);
	put(out, text);
	fputc('Z', out);
}

static void print_head(FILE *out, const struct why *why)
{
	const struct why_end *end = why->end;

	put(out, end->name);
	if (end->state == WHY_END_LOST)
		fputs(" ended, and nobody could tell when and how", out);
	else if (!end->started[0] && end->by_launcher)
		fputs(" was not started", out);
	else
		fputs(" ended", out);
	if (end->ended[0]) {
		fputs(" at ", out);
		put_time(out, end->ended);
	}
	if (end->started[0] && end->runtime_ms >= 0)
		fprintf(out, " after %" PRId64 ".%03" PRId64 " s", end->runtime_ms / 1000,
			end->runtime_ms % 1000);
	if (end->reason[0]) {
		fputs(": ", out);
		put(out, end->reason);
	}
	fputc('\n', out);
}

static const char *note_of_life(const struct why_end *end)
{
	if (!end->alive)
		return NULL;
	return end->status == RECORD_RESTARTING ? "It waits for its next start."
						: "It was started again and runs now.";
}

static void print_notes(FILE *out, const struct why *why)
{
	const char *life = note_of_life(why->end);

	if (life)
		fprintf(out, "%s\n", life);
	if (!why->spec)
		fputs("Its profile can not be read any more, so the mounts and limits that it had are not known.\n",
		      out);
	if (why->profile_changed)
		fputs("Its profile was changed since: what stands here goes by the present one.\n", out);
	if (why->log_note) {
		put(out, why->log_note);
		fputc('\n', out);
	}
	if (why->end->log_lost)
		fputs("A part of its output was lost.\n", out);
}

static void print_unknown(FILE *out, const struct why *why)
{
	fputs("\nNothing that the kernel, kapsel or its last lines told explains that.\n", out);
	if (why->log->n > 0) {
		const struct why_log_line *line = &why->log->lines[why->log->n - 1];

		fputs("   last line ", out);
		put_time(out, line->time);
		fputs(": ", out);
		put(out, line->text);
		fputc('\n', out);
	}
	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		const char *name = strstr(tries[i], "%s");

		fprintf(out, "   %-9s %.*s", i ? "" : "try",
			name ? (int)(name - tries[i]) : (int)strlen(tries[i]), tries[i]);
		if (name)
			put(out, why->end->name);
		fputc('\n', out);
	}
}

void why_print_text(FILE *out, const struct why *why)
{
	print_head(out, why);
	print_notes(out, why);
	for (size_t i = 0; i < why->n; i++)
		print_cause(out, &why->causes[i], i + 1);
	if (!is_explained(why))
		print_unknown(out, why);
}

/* --- JSON -------------------------------------------------------------------------- */

static void print_member(FILE *out, const char *before, const char *name, const char *text)
{
	fprintf(out, "%s\"%s\": ", before, name);
	if (text && text[0])
		json_print_string(out, text);
	else
		fputs("null", out);
}

static void print_json_cause(FILE *out, const struct why_cause *cause)
{
	static const char before[] = ",\n\t\t\t";

	print_member(out, "\n\t\t{\n\t\t\t", "cause", cause->id);
	print_member(out, before, "certainty", cause->certain ? "certain" : "likely");
	print_member(out, before, "what", cause->what);
	fprintf(out, "%s\"evidence\": [", before);
	for (size_t i = 0; i < cause->n_evidence; i++) {
		fputs(i ? ", " : "", out);
		json_print_string(out, cause->evidence[i]);
	}
	fputs("]", out);
	print_member(out, before, "why", cause->reason);
	print_member(out, before, "line", cause->line);
	print_member(out, before, "exposes", cause->exposes);
	print_member(out, before, "advice", cause->advice);
	fputs("\n\t\t}", out);
}

static void print_json_number(FILE *out, const char *name, int64_t number)
{
	fprintf(out, ",\n\t\"%s\": ", name);
	if (number == WHY_END_UNKNOWN)
		fputs("null", out);
	else
		fprintf(out, "%" PRId64, number);
}

static void print_json_end(FILE *out, const struct why_end *end)
{
	static const char before[] = ",\n\t";

	print_member(out, "{\n\t", "name", end->name);
	print_member(out, before, "id", end->id);
	print_member(out, before, "end", end->state == WHY_END_LOST ? "lost" : "told");
	print_member(out, before, "now", !end->alive ? "ended" : record_status_name(end->status));
	print_member(out, before, "started", end->started);
	print_member(out, before, "ended", end->ended);
	print_json_number(out, "runtime_ms", end->runtime_ms);
	print_member(out, before, "origin", end->by_launcher ? "launcher" : "workload");
	print_json_number(out, "status", end->exit_status);
	print_member(out, before, "signal", end->signal);
	print_member(out, before, "reason", end->reason);
}

void why_print_json(FILE *out, const struct why *why)
{
	print_json_end(out, why->end);
	fprintf(out, ",\n\t\"profile_changed\": %s", why->profile_changed ? "true" : "false");
	print_member(out, ",\n\t", "log_note", why->log_note);
	print_member(out, ",\n\t", "last_line",
		     why->log->n > 0 ? why->log->lines[why->log->n - 1].text : NULL);
	fprintf(out, ",\n\t\"explained\": %s,\n\t\"causes\": [", is_explained(why) ? "true" : "false");
	for (size_t i = 0; i < why->n; i++) {
		fputs(i ? "," : "", out);
		print_json_cause(out, &why->causes[i]);
	}
	fputs(why->n > 0 ? "\n\t]\n}\n" : "]\n}\n", out);
}
