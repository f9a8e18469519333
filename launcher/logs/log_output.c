/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/logs/log_file.h"

static int open_file(struct log_output *output, struct error *err)
{
	int fd = log_file_open(output->rotation.dirfd, output->rotation.name, &output->size, err);

	if (fd < 0)
		return fd;
	output->fd = fd;
	return 0;
}

int log_output_open(struct log_output *output, const char *path, struct error *err)
{
	const char *name;
	int dirfd, r;
	char last;

	output->queue = malloc(output->capacity);
	if (!output->queue)
		return error_set(err, ENOMEM, "allocate the log queue");
	dirfd = log_file_open_dir(path, &name, err);
	if (dirfd < 0)
		return dirfd;
	rotation_init(&output->rotation, dirfd, name);
	r = open_file(output, err);
	if (r < 0)
		return r;
	if (output->size > 0) {
		if (pread(output->fd, &last, 1, (off_t)output->size - 1) != 1)
			return error_set(err, EIO, "read the end of log %s", path);
		if (last != '\n') /* a killed predecessor's torn line: ours must not be glued to it */
			output->queue[output->used++] = '\n';
	}
	return 0;
}

/*
 * RLIMIT_FSIZE is looked at before the write, not after: the kernel's answer to the write
 * at the limit is SIGXFSZ, and what that does is not for a log writer to change.
 */
static ssize_t write_some(struct log_output *output)
{
	size_t size = output->used;
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
		if (output->size >= limit.rlim_cur) {
			errno = EFBIG;
			return -1;
		}
		if (size > limit.rlim_cur - output->size)
			size = limit.rlim_cur - output->size;
	}
	return write(output->fd, output->queue, size);
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

/*
 * A line that was begun is completed later, not cut back: a shipper that has read its
 * beginning takes a shrunken file for a new one and ships all of it once more.
 */
static void written(struct log_output *output, size_t size)
{
	const char *end = memrchr(output->queue, '\n', size);

	if (end)
		output->torn = size - (size_t)(end + 1 - output->queue);
	else
		output->torn += size;
	output->size += size;
	output->used -= size;
	if (output->used > 0)
		memmove(output->queue, output->queue + size, output->used);
}

/* Also when an earlier rotation got stuck between the old file and the new one. */
static int open_next(struct log_output *output, struct error *err)
{
	int r = open_file(output, err);

	if (r < 0)
		return r;
	rotation_compress(&output->rotation);
	return 0;
}

int log_output_flush(struct log_output *output, struct error *err)
{
	int r = output->fd < 0 ? open_next(output, err) : 0;

	if (r < 0)
		return r;
	while (output->used > 0) {
		ssize_t size = write_some(output);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return write_failed(output, errno, err);
		if (size == 0)
			return write_failed(output, ENOSPC, err);
		written(output, (size_t)size);
	}
	return 0;
}

static int rotate(struct log_output *output, struct error *err)
{
	int r;

	r = rotation_shift(&output->rotation, err);
	if (r < 0)
		return r;
	fd_close(&output->fd);
	return open_next(output, err);
}

int log_output_reserve(struct log_output *output, size_t size, struct error *err)
{
	bool due =
		output->max_size_bytes != UINT64_MAX && output->size + output->used >= output->max_size_bytes;
	int r;

	if (!due && output->fd >= 0 && size <= output->capacity - output->used)
		return 0;
	r = log_output_flush(output, err);
	if (r < 0)
		return r;
	/* After a failed one the file may be a new one by now. */
	if (due && output->size >= output->max_size_bytes)
		r = rotate(output, err);
	return r;
}

void log_output_close(struct log_output *output)
{
	if (output->fd >= 0 && output->torn > 0 &&
	    ftruncate(output->fd, (off_t)(output->size - output->torn)) < 0)
		output->torn = 0; /* the next writer begins with a newline */
	fd_close(&output->fd);
	rotation_deinit(&output->rotation);
	free(output->queue);
	output->queue = NULL;
}
