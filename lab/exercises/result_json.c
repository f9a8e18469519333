/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/result_json.h"

#include <inttypes.h>

#include "base/macro.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/result.h"
#include "profiles/json_print.h"

void result_json_member(FILE *out, const char *before, const char *name, const char *text)
{
	fprintf(out, "%s\"%s\": ", before, name);
	if (text)
		json_print_string(out, text);
	else
		fputs("null", out);
}

static void print_number(FILE *out, const char *name, uint64_t number)
{
	if (number == RESULT_UNKNOWN)
		fprintf(out, ", \"%s\": null", name);
	else
		fprintf(out, ", \"%s\": %" PRIu64, name, number);
}

static void print_answers(FILE *out, const struct result_run *run)
{
	fputs("\"answers\": [", out);
	for (size_t i = 0; i < run->n_probes; i++) {
		const struct result_probe *probe = &run->probes[i];

		result_json_member(out, i ? ", {" : "{", "name", probe->name);
		result_json_member(out, ", ", "answer", probe->answer);
		fprintf(out, ", \"ret\": %ld", probe->ret);
		result_json_member(out, ", ", "errno", probe->error);
		result_json_member(out, ", ", "signal", probe->signal);
		result_json_member(out, ", ", "evidence", probe->evidence);
		result_json_member(out, ", ", "untestable", probe->untestable);
		fputc('}', out);
	}
	fputc(']', out);
}

void result_json_run(FILE *out, const struct result_run *run)
{
	fputc('{', out);
	print_answers(out, run);
	fprintf(out, ", \"status\": %d", run->status);
	result_json_member(out, ", ", "end", run->end);
	fputs(", \"evidence\": [", out);
	for (size_t i = 0; i < run->n_evidence; i++) {
		result_json_member(out, i ? ", {" : "{", "source", run->evidence[i].source);
		result_json_member(out, ", ", "value", run->evidence[i].value);
		fputc('}', out);
	}
	fputs("], \"layers\": [", out);
	for (size_t i = 0; i < run->n_layers; i++) {
		result_json_member(out, i ? ", {" : "{", "name", run->layers[i].name);
		result_json_member(out, ", ", "report", run->layers[i].report);
		fputc('}', out);
	}
	fputc(']', out);
	result_json_member(out, ", ", "uid_map", run->uid_map);
	result_json_member(out, ", ", "refused_call", run->refused_call);
	print_number(out, "calls_allowed", run->calls_allowed);
	print_number(out, "calls_known", run->calls_known);
	print_number(out, "memory_peak_bytes", run->memory_peak_bytes);
	print_number(out, "memory_max_bytes", run->memory_max_bytes);
	print_number(out, "pids_peak", run->pids_peak);
	print_number(out, "pids_max", run->pids_max);
	print_number(out, "cpu_throttled_us", run->cpu_throttled_us);
	result_json_member(out, ", ", "profile", run->profile);
	fputc('}', out);
}

/* What names it, and what it opens. */
static void print_head(FILE *out, const struct exercise *exercise, enum text_language language)
{
	fprintf(out, "{\"number\": %d", exercise->number);
	result_json_member(out, ", ", "id", exercise->id);
	result_json_member(out, ", ", "name", text_in(&exercise->title, language));
	result_json_member(out, ", ", "key", exercise->key);
	result_json_member(out, ", ", "opened", exercise->opened);
}

void result_json(FILE *out, const struct result *result, enum text_language language)
{
	print_head(out, result->exercise, language);
	result_json_member(out, ", ", "result", result_name(result->outcome));
	result_json_member(out, ", ", "reason", result->reason);
	fprintf(out, ", \"seconds\": %.3f", result->seconds);
	fputs(", \"expected\": {", out);
	result_json_member(out, "", "open", result->exercise->open_answer);
	result_json_member(out, ", ", "hard", result->exercise->hard_answer);
	fputs("}, \"evidence\": {\"open\": ", out);
	result_json_run(out, &result->open);
	fputs(", \"hard\": ", out);
	result_json_run(out, &result->hard);
	fputs("}}\n", out);
}

void result_json_exercise(FILE *out, const struct exercise *exercise, enum text_language language)
{
	static const struct {
		unsigned int need;
		const char *name;
	} needs[] = {
		{ EXERCISE_NEEDS_MEMORY, "memory" },     { EXERCISE_NEEDS_PIDS, "pids" },
		{ EXERCISE_NEEDS_CPU, "cpu" },           { EXERCISE_NEEDS_ROOT, "root" },
		{ EXERCISE_NEEDS_LANDLOCK, "landlock" },
	};
	const char *comma = "";

	print_head(out, exercise, language);
	/* The same members as a result has, for who reads both. */
	fputs(", \"result\": null, \"evidence\": null", out);
	result_json_member(out, ", ", "question", text_in(&exercise->question, language));
	result_json_member(out, ", ", "probes", exercise->probes);
	result_json_member(out, ", ", "common", exercise->common);
	result_json_member(out, ", ", "man", exercise->man);
	fputs(", \"needs\": [", out);
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		if (!(exercise->needs & needs[i].need))
			continue;
		fprintf(out, "%s\"%s\"", comma, needs[i].name);
		comma = ", ";
	}
	fputs("], \"mechanism\": [", out);
	for (size_t i = 0; i < ARRAY_SIZE(exercise->mechanism); i++) {
		fputs(i ? ", " : "", out);
		json_print_string(out, text_in(&exercise->mechanism[i], language));
	}
	fputs("], \"task\": {", out);
	result_json_member(out, "", "ask", text_in(&exercise->task.ask, language));
	result_json_member(out, ", ", "allowed", exercise->task.allowed);
	result_json_member(out, ", ", "solution", exercise->task.solution);
	fputs("}}\n", out);
}
