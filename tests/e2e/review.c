/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What test_review.py runs inside: one fact a line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* pass PATH: send the own stdout to the listener of a unix socket, then end. */
static int pass_stdout(const char *path)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct iovec iov = { .iov_base = (char[]){ "x" }, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	const int fd = STDOUT_FILENO;
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (sock < 0 || connect(sock, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return 3;
	puts("passed on");
	fflush(stdout);
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : 4;
}

/* sockets FAMILY:TYPE ... */
static int try_sockets(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		int family = 0, type = 0;

		if (sscanf(argv[i], "%d:%d", &family, &type) != 2)
			return 2;
		printf("%s %s\n", argv[i], socket(family, type, 0) < 0 ? strerrorname_np(errno) : "OK");
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "pass") == 0)
		return pass_stdout(argv[2]);
	if (argc > 2 && strcmp(argv[1], "sockets") == 0)
		return try_sockets(argc, argv);
	return 2;
}
