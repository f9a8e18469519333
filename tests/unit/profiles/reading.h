/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the tests of profiles share: reading a text with a small vocabulary, findings as
 * text, files in a directory that is removed again.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/macro.h"
#include "base/str.h"
#include "profiles/findings.h"
#include "profiles/profile.h"

/* Smallest profile, with room for one more line. */
#define PROFILE(more) "{ \"kapsel\": 1, \"name\": \"t\", \"rootfs\": \"/r\", \"command\": [\"/c\"]" more " }"

/* Criterion's str is a char *, and our strings are const. */
#define same_text(a, b) eq(str, mutable_text(a), mutable_text(b))

static inline char *mutable_text(const char *text)
{
	return (char *)(uintptr_t)text;
}

struct reading {
	struct arena *arena;
	struct findings findings;
	const struct spec *spec; /* NULL: refused */
	int result;
};

static inline const struct vocabulary *reading_vocabulary(void)
{
	static const char *const syscalls[] = { "clone3", "openat", "openat2", "read", "write" };
	static const char *const groups[] = { "@base",       "@process",       "@threads",
					      "@file-write", "@socket-server", "@docker-default" };
	static const struct vocabulary vocabulary = { syscalls, ARRAY_SIZE(syscalls), groups,
						      ARRAY_SIZE(groups) };

	return &vocabulary;
}

static inline struct source reading_source(const char *name, const char *text)
{
	return (struct source){ .name = name, .text = text, .size = strlen(text) };
}

static inline struct reading read_with(const char *text, const char *const *arguments)
{
	const struct profile_options options = { .vocabulary = reading_vocabulary(), .arguments = arguments };
	struct reading reading = { .arena = arena_new() };
	struct source *source = arena_alloc(reading.arena, sizeof(*source));

	*source = reading_source("web.kapsel.jsonc", arena_strdup(reading.arena, text));
	reading.result = profile_read_text(source, &options, reading.arena, &reading.findings, &reading.spec);
	return reading;
}

static inline struct reading read_text(const char *text)
{
	return read_with(text, NULL);
}

static inline struct reading read_file_with(const char *path, const char *system_dir, bool check_owner)
{
	const struct profile_options options = { .vocabulary = reading_vocabulary(),
						 .system_dir = system_dir,
						 .check_owner = check_owner };
	struct reading reading = { .arena = arena_new() };

	reading.result = profile_read(path, &options, reading.arena, &reading.findings, &reading.spec);
	return reading;
}

static inline void reading_end(struct reading *reading)
{
	reading->arena = arena_free(reading->arena);
}
#define _cleanup_reading_ _cleanup_(reading_end)

/* The findings as they are printed; to be freed. */
static inline char *printed(const struct findings *findings)
{
	enum { SIZE = 256 * 1024 };
	char *text = calloc(1, SIZE);
	FILE *out = fmemopen(text, SIZE - 1, "w");

	findings_print(out, findings, false);
	fclose(out);
	return text;
}

/* "E003@12:3" of the first finding, "" without one; static. */
static inline const char *first_finding(const struct findings *findings)
{
	static char text[64];
	struct source_position at;

	if (findings->n == 0)
		return "";
	at = source_position(&findings->items[0].place);
	snprintf(text, sizeof(text), "%s@%zu:%zu", findings->items[0].code, at.line, at.column);
	return text;
}

static inline bool has_code(const struct findings *findings, const char *code)
{
	for (size_t i = 0; i < findings->n; i++)
		if (str_equal(findings->items[i].code, code))
			return true;
	return false;
}

/* A bad profile, with the code, the place and the words of a finding that it gets. */
struct refusal {
	const char *text, *where, *says;
};

/* The additions begin on line 2. */
#define BAD(more, where, says)                                                                               \
	{                                                                                                    \
		PROFILE(",\n" more), where, says                                                             \
	}

static inline bool has_finding(const struct findings *findings, const struct refusal *bad)
{
	for (size_t i = 0; i < findings->n; i++) {
		struct source_position at = source_position(&findings->items[i].place);
		char where[64];

		snprintf(where, sizeof(where), "%s@%zu:%zu", findings->items[i].code, at.line, at.column);
		if (str_equal(where, bad->where) && str_equal(findings->items[i].message, bad->says))
			return true;
	}
	return false;
}

static inline void freep(char **text)
{
	free(*text);
}
#define _cleanup_free_ _cleanup_(freep)

/* Each is refused for its reason, which is reported once. */
static inline void expect_refusals(const struct refusal *bad, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_reading_ struct reading reading = read_text(bad[i].text);
		_cleanup_free_ char *got = printed(&reading.findings);

		cr_expect(eq(int, reading.result, -22), "%s", bad[i].text);
		cr_expect(has_finding(&reading.findings, &bad[i]), "expected %s %s of %s\ngot %s",
			  bad[i].where, bad[i].says, bad[i].text, got);
		/* The first rows of the frame lack everything at once. */
		cr_expect(le(sz, reading.findings.n_errors, strlen(bad[i].text) < 20 ? 3 : 1), "%s\n%s",
			  bad[i].text, got);
	}
}

/* A profile, and the help line of its first finding. */
struct helped {
	const char *text, *help;
};

static inline void expect_help(const struct helped *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_reading_ struct reading reading = read_text(rows[i].text);

		cr_assert(gt(sz, reading.findings.n, 0));
		cr_expect(same_text(reading.findings.items[0].help, rows[i].help), "%s", rows[i].text);
	}
}

/* A directory of the test's own, made the working directory: names in messages stay short. */
static inline void enter_directory(char path[static 32])
{
	strcpy(path, "/tmp/kapsel-test-XXXXXX");
	cr_assert(mkdtemp(path) != NULL);
	cr_assert(eq(int, chdir(path), 0));
}

static inline void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	cr_assert(fd >= 0, "open %s", path);
	cr_assert(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	/* Whatever the umask is. */
	cr_assert(eq(int, chmod(path, 0644), 0));
}

static inline void leave_directory(const char *path)
{
	char command[64];

	cr_assert(eq(int, chdir("/"), 0));
	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	cr_assert(eq(int, system(command), 0)); /* a fixed name that mkdtemp() made */
}
