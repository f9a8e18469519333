/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Limits from peaks: half as much again, rounded up to a number that people would write. */
#include <stdint.h>

/** propose_limits_round() - Return: the next of 1, 1.5, 2, 3, 4, 6, 8, 12 … (2^n and 1.5 times 2^n) at or
 * above
 * @value. */
uint64_t propose_limits_round(uint64_t value);

/** propose_limits_margin() - Return: @peak and half as much, rounded, at least @least. */
uint64_t propose_limits_margin(uint64_t peak, uint64_t least);

/** propose_limits_size() - format bytes as a profile's size: "96MiB", exact. @ret: at least 32 bytes. */
void propose_limits_size(uint64_t bytes, char ret[32]);
