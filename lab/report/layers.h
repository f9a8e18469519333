/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the restrictions of a start had to do with an attack. The table of probes says which of them stop it
 * and which answers first; the two runs differ by one opened key. So a restriction that the kernel reports
 * differently in the two runs is the one that the exercise opened, and in the hard run it is the one that
 * stopped the attack. Where that does not tell, no restriction is named.
 */
#include <stdbool.h>
#include <stddef.h>

struct probe_row;
struct result;
struct result_run;

enum { LAYERS_MAX = 64 };

enum layer_role {
	LAYER_OTHER,  /* has nothing to do with this attack */
	LAYER_PASSED, /* of the table's list, and the attack came through */
	LAYER_OPENED, /* as before: the exercise opened it for this run */
	LAYER_ABSENT, /* likewise, so far that this start did without it */
	LAYER_STOPS,  /* stopped it */
	LAYER_BEHIND, /* of the list; the attack did not get there */
	LAYER_MAYBE,  /* of the list; nothing tells which of them stopped it */
};

struct layer {
	const char *name, *report; /* the result's; "" for an absent one */
	enum layer_role role;
};

struct layers {
	const struct probe_row *row; /* NULL: not in the table, then no layer has a role */
	const char *stops, *opened;  /* names, NULL where none can be told */
	bool works;                  /* the attack did */
	struct layer
		layer[LAYERS_MAX]; /* from the inside: the list in the order of answers, then all others */
	size_t n, n_concerned;     /* the first n_concerned are of the list */
	size_t n_absent;           /* of these */
};

/** layers_of() - fill @layers with those of @run, one of the two of @result, for its first probe. */
void layers_of(const struct result *result, const struct result_run *run, struct layers *layers);

/** layers_same() - Return: whether the kernel reports that layer alike in both runs of @result. */
bool layers_same(const struct result *result, const char *name);
