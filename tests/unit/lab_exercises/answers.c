/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/answers.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/arena.h"
#include "lab/exercises/container.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/observe.h"
#include "lab/exercises/result.h"

static const struct exercise exercise = { .id = "one", .probes = "mmap-rwx add-key" };

static struct result_run read_output(const char *out, const char *err, int status, struct arena *arena)
{
	const struct container_output output = { .out = out, .err = err, .status = status };
	struct result_run run = result_run_none();

	cr_assert(eq(int, answers_read(&exercise, &output, arena, &run), 0));
	return run;
}

Test(answers, tells_probes_from_evidence)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct result_run run = read_output(
		"{\"probe\":50,\"name\":\"mmap-rwx\",\"ret\":-1,\"errno\":\"EACCES\",\"signal\":\"\",\"evidence\":\"x\"}\n"
		"{\"probe\":1,\"name\":\"add-key\",\"ret\":7,\"errno\":\"\",\"signal\":\"\",\"evidence\":\"\"}\n"
		"{\"source\":\"/proc/self/status: Seccomp\",\"value\":\"2\"}\n",
		"kapsel: lab-x-1 ended after 0.005 s: exit code 0\n", 0, arena);

	cr_assert(eq(sz, run.n_probes, 2));
	cr_assert(eq(str, run.probes[0].answer, "EACCES"));
	cr_assert(eq(str, run.probes[0].evidence, "x"));
	cr_assert(eq(str, run.probes[1].answer, "OK"));
	cr_assert(eq(long, run.probes[1].ret, 7));
	cr_assert(eq(sz, run.n_evidence, 1));
	cr_assert(eq(str, run.evidence[0].value, "2"));
	cr_assert(eq(str, run.end, "exit code 0"));
}

Test(answers, passes_over_what_a_hostile_program_prints)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct result_run run =
		read_output("\n[]\nnot json\n{\"name\":\n{\"name\":5}\n\x1b]0;x\x07\n"
			    "{\"name\":\"mmap-rwx\",\"ret\":\"0\",\"errno\":{},\"signal\":[]}\n",
			    "", 0, arena);

	cr_assert(eq(sz, run.n_probes, 2));
	cr_assert(eq(str, run.probes[0].name, ""));
	cr_assert(eq(str, run.probes[1].answer, "HELD"), "a ret that is no number is no success");
}

Test(answers, says_what_neither_failed_nor_gained)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct result_run run = read_output(
		"{\"name\":\"mmap-rwx\",\"ret\":-1,\"errno\":\"\",\"signal\":\"\",\"evidence\":\"\"}\n", "",
		0, arena);

	cr_assert(eq(str, run.probes[0].answer, "HELD"));
}

Test(answers, makes_the_containers_death_the_first_answer)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct result_run run = read_output(
		"", "kapsel: lab-x-1 ended after 3.1 s: out of memory: peak 64.0 MiB\n", 137, arena);

	cr_assert(eq(sz, run.n_probes, 1));
	cr_assert(eq(str, run.probes[0].name, "mmap-rwx"));
	cr_assert(eq(str, run.probes[0].answer, "SIGKILL"));
	cr_assert(eq(str, run.probes[0].evidence, "out of memory: peak 64.0 MiB"));
}

Test(answers, keeps_an_answer_that_came_before_the_death)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct result_run run = read_output(
		"{\"name\":\"mmap-rwx\",\"ret\":0,\"errno\":\"\",\"signal\":\"\",\"evidence\":\"\"}\n", "",
		137, arena);

	cr_assert(eq(sz, run.n_probes, 1));
	cr_assert(eq(str, run.probes[0].answer, "OK"));
}

Test(answers, never_takes_what_is_untestable_for_an_answer)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct result_run run = read_output("{\"name\":\"mmap-rwx\",\"ret\":0,\"errno\":\"\",\"signal\":\"\","
					    "\"evidence\":\"\",\"untestable\":\"no such call\"}\n",
					    "", 0, arena);

	cr_assert(eq(str, run.probes[0].answer, ""));
	cr_assert(not(answers_match("OK", &run.probes[0])));
	cr_assert(not(answers_match(">=0", &run.probes[0])));
	cr_assert(not(answers_match("", &run.probes[0])));
}

Test(answers, names_the_first_call_that_was_refused)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct result_run run = read_output("",
					    "kapsel:   refused mmap (1x, EACCES): mmap(PROT_EXEC): writable\n"
					    "kapsel:     opened by \"allow_jit\": true\n"
					    "kapsel:   refused add_key (2x, EPERM): add_key(): not opened\n"
					    "kapsel: lab-x-1 ended after 0.005 s: exit code 0\n",
					    0, arena);

	cr_assert(eq(str, run.refused_call, "mmap"));
	cr_assert(eq(sz, run.n_evidence, 2));
	cr_assert(eq(str, run.evidence[1].value, "add_key (2x, EPERM): add_key(): not opened"));
}

Test(answers, names_the_call_that_ended_it)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct result_run run = read_output(
		"",
		"kapsel: m ended after 0.021 s: seccomp killed it for calling init_module: init_module(): no\n",
		159, arena);

	cr_assert(eq(str, run.refused_call, "init_module"));
	cr_assert(eq(str, run.probes[0].answer, "SIGSYS"));
}

Test(answers, matches_one_of_several)
{
	struct result_probe probe = { .answer = "EPERM", .ret = -1 };

	cr_assert(answers_match("EACCES|EPERM", &probe));
	cr_assert(not(answers_match("EACCES", &probe)));
}

Test(answers, compares_what_a_probe_measured)
{
	struct result_probe probe = { .answer = "OK", .ret = 300 };

	cr_assert(answers_match("<=300", &probe));
	cr_assert(answers_match(">=300", &probe));
	cr_assert(not(answers_match(">=301", &probe)));
	cr_assert(not(answers_match("<=299", &probe)));
	probe.answer = "EPERM";
	cr_assert(not(answers_match("<=300", &probe)), "a refused measurement measured nothing");
}

Test(answers, knows_a_start_that_was_refused)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct container_output output = {
		.out = "",
		.status = 125,
		.err = "kapsel: cgroup-limits: limits.memory: EOPNOTSUPP\n  = help: x\n"
	};

	cr_assert(
		eq(str, answers_refusal(&output, arena), "kapsel: cgroup-limits: limits.memory: EOPNOTSUPP"));
	output.err = "warning[W1]: x\nerror[E012]: unknown capability\n  --> y\n";
	cr_assert(eq(str, answers_refusal(&output, arena), "error[E012]: unknown capability"));
	output.status = 1;
	cr_assert(zero(ptr, answers_refusal(&output, arena)));
	output.status = 126;
	output.err = "kapsel: lab-x-1 ended after 0.005 s: exit code 126\n";
	cr_assert(zero(ptr, answers_refusal(&output, arena)), "the workload's own status");
}

Test(answers, counts_only_what_the_exercise_is_about)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct exercise pids = { .id = "p", .probes = "fork-bomb", .needs = EXERCISE_NEEDS_PIDS };
	struct result_run run = read_output("", "", 0, arena);
	struct observe *observe = arena_alloc(arena, sizeof(*observe));

	observe_begin(observe, NULL, "x");
	strcpy(observe->texts[OBSERVE_PIDS_MAX], "16\n");
	strcpy(observe->texts[OBSERVE_PIDS_EVENTS], "max 3\n");
	strcpy(observe->texts[OBSERVE_MEMORY_PEAK], "4096\n");
	cr_assert(eq(int, answers_add_counts(&pids, observe, arena, &run), 0));
	cr_assert(eq(sz, run.n_evidence, 2));
	cr_assert(eq(str, run.evidence[0].value, "16"));
	cr_assert(eq(str, run.evidence[1].source, "cgroup pids.events: max"));
	cr_assert(eq(str, run.evidence[1].value, "3"));
}
