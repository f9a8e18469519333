/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Why a container ended: causes, each with who says so, the profile line that would prevent it and what that
 * line would expose. What the kernel or kapsel has told is certain; what is read out of the workload's own
 * last lines is likely.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"
#include "lab/why/why_end.h"
#include "lab/why/why_log.h"

struct arena;
struct spec;

enum { WHY_CAUSES_MAX = 16, WHY_EVIDENCE_MAX = 4 };

/* Texts are NULL where there is none. They may hold bytes of the workload: escape them. */
struct why_cause {
	const char *id; /* stable: "refused-call" */
	bool certain;
	const char *what;
	const char *evidence[WHY_EVIDENCE_MAX];
	size_t n_evidence;
	const char *reason;
	const char *line;    /* members of a profile, JSON without the outer braces */
	const char *exposes; /* what that line would */
	const char *advice;  /* what else can be done */
};

struct why {
	struct arena *arena;
	bool exhausted;
	const struct why_end *end;
	const struct spec *spec; /* NULL: the profile can't be read */
	bool profile_changed;    /* since that run */
	const struct why_log *log;
	const char *log_note; /* why there are no lines, NULL */
	struct why_cause causes[WHY_CAUSES_MAX];
	size_t n;
};

/** why_causes_find() - fill why->causes, the certain ones first. 0 or -ENOMEM. */
int why_causes_find(struct why *why) _must_check_;

/** why_add() - a new cause. Return: NULL when there are too many. */
struct why_cause *why_add(struct why *why, const char *id, bool certain);

/** why_text() - format into the arena. Return: the text, or NULL when memory is exhausted, which is noted. */
const char *why_text(struct why *why, const char *format, ...) _printf_(2, 3);

/**
 * why_json() - a text of the workload or the image as a JSON string, quotes included, for cause->line
 *
 * A path that closes its own quotes would otherwise add keys to the line that the reader copies. Return: the
 * text in the arena, or "" in quotes when memory is exhausted, which is noted.
 */
const char *why_json(struct why *why, const char *text);

/** why_evidence() - add what says so; NULL cause and NULL text are passed over. */
void why_evidence(struct why_cause *cause, const char *text);

/** why_size() - bytes as the profile writes them: "64MiB". Return: @buffer. */
const char *why_size(uint64_t bytes, char *buffer, size_t size);

/** why_quote() - a line of the log with its time; of a long one what is around @at. */
const char *why_quote(struct why *why, const struct why_log_line *line, size_t at);

/** why_signal_add() - the cause for an end by a signal that nobody asked kapsel for (or a child's end). */
void why_signal_add(struct why *why, int number, bool of_child);

/** why_texts_add() - the causes that the last lines of the log speak of, the latest first. */
void why_texts_add(struct why *why);

/** why_texts_line() - the last line of the log that has the text of this errno, quoted; NULL: none. */
const char *why_texts_line(struct why *why, const char *error_name);
