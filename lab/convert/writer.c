/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/writer.h"

#include <inttypes.h>

#include "profiles/json_print.h"

static void break_line(struct writer *writer)
{
	if (writer->flat)
		return;
	fputc('\n', writer->out);
	for (unsigned int i = 0; i < writer->depth; i++)
		fputc('\t', writer->out);
}

static void begin(struct writer *writer, const char *name)
{
	if (writer->filled)
		fputs(writer->flat ? ", " : ",", writer->out);
	if (writer->depth > 0)
		break_line(writer);
	writer->filled = true;
	if (!name)
		return;
	json_print_string(writer->out, name);
	fputs(": ", writer->out);
}

void writer_open(struct writer *writer, const char *name, char bracket)
{
	begin(writer, name);
	fputc(bracket, writer->out);
	writer->depth++;
	writer->filled = false;
}

void writer_open_flat(struct writer *writer, const char *name, char bracket)
{
	writer_open(writer, name, bracket);
	if (!writer->flat)
		writer->flat = writer->depth;
}

void writer_close(struct writer *writer, char bracket)
{
	bool ends_flat = writer->flat == writer->depth;

	writer->depth--;
	if (writer->filled)
		break_line(writer);
	if (ends_flat)
		writer->flat = 0;
	fputc(bracket, writer->out);
	writer->filled = true;
	if (writer->depth == 0)
		fputc('\n', writer->out);
}

void writer_string(struct writer *writer, const char *name, const char *text)
{
	begin(writer, name);
	json_print_string(writer->out, text);
}

void writer_number(struct writer *writer, const char *name, int64_t number)
{
	begin(writer, name);
	fprintf(writer->out, "%" PRId64, number);
}

void writer_unsigned(struct writer *writer, const char *name, uint64_t number)
{
	begin(writer, name);
	fprintf(writer->out, "%" PRIu64, number);
}

void writer_bool(struct writer *writer, const char *name, bool value)
{
	begin(writer, name);
	fputs(value ? "true" : "false", writer->out);
}

void writer_strings(struct writer *writer, const char *name, const char *const *items, size_t n)
{
	writer_open_flat(writer, name, '[');
	for (size_t i = 0; i < n; i++)
		writer_string(writer, NULL, items[i]);
	writer_close(writer, ']');
}
