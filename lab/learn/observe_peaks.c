/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/observe_peaks.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/loop.h"
#include "base/path.h"
#include "lab/learn/observation.h"

enum { TEXT_MAX = 8192, FILES_MAX = 4000, GROWING_MS = 3 };

struct use {
	uint64_t memory_bytes, tasks, open_files, locked_bytes;
};

static void keep_higher(uint64_t *value, uint64_t other)
{
	if (other > *value)
		*value = other;
}

/* "Name:   123 kB" in a file of proc(5). Return: the number, 0 when it isn't there. */
static uint64_t field(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0)
			return strtoull(line + length, NULL, 10);
	}
	return 0;
}

/* The highest number counts, not how many there are: RLIMIT_NOFILE is about the former. */
static uint64_t highest_descriptor(int proc_fd)
{
	int fd = openat(proc_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	uint64_t highest = 0;
	struct dirent *entry;

	if (!dir) {
		fd_close(&fd);
		return 0;
	}
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			keep_higher(&highest, strtoull(entry->d_name, NULL, 10) + 1);
	closedir(dir);
	return highest;
}

static bool look(int proc_fd, struct use *use)
{
	char text[TEXT_MAX];
	uint64_t kib;

	if (fd_read_file(proc_fd, "status", text, sizeof(text)) < 0)
		return false;
	use->tasks += field(text, "Threads:");
	use->locked_bytes += field(text, "VmLck:") * 1024;
	kib = field(text, "VmRSS:");
	keep_higher(&use->open_files, highest_descriptor(proc_fd));
	/* Pages that processes share count once. */
	if (fd_read_file(proc_fd, "smaps_rollup", text, sizeof(text)) > 0)
		kib = field(text, "Pss:");
	use->memory_bytes += kib * 1024;
	return true;
}

static void keep(const struct observe_peaks *peaks, const struct use *use)
{
	struct observed_peaks *to = &peaks->observation->peaks;

	keep_higher(&to->memory_bytes, use->memory_bytes);
	keep_higher(&to->pids, use->tasks);
	keep_higher(&to->open_files, use->open_files);
	keep_higher(&to->locked_bytes, use->locked_bytes);
}

static int open_process(int proc, const char *name)
{
	return openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void sample(const struct observe_peaks *peaks, unsigned int more)
{
	DIR *dir = opendir("/proc");
	struct use use = { .tasks = more };
	struct dirent *entry;
	struct stat st;

	while (dir && (entry = readdir(dir))) {
		_cleanup_fd_ int fd = -1;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		fd = open_process(dirfd(dir), entry->d_name);
		if (fd >= 0 && fstatat(fd, "ns/pid", &st, 0) == 0 && st.st_ino == peaks->pid_namespace)
			look(fd, &use);
	}
	if (dir)
		closedir(dir);
	keep(peaks, &use);
}

void observe_peaks_sample(const struct observe_peaks *peaks)
{
	sample(peaks, 0);
}

void observe_peaks_growing(struct observe_peaks *peaks)
{
	if (loop_now_ms() < peaks->next_ms)
		return;
	sample(peaks, 1);
	peaks->next_ms = loop_now_ms() + GROWING_MS;
}

void observe_peaks_leaving(const struct observe_peaks *peaks, pid_t pid)
{
	char name[64], text[TEXT_MAX];
	_cleanup_fd_ int fd = -1;
	struct use use = { 0 };

	snprintf(name, sizeof(name), "/proc/%d", (int)pid);
	fd = open_process(AT_FDCWD, name);
	if (fd < 0 || fd_read_file(fd, "status", text, sizeof(text)) < 0)
		return;
	use.memory_bytes = field(text, "VmHWM:") * 1024;
	use.tasks = field(text, "Threads:");
	use.open_files = highest_descriptor(fd);
	keep(peaks, &use);
}

static void look_at_file(const struct observe_peaks *peaks, struct observed_path *path)
{
	_cleanup_fd_ int fd = path_open_in_root(peaks->root_fd, path->path, O_PATH | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	keep_higher(&path->size_bytes, (uint64_t)st.st_size);
	keep_higher(&peaks->observation->peaks.file_size_bytes, (uint64_t)st.st_size);
}

void observe_peaks_file(const struct observe_peaks *peaks, const char *path)
{
	const struct observed_path *found = observation_find(peaks->observation, path);

	if (found && peaks->root_fd >= 0)
		look_at_file(peaks, &peaks->observation->paths[found - peaks->observation->paths]);
}

void observe_peaks_files(const struct observe_peaks *peaks)
{
	struct observation *observation = peaks->observation;
	size_t looked = 0;

	for (size_t i = 0; peaks->root_fd >= 0 && i < observation->n_paths && looked < FILES_MAX; i++) {
		if (!(observation->paths[i].access & (ACCESS_WRITE | ACCESS_CREATE)))
			continue;
		look_at_file(peaks, &observation->paths[i]);
		looked++;
	}
}
