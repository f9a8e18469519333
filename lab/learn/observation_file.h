/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* An observation as a JSON file beside the learned profile: "web.kapsel.jsonc", "web.observed.json". */
#include <stddef.h>
#include <stdio.h>

#include "base/macro.h"

struct error;
struct observation;

/** observation_file_write() - write it as JSON; whether that worked is seen when @out is closed. */
void observation_file_write(const struct observation *observation, FILE *out);

/**
 * observation_file_read() - add what the file holds to @observation
 *
 * Return: 0 or -errno with *err filled; -EINVAL for a file that is none of ours.
 */
int observation_file_read(const char *path, struct observation *observation, struct error *err) _must_check_;

/** observation_file_beside() - the name of the observation that belongs to a profile's file. 0 or
 * -ENAMETOOLONG. */
int observation_file_beside(const char *profile, char *ret, size_t size) _must_check_;
