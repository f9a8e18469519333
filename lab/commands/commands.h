/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The verbs of kapsel-lab, one file each. */
#include "launcher/commands/command.h"

extern const struct command lab_command_lab;
extern const struct command lab_command_audit;
extern const struct command lab_command_why;
extern const struct command lab_command_learn;
extern const struct command lab_command_import;
extern const struct command lab_command_export;

/** lab_kapsel() - Return: the path of the program kapsel that called us, for containers to be started with. */
const char *lab_kapsel(void);
