/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The last events of all services (launcher/service/events.h). A service's file is only opened when its
 * counter says that there is a new one.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "launcher/service/record.h"

struct model;

enum { EVENT_LIST_MAX = 64, EVENT_TEXT_MAX = 256 };

struct event_list_item {
	int64_t time_ns;
	char event[32];
	char name[RECORD_NAME_MAX];
	char text[EVENT_TEXT_MAX]; /* its members, "status=137 reason=…" */
};

struct event_list {
	struct event_list_item items[EVENT_LIST_MAX]; /* the oldest first */
	size_t n;
};

/** event_list_parse() - one line of an event log. 0, or -EINVAL, -ENOMEM. */
int event_list_parse(const char *line, size_t size, struct event_list_item *ret) _must_check_;

/** event_list_add() - put @item in by its time, unless it is there already or too old to matter. */
void event_list_add(struct event_list *list, const struct event_list_item *item);

/** event_list_read() - add the last @n events of the file at @path. What can't be read is passed over. */
void event_list_read(struct event_list *list, const char *path, size_t n);

/** event_list_update() - take over what is new since the model's previous reading. Return: whether there was.
 */
bool event_list_update(struct event_list *list, const struct model *model);
