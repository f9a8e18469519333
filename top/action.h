/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Asking a supervisor without waiting for it: a child asks (launcher/service/control.h), since its
 * connect(2) and the answer may take as long as the service wants, and tells us through a pipe.
 */
#include <sys/types.h>

#include "base/error.h"
#include "base/macro.h"
#include "launcher/service/record.h"

enum action_what { ACTION_STOP, ACTION_RESTART, ACTION_KILL };

struct action {
	enum action_what what;
	char name[RECORD_NAME_MAX];
	pid_t pid; /* 0: this place is free */
	int fd;    /* readable when there is an answer */
};

/** action_start() - ask for @what. 0, or -errno with *err filled. */
int action_start(struct action *ret, const char *run_dir, const char *name, enum action_what what,
		 struct error *err) _must_check_;

/**
 * action_finish() - take the answer, once the descriptor is readable, and free the place
 *
 * Return: 0: it is done; -errno with *err filled: it is not.
 */
int action_finish(struct action *action, struct error *err) _must_check_;

/** action_doing() - Return: "stopping", "restarting" or "killing". */
const char *action_doing(enum action_what what);

/** action_done() - Return: "stopped", "restarted" or "killed". */
const char *action_done(enum action_what what);

/** action_verb() - Return: "stop", "restart" or "kill". */
const char *action_verb(enum action_what what);
