/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/netlink.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"

enum { ANSWER_TIMEOUT_S = 10 };

/* Room for @size bytes and the padding behind them, zeroed; NULL when it does not fit. */
static void *extend(struct netlink_request *request, size_t size)
{
	void *place = request->bytes + request->used;
	size_t padded;

	if (request->overflow || size > sizeof(request->bytes)) {
		request->overflow = true;
		return NULL;
	}
	padded = NLMSG_ALIGN(size);
	if (padded > sizeof(request->bytes) - request->used) {
		request->overflow = true;
		return NULL;
	}
	memset(place, 0, padded);
	request->used += padded;
	return place;
}

static struct nlmsghdr *request_header(struct netlink_request *request)
{
	return (struct nlmsghdr *)request->bytes;
}

void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *header,
		   size_t header_size)
{
	struct nlmsghdr *message;
	void *place;

	request->used = 0;
	request->overflow = false;
	message = extend(request, sizeof(*message));
	message->nlmsg_type = type;
	message->nlmsg_flags = flags | NLM_F_REQUEST;
	place = extend(request, header_size);
	if (place)
		memcpy(place, header, header_size);
	message->nlmsg_len = (uint32_t)request->used;
}

void netlink_add(struct netlink_request *request, uint16_t type, const void *data, size_t size)
{
	struct nlattr *attribute = size <= NETLINK_REQUEST_MAX ? extend(request, NLA_HDRLEN + size) : NULL;

	if (!attribute) {
		request->overflow = true;
		return;
	}
	attribute->nla_type = type;
	attribute->nla_len = (uint16_t)(NLA_HDRLEN + size);
	if (size > 0)
		memcpy((unsigned char *)attribute + NLA_HDRLEN, data, size);
	request_header(request)->nlmsg_len = (uint32_t)request->used;
}

void netlink_add_u32(struct netlink_request *request, uint16_t type, uint32_t value)
{
	netlink_add(request, type, &value, sizeof(value));
}

void netlink_add_text(struct netlink_request *request, uint16_t type, const char *text)
{
	netlink_add(request, type, text, strlen(text) + 1);
}

const struct nlmsghdr *netlink_next(const void **at, size_t *left)
{
	const struct nlmsghdr *message = *at;
	size_t step;

	if (*left < sizeof(*message) || message->nlmsg_len < sizeof(*message) || message->nlmsg_len > *left)
		return NULL;
	step = NLMSG_ALIGN((size_t)message->nlmsg_len);
	/* The last message may lack its padding. */
	if (step > *left)
		step = *left;
	*at = (const unsigned char *)*at + step;
	*left -= step;
	return message;
}

const void *netlink_header(const struct nlmsghdr *message, size_t size)
{
	if (message->nlmsg_len < NLMSG_HDRLEN + size)
		return NULL;
	return (const unsigned char *)message + NLMSG_HDRLEN;
}

int netlink_attributes(const struct nlmsghdr *message, size_t header_size, struct netlink_attribute *ret,
		       size_t n)
{
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(header_size), end = message->nlmsg_len;

	memset(ret, 0, n * sizeof(*ret));
	if (end < NLMSG_HDRLEN + header_size)
		return -EBADMSG;
	while (at < end && end - at >= NLA_HDRLEN) {
		const unsigned char *place = (const unsigned char *)message + at;
		struct nlattr attribute;
		size_t type;

		memcpy(&attribute, place, sizeof(attribute));
		type = attribute.nla_type & NLA_TYPE_MASK;
		if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > end - at)
			return -EBADMSG;
		if (type < n)
			ret[type] =
				(struct netlink_attribute){ .data = place + NLA_HDRLEN,
							    .size = attribute.nla_len - (size_t)NLA_HDRLEN };
		at += NLA_ALIGN((size_t)attribute.nla_len);
	}
	return 0;
}

uint32_t netlink_u32(const struct netlink_attribute *attribute)
{
	uint32_t value = 0;

	if (attribute->size == sizeof(value))
		memcpy(&value, attribute->data, sizeof(value));
	return value;
}

const char *netlink_text(const struct netlink_attribute *attribute)
{
	if (attribute->size == 0 || !memchr(attribute->data, '\0', attribute->size))
		return "";
	return attribute->data;
}

int netlink_open(void)
{
	const struct timeval timeout = { .tv_sec = ANSWER_TIMEOUT_S };
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	_cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int on = 1;

	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
		return -errno;
	/* An error without a copy of our request (4.3): shorter, nothing else. */
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return take_fd(&fd);
}

_noreturn_ static void open_there(int netns_fd, int to)
{
	int r = setns(netns_fd, CLONE_NEWNET) < 0 ? -errno : netlink_open();

	_exit(fd_send(to, &r, sizeof(r), &r, r >= 0 ? 1 : 0) < 0);
}

int netlink_open_in(int netns_fd, struct error *err)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	_cleanup_fd_ int ours = -1, theirs = -1, sock = -1;
	int pair[2], told = -EPROTO;
	ssize_t got;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(err, errno, "make a socket pair");
	ours = pair[0];
	theirs = pair[1];
	pid = sys_clone3(&args);
	if (pid == 0)
		open_there(netns_fd, theirs);
	if (pid < 0)
		return error_set(err, errno, "make a process that enters the network namespace");
	fd_close(&theirs);
	got = fd_receive(ours, &told, sizeof(told), &sock, 1);
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	if (got != (ssize_t)sizeof(told) || (told >= 0 && sock < 0))
		return error_set(err, EPROTO, "hear from the process that enters the network namespace");
	if (told < 0)
		return error_set(err, -told, "open a netlink socket in the container's network namespace");
	return take_fd(&sock);
}

static int send_request(int sock, struct netlink_request *request, uint32_t *ret_sequence)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct timespec now;

	if (request->overflow)
		return -EMSGSIZE;
	if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
		return -errno;
	*ret_sequence = (uint32_t)now.tv_nsec ^ (uint32_t)now.tv_sec << 30;
	request_header(request)->nlmsg_seq = *ret_sequence;
	if (sendto(sock, request->bytes, request->used, 0, (const struct sockaddr *)&kernel,
		   sizeof(kernel)) != (ssize_t)request->used)
		return errno ? -errno : -EIO;
	return 0;
}

/* Return: bytes of one datagram from the kernel, or -errno. */
static ssize_t receive(int sock, void *buffer)
{
	struct sockaddr_nl from = { 0 };
	struct iovec part = { .iov_base = buffer, .iov_len = NETLINK_ANSWER_MAX };
	struct msghdr message = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1
	};
	ssize_t got;

	for (;;) {
		message.msg_namelen = sizeof(from);
		got = recvmsg(sock, &message, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (message.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
		/* Any process may send to this socket; the kernel's address is 0. */
		if (message.msg_namelen == sizeof(from) && from.nl_pid == 0)
			return got;
	}
}

/* Return: 1 at the answer's end, 0 go on, -errno at its end by an error. @failed keeps what is no end yet. */
static int handle(const struct nlmsghdr *message, netlink_visitor *visitor, void *arg, int *failed)
{
	const struct nlmsgerr *error;
	const int *code;

	if ((message->nlmsg_flags & NLM_F_DUMP_INTR) && *failed == 0)
		*failed = -EINTR;
	switch (message->nlmsg_type) {
	case NLMSG_NOOP:
		return 0;
	case NLMSG_ERROR:
		error = netlink_header(message, sizeof(error->error));
		if (!error)
			return -EBADMSG;
		return error->error < 0 ? error->error : 1;
	case NLMSG_DONE: /* with the error that ended the dump, if one did */
		code = netlink_header(message, sizeof(*code));
		return code && *code < 0 ? *code : 1;
	case NLMSG_OVERRUN:
		return -EBADMSG;
	default:
		if (visitor && *failed == 0)
			*failed = visitor(message, arg);
		return 0;
	}
}

int netlink_ask(int sock, struct netlink_request *request, netlink_visitor *visitor, void *arg)
{
	_Alignas(struct nlmsghdr) unsigned char buffer[NETLINK_ANSWER_MAX];
	const struct nlmsghdr *message;
	uint32_t sequence = 0;
	int failed = 0, r = send_request(sock, request, &sequence);

	/* Also after a failure to the end: what stays in the queue would make the next dump EBUSY. */
	while (r == 0) {
		ssize_t got = receive(sock, buffer);
		const void *at = buffer;
		size_t left = got > 0 ? (size_t)got : 0;

		if (got < 0)
			return (int)got;
		while (r == 0 && (message = netlink_next(&at, &left)))
			if (message->nlmsg_seq == sequence)
				r = handle(message, visitor, arg, &failed);
		if (r == 0 && left > 0)
			return -EBADMSG;
	}
	return r < 0 ? r : failed;
}
