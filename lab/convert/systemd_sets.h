/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The sets of SystemCallFilter= (systemd.exec(5)), as far as kapsel's groups and names say them. */
#include <stdbool.h>

struct syscall_list;

/**
 * systemd_sets_apply() - allow a call or a set, or take it back
 * @word: "read", "@system-service"
 *
 * Return: whether the word is known.
 */
bool systemd_sets_apply(struct syscall_list *list, const char *word, bool allow);
