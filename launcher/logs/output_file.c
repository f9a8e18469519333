/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log as a file: appended to in whole lines, rotated between two of them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/logs/log_file.h"
#include "launcher/logs/log_output.h"
#include "launcher/logs/log_writer.h"

enum { SEND_SIZE = 1024 * 1024 };

/* Return: 0 and its inode in *ret, -errno. */
static int open_file(struct log_output *output, struct stat *ret, struct error *err)
{
	uint64_t size;
	int fd = log_file_open(output->rotation.dirfd, output->rotation.name, &size, err);

	if (fd < 0)
		return fd;
	output->fd = fd;
	output->sent = size;
	if (fstat(fd, ret) < 0)
		return error_set(err, errno, "look at log file %s", output->rotation.name);
	return 0;
}

static void use_file(struct log_output *output, const struct stat *st)
{
	struct log_position *now = &output->shared->now;

	now->dev = st->st_dev;
	now->ino = st->st_ino;
	now->size = (uint64_t)st->st_size;
	output->skip = 0;
}

/*
 * The file of the last commit has grown by what the killed writer wrote since: that much of what will be
 * formatted again is there. Another file, or a shorter one: the kill came inside of a rotation, before which
 * all was written and committed; or somebody took the file away, and then twice is better than
 * never.
 */
static void adopt_file(struct log_output *output, const struct stat *st)
{
	struct log_position *now = &output->shared->now;
	uint64_t size = (uint64_t)st->st_size;

	if (st->st_dev == now->dev && st->st_ino == now->ino && size >= now->size) {
		output->skip = size - now->size;
		return;
	}
	use_file(output, st);
	log_journal_commit(output->shared); /* before the first byte: sizes are of this file now */
}

/* A killed predecessor's torn line: ours must not be glued to it. */
static int end_torn_line(struct log_output *output, const char *path, struct error *err)
{
	struct log_position *now = &output->shared->now;
	char last;

	if (now->size == 0)
		return 0;
	if (pread(output->fd, &last, 1, (off_t)now->size - 1) != 1)
		return error_set(err, EIO, "read the end of log %s", path);
	if (last != '\n')
		output->shared->queue[now->queue_end++] = '\n';
	return 0;
}

static int file_open(struct log_output *output, const struct log_options *options, bool adopt,
		     struct error *err)
{
	const char *name;
	struct stat st;
	int dirfd, r;

	output->max_size_bytes = options->max_size_bytes;
	output->rotation.max_files = options->max_files;
	output->rotation.compress = options->compress;
	output->rotation.json = options->driver == SPEC_LOG_JSON_FILE;
	dirfd = log_file_open_dir(options->path, &name, err);
	if (dirfd < 0)
		return dirfd;
	rotation_init(&output->rotation, dirfd, name);
	r = open_file(output, &st, err);
	if (r < 0)
		return r;
	if (adopt) {
		adopt_file(output, &st);
		rotation_compress(&output->rotation); /* what the killed one had begun */
		return 0;
	}
	use_file(output, &st);
	return end_torn_line(output, options->path, err);
}

/*
 * RLIMIT_FSIZE is looked at before the write, not after: the kernel's answer to the write
 * at the limit is SIGXFSZ, and what that does is not for a log writer to change.
 */
static ssize_t write_some(struct log_output *output, const char *from, size_t size)
{
	uint64_t at = output->shared->now.size;
	struct rlimit limit;

	if (output->skip > 0) { /* written by the killed writer */
		if (size > output->skip)
			size = (size_t)output->skip;
		output->skip -= size;
		return (ssize_t)size;
	}
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
		if (at >= limit.rlim_cur) {
			errno = EFBIG;
			return -1;
		}
		if (size > limit.rlim_cur - at)
			size = limit.rlim_cur - at;
	}
	return write(output->fd, from, size);
}

static int write_failed(const struct log_output *output, int errnum, struct error *err)
{
	error_set(err, errnum, "write to log %s", output->rotation.name);
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
		return error_remedy(err,
				    "free space on its file system, or lower log.max_size and log.max_files");
	case EFBIG:
		return error_remedy(err, "raise RLIMIT_FSIZE of the launcher, or lower log.max_size");
	default:
		return -errnum;
	}
}

/* Also when an earlier rotation got stuck between the old file and the new one. */
static int open_next(struct log_output *output, struct error *err)
{
	struct stat st;
	int r = open_file(output, &st, err);

	if (r < 0) {
		fd_close(&output->fd);
		return r;
	}
	use_file(output, &st);
	log_journal_commit(output->shared); /* before the first byte: sizes are of this file now */
	rotation_compress(&output->rotation);
	return 0;
}

/*
 * Pages that only the kernel's patience brings to the disk fill a small memory limit of our own group within
 * a second of a fast log, and a kernel with the multi-generational LRU (6.12 has it) then kills for want of
 * memory instead of writing them. So each MiB is sent off at once; sync_file_range(2) waits for that only
 * where the disk has more to do than it can take.
 */
static void send_off(struct log_output *output)
{
	uint64_t size = output->shared->now.size;

	if (size < output->sent || size - output->sent < SEND_SIZE)
		return;
	(void)sync_file_range(output->fd, (off_t)output->sent, (off_t)(size - output->sent),
			      SYNC_FILE_RANGE_WRITE);
	output->sent = size;
}

static int file_flush(struct log_output *output, struct error *err)
{
	struct log_position *now = &output->shared->now;
	int r = output->fd < 0 ? open_next(output, err) : 0;

	if (r < 0)
		return r;
	while (now->queue_begin < now->queue_end) {
		const char *from = output->shared->queue + now->queue_begin;
		ssize_t size = write_some(output, from, now->queue_end - now->queue_begin);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return write_failed(output, errno, err);
		if (size == 0)
			return write_failed(output, ENOSPC, err);
		now->size += (uint64_t)size;
		log_output_written(output, (size_t)size);
	}
	send_off(output);
	return 0;
}

static bool file_due(const struct log_output *output)
{
	const struct log_position *now = &output->shared->now;

	return output->max_size_bytes != UINT64_MAX &&
	       now->size + (now->queue_end - now->queue_begin) >= output->max_size_bytes;
}

static int file_rotate(struct log_output *output, struct error *err)
{
	int r;

	/* All that was formatted is in the old file. Whoever finds a new one goes on from here. */
	log_journal_commit(output->shared);
	r = rotation_shift(&output->rotation, err);
	if (r < 0)
		return r;
	fd_close(&output->fd);
	return open_next(output, err);
}

static void file_close(struct log_output *output)
{
	struct log_position *now = &output->shared->now;

	if (output->fd >= 0 && now->torn > 0 && ftruncate(output->fd, (off_t)(now->size - now->torn)) < 0)
		now->torn = 0; /* the next writer begins with a newline */
	fd_close(&output->fd);
	rotation_deinit(&output->rotation);
}

const struct log_output_type output_file = {
	.open = file_open,
	.due = file_due,
	.rotate = file_rotate,
	.flush = file_flush,
	.close = file_close,
};
