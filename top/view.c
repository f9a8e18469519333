/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "launcher/logs/log_time.h"
#include "launcher/service/sample.h"
#include "launcher/service/stats_row.h"
#include "top/cells.h"
#include "top/columns.h"
#include "top/log_pane.h"
#include "top/screen.h"
#include "top/top.h"

enum { LINE_MAX_BYTES = 1024, LOG_ROWS_MIN = 4, FRAME_ROWS = 4 /* summary, headings, events, keys */ };

struct size {
	int rows, columns;
};

static void put(const struct top *top, int row, int column, int width, unsigned int look, const char *text)
{
	struct cells cells;

	if (width <= 0)
		return;
	cells_text(&cells, text, width, top->utf8);
	screen_put(row, column, &cells, look);
}

/* A whole line, coloured to its end. */
static void put_line(const struct top *top, int row, int width, unsigned int look, const char *text)
{
	struct cells cells;

	cells_text(&cells, text, width, top->utf8);
	cells_pad(&cells, width, false);
	screen_put(row, 0, &cells, look);
}

static void _printf_(5, 6)
	put_format(const struct top *top, int row, int width, unsigned int look, const char *format, ...)
{
	char text[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put(top, row, 0, width, look, text);
}

static void clock_of(int64_t ns, char ret[9])
{
	time_t seconds = (time_t)(ns / LOG_TIME_SECOND);
	struct tm parts;

	ret[0] = '\0';
	if (localtime_r(&seconds, &parts))
		strftime(ret, 9, "%H:%M:%S", &parts);
}

static void draw_summary(const struct top *top, const struct size *size)
{
	char memory[STATS_TEXT_MAX] = "--", clock[9], bad[96] = "";
	struct model_totals total;
	size_t used = 0;

	model_total(&top->model, &total);
	clock_of(log_time_now(), clock);
	if (total.unhealthy > 0)
		used += (size_t)snprintf(bad + used, sizeof(bad) - used, ", %zu unhealthy", total.unhealthy);
	if (total.restarting > 0)
		used += (size_t)snprintf(bad + used, sizeof(bad) - used, ", %zu restarting",
					 total.restarting);
	if (total.failed > 0)
		snprintf(bad + used, sizeof(bad) - used, ", %zu failed", total.failed);
	if (total.memory >= 0)
		stats_bytes((uint64_t)total.memory, 1024, memory, sizeof(memory));
	put_format(top, 0, size->columns, LOOK_STRONG,
		   "%s  %zu of %zu services run%s  cpu %.1f%%  memory %s%s%s", clock, total.running,
		   total.services, bad, total.cpu, memory, top->model.filter[0] ? "  name: " : "",
		   top->model.filter);
}

/* The column that the rows are sorted by. */
static enum column sorted_column(enum model_sort sort)
{
	switch (sort) {
	case MODEL_BY_NAME:
		return COLUMN_NAME;
	case MODEL_BY_CPU:
		return COLUMN_CPU;
	case MODEL_BY_MEMORY:
		return COLUMN_MEMORY;
	case MODEL_BY_RESTARTS:
		return COLUMN_RESTARTS;
	case MODEL_BY_PIDS:
		return COLUMN_PIDS;
	}
	return COLUMN_NAME;
}

static void draw_headings(const struct top *top, const struct columns *columns, int row, int width)
{
	int at = 0;

	put_line(top, row, width, LOOK_HEADING, "");
	for (enum column column = 0; column < COLUMNS; column++) {
		const bool sorted = column == sorted_column(top->model.sort);
		struct cells cells;

		if (columns->width[column] == 0)
			continue;
		cells_text(&cells, columns_title(column), columns->width[column], top->utf8);
		cells_pad(&cells, columns->width[column], columns_right(column));
		screen_put(row, at, &cells, LOOK_HEADING | (sorted ? LOOK_SELECTED : 0));
		at += columns->width[column] + columns->gap;
	}
}

static unsigned int look_of(enum columns_tone tone)
{
	switch (tone) {
	case COLUMNS_PLAIN:
		return LOOK_PLAIN;
	case COLUMNS_GOOD:
		return LOOK_GOOD;
	case COLUMNS_WAITING:
		return LOOK_WAITING;
	case COLUMNS_BAD:
		return LOOK_BAD;
	case COLUMNS_OVER:
		return LOOK_DIM;
	}
	return LOOK_PLAIN;
}

static unsigned int cell_look(const struct model_row *row, const struct columns_row *texts,
			      enum column column)
{
	if (column == COLUMN_STATUS)
		return look_of(texts->tone);
	if (column == COLUMN_MEMORY_BAR)
		return look_of(columns_memory_tone(row));
	if (column == COLUMN_DENIED && !str_equal(texts->text[column], "0"))
		return LOOK_WAITING;
	return record_alive(row->now->record) ? LOOK_PLAIN : LOOK_DIM;
}

static void draw_row(const struct top *top, const struct model_row *row, const struct columns *columns, int y,
		     int width, bool selected)
{
	const unsigned int extra = selected ? LOOK_SELECTED : 0;
	struct columns_row texts;
	int at = 0;

	columns_fill(row, STATS_SINCE_READING, &texts);
	if (selected)
		put_line(top, y, width, LOOK_PLAIN | extra, "");
	for (enum column column = 0; column < COLUMNS; column++) {
		struct cells cells;

		if (columns->width[column] == 0)
			continue;
		if (texts.text[column][0])
			cells_text(&cells, texts.text[column], columns->width[column], top->utf8);
		else
			columns_picture(&cells, row, column, columns->width[column], top->utf8);
		cells_pad(&cells, columns->width[column], columns_right(column));
		screen_put(y, at, &cells, cell_look(row, &texts, column) | extra);
		at += columns->width[column] + columns->gap;
	}
}

static int longest_name(const struct model *model)
{
	size_t longest = 0;

	for (size_t i = 0; i < model->n; i++) {
		size_t length = strlen(model->rows[i].now->record->name);

		longest = length > longest ? length : longest;
	}
	return (int)longest;
}

static void draw_rows(struct top *top, int y, int rows, int width)
{
	const struct model *model = &top->model;
	struct columns columns;

	columns_fit(&columns, width, longest_name(model));
	draw_headings(top, &columns, y, width);
	top->page_rows = (size_t)rows;
	if (model->at < top->first)
		top->first = model->at;
	if (model->at >= top->first + (size_t)rows)
		top->first = model->at - (size_t)rows + 1;
	if (top->first + (size_t)rows > model->n_shown)
		top->first = model->n_shown > (size_t)rows ? model->n_shown - (size_t)rows : 0;
	for (size_t i = 0; i < (size_t)rows && top->first + i < model->n_shown; i++)
		draw_row(top, &model->rows[model->shown[top->first + i]], &columns, y + 1 + (int)i, width,
			 top->first + i == model->at);
	if (model->n == 0)
		put(top, y + 1, 0, width, LOOK_DIM,
		    "there are no services: \"kapsel run -d PROFILE\" starts one");
	else if (model->n_shown == 0)
		put(top, y + 1, 0, width, LOOK_DIM, "no service passes the filter; / changes it");
}

static void draw_log_line(const struct top *top, const struct log_pane_line *line, int y, int width)
{
	const int indent = line->time[0] ? (int)strlen(line->time) + 1 : 0;
	struct cells cells;

	put(top, y, 0, width, LOOK_DIM, line->time);
	cells_fill(&cells, line->text, line->size, width - indent, top->utf8);
	screen_put(y, indent, &cells, line->stream == LOG_STDERR ? LOOK_WAITING : LOOK_PLAIN);
}

static void draw_log(const struct top *top, int y, int rows, int width)
{
	const struct model_row *row = model_selected(&top->model);
	const size_t n = log_pane_count(top->log);
	char title[LINE_MAX_BYTES];
	int lines = rows - 1;

	snprintf(title, sizeof(title), "log of %s", row ? row->now->record->name : "nobody");
	put_line(top, y, width, LOOK_HEADING, title);
	if (n == 0)
		put(top, y + 1, 0, width, LOOK_DIM, log_pane_note(top->log));
	if ((size_t)lines > n)
		lines = (int)n;
	for (int i = 0; i < lines; i++)
		draw_log_line(top, log_pane_line(top->log, (size_t)(lines - 1 - i)), y + 1 + i, width);
}

static void draw_table(struct top *top, const struct size *size)
{
	const int room = size->rows - FRAME_ROWS;
	int log_rows = room / 3 < LOG_ROWS_MIN ? LOG_ROWS_MIN : room / 3;
	int rows = top->model.n_shown > 0 ? (int)top->model.n_shown : 1;

	if (!top->show_log || room - log_rows < 2) {
		draw_rows(top, 1, room, size->columns);
		return;
	}
	if (rows > room - log_rows)
		rows = room - log_rows;
	draw_rows(top, 1, rows, size->columns);
	draw_log(top, 2 + rows, room - rows, size->columns);
}

/* --- pages of text ------------------------------------------------------------ */

static const char help[] =
	"Keys\n"
	"  Up Down j k    select a service; Page Up, Page Down, Home, End, g, G too\n"
	"  c m n r p      sort by CPU, memory, name, restarts, processes; again: reversed\n"
	"  /              show only names that contain what you type; Esc: all again\n"
	"  a              hide those that ended, or show them\n"
	"  Enter          everything about the selected service; Esc or Enter: back\n"
	"  l              hide the log, or show it\n"
	"  s R K          stop, restart, kill the selected service, after a question\n"
	"  ? h            this page\n"
	"  q              quit\n"
	"\n"
	"The CPU's course is drawn up to its own highest value (at least 10 %), that of\n"
	"memory up to the limit, or to its own highest value where there is none.\n"
	"Unhealthy, failed and lost services are red, those that wait for something yellow.\n";

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* "limits" stands out, "  memory ..." does not. */
static void draw_text(struct top *top, const char *text, const struct size *size)
{
	const size_t room = (size_t)size->rows - FRAME_ROWS + 1, n = count_lines(text);

	top->page_rows = room;
	if (top->detail_first + room > n)
		top->detail_first = n > room ? n - room : 0;
	for (size_t i = 0; i < top->detail_first; i++)
		text = strchr(text, '\n') + 1;
	for (size_t i = 0; i < room && *text; i++) {
		size_t length = strcspn(text, "\n");
		struct cells cells;

		cells_fill(&cells, text, length, size->columns, top->utf8);
		screen_put(1 + (int)i, 0, &cells, *text == ' ' ? LOOK_PLAIN : LOOK_STRONG);
		text += length + (text[length] == '\n');
	}
}

/* --- the last two lines ------------------------------------------------------- */

static void draw_event(const struct top *top, const struct size *size)
{
	const struct event_list_item *item;
	char clock[9];

	if (top->events.n == 0)
		return;
	item = &top->events.items[top->events.n - 1];
	clock_of(item->time_ns, clock);
	put_format(top, size->rows - 2, size->columns, LOOK_DIM, "last event: %s %s %s %s", clock, item->name,
		   item->event, item->text);
}

static void draw_bottom(const struct top *top, const struct size *size)
{
	const int y = size->rows - 1;
	char text[LINE_MAX_BYTES];

	switch (top->prompt) {
	case TOP_FILTER:
		snprintf(text, sizeof(text), "name contains: %s", top->model.filter);
		put_line(top, y, size->columns, LOOK_STRONG, text);
		screen_cursor(y, (int)strlen(text) < size->columns ? (int)strlen(text) : size->columns - 1);
		return;
	case TOP_ASK:
		put_format(top, y, size->columns, LOOK_BAD, "%s %s? y/n", action_verb(top->asked),
			   top->asked_name);
		return;
	case TOP_NO_PROMPT:
		break;
	}
	if (top->message[0])
		put(top, y, 0, size->columns, top->message_bad ? LOOK_BAD : LOOK_STRONG, top->message);
	else if (top->page == TOP_TABLE)
		put(top, y, 0, size->columns, LOOK_DIM,
		    "? help  q quit  / filter  c m n r p sort  Enter details  l log  s stop  R restart  K kill");
	else
		put(top, y, 0, size->columns, LOOK_DIM,
		    "Esc back  Up Down scroll  s stop  R restart  K kill");
}

void view_draw(struct top *top)
{
	struct size size;

	screen_size(&size.rows, &size.columns);
	if (size.columns > CELLS_MAX)
		size.columns = CELLS_MAX;
	screen_begin();
	if (size.rows < VIEW_ROWS_MIN || size.columns < VIEW_COLUMNS_MIN) {
		put(top, 0, 0, size.columns, LOOK_PLAIN, "too small");
		if (size.rows > 1)
			put_format(top, 1, size.columns, LOOK_PLAIN, "needs %dx%d", VIEW_COLUMNS_MIN,
				   VIEW_ROWS_MIN);
		screen_end();
		return;
	}
	draw_summary(top, &size);
	if (top->page == TOP_TABLE)
		draw_table(top, &size);
	else
		draw_text(top, top->page == TOP_HELP ? help : top->detail ? top->detail : "", &size);
	draw_event(top, &size);
	draw_bottom(top, &size);
	screen_end();
}
