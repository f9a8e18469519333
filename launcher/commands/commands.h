/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The verbs, one file each. */
#include "launcher/commands/command.h"

extern const struct command command_run;
extern const struct command command_check;
extern const struct command command_show;
extern const struct command command_enter;
extern const struct command command_explain;
extern const struct command command_doctor;
extern const struct command command_generate;
extern const struct command command_list;
extern const struct command command_logs;
extern const struct command command_schema;
extern const struct command command_stats;
extern const struct command command_top;
extern const struct command command_metrics;
extern const struct command command_monitor;
extern const struct command command_ps;
extern const struct command command_inspect;
extern const struct command command_events;
extern const struct command command_wait;
extern const struct command command_stop;
extern const struct command command_kill;
extern const struct command command_restart;
extern const struct command command_rm;
extern const struct command command_prune;
extern const struct command command_update;

/* In the program kapsel-lab, which these become. */
extern const struct command command_lab;
extern const struct command command_audit;
extern const struct command command_why;
extern const struct command command_learn;
extern const struct command command_import;
extern const struct command command_export;
