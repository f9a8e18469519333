/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/commands/named.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/host.h"
#include "launcher/service/control.h"
#include "launcher/service/record.h"

/* How long a service may be without a supervisor that answers: while it starts, or while another takes over.
 */
enum { TAKE_OVER_MS = 10000, RETRY_MS = 20 };

/* One of the services that are asked. */
struct asked {
	const char *given;
	char name[RECORD_NAME_MAX];
	int sock; /* -1: it needs no answer */
	int r;
	int64_t number;
	struct error err;
	const struct asked *same; /* the one that was asked already by another name for it; NULL: none */
};

static int begin(const struct command *command, const struct command_parse *parse, struct host *ret)
{
	struct error err = { 0 };

	if (parse->after)
		return command_usage_error(command, "nothing may stand behind --");
	if (parse->n_operands == 0)
		return command_usage_error(command, "which service? \"kapsel ps\" shows them");
	if (host_probe_caller(ret, &err) == 0)
		return STATUS_OK;
	error_print(STDERR_FILENO, &err);
	return STATUS_FINDING;
}

int named_each(const struct command *command, const struct command_parse *parse,
	       int (*act)(const struct host *host, const char *given, const void *arg, struct error *err),
	       const void *arg)
{
	struct host host;
	int status = begin(command, parse, &host);

	if (status != STATUS_OK)
		return status;
	for (int i = 0; i < parse->n_operands; i++) {
		struct error err = { 0 };

		if (act(&host, parse->operands[i], arg, &err) == 0)
			continue;
		error_print(STDERR_FILENO, &err);
		status = STATUS_FINDING;
	}
	return status;
}

void named_print(const char *given, int64_t number)
{
	(void)number;
	puts(given);
	fflush(stdout); /* the others may take long */
}

static void sleep_ms(unsigned int ms)
{
	struct timespec left = { .tv_nsec = (long)ms * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* One try. Return: 0: asked, or nothing is to be asked; -errno. */
static int ask_once(const char *run_dir, const struct named_request *request, const struct record *record,
		    struct asked *asked)
{
	_cleanup_fd_ int sock = -1;
	int r;

	asked->err = (struct error){ 0 };
	if (!record_alive(record))
		return request->ended(record, &asked->number, &asked->err);
	sock = control_connect(run_dir, record->name, &asked->err);
	if (sock < 0)
		return sock;
	r = control_send(sock, request->words, request->n, NULL, &asked->err);
	if (r == 0)
		asked->sock = take_fd(&sock);
	return r;
}

/*
 * Nobody listens although somebody supervises: the service is being started, or its supervisor was killed
 * and the standby is about to take over. Neither takes long.
 */
static void ask(const char *run_dir, const struct named_request *request, struct asked *asked)
{
	struct record record;

	for (unsigned int waited = 0; waited < TAKE_OVER_MS; waited += RETRY_MS) {
		asked->r = record_find(run_dir, asked->name, &record, &asked->err);
		if (asked->r < 0)
			return;
		asked->r = ask_once(run_dir, request, &record, asked);
		if (asked->r != -ECONNREFUSED && asked->r != -ENOENT && asked->r != -EPIPE)
			return;
		sleep_ms(RETRY_MS);
	}
}

/* A service that is named twice, by name and by id perhaps, is asked once: a second stop would be a kill. */
static void find(const char *run_dir, const struct named_request *request, const char *given,
		 struct asked *all, struct asked *asked)
{
	struct record record;

	*asked = (struct asked){ .given = given, .sock = -1 };
	asked->r = record_find(run_dir, given, &record, &asked->err);
	if (asked->r < 0)
		return;
	snprintf(asked->name, sizeof(asked->name), "%s", record.name);
	for (const struct asked *other = all; other < asked && !asked->same; other++)
		if (!other->same && str_equal(other->name, asked->name))
			asked->same = other;
	if (!asked->same)
		ask(run_dir, request, asked);
}

static void hear(const char *run_dir, const struct named_request *request, struct asked *asked)
{
	while (asked->r == 0 && asked->sock >= 0) {
		asked->r = control_answer(asked->sock, &asked->number, NULL, 0, &asked->err);
		fd_close(&asked->sock);
		if (asked->r != -EPIPE || !request->repeatable)
			return;
		ask(run_dir, request, asked);
		if (asked->r == -ENOENT && request->gone_is_done)
			asked->r = 0;
	}
}

int named_ask(const struct command *command, const struct command_parse *parse,
	      const struct named_request *request)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct asked *asked =
		arena ? arena_array(arena, (size_t)parse->n_operands + 1, sizeof(*asked)) : NULL;
	struct error err = { 0 };
	struct host host;
	int status = begin(command, parse, &host);

	if (status != STATUS_OK)
		return status;
	if (!asked) {
		error_set(&err, ENOMEM, "ask %d services", parse->n_operands);
		error_print(STDERR_FILENO, &err);
		return STATUS_FINDING;
	}
	for (int i = 0; i < parse->n_operands; i++)
		find(host.run_dir, request, parse->operands[i], asked, &asked[i]);
	for (int i = 0; i < parse->n_operands; i++) {
		const struct asked *heard = asked[i].same ? asked[i].same : &asked[i];

		if (!asked[i].same)
			hear(host.run_dir, request, &asked[i]);
		if (heard->r == 0) {
			request->done(asked[i].given, heard->number);
			continue;
		}
		error_print(STDERR_FILENO, &heard->err);
		status = STATUS_FINDING;
	}
	return status;
}

/* The words of a request with --time in milliseconds. Return: how many, or minus an exit status. */
static int timed_words(const struct command *command, const struct command_parse *parse, const char *ret[2],
		       char buffer[24])
{
	const char *text = command_given(command, parse, "time");
	uint32_t seconds;

	ret[0] = command->name;
	if (!text)
		return 1;
	if (str_to_u32(text, &seconds) < 0)
		return -command_usage_error(command, "--time is a number of seconds, not \"%s\"", text);
	snprintf(buffer, 24, "%" PRIu64, (uint64_t)seconds * 1000);
	ret[1] = buffer;
	return 2;
}

const struct command_option named_time_options[] = {
	{ "time", 't', "SECONDS", "before it is ended by force (default: stop.timeout of the profile)" },
	{ 0 },
};

int named_timed(const struct command *command, int argc, char **argv, const struct named_request *how)
{
	struct named_request request = *how;
	struct command_parse parse;
	const char *words[2];
	char buffer[24];
	int status, n;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	n = timed_words(command, &parse, words, buffer);
	if (n < 0)
		return -n;
	request.words = words;
	request.n = (size_t)n;
	return named_ask(command, &parse, &request);
}
