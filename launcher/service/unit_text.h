/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Values in unit files, so that systemd reads exactly what was meant (systemd.syntax(7)): "%" begins a
 * specifier, a backslash at the end continues the line, and a line break would begin another setting.
 */
#include <stdbool.h>
#include <stdio.h>

/** unit_text_allowed() - Return: whether a unit can say it: UTF-8 without control characters, not empty. */
bool unit_text_allowed(const char *text);

/**
 * unit_text_bare_allowed() - Return: whether it can also stand without quotes, where systemd takes the rest
 * of the line: no space at either end and no backslash at the end
 */
bool unit_text_bare_allowed(const char *text);

/** unit_text_bare() - write a value that is taken as it stands to the end of the line. */
void unit_text_bare(FILE *out, const char *text);

/** unit_text_quoted() - write one word of a list, in quotes. */
void unit_text_quoted(FILE *out, const char *text);

/** unit_text_argument() - write one argument of a command line, in quotes; "$" is no variable. */
void unit_text_argument(FILE *out, const char *text);

/** unit_text_words() - write free text: what is not allowed becomes a space. */
void unit_text_words(FILE *out, const char *text);

/** unit_text_name() - write a part of a unit's name, escaped as systemd-escape(1) does, but for "-" and "."
 */
void unit_text_name(FILE *out, const char *text);
