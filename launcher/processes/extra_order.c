/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/processes/extra_order.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "launcher/processes/extra.h"
#include "launcher/processes/init_extra.h"
#include "launcher/run.h"
#include "profiles/spec.h"

static int add_word(struct extra_order *order, const char *word, struct error *err)
{
	size_t size = strlen(word) + 1;

	if (size > sizeof(order->text) - order->size) {
		error_set(err, E2BIG,
			  "start a further process: its arguments and environment exceed %d bytes",
			  EXTRA_TEXT_MAX);
		return error_remedy(err, "put long values into a file that it reads");
	}
	memcpy(order->text + order->size, word, size);
	order->size += (uint32_t)size;
	return 0;
}

/* Of the payload alone: sockets that it has been given, and its own pid. */
static bool is_payloads(const char *variable)
{
	return str_starts(variable, "LISTEN_") || str_starts(variable, "NOTIFY_SOCKET=") ||
	       str_starts(variable, "WATCHDOG_") || !strchr(variable, '=');
}

static bool is_replaced(const char *variable, const char *const *env)
{
	size_t name = strcspn(variable, "=") + 1;

	for (size_t i = 0; env && env[i]; i++)
		if (strncmp(env[i], variable, name) == 0)
			return true;
	return false;
}

static int add_env(struct extra_order *order, const char *variable, struct error *err)
{
	if (order->n_env == EXTRA_ENV_MAX)
		return error_set(err, E2BIG, "start a further process: more than %d variables",
				 EXTRA_ENV_MAX);
	order->n_env++;
	return add_word(order, variable, err);
}

int extra_order_fill(struct extra_order *order, const struct run *run, const struct extra_request *request,
		     struct error *err)
{
	int r = 0;

	order->type = MESSAGE_EXTRA_START;
	order->terminal = isatty(request->fds[STDIN_FILENO]);
	for (size_t i = 0; r == 0 && request->argv[i]; i++) {
		if (order->n_args == EXTRA_ARGS_MAX)
			return error_set(err, E2BIG, "start a further process: more than %d arguments",
					 EXTRA_ARGS_MAX);
		order->n_args++;
		r = add_word(order, request->argv[i], err);
	}
	for (size_t i = 0; r == 0 && run->envp && run->envp[i]; i++)
		if (!is_payloads(run->envp[i]) && !is_replaced(run->envp[i], request->env))
			r = add_env(order, run->envp[i], err);
	for (size_t i = 0; r == 0 && request->env && request->env[i]; i++)
		r = add_env(order, request->env[i], err);
	return r;
}

int extra_order_check(const struct run *run, const struct extra_request *request, struct error *err)
{
	const struct spec *spec = run->spec;

	if (!request->argv[0] || request->argv[0][0] != '/') {
		error_set(err, EINVAL, "start %s in the container: the program's path is not absolute",
			  request->argv[0] ? request->argv[0] : "nothing");
		return error_remedy(err, "write the whole path inside, such as /bin/sh");
	}
	if (spec->limits.open_files < EXTRA_FILES_MIN) {
		error_set(err, EMFILE, "start %s in the container: limits.open_files is %llu",
			  request->argv[0], (unsigned long long)spec->limits.open_files);
		return error_remedy(err, "raise limits.open_files to %d or more", EXTRA_FILES_MIN);
	}
	if (spec_exec_once(spec) && !run->exec_held) {
		error_set(err, EOPNOTSUPP, "start %s in the container", request->argv[0]);
		return error_remedy(err, "this kernel gives kapsel no seccomp listener: only with one can a "
					 "further process be held to executing once");
	}
	return 0;
}
