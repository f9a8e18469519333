/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/metrics_request.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

static struct metrics_request parse_bytes(const char *bytes, size_t size)
{
	char text[METRICS_REQUEST_MAX + 1];
	struct metrics_request request;

	memcpy(text, bytes, size);
	text[size] = '\0';
	cr_assert(metrics_request_complete(text, size), "%s", bytes);
	metrics_request_parse(text, size, &request);
	return request;
}

static struct metrics_request parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

Test(metrics_request, is_answered_or_refused_by_its_first_line)
{
	static const struct {
		int status;
		const char *line;
	} cases[] = {
		{ 200, "GET /metrics HTTP/1.1" },
		{ 200, "HEAD /metrics HTTP/1.1" },
		{ 200, "GET /metrics HTTP/1.0" },
		{ 200, "GET /metrics?name=web HTTP/1.1" },
		{ 200, "GET http://localhost:9753/metrics HTTP/1.1" },
		{ 404, "GET / HTTP/1.1" },
		{ 404, "GET /metrics/ HTTP/1.1" },
		{ 404, "GET /metricsx HTTP/1.1" },
		{ 404, "GET /../../etc/shadow HTTP/1.1" },
		{ 404, "GET http://localhost HTTP/1.1" },
		{ 404, "POST /debug HTTP/1.1" },
		{ 405, "POST /metrics HTTP/1.1" },
		{ 405, "get /metrics HTTP/1.1" },
		{ 405, "GETX /metrics HTTP/1.1" },
		{ 505, "GET /metrics HTTP/2.0" },
		{ 400, "GET /metrics" },
		{ 400, "GET  /metrics HTTP/1.1" },
		{ 400, "GET /metrics HTTP/1.1 " },
		{ 400, "GET /metrics FTP/1.1" },
		{ 400, "GET /metrics HTTP/1.1x" },
		{ 400, " /metrics HTTP/1.1" },
		{ 400, "GET /metrics\x01 HTTP/1.1" },
		{ 400, "" },
	};
	char text[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "%s\r\nHost: a\r\n\r\n", cases[i].line);
		cr_assert(eq(int, parse(text).status, cases[i].status), "%s", cases[i].line);
	}
}

Test(metrics_request, of_head_wants_no_body)
{
	cr_assert(parse("HEAD /metrics HTTP/1.0\r\n\r\n").head);
	cr_assert(not(parse("GET /metrics HTTP/1.0\r\n\r\n").head));
}

Test(metrics_request, needs_exactly_one_host_since_version_one_one)
{
	cr_assert(eq(int, parse("GET /metrics HTTP/1.1\r\n\r\n").status, 400));
	cr_assert(eq(int, parse("GET /metrics HTTP/1.0\r\n\r\n").status, 200));
	cr_assert(eq(int, parse("GET /metrics HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n").status, 400));
	cr_assert(eq(int, parse("GET /metrics HTTP/1.1\nHOST:a\n\n").status, 200));
}

Test(metrics_request, is_refused_with_headers_that_are_none)
{
	cr_assert(eq(int, parse("GET /metrics HTTP/1.0\r\nnothing\r\n\r\n").status, 400));
	cr_assert(eq(int, parse("GET /metrics HTTP/1.0\r\nA: b\r\n folded\r\n\r\n").status, 400));
	cr_assert(eq(int, parse("GET /metrics HTTP/1.0\r\nA : b\r\n\r\n").status, 400));
	cr_assert(eq(int, parse("GET /metrics HTTP/1.0\r\n: b\r\n\r\n").status, 400));
}

Test(metrics_request, with_a_zero_byte_is_refused)
{
	static const char bytes[] = "GET /metrics HTTP/1.0\r\nA: b\0c\r\n\r\n";

	cr_assert(eq(int, parse_bytes(bytes, sizeof(bytes) - 1).status, 400));
}

Test(metrics_request, chooses_the_form_by_accept)
{
	static const struct {
		enum metrics_form form;
		const char *accept;
	} cases[] = {
		/* What Prometheus 2.42 sends. */
		{ METRICS_OPENMETRICS,
		  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
		  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1" },
		{ METRICS_TEXT, "text/plain;version=0.0.4;q=0.5,*/*;q=0.1" },
		{ METRICS_TEXT, "*/*" },
		{ METRICS_TEXT, "application/openmetrics-text;q=0.2, text/plain;q=0.9" },
		{ METRICS_TEXT, "application/openmetrics-text; q=0" },
		{ METRICS_TEXT, "application/openmetrics-text;q=" },
		{ METRICS_OPENMETRICS, "Application/OpenMetrics-Text; version=1.0.0; q=1.0" },
		{ METRICS_OPENMETRICS, ",, ,application/openmetrics-text" },
		{ METRICS_TEXT, "" },
		{ METRICS_TEXT, ";;;,q=1" },
	};
	char text[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "GET /metrics HTTP/1.0\r\nAccept: %s\r\n\r\n", cases[i].accept);
		cr_assert(eq(int, parse(text).form, cases[i].form), "%s", cases[i].accept);
		cr_assert(eq(int, parse(text).status, 200), "%s", cases[i].accept);
	}
}

Test(metrics_request, is_complete_with_the_empty_line)
{
	cr_assert(not(metrics_request_complete("GET /metrics HTTP/1.0\r\n", 23)));
	cr_assert(not(metrics_request_complete("", 0)));
	cr_assert(metrics_request_complete("GET / HTTP/1.0\r\n\r\n", 18));
}

/* Every beginning and every single changed byte of a good request is parsed without harm. */
Test(metrics_request, of_any_bytes_does_no_harm)
{
	static const char good[] =
		"GET /metrics?a HTTP/1.1\r\nHost: a\r\nAccept: text/plain;q=0.5,a;q=1\r\n\r\n";
	static const char bytes[] = "\0\n\r \t:;,=?/q.01\xff";
	struct metrics_request request;
	unsigned int refused = 0;

	for (size_t at = 0; at < sizeof(good) - 1; at++) {
		for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
			char text[sizeof(good)];

			memcpy(text, good, sizeof(good));
			text[at] = bytes[i];
			metrics_request_parse(text, sizeof(good) - 1, &request);
			cr_assert(request.status >= 200 && request.status < 600);
			refused += request.status != 200;
		}
	}
	cr_assert(gt(uint, refused, 100));
}
