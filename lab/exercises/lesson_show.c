/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list and show: what exercises there are; nothing is run. */
#include <stdio.h>
#include <string.h>

#include "lab/exercises/exercise.h"
#include "lab/exercises/lesson.h"
#include "lab/exercises/print.h"
#include "lab/exercises/result_json.h"
#include "lab/exercises/result_print.h"

int lesson_list(const struct lesson *lesson)
{
	const struct print print = { .out = stdout, .color = lesson->color };

	for (size_t i = 0; i < lesson->n; i++) {
		const struct exercise *exercise = lesson->exercises[i];
		const char *title = text_in(&exercise->title, lesson->language);
		size_t columns = print_length(title, strlen(title));

		if (lesson->json) {
			result_json_exercise(stdout, exercise, lesson->language);
			continue;
		}
		printf("%2d  ", exercise->number);
		print_style(&print, PRINT_BOLD, title);
		printf("%*s  %s\n", (int)(columns < 40 ? 40 - columns : 0), "", exercise->id);
	}
	return 0;
}

static void print_keys(const struct print *print, const char *label, const char *keys)
{
	size_t columns = print_length(label, strlen(label));

	if (keys)
		print_wrapped(print, columns, label, keys);
}

int lesson_show(const struct lesson *lesson)
{
	static const struct text probes = { "Probes:      ", "Proben:        " },
				 common = { "In both:     ", "In beiden:     " },
				 opened = { "Opened:      ", "Geöffnet:      " };
	const struct print print = { .out = stdout, .color = lesson->color };

	for (size_t i = 0; i < lesson->n; i++) {
		const struct exercise *exercise = lesson->exercises[i];

		if (lesson->json) {
			result_json_exercise(stdout, exercise, lesson->language);
			continue;
		}
		if (i > 0)
			putchar('\n');
		result_print_question(&print, exercise, lesson->language);
		putchar('\n');
		print_keys(&print, text_in(&probes, lesson->language), exercise->probes);
		print_keys(&print, text_in(&common, lesson->language), exercise->common);
		print_keys(&print, text_in(&opened, lesson->language), exercise->opened);
		putchar('\n');
		result_print_mechanism(&print, exercise, lesson->language);
		printf("kapsel lab run %d\n", exercise->number);
	}
	return 0;
}
