/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A made-up machine in a directory: its procfs with one process, 42, as hard as can be, its control group
 * and its accounts. A test changes one file and looks at one row.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "lab/audit/assessment.h"
#include "lab/audit/facts.h"
#include "lab/audit/facts_parts.h"
#include "profiles/spec.h"

enum { FIXTURE_PID = 42 };

struct fixture {
	char path[32];
	char proc[64], cgroups[64], passwd[64];
	struct arena *arena;
	struct facts_source source;
	struct audit_declared declared;
	struct facts facts;
};

/** fixture_open() - make the machine and the hard profile. */
struct fixture *fixture_open(void);

/** fixture_close() - remove it again. */
void fixture_close(struct fixture *fixture);

/**
 * fixture_change() - change one file below the machine's directory
 * @file: "proc/42/status"; with a leading "@" a link, whose target is @to
 * @from: text to replace by @to; NULL: @to is all there is, and the file can be executed
 */
void fixture_change(const struct fixture *fixture, const char *file, const char *from, const char *to);

/** fixture_read() - read the facts, and judge. Return: what facts_read() does. */
int fixture_read(struct fixture *fixture, struct assessment *ret, struct error *err);

/** fixture_spec() - the hard profile with @more keys merged over it. Return: NULL when it is refused. */
const struct spec *fixture_spec(struct arena *arena, const char *more);

/** fixture_result() - Return: the row of that id. */
const struct result *fixture_result(const struct assessment *assessment, const char *id);

static inline char *fixture_text(const char *text)
{
	return (char *)(uintptr_t)text;
}
#define same_text(a, b) eq(str, fixture_text(a), fixture_text(b))
