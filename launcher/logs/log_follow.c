/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_follow.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

struct log_follow {
	int inotify;
	int file; /* the watch of the file that is read, -1: none */
};

int log_follow_open(struct log_follow **ret, struct error *err)
{
	_cleanup_log_follow_ struct log_follow *follow = malloc(sizeof(*follow));
	int errnum;

	if (!follow)
		return error_set(err, ENOMEM, "allocate the log reader");
	follow->file = -1;
	follow->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (follow->inotify < 0) {
		errnum = errno;
		error_set(err, errnum, "watch the log");
		if (errnum == EMFILE)
			error_remedy(err,
				     "end other watchers, or raise the sysctl fs.inotify.max_user_instances");
		return -errnum;
	}
	*ret = take_ptr(follow);
	return 0;
}

struct log_follow *log_follow_free(struct log_follow *follow)
{
	if (!follow)
		return NULL;
	if (follow->inotify >= 0)
		close(follow->inotify);
	free(follow);
	return NULL;
}

static int watch_failed(const char *path, int errnum, struct error *err)
{
	error_set(err, errnum, "watch %s", path);
	if (errnum == ENOSPC)
		error_remedy(err, "raise the sysctl fs.inotify.max_user_watches");
	return -errnum;
}

int log_follow_file(struct log_follow *follow, int fd, struct error *err)
{
	char path[FD_PATH_MAX];
	int watch;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	/* IN_ATTRIB tells when the last name goes. */
	watch = inotify_add_watch(follow->inotify, path,
				  IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF);
	if (watch < 0)
		return watch_failed("the log", errno, err);
	if (follow->file >= 0 && follow->file != watch)
		inotify_rm_watch(follow->inotify, follow->file);
	follow->file = watch;
	return 0;
}

int log_follow_dir(struct log_follow *follow, const char *path, struct error *err)
{
	const uint32_t what = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE |
			      IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
	char place[PATH_MAX];

	if (strlen(path) >= sizeof(place))
		return error_set(err, ENAMETOOLONG, "watch %s", path);
	snprintf(place, sizeof(place), "%s", path);
	while (inotify_add_watch(follow->inotify, place, what) < 0) {
		char *slash = strrchr(place, '/');

		if (errno != ENOENT || !slash || slash == place)
			return watch_failed(place, errno, err);
		*slash = '\0';
	}
	return 0;
}

/* All that is queued is one reason to look. Return: whether all of it is of the file that is read. */
static bool drain(const struct log_follow *follow)
{
	_Alignas(struct inotify_event) char events[4096];
	bool only_bytes = true;
	ssize_t got;

	while ((got = read(follow->inotify, events, sizeof(events))) > 0)
		for (char *at = events; at < events + got;) {
			const struct inotify_event *event = (const struct inotify_event *)(void *)at;

			if (event->wd != follow->file || !(event->mask & IN_MODIFY))
				only_bytes = false;
			at += sizeof(*event) + event->len;
		}
	return only_bytes;
}

int log_follow_wait(struct log_follow *follow, int *extra_fd, int out_fd, int timeout_ms, struct error *err)
{
	struct pollfd fds[] = {
		{ .fd = follow->inotify, .events = POLLIN },
		{ .fd = *extra_fd, .events = POLLIN },
		{ .fd = out_fd }, /* POLLERR: a pipe without a reader */
	};
	int ready = poll(fds, ARRAY_SIZE(fds), timeout_ms);

	if (ready < 0 && errno != EINTR)
		return error_set(err, errno, "wait for the log");
	if (ready == 0)
		return LOG_FOLLOW_TIMEOUT;
	if (ready > 0 && fds[2].revents)
		return -EPIPE;
	if (ready > 0 && fds[1].revents) {
		*extra_fd = -1; /* a process ends once, but its descriptor stays readable */
		return LOG_FOLLOW_NAMES;
	}
	return ready > 0 && drain(follow) ? LOG_FOLLOW_BYTES : LOG_FOLLOW_NAMES;
}
