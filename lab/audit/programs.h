/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Programs that a service seldom needs and an intruder likes to find, by name. */
#include <stdbool.h>

enum programs_kind {
	PROGRAMS_NONE,
	PROGRAMS_SHELL,
	PROGRAMS_PACKAGES, /* package managers */
	PROGRAMS_BUILD,    /* compilers, debuggers */
	PROGRAMS_NETWORK,
	PROGRAMS_REMOTE,  /* servers for logging in */
	PROGRAMS_SERVICE, /* further services: cron, supervisord */
};

/** programs_kind() - Return: what a program of that file name is for. */
enum programs_kind programs_kind(const char *name);

/** programs_find() - open a program of that kind at its usual places below @root, a hostile tree. Return: its
 * path, static, or NULL. */
const char *programs_find(int root, enum programs_kind kind);
