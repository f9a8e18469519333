/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/probe/evidence.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "lab/probe/print.h"

enum { VALUE_MAX = 400, FILE_MAX_BYTES = 1 << 18 };

static void print_evidence(const char *path, const char *field, const char *value, size_t length)
{
	char source[PATH_MAX + 80], text[VALUE_MAX + 1];

	while (length > 0 && (value[length - 1] == '\n' || value[length - 1] == ' '))
		length--;
	if (length > VALUE_MAX)
		length = VALUE_MAX;
	memcpy(text, value, length);
	text[length] = '\0';
	snprintf(source, sizeof(source), "%s%s%s", path, *field ? ": " : "", field);
	print_member("{", "source", source);
	print_member(",", "value", text);
	puts("}");
	fflush(stdout);
}

static ssize_t list_names(const char *path, char *text, size_t size)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	size_t used = 0;

	if (!directory)
		return -errno;
	text[0] = '\0';
	while ((entry = readdir(directory)) && used + sizeof(entry->d_name) + 2 < size) {
		if (entry->d_name[0] != '.')
			used += (size_t)snprintf(text + used, size - used, "%s ", entry->d_name);
	}
	closedir(directory);
	return (ssize_t)used;
}

/* A namespace is a link to something that can't be read: where it points is what it says. */
static ssize_t read_source(const char *path, char *text, size_t size)
{
	_cleanup_fd_ int fd = -1;
	ssize_t n = readlink(path, text, size - 1);
	size_t used = 0;

	if (n >= 0 && memchr(text, '[', (size_t)n)) {
		text[n] = '\0';
		return n;
	}
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (used + 1 < size && (n = read(fd, text + used, size - 1 - used)) > 0)
		used += (size_t)n;
	if (n < 0 && errno == EISDIR)
		return list_names(path, text, size);
	if (n < 0)
		return -errno;
	/* cmdline and environ have NULs between their words. */
	for (size_t i = 0; i < used; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	text[used] = '\0';
	return (ssize_t)used;
}

/* "CapEff:\t0" in proc, "oom_kill 0" in cgroups; a field with several lines is all of them. */
static void print_field(const char *path, const char *field, const char *text)
{
	char value[VALUE_MAX + 1];
	size_t length = strlen(field), used = 0;

	value[0] = '\0';
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *at = line + length;

		if (strncmp(line, field, length) != 0 || !memchr(": \t", *at, 3))
			continue;
		at += strspn(at, ": \t");
		if (used < VALUE_MAX)
			used += (size_t)snprintf(value + used, sizeof(value) - used, "%s%.*s",
						 used ? "\n" : "", (int)strcspn(at, "\n"), at);
	}
	print_evidence(path, field, value, used < VALUE_MAX ? used : VALUE_MAX);
}

static void print_source(const char *path, char *fields)
{
	static char text[FILE_MAX_BYTES];
	ssize_t n = read_source(path, text, sizeof(text));
	char *rest = NULL;

	if (n < 0) {
		const char *name = strerrorname_np((int)-n);

		snprintf(text, sizeof(text), "%s", name ? name : "E?");
	}
	if (!fields) {
		print_evidence(path, "", text, strlen(text));
		return;
	}
	for (char *field = strtok_r(fields, ",", &rest); field; field = strtok_r(NULL, ",", &rest)) {
		if (n < 0)
			print_evidence(path, field, text, strlen(text));
		else
			print_field(path, field, text);
	}
}

int evidence_print(char **sources)
{
	char path[PATH_MAX], *fields;

	for (; *sources; sources++) {
		if (strlen(*sources) >= sizeof(path))
			return fprintf(stderr, "kapsel-probe: the name of a file to read is too long\n"), 2;
		memcpy(path, *sources, strlen(*sources) + 1);
		fields = strrchr(path, ':');
		if (fields)
			*fields++ = '\0';
		print_source(path, fields);
	}
	return 0;
}
