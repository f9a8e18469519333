/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/spec.h"

#include "base/str.h"

bool spec_exec_any(const struct spec *spec)
{
	for (size_t i = 0; i < spec->exec_allow.n; i++)
		if (str_equal(spec->exec_allow.items[i], "*"))
			return true;
	return false;
}
