/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"

enum { SYSLOG_PORT = 514 };

int log_address_unix(const char *path, int type, struct log_address *ret, struct error *err)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&ret->address;
	size_t length = strlen(path);

	*ret = (struct log_address){ .type = type };
	if (path[0] != '/')
		return error_set(err, EINVAL, "log socket \"%s\" is not an absolute path", path);
	if (length >= sizeof(address->sun_path))
		return error_set(err, ENAMETOOLONG, "log socket's path has %zu bytes, more than %zu", length,
				 sizeof(address->sun_path) - 1);
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, length + 1);
	ret->length = sizeof(*address);
	return 0;
}

static int refuse(const char *text, struct error *err)
{
	error_set(err, EINVAL, "log address \"%s\" is not understood", text);
	return error_remedy(err, "write unixgram:///dev/log, unix:///PATH or udp://ADDRESS:PORT, the address "
				 "in digits (IPv6 in brackets)");
}

/* "127.0.0.1:514", "[::1]:514" */
static int parse_udp(const char *text, struct log_address *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&ret->address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ret->address;
	bool bracket = text[0] == '[';
	const char *end = bracket ? strchr(text, ']') : text + strcspn(text, ":");
	char host[INET6_ADDRSTRLEN];
	uint32_t port = SYSLOG_PORT;
	size_t length;

	*ret = (struct log_address){ .type = SOCK_DGRAM, .network = true };
	if (!end)
		return -EINVAL;
	text += bracket;
	length = (size_t)(end - text);
	end += bracket;
	if (length == 0 || length >= sizeof(host) || (*end && *end != ':'))
		return -EINVAL;
	if (*end && (str_to_u32(end + 1, &port) < 0 || port == 0 || port > UINT16_MAX))
		return -EINVAL;
	memcpy(host, text, length);
	host[length] = '\0';
	if (bracket) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		ret->length = sizeof(*v6);
		return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1 ? 0 : -EINVAL;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)port);
	ret->length = sizeof(*v4);
	return inet_pton(AF_INET, host, &v4->sin_addr) == 1 ? 0 : -EINVAL;
}

int log_address_parse(const char *text, struct log_address *ret, struct error *err)
{
	static const char stream[] = "unix://", datagram[] = "unixgram://", udp[] = "udp://";

	if (str_starts(text, stream))
		return log_address_unix(text + strlen(stream), SOCK_STREAM, ret, err);
	if (str_starts(text, datagram))
		return log_address_unix(text + strlen(datagram), SOCK_DGRAM, ret, err);
	if (str_starts(text, udp) && parse_udp(text + strlen(udp), ret) == 0)
		return 0;
	return refuse(text, err);
}

int log_address_connect(const struct log_address *address)
{
	_cleanup_fd_ int fd = -1;

	fd = socket(address->address.ss_family, address->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address->address, address->length) < 0)
		return -errno;
	return take_fd(&fd);
}

const char *log_address_print(const struct log_address *address, char *buffer, size_t size)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->address;
	char host[INET6_ADDRSTRLEN] = "";

	if (address->address.ss_family == AF_UNIX)
		snprintf(buffer, size, "%s", ((const struct sockaddr_un *)&address->address)->sun_path);
	else if (address->address.ss_family == AF_INET)
		snprintf(buffer, size, "udp %s port %u",
			 inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host)), ntohs(v4->sin_port));
	else
		snprintf(buffer, size, "udp %s port %u",
			 inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host)), ntohs(v6->sin6_port));
	return buffer;
}
