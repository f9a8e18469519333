/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiz: a question with up to four choices, of which one is right; nothing is run. */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "lab/exercises/exercise.h"
#include "lab/exercises/lesson.h"
#include "lab/exercises/print.h"
#include "lab/exercises/result_json.h"

enum { CHOICES = 4 };

struct score {
	size_t asked, right;
	bool over; /* the input has ended: the rest is only shown */
};

static size_t right_choice(const struct exercise_quiz *quiz)
{
	size_t i = 0;

	while (i < CHOICES - 1 && quiz->choices[i].text.en && !quiz->choices[i].right)
		i++;
	return i;
}

static size_t count_choices(const struct exercise_quiz *quiz)
{
	size_t n = 0;

	while (n < CHOICES && quiz->choices[n].text.en)
		n++;
	return n;
}

static void print_json(const struct lesson *lesson, const struct exercise *exercise)
{
	const struct exercise_quiz *quiz = &exercise->quiz;
	char right[2] = { (char)('a' + right_choice(quiz)), '\0' };

	printf("{\"number\": %d", exercise->number);
	result_json_member(stdout, ", ", "id", exercise->id);
	result_json_member(stdout, ", ", "question", text_in(&quiz->question, lesson->language));
	fputs(", \"choices\": {", stdout);
	for (size_t i = 0; i < count_choices(quiz); i++) {
		char letter[2] = { (char)('a' + i), '\0' };

		result_json_member(stdout, i ? ", " : "", letter,
				   text_in(&quiz->choices[i].text, lesson->language));
	}
	putchar('}');
	if (lesson->answers) {
		result_json_member(stdout, ", ", "right", right);
		result_json_member(stdout, ", ", "because", text_in(&quiz->because, lesson->language));
	}
	puts("}");
}

static void print_question(const struct print *print, const struct lesson *lesson,
			   const struct exercise *exercise)
{
	const struct exercise_quiz *quiz = &exercise->quiz;
	char number[16];

	snprintf(number, sizeof(number), "%2d. ", exercise->number);
	print_wrapped(print, 4, number, text_in(&quiz->question, lesson->language));
	for (size_t i = 0; i < count_choices(quiz); i++) {
		char letter[16];

		snprintf(letter, sizeof(letter), "    %c) ", (char)('a' + i));
		print_wrapped(print, 7, letter, text_in(&quiz->choices[i].text, lesson->language));
	}
}

static void print_answer(const struct print *print, const struct lesson *lesson,
			 const struct exercise_quiz *quiz, int given)
{
	static const struct text right = { "right: ", "richtig: " }, wrong = { "wrong: ", "falsch: " },
				 answer = { "answer: ", "Antwort: " };
	size_t choice = right_choice(quiz);
	char letter[8];

	snprintf(letter, sizeof(letter), "%c", (char)('a' + choice));
	fputs("    ", print->out);
	if (given < 0)
		print_style(print, PRINT_PLAIN, text_in(&answer, lesson->language));
	else if ((size_t)given == choice)
		print_style(print, PRINT_GOOD, text_in(&right, lesson->language));
	else
		print_style(print, PRINT_BAD, text_in(&wrong, lesson->language));
	print_style(print, PRINT_BOLD, letter);
	fputc('\n', print->out);
	print_wrapped(print, 4, "    ", text_in(&quiz->because, lesson->language));
}

/* Return: 0 to 3, or -1 at the end of the input. */
static int read_choice(const struct lesson *lesson, size_t n)
{
	bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	char line[256];

	for (;;) {
		char last = (char)('a' + n - 1);

		if (terminal && lesson->language == TEXT_GERMAN)
			printf("    Ihre Antwort (a bis %c): ", last);
		else if (terminal)
			printf("    Your answer (a to %c): ", last);
		fflush(stdout);
		if (!fgets(line, sizeof(line), stdin))
			return -1;
		if (line[0] >= 'a' && line[0] <= last)
			return line[0] - 'a';
		if (line[0] >= 'A' && line[0] <= last - 'a' + 'A')
			return line[0] - 'A';
	}
}

static void ask(const struct print *print, const struct lesson *lesson, const struct exercise *exercise,
		struct score *score)
{
	int given = -1;

	print_question(print, lesson, exercise);
	if (!lesson->answers && !score->over) {
		given = read_choice(lesson, count_choices(&exercise->quiz));
		score->over = given < 0;
	}
	if (given >= 0) {
		score->asked++;
		score->right += (size_t)given == right_choice(&exercise->quiz);
	}
	if (given >= 0 || lesson->answers)
		print_answer(print, lesson, &exercise->quiz, given);
	putchar('\n');
}

int lesson_quiz(const struct lesson *lesson)
{
	const struct print print = { .out = stdout, .color = lesson->color };
	struct score score = { 0 };

	for (size_t i = 0; i < lesson->n; i++) {
		if (lesson->json)
			print_json(lesson, lesson->exercises[i]);
		else
			ask(&print, lesson, lesson->exercises[i], &score);
	}
	if (score.asked > 0 && lesson->language == TEXT_GERMAN)
		printf("%zu von %zu richtig\n", score.right, score.asked);
	else if (score.asked > 0)
		printf("%zu of %zu right\n", score.right, score.asked);
	return score.right < score.asked ? 1 : 0;
}
