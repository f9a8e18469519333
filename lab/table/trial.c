/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/table/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "lab/probe/probe.h"
#include "lab/table/probe_table.h"
#include "lab/table/trial_start.h"
#include "profiles/findings.h"
#include "profiles/json.h"

enum { LOW_PAGE = 4096 };

/* What kapsel-probe says where it must not risk its own process. */
#define WANTS_PROCESS "needs a process of its own"

/* For trial_compare(): how a kernel says that it lacks something; SIGSEGV is the 32-bit gate's way. */
#define ABSENT "ENOSYS|ENOENT|ENODEV|ENXIO|EAFNOSUPPORT|EPROTONOSUPPORT|ESOCKTNOSUPPORT|EOPNOTSUPP|SIGSEGV"

static const char *member(const struct json *line, const char *name)
{
	const struct json *value = json_get(line, name);

	return value && value->type == JSON_STRING ? value->text : "";
}

static void fill(struct trial_answer *answer, const struct json *line)
{
	const struct json *ret = json_get(line, "ret");
	const char *text = member(line, "signal");

	answer->ret = ret && ret->type == JSON_INTEGER ? (long)ret->integer : -1;
	if (!*text)
		text = member(line, "errno");
	if (!*text)
		text = answer->ret >= 0 ? "OK" : "HELD";
	snprintf(answer->untestable, sizeof(answer->untestable), "%s", member(line, "untestable"));
	snprintf(answer->answer, sizeof(answer->answer), "%s", answer->untestable[0] ? "" : text);
	snprintf(answer->evidence, sizeof(answer->evidence), "%s", member(line, "evidence"));
	answer->known = true;
}

void trial_take(char *text, struct trial_answer *answers, size_t n)
{
	struct findings *findings = calloc(1, sizeof(*findings));
	_cleanup_arena_ struct arena *arena = arena_new();
	char *rest = NULL;

	for (char *at = strtok_r(text, "\n", &rest); at && arena && findings;
	     at = strtok_r(NULL, "\n", &rest)) {
		const struct source source = { .name = "the probe program", .text = at, .size = strlen(at) };
		struct json *line = NULL;

		if (!str_starts(at, "{\"probe\":") ||
		    json_parse(&source, JSON_STRICT, arena, findings, &line) < 0)
			continue;
		for (size_t i = 0; i < n; i++)
			if (!answers[i].known && str_equal(answers[i].row->name, member(line, "name")))
				fill(&answers[i], line);
	}
	free(findings);
}

/* Its container ended before it could answer: the end is the answer. */
static void take_end(struct trial_answer *answer, int status)
{
	const char *name = status > EXIT_SIGNAL_BASE ? sigabbrev_np(status - EXIT_SIGNAL_BASE) : NULL;

	answer->known = true;
	answer->ret = -1;
	if (name) {
		snprintf(answer->answer, sizeof(answer->answer), "SIG%s", name);
		snprintf(answer->evidence, sizeof(answer->evidence), "it ended the container");
	} else if (status == PROBE_EXIT_GAINED || status == PROBE_EXIT_HELD) {
		/* The program that it executed stands in its place, and this is that one's status. */
		answer->ret = status == PROBE_EXIT_GAINED ? 0 : -1;
		snprintf(answer->answer, sizeof(answer->answer), "%s", answer->ret ? "HELD" : "OK");
		snprintf(answer->evidence, sizeof(answer->evidence), "the program ran");
	} else {
		snprintf(answer->untestable, sizeof(answer->untestable),
			 "the probe program ended with status %d before it answered", status);
	}
}

static struct trial_answer *first_unknown(struct trial_answer *answers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!answers[i].known)
			return &answers[i];
	return NULL;
}

static int start(const struct trial *trial, const char *const *before, struct trial_answer *answers, size_t n,
		 struct error *err)
{
	const char **arguments = calloc(n + 8, sizeof(*arguments));
	struct trial_output output = { 0 };
	size_t used = 0;
	int r;

	if (!arguments)
		return error_set(err, ENOMEM, "start the probe program");
	while (before[used]) {
		arguments[used] = before[used];
		used++;
	}
	for (size_t i = 0; i < n; i++)
		if (!answers[i].known)
			arguments[used++] = answers[i].row->name;
	r = trial_start(trial, arguments, &output, err);
	free(arguments);
	if (r < 0)
		return r;
	if (output.status >= EXIT_LAUNCHER && output.status <= EXIT_NOT_FOUND &&
	    !strstr(output.text, "{\"probe\":")) {
		fputs(output.text, stderr);
		trial_output_clear(&output);
		return error_set(err, EPROTO, "run the probe program under this profile");
	}
	trial_take(output.text, answers, n);
	if (first_unknown(answers, n))
		take_end(first_unknown(answers, n), output.status);
	trial_output_clear(&output);
	return 0;
}

static bool wants_process(const struct trial_answer *answer)
{
	return str_starts(answer->untestable, WANTS_PROCESS);
}

int trial_run(const struct trial *trial, struct trial_answer *answers, size_t n, struct error *err)
{
	static const char *const together[] = { "run", NULL };
	static const char *const alone[] = { "run", "--here", NULL };
	int r;

	/* Each start answers at least one of them. */
	while (first_unknown(answers, n)) {
		r = start(trial, together, answers, n, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < n; i++) {
		if (!wants_process(&answers[i]))
			continue;
		answers[i] = (struct trial_answer){ .row = answers[i].row };
		r = start(trial, alone, &answers[i], 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Only the kernel stops this one, by a setting that reading /proc/sys tells outside. */
static void excuse_low_pages(struct trial_answer *answer)
{
	char text[32];
	uint64_t lowest;

	if (!str_equal(answer->row->name, "mmap-low") || !str_equal(answer->answer, "OK") ||
	    fd_read_file(AT_FDCWD, "/proc/sys/vm/mmap_min_addr", text, sizeof(text)) <= 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (str_to_u64(text, &lowest) == 0 && lowest <= LOW_PAGE)
		snprintf(answer->untestable, sizeof(answer->untestable),
			 "vm.mmap_min_addr is %s: this host lets everybody map that page", text);
}

static bool is_doubtful(const struct trial_answer *answer)
{
	return answer->row->may_lack && answer->answer[0] && !str_equal(answer->answer, "OK");
}

int trial_compare(const struct trial *trial, struct trial_answer *answers, size_t n, struct error *err)
{
	static const char *const outside[] = { "run", "--own-host", NULL };
	const struct trial bare = { .program = trial->program, .signals = trial->signals };
	struct trial_answer *others = calloc(n ? n : 1, sizeof(*others));
	size_t used = 0;
	int r = 0;

	if (!others)
		return error_set(err, ENOMEM, "compare with the machine");
	for (size_t i = 0; i < n; i++) {
		excuse_low_pages(&answers[i]);
		if (is_doubtful(&answers[i]))
			others[used++].row = answers[i].row;
	}
	while (r == 0 && first_unknown(others, used))
		r = start(&bare, outside, others, used, err);
	for (size_t i = 0, at = 0; i < n && r == 0; i++) {
		if (!is_doubtful(&answers[i]))
			continue;
		if (probe_table_answers(ABSENT, others[at].answer))
			snprintf(answers[i].untestable, sizeof(answers[i].untestable),
				 "this machine has no such thing: outside the answer is %s, too",
				 others[at].answer);
		at++;
	}
	free(others);
	return r;
}
