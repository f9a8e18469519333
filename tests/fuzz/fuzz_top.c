/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What kapsel-top shows: two services of which the directory that the input describes (directory.h) has the
 * record in web/state.json, the restrictions in web/steps, "events", "log" and "log.1"; "group" is the
 * control group; "keys" are pressed one after the other, and a new picture is drawn after each. Nothing may
 * be drawn outside of the screen, and nothing that a terminal obeys.
 */
#include <locale.h>
#include <stdarg.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "launcher/service/record.h"
#include "launcher/service/sample.h"
#include "tests/fuzz/directory.h"
#include "top/action.h"
#include "top/cells.h"
#include "top/detail.h"
#include "top/event_list.h"
#include "top/keys.h"
#include "top/log_pane.h"
#include "top/screen.h"
#include "top/top.h"
#include "top/view.h"

enum { KEYS_MAX = 40, SERVICES = 2 };

static int rows, columns;

/* --- a screen that only judges --------------------------------------------------------------------- */

void screen_size(int *ret_rows, int *ret_columns)
{
	*ret_rows = rows;
	*ret_columns = columns;
}

void screen_begin(void)
{
}

void screen_put(int row, int column, const struct cells *cells, unsigned int look)
{
	int width = 0;

	(void)look;
	demand(row >= 0 && row < rows && column >= 0 && column + cells->columns <= columns);
	demand(cells->n <= CELLS_MAX && cells->text[cells->n] == L'\0');
	for (size_t i = 0; i < cells->n; i++) {
		demand(wcwidth(cells->text[i]) >= 1);
		width += wcwidth(cells->text[i]);
	}
	demand(width == cells->columns);
}

void screen_cursor(int row, int column)
{
	demand(row >= 0 && row < rows && column >= 0 && column < columns);
}

void screen_end(void)
{
}

/* --- what main.c does for the keys ------------------------------------------------------------------ */

void top_message(struct top *top, bool bad, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(top->message, sizeof(top->message), format, args);
	va_end(args);
	top->message_bad = bad;
}

void top_act(struct top *top, const char *name, enum action_what what)
{
	top_message(top, what == ACTION_KILL, "%s %s", action_verb(what), name);
}

void top_detail(struct top *top)
{
	const struct model_row *row = model_selected(&top->model);
	size_t size = 0;
	FILE *out;

	free(top->detail);
	top->detail = NULL;
	if (!row)
		return;
	out = open_memstream(&top->detail, &size);
	demand(out != NULL);
	detail_print(out, directory_path(), row->now, row->before, &top->events);
	demand(fclose(out) == 0);
	top->detail_record = *row->now->record;
	top->detail_sample = *row->now;
}

void top_follow(struct top *top)
{
	const struct model_row *row = top->show_log ? model_selected(&top->model) : NULL;

	log_pane_watch(top->log, row ? row->now->record : NULL);
}

/* --- an input --------------------------------------------------------------------------------------- */

static void fill(struct record records[SERVICES], struct sample samples[SERVICES])
{
	static const struct record plain = { .status = RECORD_RUNNING, .log_driver = "json-file" };
	int group = openat(directory_fd(), "group", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	records[0] = records[1] = plain;
	(void)!record_find(directory_path(), "web", &records[1], NULL);
	snprintf(records[0].name, sizeof(records[0].name), "%s", "api");
	snprintf(records[1].name, sizeof(records[1].name), "%s", "web");
	for (size_t i = 0; i < SERVICES; i++) {
		snprintf(records[i].log_path, sizeof(records[i].log_path), "%s/log", directory_path());
		snprintf(records[i].events_path, sizeof(records[i].events_path), "%s/events",
			 directory_path());
		snprintf(records[i].id, sizeof(records[i].id), "%064zu", i + 1);
		samples[i] = (struct sample){ .record = &records[i], .taken_us = 1000000, .taken_ns = 1 };
		usage_clear(&samples[i].usage);
		if (group >= 0)
			usage_read(group, USAGE_ALL, &samples[i].usage);
	}
	if (group >= 0)
		close(group);
}

/* The same services a second later: they have told events, and used the processor. */
static void go_on(const struct record records[SERVICES], const struct sample before[SERVICES],
		  struct sample ret[SERVICES])
{
	for (size_t i = 0; i < SERVICES; i++) {
		ret[i] = before[i];
		ret[i].record = &records[i];
		ret[i].taken_us += 1000000;
		ret[i].counters.events = 3;
		if (usage_known(ret[i].usage.cpu_usage_us))
			ret[i].usage.cpu_usage_us += 500000;
	}
}

static void press_all(struct top *top, const char *keys)
{
	static const int named[] = { SCREEN_KEY_UP,        SCREEN_KEY_DOWN,  SCREEN_KEY_PAGE_UP,
				     SCREEN_KEY_PAGE_DOWN, SCREEN_KEY_HOME,  SCREEN_KEY_END,
				     SCREEN_KEY_OTHER,     SCREEN_KEY_ESCAPE };

	view_draw(top);
	for (size_t i = 0; keys[i] && i < KEYS_MAX; i++) {
		const unsigned char c = (unsigned char)keys[i];

		/* A digit is the size of a new screen. */
		if (c >= '0' && c <= '9') {
			rows = 1 + (c - '0') * 5;
			columns = 1 + (c - '0') * 17;
		} else {
			keys_press(top, c >= 0x80 ? named[c % ARRAY_SIZE(named)] : c);
		}
		log_pane_refresh(top->log);
		view_draw(top);
	}
}

static void check_list(const struct event_list *list)
{
	demand(list->n <= EVENT_LIST_MAX);
	for (size_t i = 1; i < list->n; i++)
		demand(list->items[i - 1].time_ns <= list->items[i].time_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct record records[SERVICES];
	static struct sample samples[SERVICES], later[SERVICES];
	static struct top top;
	struct error err = { 0 };
	char *keys;

	setlocale(LC_ALL, "C.UTF-8");
	setenv("TZ", "UTC", 1);
	directory_fill(data, size);
	memset(&top, 0, sizeof(top));
	rows = 24;
	columns = 80;
	if (log_pane_new(&top.log, &err) < 0)
		return 0; /* other watchers have taken all that this user may have */
	top.utf8 = size % 2;
	top.show_log = true;
	fill(records, samples);
	demand(model_update(&top.model, samples, SERVICES, &err) == 0);
	go_on(records, samples, later);
	demand(model_update(&top.model, later, SERVICES, &err) == 0);
	demand(event_list_update(&top.events, &top.model));
	check_list(&top.events);
	event_list_read(&top.events, records[0].events_path, EVENT_LIST_MAX);
	check_list(&top.events);
	model_move(&top.model, 1);
	top_follow(&top);
	demand(log_pane_count(top.log) <= LOG_PANE_LINES);
	keys = directory_text("keys");
	press_all(&top, keys ? keys : "\n");
	free(keys);
	free(top.detail);
	log_pane_free(top.log);
	model_clear(&top.model);
	return 0;
}
