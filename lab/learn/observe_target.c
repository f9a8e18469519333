/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/observe_target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "lab/learn/observe_bundle.h"

enum { PAGE = 4096 };

/* Reads what is there: a range that ends in an unmapped page gives its first part. */
static ssize_t read_memory(pid_t pid, uint64_t address, void *buffer, size_t size)
{
	struct iovec local = { .iov_base = buffer, .iov_len = size };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)address, .iov_len = size };

	return process_vm_readv(pid, &local, 1, &remote, 1, 0);
}

static int read_bytes(void *arg, uint64_t address, void *buffer, size_t size)
{
	const struct observe_target *target = arg;
	ssize_t n = read_memory(target->pid, address, buffer, size);

	return n < 0 ? -errno : (size_t)n == size ? 0 : -EFAULT;
}

/* Page by page: behind the string's end the next page may not be mapped. */
static int read_string(void *arg, uint64_t address, char *buffer, size_t size)
{
	const struct observe_target *target = arg;
	size_t done = 0;

	while (done < size) {
		size_t want = PAGE - (size_t)((address + done) % PAGE);
		ssize_t n;

		if (want > size - done)
			want = size - done;
		n = read_memory(target->pid, address + done, buffer + done, want);
		if (n <= 0)
			return n < 0 ? -errno : -EFAULT;
		if (memchr(buffer + done, '\0', (size_t)n))
			return 0;
		done += (size_t)n;
	}
	return -ENAMETOOLONG;
}

/* Of a process behind pivot_root(2) these links show its own root's paths. */
static int read_directory(void *arg, int dirfd, char *buffer, size_t size)
{
	const struct observe_target *target = arg;
	char path[64];
	ssize_t n;

	if (dirfd == AT_FDCWD)
		snprintf(path, sizeof(path), "/proc/%d/cwd", (int)target->pid);
	else
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)target->pid, dirfd);
	n = readlink(path, buffer, size - 1);
	if (n < 0)
		return -errno;
	buffer[n] = '\0';
	return 0;
}

static uint32_t id_inside(const struct observe_ids *ids, uint32_t own, uint32_t own_on_host, uint32_t host)
{
	if (ids->alone || host == own_on_host || host < ids->first_id)
		return own;
	return host - ids->first_id;
}

static int read_ids(void *arg, uint32_t *ret_uid, uint32_t *ret_gid)
{
	const struct observe_target *target = arg;
	struct proc_status status;
	int r = proc_status_read(target->pid, &status);

	if (r < 0)
		return r;
	*ret_uid = id_inside(target->ids, target->ids->uid, target->ids->host_uid, status.uid[1]);
	*ret_gid = id_inside(target->ids, target->ids->gid, target->ids->host_gid, status.gid[1]);
	return 0;
}

struct note_reader observe_target_reader(struct observe_target *target)
{
	return (struct note_reader){
		.bytes = read_bytes,
		.string = read_string,
		.directory = read_directory,
		.ids = read_ids,
		.arg = target,
	};
}

void observe_target_comm(const struct observe_target *target, char ret[OBSERVATION_COMM_MAX])
{
	char path[64], text[64] = "?";
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)target->pid);
	n = fd_read_file(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		snprintf(text, sizeof(text), "?");
	text[strcspn(text, "\n")] = '\0';
	snprintf(ret, OBSERVATION_COMM_MAX, "%.15s", text);
}
