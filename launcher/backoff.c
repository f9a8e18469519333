/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/backoff.h"

bool backoff_next(struct backoff *backoff, const struct spec_restart *policy, bool failed, uint64_t ran_ms,
		  uint64_t *ret_delay_ms)
{
	uint64_t delay = policy->delay_ms;

	if (policy->policy == SPEC_RESTART_NO || (policy->policy == SPEC_RESTART_ON_FAILURE && !failed))
		return false;
	if (ran_ms >= BACKOFF_GOOD_RUN_MS)
		backoff->attempts = 0;
	if (policy->max != SPEC_UNLIMITED && backoff->attempts >= policy->max)
		return false;
	for (uint64_t i = 0; i < backoff->attempts && delay < BACKOFF_MAX_MS; i++)
		delay *= 2;
	backoff->attempts++;
	*ret_delay_ms = delay > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : delay;
	return true;
}
