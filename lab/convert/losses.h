/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a translation could not carry over. Nothing is dropped silently: each is printed. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/macro.h"

struct arena;
struct json;

struct losses {
	struct arena *arena; /* owns the texts */
	const char **items;
	size_t n;
};

/** losses_add() - note one: "--privileged: kapsel has no such thing; open what the workload needs". 0 or
 * -ENOMEM. */
int losses_add(struct losses *losses, const char *format, ...) _printf_(2, 3);

/* A loss that depends on something. */
struct loss_if {
	bool applies;
	const char *text;
};

/* A loss of a key that the profile writes: "limits.io". */
struct loss_of_key {
	const char *key, *text;
};

/** losses_add_if() - note those of @n rows that apply. 0 or -ENOMEM. */
int losses_add_if(struct losses *losses, const struct loss_if *rows, size_t n);

/** losses_add_keys() - note those of @n rows whose key stands in the profile @tree. 0 or -ENOMEM. */
int losses_add_keys(struct losses *losses, const struct json *tree, const struct loss_of_key *rows, size_t n);

/** losses_print() - write each as one line "not carried over: …", control bytes escaped. */
void losses_print(const struct losses *losses, FILE *out);
