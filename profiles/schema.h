/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The JSON schema (draft-07) of the profile format, for editors; made from the key table.
 */
#include <stdio.h>

/**
 * schema_print() - write the schema
 *
 * It covers one file, which may be a parent or a drop-in: only "kapsel" is required.
 * What this version can't do is left out, so that an editor marks it.
 */
void schema_print(FILE *out);
