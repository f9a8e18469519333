/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/systemd_request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(struct systemd_request *request, const char *data, size_t length)
{
	if (length > SYSTEMD_REQUEST_MAX - request->length)
		request->failed = true;
	if (request->failed)
		return;
	if (request->length + length > request->size) {
		size_t size = (request->length + length) * 2;
		char *text = realloc(request->text, size);

		if (!text) {
			request->failed = true;
			return;
		}
		request->text = text;
		request->size = size;
	}
	if (length > 0)
		memcpy(request->text + request->length, data, length);
	request->length += length;
}

void systemd_request_add(struct systemd_request *request, const char *field)
{
	append(request, field, strlen(field) + 1);
}

void systemd_request_format(struct systemd_request *request, const char *format, ...)
{
	char field[256];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(field, sizeof(field), format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(field))
		request->failed = true;
	else
		systemd_request_add(request, field);
}

void systemd_request_join(struct systemd_request *request, const struct systemd_request *more)
{
	request->failed = request->failed || more->failed;
	append(request, more->text, more->length);
}

void systemd_request_free(struct systemd_request *request)
{
	free(request->text);
	*request = (struct systemd_request){ 0 };
}

const char *systemd_request_next(const char **at, const char *end)
{
	const char *field = *at;

	if (field >= end)
		return NULL;
	*at = field + strlen(field) + 1;
	return field;
}
