/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the launcher tells kapsel-systemd on its standard input: strings, each ended by NUL,
 * so that no value needs quoting.
 *
 *	"kapsel-systemd 1"  both sides must come from the same release
 *	verb                "start", "update" or "stop"
 *	bus                 "system" or "user"
 *	unit                "docker-1f2e.scope"
 *	and for each property: name, signature, values
 *
 * The signature is D-Bus's: one basic type (numbers in decimal, booleans "true" or "false"), or
 * "a" and a basic type, whose values have their count in front; "ay" is one string of hexadecimal
 * digits. A name that starts with "?" may be left out where systemd doesn't know it.
 *
 * The answer, on standard output: an errno in decimal ("0": done), what failed, and the remedy,
 * a line each.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

#define SYSTEMD_REQUEST_VERSION "kapsel-systemd 1"

enum { SYSTEMD_REQUEST_MAX = 1 << 20, SYSTEMD_NAME_MAX = 64, SYSTEMD_SIGNATURE_MAX = 8 };

struct systemd_request {
	char *text;
	size_t length, size;
	bool failed; /* out of memory, or more than SYSTEMD_REQUEST_MAX: checked once, at the end */
};

/** systemd_request_add() - append one string. */
void systemd_request_add(struct systemd_request *request, const char *field);

/** systemd_request_format() - append one formatted string of less than 256 bytes. */
void systemd_request_format(struct systemd_request *request, const char *format, ...) _printf_(2, 3);

/** systemd_request_join() - append all strings of @more. */
void systemd_request_join(struct systemd_request *request, const struct systemd_request *more);

/** systemd_request_free() - free the text; the struct is empty then and can be used again. */
void systemd_request_free(struct systemd_request *request);
#define _cleanup_request_ _cleanup_(systemd_request_free)

/**
 * systemd_request_next() - the string at *@at, which moves behind it
 * @at, @end: within a text that ends with NUL
 *
 * Return: the string, NULL at the end.
 */
const char *systemd_request_next(const char **at, const char *end);
