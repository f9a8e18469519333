/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The sub-verbs of `kapsel lab`, one file each, and what the command line said to them. */
#include <stdbool.h>
#include <stddef.h>

#include "lab/text.h"

struct error;
struct exercise;
struct stage;

enum { LESSON_EXERCISES_MAX = 64 };

struct lesson {
	const char *kapsel, *probe; /* paths of the two programs */
	enum text_language language;
	bool json;
	bool all;     /* evidence that is the same in both runs, too */
	bool answers; /* quiz: with the right answers, nothing is asked */
	bool color;
	const char *html; /* report: the file */
	const char *line; /* task: what was written, NULL: nothing */
	const struct exercise *exercises[LESSON_EXERCISES_MAX];
	size_t n;
};

/* Each returns the exit status. */
int lesson_list(const struct lesson *lesson);
int lesson_show(const struct lesson *lesson);
int lesson_quiz(const struct lesson *lesson);

/** lesson_run() - one exercise after the other, with all that there is to see. 1 if one failed. */
int lesson_run(const struct lesson *lesson);

/** lesson_all() - a line for each and a summary. 1 if one failed. */
int lesson_all(const struct lesson *lesson);

/** lesson_report() - the HTML page lesson->html. 1 if one failed. */
int lesson_report(const struct lesson *lesson);

/** lesson_task() - ask for a line of a profile, or judge the one that was written. */
int lesson_task(const struct lesson *lesson);

/**
 * lesson_on_stage() - have @act called inside of the sandbox, on a stage that is ready
 *
 * Prints what goes wrong. Return: what @act returned, or EXIT_LAUNCHER.
 */
int lesson_on_stage(const struct lesson *lesson,
		    int (*act)(const struct lesson *lesson, struct stage *stage, void *arg), void *arg);
