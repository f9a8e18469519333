/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kapsel-systemd - the launcher's voice towards systemd. Reads one request from standard input,
 * answers on standard output (systemd_request.h), and ends. It has the launcher's own rights and
 * needs none of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "cgroups/systemd_bus.h"
#include "cgroups/systemd_message.h"
#include "cgroups/systemd_request.h"

/* A job may wait for others; a stop sends SIGTERM and only after a while SIGKILL. */
enum { JOB_TIMEOUT_S = 30, LIFE_TIMEOUT_S = 100 };

struct request {
	char text[SYSTEMD_REQUEST_MAX];
	const char *verb, *unit;
	bool user;
	const char *properties, *end;
};

struct scope {
	sd_bus *bus;
	struct systemd_job job;
	const struct request *request;
	char what[320]; /* "start the scope x" */
};

static int read_request(struct request *request, struct error *err)
{
	const char *at = request->text, *version, *bus;
	size_t length = fread(request->text, 1, sizeof(request->text), stdin);

	if (length == 0 || request->text[length - 1] != '\0')
		return error_set(err, EPROTO, "read the request");
	request->end = request->text + length;
	version = systemd_request_next(&at, request->end);
	if (!str_equal(version, SYSTEMD_REQUEST_VERSION)) {
		error_set(err, EPROTO,
			  "the request is \"%.64s\", this helper knows \"" SYSTEMD_REQUEST_VERSION "\"",
			  version);
		return error_remedy(err, "install kapsel and kapsel-systemd of the same version");
	}
	request->verb = systemd_request_next(&at, request->end);
	bus = systemd_request_next(&at, request->end);
	request->unit = systemd_request_next(&at, request->end);
	request->properties = at;
	if (!bus || !request->unit || (!str_equal(bus, "user") && !str_equal(bus, "system")))
		return error_set(err, EPROTO, "the request is incomplete");
	request->user = str_equal(bus, "user");
	return 0;
}

static int new_call(const struct scope *scope, const char *method, sd_bus_message **ret, struct error *err)
{
	int r = sd_bus_message_new_method_call(scope->bus, ret, SYSTEMD_SERVICE, SYSTEMD_PATH,
					       SYSTEMD_INTERFACE, method);

	if (r >= 0)
		r = sd_bus_message_append(*ret, "s", scope->request->unit);
	return r < 0 ? error_set(err, -r, "make a message to systemd") : 0;
}

/* A method with the unit and up to one more string; its answer is of no interest to anybody. */
static void tell(const struct scope *scope, const char *method)
{
	sd_bus_message *message = NULL;
	struct error err;

	if (new_call(scope, method, &message, &err) == 0) {
		int r = systemd_bus_call(scope->bus, message, method, NULL, &err);

		(void)r;
	}
	sd_bus_message_unref(message);
}

static int wait_done(struct scope *scope, struct error *err)
{
	int r = systemd_bus_wait(scope->bus, &scope->job, JOB_TIMEOUT_S, scope->what, err);

	if (r < 0)
		return r;
	if (!str_equal(scope->job.result, "done")) {
		error_set(err, EIO, "%s: systemd's job ended as \"%s\"", scope->what, scope->job.result);
		return error_remedy(err, "\"journalctl -u %s\" may say why", scope->request->unit);
	}
	return 0;
}

/* Stop and forget the unit, so that its name is free. SYSTEMD_NO_UNIT: there is none. */
static int stop(struct scope *scope, struct error *err)
{
	sd_bus_message *message = NULL;
	int r = new_call(scope, "StopUnit", &message, err);

	scope->job.path[0] = scope->job.result[0] = '\0';
	if (r == 0) {
		r = sd_bus_message_append(message, "s", "replace");
		r = r < 0 ? error_set(err, -r, "make a message to systemd")
			  : systemd_bus_call(scope->bus, message, scope->what, scope->job.path, err);
	}
	sd_bus_message_unref(message);
	if (r == SYSTEMD_DONE)
		r = wait_done(scope, err);
	if (r == 0)
		tell(scope, "ResetFailedUnit");
	return r;
}

/* One StartTransientUnit. Return: an enum systemd_answer or -errno. */
static int try_start(struct scope *scope, bool optional, struct error *err)
{
	sd_bus_message *message = NULL;
	int r = new_call(scope, "StartTransientUnit", &message, err);

	if (r == 0) {
		r = sd_bus_message_append(message, "s", "fail");
		if (r < 0)
			error_set(err, -r, "make a message to systemd");
	}
	if (r >= 0)
		r = systemd_message_properties(message, scope->request->properties, scope->request->end,
					       optional, err);
	if (r >= 0) {
		r = sd_bus_message_append(message, "a(sa(sv))", 0); /* no auxiliary units */
		r = r < 0 ? error_set(err, -r, "make a message to systemd")
			  : systemd_bus_call(scope->bus, message, scope->what, scope->job.path, err);
	}
	sd_bus_message_unref(message);
	return r;
}

static int start(struct scope *scope, struct error *err)
{
	int r = try_start(scope, true, err);

	if (r == SYSTEMD_NO_PROPERTY)
		r = try_start(scope, false, err);
	if (r == SYSTEMD_UNIT_EXISTS) { /* perhaps only the memory of one that failed */
		tell(scope, "ResetFailedUnit");
		r = try_start(scope, true, err);
	}
	if (r == SYSTEMD_UNIT_EXISTS)
		return error_remedy(
			err, "a container or a service of that name is there: see \"systemctl status %s\"",
			scope->request->unit);
	if (r < 0)
		return r;
	if (r != SYSTEMD_DONE)
		return -err->code;
	r = wait_done(scope, err);
	if (r < 0) {
		struct error ignored;
		int stopped = stop(scope, &ignored);

		(void)stopped;
	}
	return r;
}

static int try_update(struct scope *scope, bool optional, struct error *err)
{
	sd_bus_message *message = NULL;
	int r = new_call(scope, "SetUnitProperties", &message, err);

	if (r == 0) {
		r = sd_bus_message_append(message, "b",
					  true); /* until the next boot: transient as the unit */
		if (r < 0)
			error_set(err, -r, "make a message to systemd");
	}
	if (r >= 0)
		r = systemd_message_properties(message, scope->request->properties, scope->request->end,
					       optional, err);
	if (r == 0)
		r = systemd_bus_call(scope->bus, message, scope->what, NULL, err);
	sd_bus_message_unref(message);
	return r;
}

static int update(struct scope *scope, struct error *err)
{
	int r = try_update(scope, true, err);

	if (r == SYSTEMD_NO_PROPERTY)
		r = try_update(scope, false, err);
	return r > 0 ? -err->code : r;
}

static int serve(const struct request *request, struct error *err)
{
	struct scope scope = { .request = request };
	int r;

	snprintf(scope.what, sizeof(scope.what), "%s %.256s", request->verb, request->unit);
	r = systemd_bus_open(request->user, &scope.job, &scope.bus, err);
	if (r < 0)
		return r;
	if (str_equal(request->verb, "start"))
		r = start(&scope, err);
	else if (str_equal(request->verb, "update"))
		r = update(&scope, err);
	else if (str_equal(request->verb, "stop"))
		r = stop(&scope, err);
	else
		r = error_set(err, EPROTO, "the request is to \"%.16s\"", request->verb);
	sd_bus_flush_close_unref(scope.bus);
	return r == SYSTEMD_NO_UNIT ? 0 : r;
}

/* A line each: nothing in a message may end it. */
static void print_line(char *text)
{
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	puts(text);
}

int main(void)
{
	static struct request request;
	struct error err = { 0 };
	int r;

	alarm(LIFE_TIMEOUT_S); /* whatever happens, the launcher doesn't wait for ever */
	r = read_request(&request, &err);
	if (r == 0)
		r = serve(&request, &err);
	printf("%d\n", r < 0 ? -r : 0);
	if (r < 0) {
		print_line(err.msg);
		print_line(err.remedy);
	}
	return fflush(stdout) == 0 && r >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
