/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top/event_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/logs/log_lines.h"
#include "launcher/logs/log_time.h"
#include "launcher/service/events.h"
#include "launcher/service/sample.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "top/model.h"

static const char *string_of(const struct json *root, const char *name)
{
	const struct json *value = json_get(root, name);

	return value && value->type == JSON_STRING ? value->text : "";
}

static bool is_heading(const char *name)
{
	return str_equal(name, "time") || str_equal(name, "event") || str_equal(name, "name") ||
	       str_equal(name, "id");
}

static void print_members(const struct json *root, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (const struct json *member = root->first; member && used < size; member = member->next) {
		const bool boolean = member->type == JSON_BOOL;

		if (is_heading(member->name) || (!boolean && !member->text) || (!boolean && !*member->text))
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s=%s", used ? " " : "", member->name,
					 boolean ? (member->boolean ? "true" : "false") : member->text);
	}
}

int event_list_parse(const char *line, size_t size, struct event_list_item *ret)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct findings *findings = arena ? arena_alloc(arena, sizeof(*findings)) : NULL;
	const struct source source = { .name = "event", .text = line, .size = size };
	struct json *root = NULL;
	const char *time;
	int r;

	if (!findings)
		return -ENOMEM;
	r = json_parse(&source, JSON_STRICT, arena, findings, &root);
	if (r < 0)
		return r;
	*ret = (struct event_list_item){ 0 };
	time = string_of(root, "time");
	if (log_time_parse(time, strlen(time), &ret->time_ns) < 0)
		return -EINVAL;
	snprintf(ret->event, sizeof(ret->event), "%s", string_of(root, "event"));
	snprintf(ret->name, sizeof(ret->name), "%s", string_of(root, "name"));
	print_members(root, ret->text, sizeof(ret->text));
	return 0;
}

static bool is_same(const struct event_list_item *a, const struct event_list_item *b)
{
	return a->time_ns == b->time_ns && str_equal(a->name, b->name) && str_equal(a->event, b->event) &&
	       str_equal(a->text, b->text);
}

void event_list_add(struct event_list *list, const struct event_list_item *item)
{
	size_t at = list->n;

	while (at > 0 && list->items[at - 1].time_ns > item->time_ns)
		at--;
	for (size_t i = at; i > 0 && list->items[i - 1].time_ns == item->time_ns; i--)
		if (is_same(&list->items[i - 1], item))
			return;
	if (list->n == EVENT_LIST_MAX) {
		if (at == 0)
			return;
		memmove(list->items, list->items + 1, sizeof(*item) * (at - 1));
		list->items[at - 1] = *item;
		return;
	}
	memmove(list->items + at + 1, list->items + at, sizeof(*item) * (list->n - at));
	list->items[at] = *item;
	list->n++;
}

void event_list_read(struct event_list *list, const char *path, size_t n)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_log_lines_back_ struct log_lines_back *back = NULL;
	struct event_list_item item;
	struct log_line line;

	if (fd < 0 || log_lines_back_open(fd, &back, NULL) < 0)
		return;
	for (; n > 0 && log_lines_back_next(back, &line) == LOG_LINES_LINE; n--)
		if (line.size <= EVENTS_LINE_MAX && event_list_parse(line.text, line.size, &item) == 0)
			event_list_add(list, &item);
}

bool event_list_update(struct event_list *list, const struct model *model)
{
	bool more = false;

	for (size_t i = 0; i < model->n; i++) {
		const struct model_row *row = &model->rows[i];

		if (row->new_events == 0)
			continue;
		/* A counter that went back is a file that was made anew: as many as there is room for. */
		event_list_read(list, row->now->record->events_path,
				row->new_events < EVENT_LIST_MAX ? row->new_events : EVENT_LIST_MAX);
		more = true;
	}
	return more;
}
