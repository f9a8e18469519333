/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log as messages to a socket. Nothing waits for long in here: a receiver that is
 * slow or gone stalls the log as a full disk does. Every message that is sent is committed, so that a
 * standby repeats at most the last datagram, or the last write to a stream.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/logs/json_line.h"
#include "launcher/logs/log_output.h"
#include "launcher/logs/log_sink.h"
#include "launcher/logs/log_writer.h"
#include "launcher/logs/output_socket.h"

enum {
	WAIT_MS = 10,  /* for room in a receiver's queue: unix(7) has it for ten datagrams */
	FLUSH_MS = 50, /* in all waits of one flush; the supervisor has other things to do, too */
	ADDRESS_SIZE = 160,
};

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static int failed(const struct log_output *output, int errnum, struct error *err)
{
	char where[ADDRESS_SIZE];

	return error_set(err, errnum, "send the log to %s",
			 log_address_print(&output->address, where, sizeof(where)));
}

static int reach(struct log_output *output)
{
	size_t size = output->hello ? strlen(output->hello) : 0;
	int fd = log_address_connect(&output->address);

	if (fd < 0)
		return fd;
	if (size > 0 && send(fd, output->hello, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size) {
		close(fd);
		return -ECONNRESET;
	}
	output->fd = fd;
	return 0;
}

/* What was begun on an old connection begins anew on the next one. */
static void hang_up(struct log_output *output)
{
	struct log_position *now = &output->shared->now;

	fd_close(&output->fd);
	now->queue_begin -= now->torn;
	now->torn = 0;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* @until_ms: 0 before the first wait. */
static bool may_wait(const struct log_output *output, uint64_t *until_ms)
{
	struct pollfd room = { .fd = output->fd, .events = POLLOUT };
	uint64_t now = now_ms();

	if (*until_ms == 0)
		*until_ms = now + FLUSH_MS;
	return now < *until_ms && poll(&room, 1, WAIT_MS) != 0;
}

int output_socket_send_sealed(int fd, const char *message, size_t size)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
	_cleanup_fd_ int memory = memfd_create("kapsel-log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr header = { .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *part = CMSG_FIRSTHDR(&header);
	int r;

	if (memory < 0)
		return -errno;
	r = fd_write_all(memory, message, size);
	if (r < 0)
		return r;
	if (fcntl(memory, F_ADD_SEALS, seals) < 0)
		return -errno;
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(part), &memory, sizeof(int));
	return sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

static int send_one(struct log_output *output, const char *message, size_t size)
{
	if (send(output->fd, message, size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return 0;
	if ((errno == EMSGSIZE || errno == ENOBUFS) && output->sealed)
		return output_socket_send_sealed(output->fd, message, size);
	return -errno;
}

/*
 * A refusal over the network is the answer to the message before: to try again at once would
 * send all that waits to nobody.
 */
static bool may_reconnect(const struct log_output *output, int errnum, int *tries)
{
	if (errnum == EAGAIN || output->address.network)
		return false;
	return (*tries)++ == 0;
}

static int connect_again(struct log_output *output, struct error *err)
{
	int r = output->fd < 0 ? reach(output) : 0;

	return r < 0 ? failed(output, -r, err) : 0;
}

static int datagram_flush(struct log_output *output, struct error *err)
{
	struct log_position *now = &output->shared->now;
	uint64_t until_ms = 0;
	int tries = 0;

	while (now->queue_begin < now->queue_end) {
		const char *at = output->shared->queue + now->queue_begin;
		uint32_t size;
		int r = connect_again(output, err);

		if (r < 0)
			return r;
		memcpy(&size, at, sizeof(size));
		r = send_one(output, at + LOG_FRAME_SIZE, size);
		if (r == 0) {
			now->queue_begin += LOG_FRAME_SIZE + size;
			log_journal_commit(output->shared);
		} else if (r == -EAGAIN && may_wait(output, &until_ms)) {
			continue;
		} else if (may_reconnect(output, -r, &tries)) {
			hang_up(output);
		} else if (r != -EINTR) {
			return failed(output, -r, err);
		}
	}
	return connect_again(output, err);
}

static int stream_flush(struct log_output *output, struct error *err)
{
	struct log_position *now = &output->shared->now;
	uint64_t until_ms = 0;
	int tries = 0;

	while (now->queue_begin < now->queue_end) {
		const char *at = output->shared->queue + now->queue_begin;
		int r = connect_again(output, err);
		ssize_t size;

		if (r < 0)
			return r;
		size = send(output->fd, at, now->queue_end - now->queue_begin, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (size >= 0) {
			log_output_written(output, (size_t)size);
			log_journal_commit(output->shared);
		} else if (errno == EAGAIN && may_wait(output, &until_ms)) {
			continue;
		} else if (may_reconnect(output, errno, &tries)) {
			hang_up(output);
		} else if (errno != EINTR) {
			return failed(output, errno, err);
		}
	}
	return connect_again(output, err);
}

static int put_hello(struct log_output *output, const struct log_options *options, struct error *err)
{
	const struct {
		const char *key, *value;
	} members[] = {
		{ "name", options->name },
		{ "id", options->id },
		{ "image", options->image },
		{ "tag", options->tag },
	};
	size_t room = sizeof("KAPSEL-LOG 1 {}\n") + 64;
	char *out;

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		room += members[i].value ? strlen(members[i].value) * JSON_LINE_GROWTH : 0;
	if (room > LOG_ATTRS_MAX)
		return error_set(err, E2BIG, "log.tag and the paths in the log have more than %d bytes",
				 LOG_ATTRS_MAX);
	output->hello = malloc(room);
	if (!output->hello)
		return error_set(err, ENOMEM, "allocate the log writer");
	out = stpcpy(output->hello, "KAPSEL-LOG 1 {");
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const char *value = members[i].value;

		if (!value || !value[0])
			continue;
		out += sprintf(out, "%s\"%s\":\"", out[-1] == '{' ? "" : ",", members[i].key);
		out += json_line_escape(out, (const unsigned char *)value, strlen(value));
		*out++ = '"';
	}
	strcpy(out, "}\n");
	return 0;
}

int output_socket_address(const struct log_options *options, struct log_address *ret, struct error *err)
{
	switch (options->driver) {
	case SPEC_LOG_JOURNALD:
		return log_address_unix(options->socket ? options->socket : JOURNAL_SOCKET, SOCK_DGRAM, ret,
					err);
	case SPEC_LOG_SYSLOG:
		return log_address_parse(
			options->syslog_address ? options->syslog_address : "unixgram:///dev/log", ret, err);
	case SPEC_LOG_SOCKET:
		if (!options->socket)
			return error_set(err, EINVAL, "log.socket is missing");
		return log_address_unix(options->socket, SOCK_STREAM, ret, err);
	case SPEC_LOG_JSON_FILE:
	case SPEC_LOG_CRI:
	case SPEC_LOG_PASSTHROUGH:
	case SPEC_LOG_NONE:
		break;
	}
	return error_set(err, EINVAL, "log driver %d has no socket", (int)options->driver);
}

static int first_contact(struct log_output *output, struct error *err)
{
	int r = connect_again(output, err);

	if (r == -ENOENT || r == -ECONNREFUSED)
		return error_remedy(err,
				    "start the service that listens there, or choose another log.driver");
	return r;
}

static int socket_open(struct log_output *output, const struct log_options *options, bool adopt,
		       struct error *err)
{
	int r = output_socket_address(options, &output->address, err);

	if (r == 0 && options->driver == SPEC_LOG_SOCKET)
		r = put_hello(output, options, err);
	if (r < 0)
		return r;
	output->sealed = options->driver == SPEC_LOG_JOURNALD;
	if (!adopt)
		return first_contact(output, err);
	hang_up(output); /* the connection was the killed writer's; one that fails now is only a stall */
	return 0;
}

static void socket_close(_unused_ struct log_output *output)
{
	/* what is torn ends with the connection, and a receiver drops it */
}

const struct log_output_type output_stream = {
	.open = socket_open,
	.flush = stream_flush,
	.close = socket_close,
};

const struct log_output_type output_datagram = {
	.open = socket_open,
	.flush = datagram_flush,
	.close = socket_close,
};
