/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the verbs have in common that act on services by name: all are tried, each failure is told. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/commands/command.h"

struct error;
struct host;
struct record;

/**
 * named_each() - do something to every service that the operands name
 * @act: 0 or -errno with *err filled; it prints what it has to say
 *
 * Return: the exit status.
 */
int named_each(const struct command *command, const struct command_parse *parse,
	       int (*act)(const struct host *host, const char *given, const void *arg, struct error *err),
	       const void *arg);

/* A request to supervisors (launcher/service/control.h). */
struct named_request {
	const char *const *words;
	size_t n;
	/* It is the same when it is made twice: asked again where the supervisor was killed and another took
	 * over. */
	bool repeatable;
	bool gone_is_done; /* that nothing is left of it at all says that it was done */
	/* What a service means that does not run. 0 with *ret_number, or -errno with *err filled. */
	int (*ended)(const struct record *record, int64_t *ret_number, struct error *err);
	/* Says that it is done; @number is the answer's. */
	void (*done)(const char *given, int64_t number);
};

/**
 * named_ask() - ask the supervisors of all services that the operands name, at the same time
 *
 * Return: the exit status.
 */
int named_ask(const struct command *command, const struct command_parse *parse,
	      const struct named_request *request);

/** named_print() - for named_request.done: print the name as it was given. */
void named_print(const char *given, int64_t number);

/** named_time_options - the options of such a verb: --time. */
extern const struct command_option named_time_options[];

/**
 * named_timed() - a whole verb whose request is its name, and --time in milliseconds
 * @how: the request but for its words
 *
 * Return: the exit status.
 */
int named_timed(const struct command *command, int argc, char **argv, const struct named_request *how);
