/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The exercises as they are written down, one array a topic; each ends with an element without an id.
 * Their numbers are their places: exercise_table() counts them, so that none is missing or there twice.
 */
#include "lab/exercises/exercise.h"

extern const struct exercise exercise_rows_files[];
extern const struct exercise exercise_rows_identity[];
extern const struct exercise exercise_rows_rights[];
extern const struct exercise exercise_rows_mounts[];
extern const struct exercise exercise_rows_calls[];
extern const struct exercise exercise_rows_code[];
extern const struct exercise exercise_rows_kernel[];
extern const struct exercise exercise_rows_limits[];
extern const struct exercise exercise_rows_process_limits[];
extern const struct exercise exercise_rows_network[];
extern const struct exercise exercise_rows_sockets[];
