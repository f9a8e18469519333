/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Writes JSON as it is told, one value after the other: for configurations that are too long to be
 * held as a tree. Names may be NULL: inside an array there are none.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct writer {
	FILE *out;
	unsigned int depth; /* open brackets */
	unsigned int flat;  /* the depth at which everything began to stand in one line; 0: none */
	bool filled;        /* the innermost bracket holds something already */
};

/** writer_open() - begin an object ('{') or an array ('['). */
void writer_open(struct writer *writer, const char *name, char bracket);

/** writer_open_flat() - as writer_open(); what it holds stands in one line. */
void writer_open_flat(struct writer *writer, const char *name, char bracket);

/** writer_close() - end it ('}' or ']'). */
void writer_close(struct writer *writer, char bracket);

/** writer_string() - write a string, escaped. */
void writer_string(struct writer *writer, const char *name, const char *text);

/** writer_number() - write an integer. */
void writer_number(struct writer *writer, const char *name, int64_t number);

/** writer_unsigned() - write an integer from 0 to 2^64-1. */
void writer_unsigned(struct writer *writer, const char *name, uint64_t number);

/** writer_bool() - write true or false. */
void writer_bool(struct writer *writer, const char *name, bool value);

/** writer_strings() - write an array of @n strings in one line. */
void writer_strings(struct writer *writer, const char *name, const char *const *items, size_t n);
