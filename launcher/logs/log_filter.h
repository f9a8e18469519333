/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Which entries a reader wants, by stream and time; one without a time is always wanted. */
#include <stdbool.h>
#include <stdint.h>

#include "launcher/logs/log_entry.h"
#include "launcher/logs/log_time.h"

/*
 * The times of a log are only nearly in order: the pieces of a long line bear the time of the first, and a
 * clock may be set back a little. A search by time stays this far away from what it looks for.
 */
#define LOG_FILTER_SLACK (10 * LOG_TIME_SECOND)

struct log_filter {
	int64_t since_ns, until_ns; /* both included; LOG_TIME_MIN, LOG_TIME_MAX: no bound */
	bool streams[2];            /* by enum log_stream */
};

static inline bool log_filter_takes(const struct log_filter *filter, const struct log_entry *entry)
{
	int64_t ns;

	if (!filter->streams[entry->stream])
		return false;
	if (filter->since_ns == LOG_TIME_MIN && filter->until_ns == LOG_TIME_MAX)
		return true;
	if (log_entry_time(entry, &ns) < 0)
		return true;
	return ns >= filter->since_ns && ns <= filter->until_ns;
}

/** log_filter_ends_before() - Return: whether no entry as late as this can be followed by a wanted one. */
static inline bool log_filter_ends_before(const struct log_filter *filter, int64_t ns)
{
	return filter->until_ns < LOG_TIME_MAX - LOG_FILTER_SLACK && ns > filter->until_ns + LOG_FILTER_SLACK;
}

/** log_filter_begins_after() - Return: whether no entry as early as this can come after a wanted one. */
static inline bool log_filter_begins_after(const struct log_filter *filter, int64_t ns)
{
	return filter->since_ns > LOG_TIME_MIN + LOG_FILTER_SLACK && ns < filter->since_ns - LOG_FILTER_SLACK;
}
