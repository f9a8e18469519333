/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/commands/output.h"

#include <errno.h>
#include <stdbool.h>

#include "base/error.h"
#include "launcher/oci/commands/command.h"

static void new_line(FILE *out, int depth)
{
	fprintf(out, "\n%*s", depth * 2, "");
}

static void print_mark(FILE *out, char before, char mark, char after, int *depth)
{
	bool opens = mark == '{' || mark == '[', closes = mark == '}' || mark == ']';

	if (closes) {
		--*depth;
		if (before != '{' && before != '[')
			new_line(out, *depth);
	}
	fputc(mark, out);
	if (opens) {
		++*depth;
		if (after != '}' && after != ']')
			new_line(out, *depth);
	}
	if (mark == ',')
		new_line(out, *depth);
	if (mark == ':')
		fputc(' ', out);
}

void output_json(FILE *out, const char *text)
{
	bool inside = false; /* a string */
	int depth = 0;
	char before = '\0';

	for (const char *next = text; *next; before = *next++) {
		if (inside || *next == '"') {
			fputc(*next, out);
			if (inside && *next == '\\' && next[1])
				fputc(*++next, out);
			else if (*next == '"')
				inside = !inside;
		} else {
			print_mark(out, before, *next, next[1], &depth);
		}
	}
	fputc('\n', out);
}

int output_end(const struct oci_globals *globals)
{
	struct error err = { 0 };

	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	error_set(&err, errno, "write to stdout");
	return oci_report(globals, &err);
}
