/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/answers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/exercises/container.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/observe.h"
#include "lab/exercises/result.h"
#include "lab/table/probe_table.h"
#include "profiles/findings.h"
#include "profiles/json.h"

enum { PROBES_MAX = 64, EVIDENCE_MAX = 128 };

static const char *text_of(const struct json *object, const char *name, struct arena *arena)
{
	const struct json *value = json_get(object, name);

	return value && value->type == JSON_STRING ? arena_strdup(arena, value->text) : "";
}

static int add_evidence(struct result_run *run, const char *source, const char *value)
{
	if (!source || !value)
		return -ENOMEM;
	if (run->n_evidence < EVIDENCE_MAX)
		run->evidence[run->n_evidence++] = (struct result_evidence){ source, value };
	return 0;
}

static int take_probe(const struct json *object, struct arena *arena, struct result_run *run)
{
	const struct json *ret = json_get(object, "ret");
	struct result_probe *probe = &run->probes[run->n_probes];

	if (run->n_probes == PROBES_MAX)
		return 0;
	*probe = (struct result_probe){
		.name = text_of(object, "name", arena),
		.ret = ret && ret->type == JSON_INTEGER ? ret->integer : -1,
		.error = text_of(object, "errno", arena),
		.signal = text_of(object, "signal", arena),
		.evidence = text_of(object, "evidence", arena),
		.untestable = text_of(object, "untestable", arena),
	};
	if (!probe->name || !probe->error || !probe->signal || !probe->evidence || !probe->untestable)
		return -ENOMEM;
	if (probe->untestable[0])
		probe->answer = "";
	else if (probe->signal[0])
		probe->answer = probe->signal;
	else if (probe->error[0])
		probe->answer = probe->error;
	else
		probe->answer = probe->ret >= 0 ? "OK" : "HELD";
	run->n_probes++;
	return 0;
}

static int take_line(const char *line, struct arena *arena, struct result_run *run)
{
	const struct source source = { .name = "output", .text = line, .size = strlen(line) };
	struct findings *findings = calloc(1, sizeof(*findings));
	struct json *object = NULL;
	int r = -ENOMEM;

	if (findings)
		r = json_parse(&source, JSON_LENIENT, arena, findings, &object);
	free(findings);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return 0;
	if (json_get(object, "name"))
		return take_probe(object, arena, run);
	if (json_get(object, "source"))
		return add_evidence(run, text_of(object, "source", arena), text_of(object, "value", arena));
	return 0;
}

/* "kapsel:   refused mmap (1x, EACCES): …" and "… seccomp killed it for calling mount: …" */
static int take_refusal(const char *line, struct arena *arena, struct result_run *run)
{
	static const char refused[] = "kapsel:   refused ", killed[] = "seccomp killed it for calling ";
	const char *at = str_starts(line, refused) ? line + strlen(refused) : NULL;

	if (!at && (at = strstr(line, killed)))
		at += strlen(killed);
	if (!at)
		return 0;
	if (!run->refused_call[0])
		run->refused_call = arena_memdup(arena, at, strcspn(at, " :("));
	return run->refused_call ? add_evidence(run, "seccomp refused", arena_strdup(arena, at)) : -ENOMEM;
}

/* "kapsel: lab-x-1 ended after 0.005 s: exit code 0": the words behind the time are the same in each run. */
static int take_message(const char *line, struct arena *arena, struct result_run *run)
{
	const char *ended = strstr(line, " ended after "), *reason = ended ? strstr(ended, " s: ") : NULL;

	if (str_starts(line, "kapsel: ") && reason)
		run->end = arena_strdup(arena, reason + strlen(" s: "));
	return run->end ? take_refusal(line, arena, run) : -ENOMEM;
}

static int each_line(const char *text, struct arena *arena, struct result_run *run,
		     int (*take)(const char *line, struct arena *arena, struct result_run *run))
{
	char *copy = arena_strdup(arena, text), *save = NULL;
	int r = copy ? 0 : -ENOMEM;

	for (char *line = copy ? strtok_r(copy, "\n", &save) : NULL; r == 0 && line;
	     line = strtok_r(NULL, "\n", &save))
		r = take(line, arena, run);
	return r;
}

/* A limit or the filter may have ended everything before the probe program could print a word. */
static int take_death(const struct exercise *exercise, struct arena *arena, struct result_run *run)
{
	const char *name = arena_memdup(arena, exercise->probes, strcspn(exercise->probes, " "));
	const char *abbreviation, *signal;

	if (!name)
		return -ENOMEM;
	if (run->status <= EXIT_SIGNAL_BASE || (run->n_probes > 0 && str_equal(run->probes[0].name, name)))
		return 0;
	abbreviation = sigabbrev_np(run->status - EXIT_SIGNAL_BASE);
	signal = arena_printf(arena, "SIG%s", abbreviation ? abbreviation : "?");
	if (!signal)
		return -ENOMEM;
	memmove(run->probes + 1, run->probes, run->n_probes * sizeof(*run->probes));
	run->n_probes++;
	run->probes[0] = (struct result_probe){
		.name = name,
		.answer = signal,
		.ret = -1,
		.error = "",
		.signal = signal,
		.evidence = run->end,
		.untestable = "",
	};
	return 0;
}

int answers_read(const struct exercise *exercise, const struct container_output *output, struct arena *arena,
		 struct result_run *run)
{
	int r;

	run->probes = arena_array(arena, PROBES_MAX + 1, sizeof(*run->probes));
	run->evidence = arena_array(arena, EVIDENCE_MAX, sizeof(*run->evidence));
	run->n_probes = run->n_evidence = 0;
	run->status = output->status;
	run->end = "";
	run->refused_call = "";
	if (!run->probes || !run->evidence)
		return -ENOMEM;
	r = each_line(output->out, arena, run, take_line);
	if (r == 0)
		r = each_line(output->err, arena, run, take_message);
	return r < 0 ? r : take_death(exercise, arena, run);
}

int answers_add_counts(const struct exercise *exercise, const struct observe *observe, struct arena *arena,
		       struct result_run *run)
{
	const struct {
		unsigned int need;
		enum observe_file file;
		const char *field; /* NULL: all of it */
		const char *source;
	} counts[] = {
		{ EXERCISE_NEEDS_MEMORY, OBSERVE_MEMORY_MAX, NULL, "cgroup memory.max" },
		{ EXERCISE_NEEDS_MEMORY, OBSERVE_MEMORY_PEAK, NULL, "cgroup memory.peak" },
		{ EXERCISE_NEEDS_MEMORY, OBSERVE_MEMORY_EVENTS, "oom_kill",
		  "cgroup memory.events: oom_kill" },
		{ EXERCISE_NEEDS_PIDS, OBSERVE_PIDS_MAX, NULL, "cgroup pids.max" },
		{ EXERCISE_NEEDS_PIDS, OBSERVE_PIDS_PEAK, NULL, "cgroup pids.peak" },
		{ EXERCISE_NEEDS_PIDS, OBSERVE_PIDS_EVENTS, "max", "cgroup pids.events: max" },
		{ EXERCISE_NEEDS_CPU, OBSERVE_CPU_STAT, "nr_throttled", "cgroup cpu.stat: nr_throttled" },
		{ EXERCISE_NEEDS_CPU, OBSERVE_CPU_STAT, "throttled_usec", "cgroup cpu.stat: throttled_usec" },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(counts); i++) {
		const char *text = observe->texts[counts[i].file];
		uint64_t value;

		if (!(exercise->needs & counts[i].need) || !text[0])
			continue;
		if (!counts[i].field) {
			r = add_evidence(run, counts[i].source,
					 arena_memdup(arena, text, strcspn(text, "\n")));
			continue;
		}
		value = observe_field(text, counts[i].field);
		if (value != RESULT_UNKNOWN)
			r = add_evidence(run, counts[i].source, arena_printf(arena, "%" PRIu64, value));
	}
	if (r == 0 && run->uid_map[0])
		r = add_evidence(run, "uid_map, from outside", run->uid_map);
	return r;
}

bool answers_match(const char *expected, const struct result_probe *probe)
{
	bool at_least = str_starts(expected, ">="), at_most = str_starts(expected, "<=");
	long bound;

	if (!probe->answer[0])
		return false; /* untestable is never an answer */
	if (!at_least && !at_most)
		return probe_table_answers(expected, probe->answer);
	if (!str_equal(probe->answer, "OK"))
		return false;
	bound = strtol(expected + 2, NULL, 10);
	return at_least ? probe->ret >= bound : probe->ret <= bound;
}

const char *answers_refusal(const struct container_output *output, struct arena *arena)
{
	const char *mistake = strstr(output->err, "error["), *at = strstr(output->err, "kapsel: ");

	if (output->status < EXIT_LAUNCHER || output->status > EXIT_NOT_FOUND)
		return NULL;
	if (strstr(output->err, " ended after "))
		return NULL; /* the workload's own status */
	if (mistake)
		at = mistake;
	else if (!at)
		at = output->err;
	return arena_memdup(arena, at, strcspn(at, "\n"));
}
