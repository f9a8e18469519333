/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics of devices: the io and rdma controllers, each with a line for a device. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/str.h"
#include "cgroups/stats_print.h"
#include "cgroups/text.h"

enum { STAT_MAX_BYTES = 16384 };

struct word {
	const char *name; /* "rbytes" of io.stat */
	const char *op;
};

/* The number behind "@name=" in a line; false without it. */
static bool find_value(const char *line, const char *name, uint64_t *ret)
{
	const size_t length = strlen(name), end = strcspn(line, "\n");

	for (const char *at = line; at < line + end; at++) {
		if ((at == line || at[-1] == ' ') && strncmp(at, name, length) == 0 && at[length] == '=') {
			*ret = str_starts(at + length + 1, "max") ? STATS_NO_LIMIT
								  : strtoull(at + length + 1, NULL, 10);
			return true;
		}
	}
	return false;
}

/* Each line of io.stat begins with "major:minor". */
static bool parse_device(const char *line, unsigned long *ret_major, unsigned long *ret_minor)
{
	char *end;

	*ret_major = strtoul(line, &end, 10);
	if (end == line || *end != ':')
		return false;
	line = end + 1;
	*ret_minor = strtoul(line, &end, 10);
	return end != line && *end == ' ';
}

static void print_operations(FILE *out, const char *text, const char *key, const struct word words[3])
{
	const char *comma = "";

	fprintf(out, "\"%s\":[", key);
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		unsigned long major, minor;
		uint64_t value;

		line += *line == '\n';
		if (!parse_device(line, &major, &minor))
			continue;
		for (size_t i = 0; i < 3; i++) {
			if (!find_value(line, words[i].name, &value))
				continue;
			fprintf(out, "%s{\"major\":%lu,\"minor\":%lu,\"op\":\"%s\",\"value\":%" PRIu64 "}",
				comma, major, minor, words[i].op, value);
			comma = ",";
		}
	}
	fputc(']', out);
}

void stats_print_io(FILE *out, int fd)
{
	static const struct word bytes[] = { { "rbytes", "Read" },
					     { "wbytes", "Write" },
					     { "dbytes", "Discard" } };
	static const struct word operations[] = { { "rios", "Read" },
						  { "wios", "Write" },
						  { "dios", "Discard" } };
	char text[STAT_MAX_BYTES];

	text_read(fd, "io.stat", text, sizeof(text));
	fputs("\"blkio\":{", out);
	print_operations(out, text, "ioServiceBytesRecursive", bytes);
	fputc(',', out);
	print_operations(out, text, "ioServicedRecursive", operations);
	stats_print_pressure(out, fd, "io.pressure");
	fputc('}', out);
}

static void print_rdma_file(FILE *out, int fd, const char *file, const char *key)
{
	char text[STAT_MAX_BYTES];
	const char *comma = "";

	text_read(fd, file, text, sizeof(text));
	fprintf(out, "\"%s\":[", key);
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		uint64_t handles, objects;
		size_t name;

		line += *line == '\n';
		name = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
		if (name == 0 || line[name] != ' ' || !find_value(line, "hca_handle", &handles) ||
		    !find_value(line, "hca_object", &objects))
			continue;
		fprintf(out, "%s{\"device\":\"%.*s\",\"hcaHandles\":%" PRIu64 ",\"hcaObjects\":%" PRIu64 "}",
			comma, (int)name, line, handles, objects);
		comma = ",";
	}
	fputc(']', out);
}

void stats_print_rdma(FILE *out, int fd)
{
	char text[STAT_MAX_BYTES];

	if (text_read(fd, "rdma.current", text, sizeof(text)) <= 0)
		return;
	fputs(",\"rdma\":{", out);
	print_rdma_file(out, fd, "rdma.current", "current");
	fputc(',', out);
	print_rdma_file(out, fd, "rdma.max", "limit");
	fputc('}', out);
}
