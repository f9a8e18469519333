/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"

ssize_t text_read(int group_fd, const char *file, char *buffer, size_t size)
{
	_cleanup_fd_ int fd = openat(group_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t got;

	buffer[0] = '\0';
	if (fd < 0)
		return -errno;
	do
		got = read(fd, buffer, size);
	while (got < 0 && errno == EINTR);
	if (got < 0 || (size_t)got == size) {
		buffer[0] = '\0';
		return got < 0 ? -errno : -EFBIG;
	}
	if (got > 0 && buffer[got - 1] == '\n')
		got--;
	buffer[got] = '\0';
	return got;
}
