/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/commands/container.h"
#include "launcher/oci/commands/duration.h"
#include "launcher/oci/commands/network_stats.h"
#include "launcher/oci/commands/output.h"
#include "profiles/json_print.h"

enum { NET_DEV_MAX = 1024 * 1024 };

/* What a stream waits for. */
struct stream {
	int cgroup_fd;
	int memory_events_fd; /* -1: no memory controller */
	int pidfd;
	int timer_fd;
	uint64_t oom_kills; /* told of, so far */
};

static void print_network(FILE *out, const struct container *container)
{
	char *text = arena_alloc(container->arena, NET_DEV_MAX);
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)container->state.pid);
	if (!text || fd_read_file(AT_FDCWD, path, text, NET_DEV_MAX) < 0 ||
	    oci_state_start_time(container->state.pid) != container->state.start_time)
		fputs("[]", out); /* gone, or another's */
	else
		network_stats_print(out, text);
}

static void print_head(const char *type, const char *id)
{
	printf("{\"type\":\"%s\",\"id\":", type);
	json_print_string(stdout, id);
}

/* Each line needs memory of its own, which a stream that runs for weeks must give back. */
static int print_stats(const struct container *container, int cgroup_fd, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct container view = *container;
	const char *data, *hole;

	if (!arena)
		return error_set(err, ENOMEM, "read statistics");
	view.arena = arena;
	data = cgroup_stats_json(cgroup_fd, arena, err);
	if (!data)
		return err->code ? -err->code : error_set(err, ENOMEM, "read statistics");
	/* A cgroup knows nothing of interfaces, and leaves their place empty. */
	hole = strstr(data, "\"network_interfaces\":null");
	if (!hole)
		return error_set(err, EBADMSG, "read statistics");
	print_head("stats", container->state.id);
	printf(",\"data\":%.*s\"network_interfaces\":", (int)(hole - data), data);
	print_network(stdout, &view);
	printf("%s}\n", hole + strlen("\"network_interfaces\":null"));
	fflush(stdout);
	return 0;
}

static uint64_t read_oom_kills(int fd)
{
	char text[1024];
	const char *found;
	ssize_t size = fd >= 0 ? pread(fd, text, sizeof(text) - 1, 0) : -1;

	if (size < 0)
		return 0;
	text[size] = '\0';
	found = strstr(text, "oom_kill ");
	return found ? strtoull(found + strlen("oom_kill "), NULL, 10) : 0;
}

static void print_oom(struct stream *stream, const char *id)
{
	uint64_t now = read_oom_kills(stream->memory_events_fd);

	if (now <= stream->oom_kills)
		return;
	stream->oom_kills = now;
	print_head("oom", id);
	fputs("}\n", stdout);
	fflush(stdout);
}

static int open_stream(const struct container *container, uint64_t interval_ms, struct stream *ret,
		       struct error *err)
{
	const struct timespec every = { .tv_sec = (time_t)(interval_ms / 1000),
					.tv_nsec = (long)(interval_ms % 1000) * 1000000 };
	const struct itimerspec timer = { .it_interval = every, .it_value = every };

	ret->pidfd = oci_state_pidfd(&container->state);
	if (ret->pidfd < 0)
		return error_set(err, ESRCH, "container with id %s is not running", container->state.id);
	/* kernfs wakes a poller of memory.events with POLLPRI (admin-guide/cgroup-v2.rst). */
	ret->memory_events_fd = openat(ret->cgroup_fd, "memory.events", O_RDONLY | O_CLOEXEC);
	ret->oom_kills = read_oom_kills(ret->memory_events_fd);
	ret->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (ret->timer_fd < 0 || timerfd_settime(ret->timer_fd, 0, &timer, NULL) < 0)
		return error_set(err, errno, "make the timer for --interval");
	return 0;
}

static void close_stream(struct stream *stream)
{
	fd_close(&stream->cgroup_fd);
	fd_close(&stream->memory_events_fd);
	fd_close(&stream->pidfd);
	fd_close(&stream->timer_fd);
}

static int follow(const struct container *container, struct stream *stream, struct error *err)
{
	struct pollfd items[] = {
		{ .fd = stream->pidfd, .events = POLLIN },
		{ .fd = stream->timer_fd, .events = POLLIN },
		{ .fd = stream->memory_events_fd, .events = POLLPRI },
		{ .fd = STDOUT_FILENO, .events = 0 }, /* POLLERR: nobody reads any more */
	};

	for (;;) {
		uint64_t ticks;
		int r = 0;

		if (poll(items, ARRAY_SIZE(items), -1) < 0 && errno != EINTR)
			return error_set(err, errno, "wait for events");
		print_oom(stream, container->state.id);
		if ((items[0].revents & POLLIN) || items[3].revents)
			return 0;
		if (items[1].revents && read(stream->timer_fd, &ticks, sizeof(ticks)) > 0)
			r = print_stats(container, stream->cgroup_fd, err);
		if (r == -ENOENT || r == -ENODEV)
			return 0; /* deleted in this moment */
		if (r < 0)
			return r;
	}
}

static int tell(const struct container *container, bool once, uint64_t interval_ms, struct error *err)
{
	_cleanup_(close_stream) struct stream stream = { -1, -1, -1, -1, 0 };
	int r;

	if (container->status == OCI_STATUS_STOPPED || container->state.pid == 0)
		return error_set(err, ESRCH, "container with id %s is not running", container->state.id);
	stream.cgroup_fd = container_cgroup(container, err);
	if (stream.cgroup_fd < 0)
		return stream.cgroup_fd;
	if (once)
		return print_stats(container, stream.cgroup_fd, err);
	r = open_stream(container, interval_ms, &stream, err);
	return r < 0 ? r : follow(container, &stream, err);
}

static int run(const struct oci_globals *globals, const struct oci_command *command, int argc, char **argv)
{
	_cleanup_container_ struct container container = { .dir_fd = -1 };
	uint64_t interval_ms = 5000;
	struct oci_parse parse;
	struct error err = { 0 };
	const char *interval;
	int status, r = 0;

	if (oci_command_parse(globals, command, argc, argv, &parse, &status))
		return status;
	interval = oci_option_value(&parse, "interval");
	if (interval && duration_parse(interval, &interval_ms) < 0)
		r = error_set(&err, EINVAL, "--interval is a time like 5s or 500ms, not \"%s\"", interval);
	if (r == 0)
		r = container_load(globals, parse.operands[0], false, &container, &err);
	if (r == 0)
		r = tell(&container, oci_option_value(&parse, "stats"), interval_ms, &err);
	return r < 0 ? oci_report(globals, &err) : output_end(globals);
}

static const struct oci_option options[] = {
	{ "interval", 0, "TIME", "time between two statistics (default: 5s)" },
	{ "stats", 0, NULL, "print the statistics once" },
	{ 0 },
};

const struct oci_command oci_command_events = {
	.name = "events",
	.usage = "[--stats] [--interval TIME] ID",
	.summary = "Prints statistics and out-of-memory events of a container, as JSON, until it ends.",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.failure = 1,
	.run = run,
};
