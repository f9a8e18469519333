/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a translation could not carry over. Nothing is dropped silently: each is printed. */
#include <stddef.h>
#include <stdio.h>

#include "base/macro.h"

struct arena;

struct losses {
	struct arena *arena; /* owns the texts */
	const char **items;
	size_t n;
};

/** losses_add() - note one: "--privileged: kapsel has no such thing; open what the workload needs". 0 or
 * -ENOMEM. */
int losses_add(struct losses *losses, const char *format, ...) _printf_(2, 3);

/** losses_print() - write each as one line "not carried over: …", control bytes escaped. */
void losses_print(const struct losses *losses, FILE *out);
