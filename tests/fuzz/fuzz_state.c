/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * State files: what is read back of a service (record.h) and of an OCI container (state.h), whatever
 * somebody made of the file. They are read from a directory in memory.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/state.h"
#include "launcher/service/counters.h"
#include "launcher/service/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[] = "/dev/shm/kapsel-fuzz-XXXXXX";
static int dir_fd = -1;

static void clean_up(void)
{
	unlinkat(dir_fd, "state.json", 0);
	unlinkat(dir_fd, "counters", 0);
	rmdir(directory);
}

static void prepare(void)
{
	if (dir_fd >= 0)
		return;
	if (!mkdtemp(directory))
		abort();
	dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		abort();
	atexit(clean_up);
}

static void put(const char *name, const uint8_t *data, size_t size)
{
	_cleanup_fd_ int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	static struct record record;
	struct counters counters;
	struct oci_state state;
	struct error err = { 0 };

	prepare();
	put("state.json", data, size);
	put("counters", data, size);
	if (!arena)
		return 0;
	if (record_read(dir_fd, &record, &err) == 0) {
		if (strnlen(record.name, sizeof(record.name)) == sizeof(record.name) ||
		    strnlen(record.reason, sizeof(record.reason)) == sizeof(record.reason))
			abort();
		(void)record_alive(&record);
		(void)record_status_name(record.status);
		(void)record_health_name(record.health);
	} else if (!err.msg[0]) {
		abort();
	}
	memset(&err, 0, sizeof(err));
	memset(&state, 0, sizeof(state));
	if (oci_state_read(dir_fd, arena, &state, &err) == 0)
		(void)oci_status_name(oci_state_status(&state));
	(void)counters_read(dir_fd, &counters);
	return 0;
}
