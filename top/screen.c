/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/screen.h"

#include <curses.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "top/cells.h"

enum { ESCAPE_DELAY_MS = 25, PAIR_GREEN = 1, PAIR_YELLOW, PAIR_RED, PAIR_HEADING };

static attr_t attributes[LOOKS] = {
	[LOOK_DIM] = A_DIM,
	[LOOK_STRONG] = A_BOLD,
	[LOOK_HEADING] = A_REVERSE,
	[LOOK_BAD] = A_BOLD,
};

static void use_colors(void)
{
	if (start_color() == ERR || use_default_colors() == ERR)
		return;
	init_pair(PAIR_GREEN, COLOR_GREEN, -1);
	init_pair(PAIR_YELLOW, COLOR_YELLOW, -1);
	init_pair(PAIR_RED, COLOR_RED, -1);
	init_pair(PAIR_HEADING, COLOR_BLACK, COLOR_CYAN);
	attributes[LOOK_GOOD] = (attr_t)COLOR_PAIR(PAIR_GREEN);
	attributes[LOOK_WAITING] = (attr_t)COLOR_PAIR(PAIR_YELLOW);
	attributes[LOOK_BAD] = A_BOLD | (attr_t)COLOR_PAIR(PAIR_RED);
	attributes[LOOK_HEADING] = (attr_t)COLOR_PAIR(PAIR_HEADING);
}

static int unfit(const char *term, struct error *err)
{
	error_set(err, ENOTSUP, "draw on a terminal of the type \"%.64s\"", term ? term : "");
	return error_remedy(err, "set TERM to what the terminal is, or use \"kapsel stats\"");
}

int screen_open(bool color, struct error *err)
{
	const char *term = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		error_set(err, ENOTTY, "draw without a terminal");
		return error_remedy(err,
				    "\"kapsel top --once\" prints one table, \"kapsel stats\" one a second");
	}
	if (!term || str_equal(term, "dumb") || !newterm(NULL, stdout, stdin))
		return unfit(term, err);
	if (!tigetstr("cup") || !tigetstr("clear")) {
		endwin();
		return unfit(term, err);
	}
	set_escdelay(ESCAPE_DELAY_MS);
	cbreak();
	noecho();
	nonl(); /* Enter is a carriage return, and the cursor moves faster */
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	leaveok(stdscr, FALSE);
	curs_set(0);
	if (color && has_colors())
		use_colors();
	return 0;
}

void screen_close(void)
{
	if (stdscr && !isendwin())
		endwin();
}

void screen_reopen(void)
{
	clearok(stdscr, TRUE);
	refresh();
}

void screen_resize(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
	clearok(stdscr, TRUE);
}

void screen_size(int *ret_rows, int *ret_columns)
{
	getmaxyx(stdscr, *ret_rows, *ret_columns);
}

void screen_begin(void)
{
	erase();
	curs_set(0);
}

void screen_put(int row, int column, const struct cells *cells, unsigned int look)
{
	attr_t attribute = attributes[look & (LOOK_SELECTED - 1)];

	if (look & LOOK_SELECTED)
		attribute |= A_REVERSE;
	attrset((int)attribute);
	mvaddnwstr(row, column, cells->text, (int)cells->n);
	attrset(A_NORMAL);
}

void screen_cursor(int row, int column)
{
	move(row, column);
	curs_set(1);
}

void screen_end(void)
{
	refresh();
}

int screen_key(void)
{
	static const struct {
		int code, key;
	} keys[] = {
		{ KEY_UP, SCREEN_KEY_UP },
		{ KEY_DOWN, SCREEN_KEY_DOWN },
		{ KEY_PPAGE, SCREEN_KEY_PAGE_UP },
		{ KEY_NPAGE, SCREEN_KEY_PAGE_DOWN },
		{ KEY_HOME, SCREEN_KEY_HOME },
		{ KEY_END, SCREEN_KEY_END },
		{ KEY_ENTER, SCREEN_KEY_ENTER },
		{ '\r', SCREEN_KEY_ENTER },
		{ KEY_BACKSPACE, SCREEN_KEY_BACKSPACE },
		{ '\b', SCREEN_KEY_BACKSPACE },
		{ ERR, SCREEN_KEY_NONE },
	};
	const int code = getch();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].code == code)
			return keys[i].key;
	return code >= 0 && code < 256 ? code : SCREEN_KEY_OTHER;
}
