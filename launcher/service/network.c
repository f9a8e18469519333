/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/network.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

/* Columns of net/dev behind the name: eight received, eight sent. */
enum { COLUMNS = 16, SENT = 8 };

static void take(const uint64_t *columns, struct network_direction *ret)
{
	ret->bytes = columns[0];
	ret->packets = columns[1];
	ret->errors = columns[2];
	ret->dropped = columns[3];
}

static bool parse_line(const char *line, struct network_interface *ret)
{
	const char *start = line + strspn(line, " ");
	size_t length = strcspn(start, ":\n");
	uint64_t values[COLUMNS];
	int n = 0;

	/* The name may hold a colon (an alias): the numbers start behind the last one of the line. */
	while (start[length] == ':' && strcspn(start + length + 1, ":\n") < strcspn(start + length + 1, "\n"))
		length += 1 + strcspn(start + length + 1, ":\n");
	if (start[length] != ':' || length >= NETWORK_NAME_MAX)
		return false;
	memcpy(ret->name, start, length);
	ret->name[length] = '\0';
	for (const char *next = start + length + 1; n < COLUMNS; n++) {
		char *end;

		next += strspn(next, " ");
		if (*next < '0' || *next > '9')
			return false;
		values[n] = strtoull(next, &end, 10);
		next = end;
	}
	take(values, &ret->received);
	take(values + SENT, &ret->sent);
	return true;
}

bool network_next(const char **text, struct network_interface *ret)
{
	while (**text) {
		const char *line = *text;

		*text += strcspn(line, "\n");
		*text += **text == '\n';
		if (parse_line(line, ret))
			return true;
	}
	return false;
}

int network_read(pid_t pid, char text[NETWORK_TEXT_MAX])
{
	char path[48];
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)pid);
	size = fd_read_file(AT_FDCWD, path, text, NETWORK_TEXT_MAX);
	return size < 0 ? (int)size : 0;
}
