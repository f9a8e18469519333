/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/metrics_http.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/service/metrics.h"
#include "launcher/service/metrics_request.h"
#include "launcher/service/metrics_sandbox.h"

enum { HEAD_MAX = 512, DRAIN_MS = 500, FORMS = METRICS_OPENMETRICS + 1 };

/* Both texts are ready before the request is read, so that reading it needs no right at all. */
struct body {
	char *text;
	size_t size;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Read until the headers are complete, the buffer is full or the time is over.
 * Return: 0, or the status to refuse with; -errno when nobody is there to be answered.
 */
static int read_request(char *text, size_t size, size_t *ret_used)
{
	const int64_t end = now_ms() + METRICS_HTTP_REQUEST_MS;
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	size_t used = 0;

	for (;;) {
		int64_t left = end - now_ms();
		int ready = left > 0 ? poll(&input, 1, (int)left) : 0;
		ssize_t got;

		if (ready < 0 && errno != EINTR)
			return -errno;
		if (left <= 0)
			return 408;
		if (ready <= 0)
			continue;
		got = read(STDIN_FILENO, text + used, size - used);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return used > 0 ? 400 : -ECONNRESET;
		used += (size_t)got;
		*ret_used = used;
		if (metrics_request_complete(text, used))
			return 0;
		if (used == size)
			return 431;
	}
}

static const char *status_text(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 408:
		return "Request Timeout";
	case 431:
		return "Request Header Fields Too Large";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Bad Request";
	}
}

static const char *type_text(int status, enum metrics_form form)
{
	if (status != 200)
		return "text/plain; charset=utf-8";
	return form == METRICS_OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
					   : "text/plain; version=0.0.4; charset=utf-8";
}

static int write_answer(const struct metrics_request *request, const struct body *bodies, const char *date)
{
	char head[HEAD_MAX], refusal[64];
	struct body body = bodies[request->form];
	int length, r;

	if (request->status != 200) {
		body.size = (size_t)snprintf(refusal, sizeof(refusal), "%d %s\n", request->status,
					     status_text(request->status));
		body.text = refusal;
	}
	length = snprintf(head, sizeof(head),
			  "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s"
			  "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
			  "Connection: close\r\n\r\n",
			  request->status, status_text(request->status), date,
			  type_text(request->status, request->form), body.size,
			  request->status == 405 ? "Allow: GET, HEAD\r\n" : "");
	r = fd_write_all(STDOUT_FILENO, head, (size_t)length);
	if (r == 0 && !request->head)
		r = fd_write_all(STDOUT_FILENO, body.text, body.size);
	return r;
}

/*
 * A connection that is closed with bytes unread is reset, and a reset can overtake the answer: take
 * what still comes, for a moment.
 */
static void drain(char *text, size_t size)
{
	const int64_t end = now_ms() + DRAIN_MS;
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	int64_t left;

	if (shutdown(STDOUT_FILENO, SHUT_WR) < 0)
		return; /* not a socket */
	while ((left = end - now_ms()) > 0 && poll(&input, 1, (int)left) > 0)
		if (read(STDIN_FILENO, text, size) <= 0)
			break;
}

/* When the numbers were read; RFC 9110 wants it. The C library may look for the time zone's file here. */
static void format_date(char *text, size_t size)
{
	const time_t now = time(NULL);
	struct tm parts;

	if (!gmtime_r(&now, &parts) || strftime(text, size, "%a, %d %b %Y %H:%M:%S GMT", &parts) == 0)
		text[0] = '\0';
}

static int print_bodies(const struct sample *samples, size_t n, const char *cgroup_mount,
			struct body bodies[FORMS], struct error *err)
{
	for (int form = 0; form < FORMS; form++) {
		FILE *out = open_memstream(&bodies[form].text, &bodies[form].size);

		if (!out)
			return error_set(err, errno, "write the metrics");
		metrics_print(out, samples, n, cgroup_mount, (enum metrics_form)form);
		if (fclose(out) < 0 || !bodies[form].text)
			return error_set(err, ENOMEM, "write the metrics");
	}
	return 0;
}

int metrics_http_answer(const struct sample *samples, size_t n, const char *cgroup_mount, struct error *err)
{
	char text[METRICS_REQUEST_MAX + 1], date[64];
	struct metrics_request request = { 0 };
	struct body bodies[FORMS] = { 0 };
	size_t used = 0;
	int r;

	format_date(date, sizeof(date));
	r = print_bodies(samples, n, cgroup_mount, bodies, err);
	if (r == 0)
		r = metrics_sandbox_rights(err);
	if (r == 0)
		r = metrics_sandbox_calls(err);
	if (r < 0)
		return r; /* the process ends: what was allocated goes with it */
	request.status = read_request(text, METRICS_REQUEST_MAX, &used);
	if (request.status < 0)
		return error_set(err, -request.status, "read the request");
	text[used] = '\0';
	if (request.status == 0)
		metrics_request_parse(text, used, &request);
	r = write_answer(&request, bodies, date);
	if (r < 0)
		return error_set(err, -r, "write the answer");
	drain(text, METRICS_REQUEST_MAX);
	return 0;
}
