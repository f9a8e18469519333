/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_output.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

int log_output_open(struct log_output *output, const struct log_options *options, bool adopt,
		    struct error *err)
{
	struct log_position *now = &output->shared->now;

	if (!adopt)
		now->queue_begin = now->queue_end = now->torn = 0;
	return output->type->open(output, options, adopt, err);
}

int log_output_flush(struct log_output *output, struct error *err)
{
	struct log_position *now = &output->shared->now;
	const struct log_position *latest;
	int r = output->type->flush(output, err);

	if (r < 0)
		return r;
	now->queue_begin = now->queue_end = now->torn = 0;
	latest = log_journal_latest(output->shared);
	if (latest->queue_begin < latest->queue_end || latest->torn > 0)
		log_journal_commit(output->shared);
	return 0;
}

int log_output_reserve(struct log_output *output, size_t size, struct error *err)
{
	const struct log_position *now = &output->shared->now;
	bool due = output->type->due && output->type->due(output);
	int r;

	if (!due && output->fd >= 0 && size <= LOG_QUEUE_SIZE - now->queue_end)
		return 0;
	r = log_output_flush(output, err);
	if (r < 0)
		return r;
	/* After a failed rotation the file may be a new one by now. */
	return due && output->type->due(output) ? output->type->rotate(output, err) : 0;
}

/*
 * A line that was begun is completed later, not cut back: a shipper that has read its
 * beginning takes a shrunken file for a new one and ships all of it once more.
 */
void log_output_written(struct log_output *output, size_t size)
{
	struct log_position *now = &output->shared->now;
	const char *from = output->shared->queue + now->queue_begin, *end = memrchr(from, '\n', size);

	if (end)
		now->torn = size - (size_t)(end + 1 - from);
	else
		now->torn += size;
	now->queue_begin += size;
}

void log_output_settle(struct log_output *output)
{
	output->shared->now.size += output->skip;
	output->skip = 0;
}

void log_output_close(struct log_output *output)
{
	if (output->type)
		output->type->close(output);
	fd_close(&output->fd);
	free(output->hello);
	output->hello = NULL;
}

void log_output_release(struct log_output *output)
{
	fd_close(&output->fd);
	fd_close(&output->rotation.dirfd);
	fd_close(&output->rotation.pidfd);
	free(output->hello);
	output->hello = NULL;
}
