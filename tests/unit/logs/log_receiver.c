/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/logs/log_receiver.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/logs/log_fixture.h"

char receiver_path[96], receiver_address[128];

int receiver_listen(int type)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(receiver_path, sizeof(receiver_path), "%s/socket", fixture_dir);
	snprintf(receiver_address, sizeof(receiver_address), "%s://%s",
		 type == SOCK_STREAM ? "unix" : "unixgram", receiver_path);
	strcpy(name.sun_path, receiver_path);
	unlink(receiver_path);
	cr_assert(ge(int, fd, 0));
	cr_assert(zero(int, bind(fd, (struct sockaddr *)&name, sizeof(name))));
	if (type == SOCK_STREAM)
		cr_assert(zero(int, listen(fd, 4)));
	return fd;
}

int receiver_listen_udp(void)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(name);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	cr_assert(ge(int, fd, 0));
	cr_assert(zero(int, bind(fd, (struct sockaddr *)&name, sizeof(name))));
	cr_assert(zero(int, getsockname(fd, (struct sockaddr *)&name, &size)));
	snprintf(receiver_address, sizeof(receiver_address), "udp://127.0.0.1:%u", ntohs(name.sin_port));
	return fd;
}

char *receiver_next(int fd, size_t *ret_size)
{
	static char message[RECEIVER_MAX + 1];
	ssize_t size = recv(fd, message, RECEIVER_MAX, 0);

	if (size < 0)
		size = 0;
	message[size] = '\0';
	if (ret_size)
		*ret_size = (size_t)size;
	return message;
}
