/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/propose_limits.h"

#include <inttypes.h>
#include <stdio.h>

uint64_t propose_limits_round(uint64_t value)
{
	uint64_t power = 1;

	if (value > UINT64_MAX / 4)
		return value;
	while (power < value) {
		if (power >= 2 && power + power / 2 >= value)
			return power + power / 2;
		power *= 2;
	}
	return power;
}

uint64_t propose_limits_margin(uint64_t peak, uint64_t least)
{
	uint64_t wanted = peak > UINT64_MAX / 2 ? peak : peak + peak / 2 + peak % 2;

	return propose_limits_round(wanted > least ? wanted : least);
}

void propose_limits_size(uint64_t bytes, char ret[32])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	unsigned int unit = 0;

	while (unit < 4 && bytes > 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	snprintf(ret, 32, "%" PRIu64 "%s", bytes, units[unit]);
}
