/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/keys.h"

#include <stdio.h>
#include <string.h>

#include "launcher/service/sample.h"
#include "top/screen.h"
#include "top/top.h"

/* Moves of the selection, or of a page's text. Return: whether @key is one. */
static bool move_of(const struct top *top, int key, long *ret)
{
	const long page = top->page_rows > 1 ? (long)top->page_rows - 1 : 1;

	switch (key) {
	case SCREEN_KEY_UP:
	case 'k':
		*ret = -1;
		return true;
	case SCREEN_KEY_DOWN:
	case 'j':
		*ret = 1;
		return true;
	case SCREEN_KEY_PAGE_UP:
		*ret = -page;
		return true;
	case SCREEN_KEY_PAGE_DOWN:
	case ' ':
		*ret = page;
		return true;
	case SCREEN_KEY_HOME:
	case 'g':
		*ret = -1000000;
		return true;
	case SCREEN_KEY_END:
	case 'G':
		*ret = 1000000;
		return true;
	default:
		return false;
	}
}

static bool sort_of(int key, enum model_sort *ret)
{
	static const struct {
		int key;
		enum model_sort sort;
	} sorts[] = {
		{ 'c', MODEL_BY_CPU },      { 'm', MODEL_BY_MEMORY }, { 'n', MODEL_BY_NAME },
		{ 'r', MODEL_BY_RESTARTS }, { 'p', MODEL_BY_PIDS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sorts); i++) {
		if (sorts[i].key == key) {
			*ret = sorts[i].sort;
			return true;
		}
	}
	return false;
}

static void ask(struct top *top, enum action_what what)
{
	const struct model_row *row = model_selected(&top->model);

	if (!row)
		return;
	if (!record_alive(row->now->record)) {
		top_message(top, true, "%s does not run", row->now->record->name);
		return;
	}
	/* The name is kept: the rows may move before the answer. */
	snprintf(top->asked_name, sizeof(top->asked_name), "%s", row->now->record->name);
	top->asked = what;
	top->prompt = TOP_ASK;
}

static void press_filter(struct top *top, int key)
{
	char *filter = top->model.filter;
	size_t length = strlen(filter);

	if (key == SCREEN_KEY_ENTER) {
		top->prompt = TOP_NO_PROMPT;
	} else if (key == SCREEN_KEY_ESCAPE) {
		filter[0] = '\0';
		top->prompt = TOP_NO_PROMPT;
	} else if (key == SCREEN_KEY_BACKSPACE && length > 0) {
		filter[length - 1] = '\0';
	} else if (key > ' ' && key < SCREEN_KEY_BACKSPACE && length + 1 < MODEL_FILTER_MAX) {
		filter[length] = (char)key;
		filter[length + 1] = '\0';
	}
	model_arrange(&top->model);
	top_follow(top);
}

/* Everything that is not a yes is a no. */
static void press_answer(struct top *top, int key)
{
	top->prompt = TOP_NO_PROMPT;
	if (key == 'y' || key == 'Y')
		top_act(top, top->asked_name, top->asked);
}

static void show_page(struct top *top, enum top_page page)
{
	top->page = page;
	top->detail_first = 0;
	if (page == TOP_DETAIL)
		top_detail(top);
}

static void press_table(struct top *top, int key)
{
	enum model_sort sort;
	long by;

	if (move_of(top, key, &by)) {
		model_move(&top->model, by);
		top_follow(top);
	} else if (sort_of(key, &sort)) {
		model_sort_by(&top->model, sort);
	} else if (key == '/') {
		top->prompt = TOP_FILTER;
	} else if (key == SCREEN_KEY_ESCAPE) {
		top->model.filter[0] = '\0';
		model_arrange(&top->model);
	} else if (key == 'a') {
		top->model.alive_only = !top->model.alive_only;
		model_arrange(&top->model);
		top_follow(top);
	} else if (key == 'l') {
		top->show_log = !top->show_log;
		top_follow(top);
	} else if (key == SCREEN_KEY_ENTER && model_selected(&top->model)) {
		show_page(top, TOP_DETAIL);
	}
}

static void press_text(struct top *top, int key)
{
	long by;

	if (move_of(top, key, &by)) {
		/* The view stops it at the text's end. */
		if (by < 0 && top->detail_first < (size_t)-by)
			top->detail_first = 0;
		else
			top->detail_first += (size_t)by;
	} else if (key == SCREEN_KEY_ESCAPE || key == SCREEN_KEY_ENTER || key == 'q') {
		show_page(top, TOP_TABLE);
	}
}

void keys_press(struct top *top, int key)
{
	top->message[0] = '\0';
	if (top->prompt == TOP_FILTER) {
		press_filter(top, key);
	} else if (top->prompt == TOP_ASK) {
		press_answer(top, key);
	} else if (key == 's') {
		ask(top, ACTION_STOP);
	} else if (key == 'R') {
		ask(top, ACTION_RESTART);
	} else if (key == 'K') {
		ask(top, ACTION_KILL);
	} else if ((key == '?' || key == 'h') && top->page != TOP_HELP) {
		show_page(top, TOP_HELP);
	} else if (key == 'q' && top->page == TOP_TABLE) {
		top->quit = true;
	} else if (top->page == TOP_TABLE) {
		press_table(top, key);
	} else {
		press_text(top, key);
	}
}
