/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/counters.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

enum { MAGIC = 0x6b61706c, VERSION = 1 };

static bool is_known(const struct counters *counters)
{
	return counters->magic == MAGIC && counters->version == VERSION;
}

int counters_map(int dir, struct counters **ret, struct error *err)
{
	_cleanup_fd_ int fd = openat(dir, "counters", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct counters *counters;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "open the counters");
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return error_set(err, EPERM, "use the counters: they are not a file of ours");
	/* A store into a page that the file system can't provide would be a SIGBUS: have it now. */
	r = posix_fallocate(fd, 0, sizeof(*counters));
	if (r != 0)
		return error_set(err, r, "make room for the counters");
	counters = mmap(NULL, sizeof(*counters), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (counters == MAP_FAILED)
		return error_set(err, errno, "map the counters");
	if (!is_known(counters))
		*counters = (struct counters){ .magic = MAGIC, .version = VERSION };
	*ret = counters;
	return 0;
}

struct counters *counters_unmap(struct counters *counters)
{
	if (counters)
		munmap(counters, sizeof(*counters));
	return NULL;
}

int counters_read(int dir, struct counters *ret)
{
	_cleanup_fd_ int fd = openat(dir, "counters", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct counters counters;
	ssize_t got;

	*ret = (struct counters){ .magic = MAGIC, .version = VERSION };
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	got = pread(fd, &counters, sizeof(counters), 0);
	if (got < 0)
		return -errno;
	if ((size_t)got == sizeof(counters) && is_known(&counters))
		*ret = counters;
	return 0;
}
