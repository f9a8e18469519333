/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/events.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/host.h"
#include "launcher/logs/log_file.h"
#include "launcher/logs/log_time.h"
#include "launcher/service/counters.h"
#include "launcher/service/event_hook.h"
#include "launcher/service/event_line.h"
#include "profiles/spec.h"

enum { FILE_MAX_BYTES = 1024 * 1024, NAME_SIZE = 128, ID_SIZE = 65 };

struct events {
	int dirfd, fd;
	char file[NAME_SIZE], older[NAME_SIZE + 2];
	char name[NAME_SIZE], id[ID_SIZE];
	struct counters *counters;
	int feed;
	struct sockaddr_un address;
	socklen_t address_size;
	struct event_hook hook;
};

const char *events_path(const struct host *host, const char *name, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s/%s/%s-events.jsonl", host->log_dir, name, name);
	return buffer;
}

/* The default place of a plain user lies some levels below the home directory. */
static void make_log_dir(const char *path)
{
	char partial[HOST_PATH_MAX];

	snprintf(partial, sizeof(partial), "%s", path);
	for (char *slash = strchr(partial + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(partial, 0700); /* opening the file tells what could not be made */
		*slash = '/';
	}
	mkdir(partial, 0750);
}

/* A killed supervisor may have left half a line: the next one must not become its end. */
static int end_torn_line(int fd, uint64_t size)
{
	char last;

	if (size == 0 || (pread(fd, &last, 1, (off_t)size - 1) == 1 && last == '\n'))
		return 0;
	return fd_write_all(fd, "\n", 1);
}

static int open_file(struct events *events, struct error *err)
{
	uint64_t size;
	int fd = log_file_open(events->dirfd, events->file, &size, err), r;

	if (fd < 0)
		return fd;
	r = end_torn_line(fd, size);
	if (r < 0) {
		close(fd);
		return error_set(err, -r, "write to %s", events->file);
	}
	fd_close(&events->fd);
	events->fd = fd;
	return 0;
}

static int open_log(struct events *events, const struct host *host, const char *name, struct error *err)
{
	char path[PATH_MAX];
	const char *file;

	make_log_dir(host->log_dir);
	events->dirfd = log_file_open_dir(events_path(host, name, path, sizeof(path)), &file, err);
	if (events->dirfd < 0)
		return events->dirfd;
	if (strlen(file) >= sizeof(events->file))
		return error_set(err, ENAMETOOLONG, "name the event log of %s", name);
	snprintf(events->file, sizeof(events->file), "%s", file);
	snprintf(events->older, sizeof(events->older), "%s.1", file);
	return open_file(events, err);
}

static int open_feed(struct events *events, const char *path, struct error *err)
{
	if (!path)
		return 0;
	if (strlen(path) >= sizeof(events->address.sun_path))
		return error_set(err, ENAMETOOLONG, "use %s as a socket", path);
	events->address.sun_family = AF_UNIX;
	memcpy(events->address.sun_path, path, strlen(path));
	events->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
	events->feed = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return events->feed < 0 ? error_set(err, errno, "make a socket for the events") : 0;
}

int events_open(const struct spec *spec, const struct host *host, const char *id, struct counters *counters,
		struct events **ret, struct error *err)
{
	struct events *events = calloc(1, sizeof(*events));
	int r;

	if (!events)
		return error_set(err, ENOMEM, "open the event log");
	events->dirfd = events->fd = events->feed = -1;
	events->counters = counters;
	event_hook_init(&events->hook, &spec->events.exec);
	snprintf(events->name, sizeof(events->name), "%s", spec->name);
	snprintf(events->id, sizeof(events->id), "%s", id);
	r = open_log(events, host, spec->name, err);
	if (r == 0)
		r = open_feed(events, spec->events.socket, err);
	if (r < 0) {
		events_close(events);
		return r;
	}
	*ret = events;
	return 0;
}

struct events *events_close(struct events *events)
{
	if (!events)
		return NULL;
	event_hook_deinit(&events->hook);
	fd_close(&events->feed);
	fd_close(&events->fd);
	fd_close(&events->dirfd);
	free(events);
	return NULL;
}

/* Sees also that somebody took the file away. Return: its size, or -errno. */
static off_t prepare_file(struct events *events, size_t size)
{
	struct stat st;
	int r = 0;

	if (fstat(events->fd, &st) < 0)
		return -errno;
	if (st.st_nlink == 0) {
		r = open_file(events, NULL);
	} else if (st.st_size > 0 && (uint64_t)st.st_size + size > FILE_MAX_BYTES) {
		if (renameat(events->dirfd, events->file, events->dirfd, events->older) < 0)
			return -errno;
		r = open_file(events, NULL);
	} else {
		return st.st_size;
	}
	if (r < 0)
		return r;
	return fstat(events->fd, &st) < 0 ? -errno : st.st_size;
}

static int append(struct events *events, const char *line, size_t size)
{
	off_t before = prepare_file(events, size);
	ssize_t written;

	if (before < 0)
		return (int)before;
	do
		written = write(events->fd, line, size);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return -errno;
	if ((size_t)written == size)
		return 0;
	/* The disk is full: half a line would spoil the next one. */
	return ftruncate(events->fd, before) < 0 ? -errno : -ENOSPC;
}

static int feed(const struct events *events, const char *line, size_t size)
{
	ssize_t sent;

	if (events->feed < 0)
		return 0;
	sent = sendto(events->feed, line, size, MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)&events->address, events->address_size);
	return sent < 0 ? -errno : 0;
}

void events_emit(struct events *events, const char *event, const struct event_field *fields, size_t n)
{
	char line[EVENTS_LINE_MAX];
	size_t size = event_line_build(log_time_now(), event, events->name, events->id, fields, n, line);
	unsigned int lost = 0;

	lost += append(events, line, size) < 0;
	lost += feed(events, line, size) < 0;
	if (events->hook.command.n > 0)
		lost += event_hook_run(&events->hook, event, events->name, line, size) < 0;
	if (!events->counters)
		return;
	events->counters->events++;
	events->counters->events_lost += lost;
}
