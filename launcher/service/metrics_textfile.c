/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/metrics_textfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/service/metrics.h"
#include "launcher/service/sample.h"

/* The collector reads *.prom: a temporary name ends otherwise, in the number of its writer. */
static const char prefix[] = "kapsel_", suffix[] = ".prom", hidden[] = ".kapsel_", middle[] = ".prom.";

static int open_directory(const char *directory, struct error *err)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		error_set(err, errno, "open the directory %s", directory);
		return error_remedy(err, "it is the one of node_exporter's --collector.textfile.directory");
	}
	return fd;
}

static int write_text(int fd, const struct sample *sample, const char *cgroup_mount)
{
	FILE *out = fdopen(fd, "w");
	int r;

	if (!out) {
		r = -errno;
		close(fd);
		return r;
	}
	fputs(METRICS_TEXTFILE_MARK, out);
	metrics_print(out, sample, 1, cgroup_mount, METRICS_TEXT);
	r = ferror(out) ? -EIO : 0;
	/* The collector runs as another user. */
	if (fflush(out) < 0 || fchmod(fd, 0644) < 0)
		r = -errno;
	return fclose(out) < 0 ? -errno : r;
}

static int write_file(int dir, const struct sample *sample, const char *cgroup_mount, struct error *err)
{
	char name[RECORD_NAME_MAX + 32], temporary[RECORD_NAME_MAX + 48];
	int fd, r;

	snprintf(name, sizeof(name), "%s%s%s", prefix, sample->record->name, suffix);
	snprintf(temporary, sizeof(temporary), ".%s.%d", name, (int)getpid());
	unlinkat(dir, temporary, 0); /* of an earlier process of that number */
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set(err, errno, "create %s", temporary);
	r = write_text(fd, sample, cgroup_mount);
	if (r == 0 && renameat(dir, temporary, dir, name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dir, temporary, 0);
		return error_set(err, -r, "write %s", name);
	}
	return 0;
}

int metrics_textfile_write(const char *directory, const struct sample *samples, size_t n,
			   const char *cgroup_mount, struct error *err)
{
	_cleanup_fd_ int dir = open_directory(directory, err);
	int r = dir < 0 ? dir : 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = write_file(dir, &samples[i], cgroup_mount, err);
	return r;
}

static bool is_ours(int dir, const char *name)
{
	_cleanup_fd_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[sizeof(METRICS_TEXTFILE_MARK)] = "";
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	return read(fd, text, sizeof(text) - 1) > 0 && str_equal(text, METRICS_TEXTFILE_MARK);
}

static bool has_name(const char *const *names, size_t n, const char *file)
{
	const size_t length = strlen(file) - strlen(prefix) - strlen(suffix);

	for (size_t i = 0; i < n; i++)
		if (strlen(names[i]) == length && strncmp(names[i], file + strlen(prefix), length) == 0)
			return true;
	return false;
}

static bool is_stale_file(int dir, const char *file, const char *const *names, size_t n)
{
	const size_t length = strlen(file);

	return str_starts(file, prefix) && length > strlen(prefix) + strlen(suffix) &&
	       str_equal(file + length - strlen(suffix), suffix) && !has_name(names, n, file) &&
	       is_ours(dir, file);
}

static bool is_stale_temporary(const char *file)
{
	const char *dot = strrchr(file, '.');
	uint32_t pid;

	if (!str_starts(file, hidden) || !strstr(file, middle) || str_to_u32(dot + 1, &pid) < 0 || pid == 0 ||
	    pid > INT32_MAX)
		return false;
	return kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

int metrics_textfile_clean(const char *directory, const char *const *names, size_t n, struct error *err)
{
	int dir = open_directory(directory, err), r = 0;
	struct dirent *entry;
	DIR *stream;

	if (dir < 0)
		return dir;
	stream = fdopendir(dir);
	if (!stream) {
		r = error_set(err, errno, "read the directory %s", directory);
		close(dir);
		return r;
	}
	while (r == 0 && (entry = readdir(stream))) {
		if (!is_stale_file(dir, entry->d_name, names, n) && !is_stale_temporary(entry->d_name))
			continue;
		if (unlinkat(dir, entry->d_name, 0) < 0 && errno != ENOENT)
			r = error_set(err, errno, "remove %s", entry->d_name);
	}
	closedir(stream);
	return r;
}
