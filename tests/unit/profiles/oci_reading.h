/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the tests of OCI configs share: reading a text, and a table of mistakes with the
 * message that each must give.
 */
#include <errno.h>

#include "base/error.h"
#include "profiles/oci/oci_read.h"
#include "reading.h"

/* Criterion wants its conditions to begin with a word. */
#define holds(condition) eq(int, (condition) ? 1 : 0, 1)

struct oci_reading {
	struct arena *arena;
	struct oci oci;
	struct oci_warnings warnings;
	struct error err;
	int result;
};

static inline struct oci_reading oci_read_bytes(const char *text, size_t size)
{
	struct oci_reading reading = { .arena = arena_new() };

	reading.result = oci_read_text("/bundle", "config.json", text, size, reading.arena, &reading.oci,
				       &reading.warnings, &reading.err);
	return reading;
}

static inline void oci_reading_end(struct oci_reading *reading)
{
	reading->arena = arena_free(reading->arena);
}
#define _cleanup_oci_ _cleanup_(oci_reading_end)

/* A config with @more members behind those that every one has. */
static inline struct oci_reading oci_read_more(const char *more)
{
	char text[16384];
	int n = snprintf(text, sizeof(text), "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"rootfs\"}%s%s}",
			 *more ? "," : "", more);

	cr_assert(n > 0 && (size_t)n < sizeof(text));
	return oci_read_bytes(text, (size_t)n);
}

static inline struct oci_reading oci_read_linux(const char *more)
{
	char text[8192];

	snprintf(text, sizeof(text), "\"linux\":{%s}", more);
	return oci_read_more(text);
}

static inline struct oci_reading oci_read_a_process(const char *more)
{
	char text[8192];

	snprintf(text, sizeof(text), "\"process\":{\"cwd\":\"/\",\"args\":[\"a\"]%s%s}", *more ? "," : "",
		 more);
	return oci_read_more(text);
}

/* A file of the fuzz target's corpus; to be freed. */
static inline char *oci_corpus(const char *name, size_t *ret_size)
{
	enum { SIZE = 128 * 1024 };
	char path[512], *text = calloc(1, SIZE);
	FILE *in;

	snprintf(path, sizeof(path), OCI_CORPUS_DIR "/%s", name);
	in = fopen(path, "re");
	cr_assert(in != NULL, "open %s", path);
	*ret_size = fread(text, 1, SIZE - 1, in);
	fclose(in);
	cr_assert(holds(*ret_size > 0 && *ret_size < SIZE - 1));
	return text;
}

static inline struct oci_reading oci_read_corpus(const char *name)
{
	size_t size;
	_cleanup_free_ char *text = oci_corpus(name, &size);

	return oci_read_bytes(text, size);
}

/* What stands behind "config.json:line:column: "; the position itself is tested once, in oci_config.c. */
static inline const char *oci_message(const struct oci_reading *reading)
{
	const char *message = strstr(reading->err.msg, ": ");

	return message ? message + 2 : reading->err.msg;
}

struct oci_mistake {
	const char *text, *message;
};

static inline void oci_refuses(struct oci_reading (*read)(const char *), const struct oci_mistake *mistakes,
			       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_oci_ struct oci_reading reading = read(mistakes[i].text);

		cr_expect(eq(int, reading.result, -EINVAL), "%s was accepted", mistakes[i].text);
		cr_expect(same_text(oci_message(&reading), mistakes[i].message), "%s", mistakes[i].text);
	}
}

static inline void oci_accepts(struct oci_reading (*read)(const char *), const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_oci_ struct oci_reading reading = read(texts[i]);

		cr_expect(eq(int, reading.result, 0), "%s: %s", texts[i], reading.err.msg);
	}
}
