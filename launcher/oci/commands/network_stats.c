/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/commands/network_stats.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/macro.h"
#include "profiles/json_print.h"

/* Columns of net/dev behind the name: eight received, eight sent. */
enum { COLUMNS = 16, NAME_MAX_BYTES = 64 };

static const struct {
	const char *name;
	int column;
} counters[] = {
	{ "RxBytes", 0 }, { "RxPackets", 1 }, { "RxErrors", 2 },  { "RxDropped", 3 },
	{ "TxBytes", 8 }, { "TxPackets", 9 }, { "TxErrors", 10 }, { "TxDropped", 11 },
};

static bool parse_line(const char *line, char name[NAME_MAX_BYTES], uint64_t values[COLUMNS])
{
	const char *start = line + strspn(line, " ");
	size_t length = strcspn(start, ":\n"), used = 0;
	int n = 0;

	/* The name may hold a colon (an alias): the numbers start behind the last one of the line. */
	while (start[length] == ':' && strcspn(start + length + 1, ":\n") < strcspn(start + length + 1, "\n"))
		length += 1 + strcspn(start + length + 1, ":\n");
	if (start[length] != ':' || length >= NAME_MAX_BYTES)
		return false;
	memcpy(name, start, length);
	name[length] = '\0';
	for (const char *next = start + length + 1; n < COLUMNS; next += used, n++) {
		int consumed = 0;

		if (sscanf(next, " %" SCNu64 "%n", &values[n], &consumed) != 1)
			return false;
		used = (size_t)consumed;
	}
	return true;
}

void network_stats_print(FILE *out, const char *text)
{
	uint64_t values[COLUMNS];
	char name[NAME_MAX_BYTES];
	bool first = true;

	fputc('[', out);
	for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		if (!parse_line(line, name, values))
			continue; /* the two lines of headings */
		fprintf(out, "%s{\"Name\":", first ? "" : ",");
		json_print_string(out, name);
		for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
			fprintf(out, ",\"%s\":%" PRIu64, counters[i].name, values[counters[i].column]);
		fputc('}', out);
		first = false;
	}
	fputc(']', out);
}
