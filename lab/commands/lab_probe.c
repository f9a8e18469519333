/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel lab probe: the attacks of the table, made under the restrictions of one profile. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/program.h"
#include "base/str.h"
#include "lab/commands/commands.h"
#include "lab/commands/lab_probes.h"
#include "lab/table/probe_table.h"
#include "lab/table/trial.h"
#include "lab/table/trial_profile.h"
#include "lab/table/trial_start.h"
#include "lab/table/verdict.h"
#include "profiles/json_print.h"
#include "profiles/nearest.h"

enum { NAMES_MAX = 512 };

static const struct command_option options[] = {
	{ "json", 0, NULL, "one probe a line" },
	{ "open", 0, "KEYS", "a JSON object on top of the profile: {\"allow_jit\": true}" },
	{ "allow", 0, "NAMES",
	  "attacks that may work, separated by commas: the profile opens them on purpose" },
	{ 0 },
};

static const struct command probe = {
	.name = "lab probe",
	.usage = "[OPTIONS] PROFILE [NAME...|all]",
	.summary =
		"Attacks a container of this profile from inside: a program that tries the table's attacks stands "
		"in the place of its command. Exits with 1 if one works that the hardest default stops.",
	.example = "kapsel lab probe web.kapsel.jsonc",
	.options = options,
};

/* Something of the host that a container should not reach: a port and an abstract socket. */
struct bait {
	int port, abstract;
	unsigned int number;
	char name[40];
};

static void lay_out(struct bait *bait)
{
	struct sockaddr_in inet = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(inet);
	size_t length;

	bait->port = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bait->port >= 0 && bind(bait->port, (struct sockaddr *)&inet, sizeof(inet)) == 0 &&
	    listen(bait->port, 16) == 0 && getsockname(bait->port, (struct sockaddr *)&inet, &size) == 0)
		bait->number = ntohs(inet.sin_port);
	snprintf(bait->name, sizeof(bait->name), "kapsel-probe-%d", (int)getpid());
	length = strlen(bait->name);
	memcpy(local.sun_path + 1, bait->name, length);
	bait->abstract = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
	if (bait->abstract < 0 || bind(bait->abstract, (struct sockaddr *)&local, size) < 0 ||
	    listen(bait->abstract, 16) < 0)
		bait->name[0] = '\0';
}

static int unknown_name(const char *name)
{
	const char *candidates[NAMES_MAX], *nearest;
	const struct probe_row *rows;
	size_t n;

	rows = probe_table(&n);
	for (size_t i = 0; i < n && i < NAMES_MAX; i++)
		candidates[i] = rows[i].name;
	nearest = nearest_find(name, candidates, n < NAMES_MAX ? n : NAMES_MAX);
	if (nearest)
		return command_usage_error(&probe, "unknown probe \"%s\"; did you mean \"%s\"?", name,
					   nearest);
	return command_usage_error(&probe, "unknown probe \"%s\"; kapsel lab probes lists them", name);
}

/* Return: 0, or the status to leave with. */
static int check_names(const char *allowed, char **names)
{
	char word[64];
	size_t length;

	for (; *names; names++)
		if (!str_equal(*names, "all") && !probe_table_find(*names))
			return unknown_name(*names);
	for (const char *at = allowed; at && *at; at += length + (at[length] == ',')) {
		length = strcspn(at, ",");
		snprintf(word, sizeof(word), "%.*s", (int)(length < 63 ? length : 63), at);
		if (!probe_table_find(word))
			return unknown_name(word);
	}
	return 0;
}

static bool is_wanted(const struct probe_row *row, char **names)
{
	bool by_all = row->number <= PROBE_ATTACKS_MAX && !row->heavy;

	if (!*names)
		return by_all;
	for (; *names; names++)
		if (str_equal(*names, row->name) || (str_equal(*names, "all") && by_all))
			return true;
	return false;
}

/* Rows without an attempt first get the reason, and are no work for trial_run(). */
static size_t choose(char **names, struct trial_answer *answers, size_t *ret_attempts)
{
	const struct probe_row *rows;
	size_t n, used = 0;

	rows = probe_table(&n);
	for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
		for (size_t i = 0; i < n && used < NAMES_MAX; i++) {
			if (!is_wanted(&rows[i], names) || (rows[i].elsewhere.en != NULL) != elsewhere)
				continue;
			answers[used] = (struct trial_answer){ .row = &rows[i], .known = elsewhere };
			if (elsewhere)
				snprintf(answers[used].untestable, sizeof(answers[used].untestable), "%s",
					 rows[i].elsewhere.en);
			used++;
		}
		if (!elsewhere)
			*ret_attempts = used;
	}
	return used;
}

static void print_json(const struct trial_answer *answer, enum verdict verdict)
{
	const struct {
		const char *name, *value;
	} members[] = {
		{ "name", answer->row->name },        { "tries", answer->row->tries.en },
		{ "answer", answer->answer },         { "expected", answer->row->strict },
		{ "verdict", verdict_name(verdict) }, { "reason", answer->untestable },
		{ "evidence", answer->evidence },
	};

	printf("{\"number\":%d", answer->row->number);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		printf(",\"%s\":", members[i].name);
		json_print_string(stdout, members[i].value);
	}
	puts("}");
}

static void print_text(const struct trial_answer *answer, enum verdict verdict)
{
	char note[400];

	str_escape(note, sizeof(note), verdict == VERDICT_UNTESTABLE ? answer->untestable : answer->evidence);
	printf("%-24s %-14s %-22s %s%s%s\n", answer->row->name, answer->answer[0] ? answer->answer : "-",
	       answer->row->strict[0] ? answer->row->strict : "-", verdict_name(verdict), note[0] ? ": " : "",
	       note);
}

/* Return: the exit status. */
static int print_answers(const struct trial_answer *answers, size_t n, const char *allowed, bool json)
{
	size_t counts[VERDICT_UNTESTABLE + 1] = { 0 };

	if (!json)
		printf("%-24s %-14s %-22s %s\n", "attack", "answer", "hardest default", "verdict");
	for (size_t i = 0; i < n; i++) {
		enum verdict verdict = verdict_of(&answers[i], allowed);

		counts[verdict]++;
		if (json)
			print_json(&answers[i], verdict);
		else
			print_text(&answers[i], verdict);
	}
	if (!json)
		printf("%zu attacks: %zu held, %zu open, %zu open as allowed, %zu known, %zu not testable here\n",
		       n, counts[VERDICT_HOLDS], counts[VERDICT_OPEN], counts[VERDICT_ALLOWED],
		       counts[VERDICT_KNOWN], counts[VERDICT_UNTESTABLE]);
	return counts[VERDICT_OPEN] ? STATUS_FINDING : STATUS_OK;
}

/* Return: 0, TRIAL_PROFILE_WRONG, or -errno with *err filled (-EINTR: empty). */
static int attack(const char *profile, const char *open, struct trial_answer *answers, size_t n,
		  struct error *err)
{
	struct bait bait = { -1, -1, 0, "" };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct trial_profile written = { .lock = -1 };
	struct trial_signals signals;
	struct trial trial = { .kapsel = lab_kapsel(), .profile = written.path, .signals = &signals };
	char program[512];
	int r;

	if (!arena)
		return error_set(err, ENOMEM, "read %s", profile);
	r = program_helper("kapsel-probe", KAPSEL_LIBEXEC_DIR, program, sizeof(program), err);
	if (r < 0)
		return error_remedy(err, "install the program kapsel-probe that belongs to this kapsel");
	r = trial_signals_take(&signals, err);
	if (r < 0)
		return r;
	trial.program = program;
	lay_out(&bait);
	r = trial_profile_write(&written,
				&(struct trial_request){ profile, open, program, bait.number,
							 bait.name[0] ? bait.name : NULL },
				arena, err);
	if (r == 0)
		r = trial_run(&trial, answers, n, err);
	if (r == 0)
		r = trial_compare(&trial, answers, n, err);
	trial_profile_clear(&written);
	fd_close(&bait.port);
	fd_close(&bait.abstract);
	trial_signals_give_back(&signals);
	if (r == -EINTR)
		err->exit_status = EXIT_SIGNAL_BASE + signals.taken;
	return r;
}

int lab_probe(const struct command *command, int argc, char **argv)
{
	struct trial_answer *answers;
	struct command_parse parse;
	struct error err = { 0 };
	const char *allowed;
	size_t n, attempts;
	int status, r;

	(void)command;
	if (command_parse(&probe, argc, argv, &parse, &status))
		return status;
	if (parse.n_operands == 0)
		return command_usage_error(&probe, "which profile?");
	if (parse.after)
		return command_usage_error(&probe, "lab probe takes no arguments after --");
	allowed = command_given(&probe, &parse, "allow");
	parse.operands[parse.n_operands] = NULL;
	status = check_names(allowed, parse.operands + 1);
	if (status)
		return status;
	answers = calloc(NAMES_MAX, sizeof(*answers));
	if (!answers)
		return fputs("kapsel: out of memory\n", stderr), EXIT_LAUNCHER;
	n = choose(parse.operands + 1, answers, &attempts);
	r = attack(parse.operands[0], command_given(&probe, &parse, "open"), answers, attempts, &err);
	if (r == 0)
		status = print_answers(answers, n, allowed, command_given(&probe, &parse, "json"));
	else if (r == TRIAL_PROFILE_WRONG)
		status = STATUS_USAGE;
	else
		status = err.code == 0 && err.exit_status ? err.exit_status : EXIT_LAUNCHER;
	if (r < 0 && err.code)
		error_print(STDERR_FILENO, &err);
	free(answers);
	return status;
}
