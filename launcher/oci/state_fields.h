/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The keys of state.json, as one table that the writer and the reader walk: neither can
 * forget a field that the other knows.
 */
#include <stddef.h>

enum { STATE_VERSION = 1, STATE_FILE_MAX = 8 * 1024 * 1024 };

enum state_kind {
	STATE_TEXT,    /* const char *, always there */
	STATE_MAYBE,   /* const char *, NULL is left out */
	STATE_CHARS,   /* char[size] */
	STATE_BOOL,    /* bool */
	STATE_PID,     /* pid_t, 0 and up */
	STATE_U64,     /* uint64_t, up to INT64_MAX */
	STATE_MANAGER, /* enum cgroup_manager, by name */
};

struct state_field {
	const char *name;
	enum state_kind kind;
	size_t offset; /* in struct oci_state */
	size_t size;   /* of STATE_CHARS */
};

/** state_fields() - Return: the table of @ret_n rows. */
const struct state_field *state_fields(size_t *ret_n);

/** state_manager_names() - Return: names by enum cgroup_manager, NULL-terminated. */
const char *const *state_manager_names(void);
