/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_intake.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/logs/log_journal.h"

int log_intake_init(struct log_intake *intake, struct error *err)
{
	if (pipe2(intake->hold, O_CLOEXEC | O_NONBLOCK) < 0) {
		intake->hold[0] = intake->hold[1] = -1;
		return error_set(err, errno, "make a pipe for the log");
	}
	return 0;
}

static void note(struct log_shared *shared, size_t pending)
{
	log_journal_order();
	__atomic_store_n(&shared->pending, pending, __ATOMIC_SEQ_CST);
	log_journal_order();
}

/*
 * Of the noted bytes @have are in the window; the hold has the others. Nobody else reads it, so no
 * failure to do so can last; left in there they would be lost to the log.
 */
static ssize_t take(struct log_intake *intake, struct log_shared *shared, size_t have)
{
	int tries = 0;

	while (have < shared->pending) {
		ssize_t got = read(intake->hold[0], shared->input + LOG_PIECE + have, shared->pending - have);

		if (got < 0 && (errno == EINTR || tries++ < 3))
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

static ssize_t read_directly(struct log_shared *shared, int fd)
{
	ssize_t size;

	do
		size = read(fd, shared->input + LOG_PIECE, LOG_READ_SIZE);
	while (size < 0 && errno == EINTR);
	return size < 0 ? -errno : size;
}

ssize_t log_intake_fill(struct log_intake *intake, struct log_shared *shared, int stream, int fd)
{
	ssize_t size;

	shared->hold_stream = stream;
	log_journal_order();
	do
		size = splice(fd, NULL, intake->hold[1], NULL, LOG_READ_SIZE, SPLICE_F_NONBLOCK);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		return errno == EINVAL ? read_directly(shared, fd) : -errno;
	if (size == 0)
		return 0;
	note(shared, (size_t)size);
	return take(intake, shared, 0);
}

ssize_t log_intake_recover(struct log_intake *intake, struct log_shared *shared, int *ret_stream)
{
	int held = 0;

	if (ioctl(intake->hold[0], FIONREAD, &held) < 0)
		return -errno;
	if (shared->pending == 0 && held == 0)
		return 0;
	if (shared->pending == 0)
		note(shared, (size_t)held);
	if (shared->pending > LOG_READ_SIZE || (size_t)held > shared->pending)
		return -EBADMSG;
	*ret_stream = shared->hold_stream;
	return take(intake, shared, shared->pending - (size_t)held);
}

void log_intake_done(struct log_shared *shared)
{
	note(shared, 0);
}

void log_intake_deinit(struct log_intake *intake)
{
	fd_close(&intake->hold[0]);
	fd_close(&intake->hold[1]);
}
