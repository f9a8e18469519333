/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the screen shows and what it waits for: one struct, which keys.c changes and view.c draws. Nothing
 * in either of them waits, or reads more than a few files.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "launcher/host.h"
#include "launcher/service/sample.h"
#include "top/action.h"
#include "top/event_list.h"
#include "top/model.h"

struct arena;
struct error;
struct log_pane;
struct loop;

enum top_page { TOP_TABLE, TOP_DETAIL, TOP_HELP };

enum top_prompt {
	TOP_NO_PROMPT,
	TOP_FILTER, /* the filter is typed */
	TOP_ASK,    /* asked shall be done with asked_name: y or n */
};

enum { TOP_ACTIONS_MAX = 8, TOP_MESSAGE_MAX = 512, TOP_MESSAGE_MS = 8000 };

/* All services at one moment. */
struct top_frame {
	struct arena *arena;
	struct sample *samples;
	size_t n;
};

struct top_action {
	struct top *top;
	struct action action;
	int source; /* in the loop */
};

struct top {
	char run_dir[HOST_PATH_MAX];
	uint64_t delay_ms;
	bool utf8;

	struct loop *loop;
	int refresh, message_timer, log_pause; /* timers */
	int log_source;
	bool dirty; /* the picture is to be drawn */
	bool quit;

	struct top_frame now, before;
	struct model model;
	struct event_list events;
	struct log_pane *log;
	struct top_action actions[TOP_ACTIONS_MAX];

	enum top_page page;
	size_t first;                /* the row that stands highest */
	size_t page_rows;            /* how many there is room for; of the view */
	size_t detail_first;         /* of the detail page's or the help's lines */
	char *detail;                /* NULL: not read yet */
	struct record detail_record; /* whose page it is */
	struct sample detail_sample; /* the one it was made from; of it only the numbers stay valid */
	bool show_log;

	enum top_prompt prompt;
	enum action_what asked;
	char asked_name[RECORD_NAME_MAX];
	char message[TOP_MESSAGE_MAX]; /* "": none */
	bool message_bad;
};

/** top_message() - show a message for a while, in place of the keys. @bad: something failed. */
void top_message(struct top *top, bool bad, const char *format, ...) _printf_(3, 4);

/** top_act() - begin what was asked for; its end is told by a message. */
void top_act(struct top *top, const char *name, enum action_what what);

/** top_detail() - read the selected service's page anew; the page stays with that service. */
void top_detail(struct top *top);

/** top_follow() - let the log pane show the selected service. */
void top_follow(struct top *top);
