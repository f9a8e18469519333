/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_journal.h"

#include <errno.h>
#include <sys/mman.h>

#include "base/error.h"

int log_journal_map(struct log_shared **ret, struct error *err)
{
	/* What is not touched takes no memory: an idle writer has a few pages of it. */
	struct log_shared *shared =
		mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return error_set(err, errno, "map the log writer's memory");
	*ret = shared;
	return 0;
}

void log_journal_commit(struct log_shared *shared)
{
	unsigned int next = !shared->latest;

	shared->copies[next] = shared->now;
	log_journal_order();
	__atomic_store_n(&shared->latest, next, __ATOMIC_SEQ_CST);
	log_journal_order();
}

void log_journal_restore(struct log_shared *shared)
{
	shared->now = *log_journal_latest(shared);
}
