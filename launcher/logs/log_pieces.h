/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* From the window of input to the pieces that become entries: dockerd's cut of long lines, and what is left
 * over. */
#include <stdbool.h>

#include "base/macro.h"

struct log_piece;
struct log_position;
struct log_shared;

/** log_pieces_tick() - take the time, for the lines that begin now. */
void log_pieces_tick(struct log_position *now);

/** log_pieces_next() - the next piece of the window. Return: false when the rest is no whole one yet. */
bool log_pieces_next(const struct log_shared *shared, struct log_piece *piece) _must_check_;

/** log_pieces_consume() - it was taken: go on behind it. */
void log_pieces_consume(struct log_position *now, const struct log_piece *piece);

/** log_pieces_keep_rest() - carry a begun line over to the next input; the window is free then. */
void log_pieces_keep_rest(struct log_shared *shared);
