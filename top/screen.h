/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The terminal: the only file that knows ncurses, so that what is drawn can be tested without one. It is
 * given back as it was by screen_close().
 */
#include <stdbool.h>

#include "base/macro.h"

struct cells;
struct error;

enum screen_look {
	LOOK_PLAIN,
	LOOK_GOOD,
	LOOK_WAITING,
	LOOK_BAD,
	LOOK_DIM,
	LOOK_STRONG,
	LOOK_HEADING,
	LOOKS,
	LOOK_SELECTED = 1 << 8, /* beside one of those above */
};

/* Beside the characters; what has no use is SCREEN_KEY_OTHER. */
enum screen_key {
	SCREEN_KEY_NONE = -1, /* no more at present */
	SCREEN_KEY_ENTER = '\n',
	SCREEN_KEY_ESCAPE = 27,
	SCREEN_KEY_BACKSPACE = 127,
	SCREEN_KEY_UP = 1000,
	SCREEN_KEY_DOWN,
	SCREEN_KEY_PAGE_UP,
	SCREEN_KEY_PAGE_DOWN,
	SCREEN_KEY_HOME,
	SCREEN_KEY_END,
	SCREEN_KEY_OTHER,
};

/**
 * screen_open() - take over the terminal on standard input and output
 *
 * Its signals stay the caller's: they must be blocked, ncurses is not let to handle them.
 * Return: 0, or -errno with *err filled when it is not one that can be drawn on.
 */
int screen_open(bool color, struct error *err) _must_check_;

/** screen_close() - give the terminal back; also before a stop of the process, screen_reopen() after it. */
void screen_close(void);

/** screen_reopen() - take it over again. */
void screen_reopen(void);

/** screen_resize() - ask for the terminal's size anew. */
void screen_resize(void);

/** screen_size() - rows and columns. */
void screen_size(int *ret_rows, int *ret_columns);

/** screen_begin() - begin a new picture, which is empty. */
void screen_begin(void);

/** screen_put() - write @cells at a place. What leaves the screen is not shown. */
void screen_put(int row, int column, const struct cells *cells, unsigned int look);

/** screen_cursor() - show the cursor there; without, it is hidden. */
void screen_cursor(int row, int column);

/** screen_end() - show the picture. */
void screen_end(void);

/** screen_key() - Return: the next key that waits, an enum screen_key or a character. Never waits. */
int screen_key(void);
