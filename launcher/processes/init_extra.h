/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Init's side of further processes (extra.h): it starts them on the supervisor's order, hands their
 * seccomp listener over, kills and reaps them. It allocates nothing, and it wakes only for an order or
 * for the end of a child.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "launcher/run.h"

enum {
	EXTRA_MAX = 9, /* the last place is for health checks: callers of enter can't keep them out */
	EXTRA_TEXT_MAX = 48 * 1024, /* arguments and environment together */
	EXTRA_ARGS_MAX = 256,
	EXTRA_ENV_MAX = 512,
	/* What the start of one needs below RLIMIT_NOFILE, which init has taken over from the profile. */
	EXTRA_FILES_MIN = 24,
};

enum { EXTRA_STDIN, EXTRA_STDOUT, EXTRA_STDERR, EXTRA_GATE, EXTRA_FDS };

/* What init keeps open once the payload is sealed, and where: 0 to 2 stay free for what an order brings. */
enum { INIT_CONTROL = 3, INIT_CHILDREN = 4, INIT_PROCFS = 5, INIT_FDS_END = 6 };

enum { EXTRA_ALL = 0 }; /* the id of none: MESSAGE_EXTRA_KILL means all */

/* MESSAGE_EXTRA_START and MESSAGE_EXTRA_KILL; the latter without text. */
struct extra_order {
	enum message_type type;
	uint32_t id;
	uint32_t n_args, n_env; /* strings in text: the arguments first */
	uint32_t size;          /* bytes used of text */
	bool terminal;          /* stdin is a terminal that shall control the new session */
	char text[EXTRA_TEXT_MAX];
};

/* In init. */
struct init_extra {
	uint32_t id;
	pid_t pid; /* 0: the place is free */
};

struct init_extras {
	struct init_extra items[EXTRA_MAX];
	struct init_extra *starting; /* shares our descriptors until it is sealed; NULL: none does */
	int pidfd;                   /* of the starting one */
};

/** init_extra_order() - take one order from the control socket; ends init when nobody is there any more. */
void init_extra_order(struct run *run, struct init_extras *extras);

/** init_extra_sealed() - the starting one has written its word: hand its descriptors over. */
void init_extra_sealed(struct run *run, struct init_extras *extras);

/** init_extra_reap() - the child @pid ended and is not reaped yet. Return: false: it is none of these. */
bool init_extra_reap(struct run *run, struct init_extras *extras, pid_t pid);
