/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The container never gets the caller's terminal, into which it could type or paste: it gets one of its
 * own, a pseudo-terminal, and this passes on what is typed and what comes back.
 */
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct error;

enum { TERMINAL_PENDING_MAX = 4096 };

struct enter_terminal {
	int master;  /* -1: none of the three streams is a terminal */
	int fds[3];  /* what the process gets: the caller's own, or the pseudo-terminal */
	int slave;   /* closed once it is handed over */
	int in, out; /* the caller's terminal: what is typed, what is shown; -1: not a terminal */
	bool raw;    /* settings holds what to put back */
	struct termios settings;
	char pending[TERMINAL_PENDING_MAX]; /* typed, and not taken by the other side yet */
	size_t n_pending;
};

/** enter_terminal_open() - look at 0, 1 and 2, and make a terminal if one of them is. 0 or -errno. */
int enter_terminal_open(struct enter_terminal *ret, struct error *err);

/** enter_terminal_begin() - the streams are handed over: raw mode, where something can be typed. 0 or -errno.
 */
int enter_terminal_begin(struct enter_terminal *terminal, struct error *err);

/** enter_terminal_resize() - pass the window's size on. */
void enter_terminal_resize(const struct enter_terminal *terminal);

/** enter_terminal_type() - read what was typed, or pass on what waits. Return: false when no more comes. */
bool enter_terminal_type(struct enter_terminal *terminal, bool readable);

/** enter_terminal_show() - show what came. Return: false when nothing more comes. */
bool enter_terminal_show(struct enter_terminal *terminal);

/** enter_terminal_close() - the caller's terminal as it was; callable again. */
void enter_terminal_close(struct enter_terminal *terminal);
