/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Single settings of the machine, each in one small file of procfs or sysfs.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct host;

/**
 * host_value_text() - the first line of a small file
 *
 * Return: whether it could be read; @text is "" otherwise.
 */
bool host_value_text(const char *path, char *text, size_t size);

/** host_value_number() - Return: the number in the file, @missing where it can't be read or isn't one. */
int64_t host_value_number(const char *path, int64_t missing);

/**
 * host_value_userns_setting() - the setting that keeps this caller from making user namespaces
 * @host: cap_effective is set
 *
 * Return: "user.max_user_namespaces = 0" or one of its kind, a constant; NULL if none forbids it.
 */
const char *host_value_userns_setting(const struct host *host);
