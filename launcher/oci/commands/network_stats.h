/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the network interfaces of a process's network namespace have counted (proc(5), net/dev).
 */
#include <stdio.h>
#include <sys/types.h>

/** network_stats_print() - print the array network_interfaces of `events` for the text of a net/dev file. */
void network_stats_print(FILE *out, const char *text);
