/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

char service_dir[64];

void service_init(void)
{
	strcpy(service_dir, "/tmp/kapsel-service-XXXXXX");
	cr_assert(mkdtemp(service_dir) != NULL, "make a directory in /tmp");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void service_fini(void)
{
	nftw(service_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct record service_record(const char *name)
{
	struct record record = {
		.status = RECORD_RUNNING,
		.supervisor = record_process_of(getpid()),
		.created_ns = UINT64_C(1700000000123456789),
		.memory_bytes = UINT64_MAX,
		.pids = UINT64_MAX,
	};
	char boot_id[64];
	ssize_t size = fd_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot_id, sizeof(boot_id));

	cr_assert(eq(long, size, 37));
	boot_id[36] = '\0';
	strcpy(record.boot_id, boot_id);
	snprintf(record.name, sizeof(record.name), "%s", name);
	memset(record.id, 'a', RECORD_ID_SIZE - 1);
	return record;
}

static int make_dir(const char *name)
{
	char path[128];
	int dir;

	snprintf(path, sizeof(path), "%s/%s", service_dir, name);
	mkdir(path, 0700);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(ge(int, dir, 0), "open %s", path);
	return dir;
}

int service_write(const struct record *record)
{
	struct error err = { 0 };
	int dir = make_dir(record->name);

	cr_assert(zero(int, record_write(dir, record, &err)), "%s", err.msg);
	return dir;
}

int service_spill(const char *name, const char *text)
{
	int dir = make_dir(name);
	_cleanup_fd_ int fd = openat(dir, "state.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert(ge(int, fd, 0));
	cr_assert(zero(int, fd_write_all(fd, text, strlen(text))));
	return dir;
}

struct host service_host(void)
{
	struct host host = { .euid = geteuid() };

	snprintf(host.run_dir, sizeof(host.run_dir), "%s/run", service_dir);
	snprintf(host.log_dir, sizeof(host.log_dir), "%s/state/kapsel/log", service_dir);
	return host;
}

char *service_slurp(const char *path)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;

	if (fd < 0)
		return NULL;
	cr_assert(zero(int, fstat(fd, &st)));
	text = calloc(1, (size_t)st.st_size + 1);
	cr_assert(text != NULL);
	cr_assert(eq(long, read(fd, text, (size_t)st.st_size), (long)st.st_size));
	return text;
}
