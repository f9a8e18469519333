/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Everything that is known about one service, as lines of text: what the screen shows for Enter. */
#include <stdio.h>

#include "base/macro.h"

struct event_list;
struct sample;

/**
 * detail_print() - write the page of one service
 * @sample: with all parts (SAMPLE_ALL)
 * @before: an earlier one of the same run, for shares of time; NULL: they are left out
 * @events: of all services; those of this one are shown
 *
 * The text holds what records and logs hold: it is not harmless for a terminal.
 */
void detail_print(FILE *out, const char *run_dir, const struct sample *sample, const struct sample *before,
		  const struct event_list *events);
