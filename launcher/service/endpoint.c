/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/error.h"
#include "base/str.h"
#include "profiles/spec.h"

static int parse_port(const char *text, in_port_t *ret)
{
	uint32_t port;

	if (str_to_u32(text, &port) < 0 || port == 0 || port > 65535)
		return -EINVAL;
	*ret = htons((uint16_t)port);
	return 0;
}

static int parse_local(const char *text, struct sockaddr_un *ret, socklen_t *ret_size)
{
	size_t length = strlen(text);

	if (length >= sizeof(ret->sun_path))
		return -ENAMETOOLONG;
	ret->sun_family = AF_UNIX;
	memcpy(ret->sun_path, text, length);
	if (text[0] == '@')
		ret->sun_path[0] = '\0';
	*ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (text[0] == '/' ? 1 : 0));
	return 0;
}

int endpoint_parse(const char *text, struct sockaddr_storage *ret, socklen_t *ret_size)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];

	*ret = (struct sockaddr_storage){ 0 };
	if (text[0] == '/' || text[0] == '@')
		return parse_local(text, (struct sockaddr_un *)ret, ret_size);
	if (!colon) {
		in6->sin6_family = AF_INET6; /* dual stack: takes IPv4, too */
		*ret_size = sizeof(*in6);
		return parse_port(text, &in6->sin6_port);
	}
	if ((size_t)(colon - text) >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	if (host[0] == '[' && colon > text + 1 && colon[-1] == ']') {
		host[colon - text - 1] = '\0';
		in6->sin6_family = AF_INET6;
		*ret_size = sizeof(*in6);
		if (inet_pton(AF_INET6, host + 1, &in6->sin6_addr) != 1)
			return -EINVAL;
		return parse_port(colon + 1, &in6->sin6_port);
	}
	in->sin_family = AF_INET;
	*ret_size = sizeof(*in);
	if (inet_pton(AF_INET, host, &in->sin_addr) != 1)
		return -EINVAL;
	return parse_port(colon + 1, &in->sin_port);
}

/* The bytes of a local address: a path without its terminator, which the binder may have left out. */
static size_t local_length(const struct sockaddr_un *address, socklen_t size)
{
	size_t length = size > offsetof(struct sockaddr_un, sun_path)
				? size - offsetof(struct sockaddr_un, sun_path)
				: 0;

	if (length > sizeof(address->sun_path))
		length = sizeof(address->sun_path);
	return length > 0 && address->sun_path[0] != '\0' ? strnlen(address->sun_path, length) : length;
}

static bool same_address(const struct sockaddr_storage *a, socklen_t a_size, const struct sockaddr_storage *b,
			 socklen_t b_size)
{
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)a, *b4 = (const struct sockaddr_in *)b;
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)a, *b6 = (const struct sockaddr_in6 *)b;
	const struct sockaddr_un *au = (const struct sockaddr_un *)a, *bu = (const struct sockaddr_un *)b;

	if (a->ss_family != b->ss_family)
		return false;
	switch (a->ss_family) {
	case AF_INET:
		return a4->sin_port == b4->sin_port && a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	case AF_INET6:
		return a6->sin6_port == b6->sin6_port &&
		       memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) == 0;
	case AF_UNIX:
		return local_length(au, a_size) == local_length(bu, b_size) &&
		       memcmp(au->sun_path, bu->sun_path, local_length(au, a_size)) == 0;
	default:
		return false;
	}
}

static void print_address(const struct sockaddr_storage *address, socklen_t size, char *ret, size_t room)
{
	const struct sockaddr_un *local = (const struct sockaddr_un *)address;
	char text[sizeof(local->sun_path) + 1] = "";
	size_t length;

	if (address->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)address;

		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		snprintf(ret, room, "%s:%u", text, ntohs(in->sin_port));
	} else if (address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		snprintf(ret, room, "[%s]:%u", text, ntohs(in6->sin6_port));
	} else if (address->ss_family == AF_UNIX) {
		length = local_length(local, size);
		memcpy(text, local->sun_path, length);
		if (length > 0 && text[0] == '\0')
			text[0] = '@';
		str_escape(ret, room, length > 0 ? text : "without an address");
	} else {
		snprintf(ret, room, "of address family %d", address->ss_family);
	}
}

static const char *type_name(int type)
{
	switch (type) {
	case SOCK_STREAM:
		return "stream";
	case SOCK_DGRAM:
		return "datagram";
	case SOCK_SEQPACKET:
		return "sequential packet";
	default:
		return "other";
	}
}

static int get_number(int fd, int option)
{
	int number = 0;
	socklen_t size = sizeof(number);

	return getsockopt(fd, SOL_SOCKET, option, &number, &size) < 0 ? -errno : number;
}

void endpoint_describe(int fd, char ret[ENDPOINT_TEXT_MAX])
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);
	int type = get_number(fd, SO_TYPE);
	size_t used;

	if (type < 0 || getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
		snprintf(ret, ENDPOINT_TEXT_MAX, "no socket");
		return;
	}
	used = (size_t)snprintf(ret, ENDPOINT_TEXT_MAX, "%s ", type_name(type));
	print_address(&address, size, ret + used, ENDPOINT_TEXT_MAX - used);
}

static int refuse(int fd, const struct spec_listen *entry, int errnum, const char *why, struct error *err)
{
	char is[ENDPOINT_TEXT_MAX];

	endpoint_describe(fd, is);
	return error_set(err, errnum, "serve listen.%s, %s %s, with a socket that is %s%s%s", entry->name,
			 entry->datagram ? "datagram" : "stream", entry->address, is, why[0] ? ": " : "",
			 why);
}

int endpoint_check(int fd, const struct spec_listen *entry, struct error *err)
{
	const int type = get_number(fd, SO_TYPE), wanted = entry->datagram ? SOCK_DGRAM : SOCK_STREAM;
	struct pollfd poll_fd = { .fd = fd, .events = POLLRDHUP };
	struct sockaddr_storage asked, is = { 0 }, peer;
	socklen_t asked_size = 0, is_size = sizeof(is), peer_size = sizeof(peer);
	int r = endpoint_parse(entry->address, &asked, &asked_size);

	if (r < 0)
		return error_set(err, -r, "parse the address %s of listen.%s", entry->address, entry->name);
	if (type < 0 || getsockname(fd, (struct sockaddr *)&is, &is_size) < 0)
		return refuse(fd, entry, ENOTSOCK, "", err);
	if (type != wanted)
		return refuse(fd, entry, EPROTOTYPE, "", err);
	if (!same_address(&asked, asked_size, &is, is_size))
		return refuse(fd, entry, EADDRNOTAVAIL, "", err);
	if (getpeername(fd, (struct sockaddr *)&peer, &peer_size) == 0)
		return refuse(fd, entry, EISCONN, "it is one client's connection (Accept=yes?)", err);
	if (!entry->datagram && get_number(fd, SO_ACCEPTCONN) != 1)
		return refuse(fd, entry, EINVAL, "it does not listen", err);
	/* Whoever had it may have shut it down for all who share it, which nothing undoes. */
	if (poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & (POLLHUP | POLLRDHUP | POLLNVAL)))
		return refuse(fd, entry, ESHUTDOWN, "it was shut down", err);
	return 0;
}
