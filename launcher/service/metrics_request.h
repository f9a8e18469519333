/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a stranger's HTTP request says, as far as it matters here (RFC 9110, RFC 9112). Parses
 * in place, allocates nothing, and knows no file and no descriptor.
 */
#include <stdbool.h>
#include <stddef.h>

#include "launcher/service/metrics.h"

enum { METRICS_REQUEST_MAX = 8192 };

struct metrics_request {
	int status;             /* how it is to be answered: 200, 400, 404, 405, 505 */
	bool head;              /* HEAD: the same answer without its body */
	enum metrics_form form; /* by the header Accept */
};

/** metrics_request_complete() - Return: whether the empty line behind the headers is there. */
bool metrics_request_complete(const char *text, size_t size);

/**
 * metrics_request_parse() - parse what metrics_request_complete() found complete
 * @text: @size bytes and a NUL behind; changed
 */
void metrics_request_parse(char *text, size_t size, struct metrics_request *ret);
