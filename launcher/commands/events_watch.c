/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/commands/events_watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"
#include "launcher/service/event_reader.h"

enum {
	NAMES = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR,
	/* The workload's log stands beside the events: what is written to it must not wake us. */
	BYTES = IN_MODIFY | IN_DONT_FOLLOW,
};

struct watching {
	int watch;
	struct error *err;
};

int events_watch_open(struct error *err)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	return fd < 0 ? error_set(err, errno, "watch the events") : fd;
}

/* What is not there yet will be told by the directory above it. */
static int add(int watch, const char *path, uint32_t mask, struct error *err)
{
	int code = inotify_add_watch(watch, path, mask) < 0 ? errno : 0;

	if (code == 0 || code == ENOENT || code == ENOTDIR || code == EACCES)
		return 0;
	error_set(err, code, "watch %s", path);
	if (code == ENOSPC)
		error_remedy(err, "raise fs.inotify.max_user_watches");
	return -code;
}

static int add_file(void *arg, const char *path)
{
	const struct watching *watching = arg;
	char dir[PATH_MAX];
	int r;

	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = '\0';
	r = add(watching->watch, dir, NAMES, watching->err);
	return r < 0 ? r : add(watching->watch, path, BYTES, watching->err);
}

/* Also those in which no event was written yet. */
static int add_services(int watch, const char *log_dir, struct error *err)
{
	DIR *dir = opendir(log_dir);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return 0;
	while (r == 0 && (entry = readdir(dir))) { /* NOLINT(concurrency-mt-unsafe): one thread, one stream */
		char path[PATH_MAX];

		if (entry->d_name[0] != '.' &&
		    (size_t)snprintf(path, sizeof(path), "%s/%s", log_dir, entry->d_name) < sizeof(path))
			r = add(watch, path, NAMES, err);
	}
	closedir(dir);
	return r;
}

int events_watch_all(int watch, const struct event_reader *reader, const char *log_dir, struct error *err)
{
	struct watching watching = { .watch = watch, .err = err };
	char path[PATH_MAX];
	int r;

	snprintf(path, sizeof(path), "%s", log_dir);
	while (access(path, F_OK) < 0 && strrchr(path, '/') > path)
		*strrchr(path, '/') = '\0';
	r = add(watch, path, NAMES, err);
	if (r == 0)
		r = add_services(watch, log_dir, err);
	return r < 0 ? r : event_reader_each(reader, add_file, &watching);
}

/* Return: whether they tell of a name, or may have. */
static bool read_notifications(int watch)
{
	_Alignas(struct inotify_event) char buffer[4096];
	bool names = false;
	ssize_t got;

	while ((got = read(watch, buffer, sizeof(buffer))) > 0) {
		const struct inotify_event *event;

		for (char *next = buffer; next < buffer + got; next += sizeof(*event) + event->len) {
			event = (const void *)next;
			names = names || event->mask & ~(uint32_t)IN_MODIFY;
		}
	}
	return names;
}

int events_watch_wait(int watch, int timeout_ms, struct error *err)
{
	struct pollfd fds[] = { { .fd = watch, .events = POLLIN }, { .fd = STDOUT_FILENO } };

	if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR)
		return error_set(err, errno, "wait for events");
	if (fds[1].revents & POLLERR)
		return -EPIPE;
	return fds[0].revents && read_notifications(watch) ? EVENTS_WATCH_NAMES : EVENTS_WATCH_BYTES;
}
