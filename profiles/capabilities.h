/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Names of capabilities without CAP_, as capabilities(7) has them.
 */
#include <stddef.h>

/** capabilities_all() - Return: the @ret_n names, by number. */
const char *const *capabilities_all(size_t *ret_n);

/** capabilities_number() - Return: the number of "NET_ADMIN", or -1. */
int capabilities_number(const char *name);

/** capabilities_name() - Return: the name of a number, or NULL. */
const char *capabilities_name(int number);

/** capabilities_describe() - Return: what it allows, in a few words. */
const char *capabilities_describe(int number);
