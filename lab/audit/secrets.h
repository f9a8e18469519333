/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Whether something looks like a secret, by its name or by the form that well-known tokens have. */
#include <stdbool.h>

/** secrets_name() - Return: whether a variable or option of that name usually holds a secret. */
bool secrets_name(const char *name);

/** secrets_value() - Return: whether the value has the form of a key or token, whatever its name. */
bool secrets_value(const char *value);

/** secrets_suspicious() - Return: whether name and value look like a secret; an empty value is none. */
bool secrets_suspicious(const char *name, const char *value);
