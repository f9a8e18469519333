/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Signals by name and number (signal(7)).
 */

/** signals_number() - "9", "KILL", "SIGKILL", "RTMIN+1", in any case. Return: its number, or -EINVAL. */
int signals_number(const char *word);
