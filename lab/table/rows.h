/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The parts of the table, by topic; each ends with a row without a name. */
#include "lab/table/probe_table.h"

extern const struct probe_row rows_mounts[];
extern const struct probe_row rows_processes[];
extern const struct probe_row rows_kernel[];
extern const struct probe_row rows_entry[];
extern const struct probe_row rows_files[];
extern const struct probe_row rows_limits[];
extern const struct probe_row rows_nodes[];
extern const struct probe_row rows_sockets[];
extern const struct probe_row rows_lessons[];
