/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Explains the words of a profile and the codes of findings, for the verb `explain`.
 */
#include <stdio.h>

/**
 * keys_explain_print() - explain a profile key ("limits.memory"), or a code ("E003")
 *
 * A key's last part is enough where nothing else is called so. An unknown topic is
 * reported on stderr, with the nearest known one.
 * Return: 0, or 1 when the topic is unknown.
 */
int keys_explain_print(FILE *out, const char *topic);
