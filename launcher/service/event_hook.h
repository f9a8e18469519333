/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A program of the operator that is run for each event. It gets nothing of ours: no descriptor, no
 * signal setting, no session, of the environment only PATH; it runs with the caller's rights, outside of
 * the container. Nobody waits for it.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "profiles/spec.h"

enum { EVENT_HOOK_MAX = 8 };

/* The programs that still run, by pidfd; -1: none. */
struct event_hook {
	struct spec_strings command;
	int running[EVENT_HOOK_MAX];
};

/** event_hook_init() - @command is not copied */
void event_hook_init(struct event_hook *hook, const struct spec_strings *command);

/** event_hook_deinit() - forget those that still run; they go on. */
void event_hook_deinit(struct event_hook *hook);

/**
 * event_hook_run() - start the program with @line on its stdin
 * @line: at most PIPE_BUF bytes
 *
 * The program is nobody's child: its end needs no waiting for.
 * Return: 0, -EAGAIN when EVENT_HOOK_MAX of them run, or -errno.
 */
int event_hook_run(struct event_hook *hook, const char *event, const char *name, const char *line,
		   size_t size) _must_check_;
