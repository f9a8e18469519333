/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A workload that tells its service manager: each argument is one message to $NOTIFY_SOCKET. Then it stays,
 * or, with "exit" as the first argument, ends. Says on stdout what it can't do.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0),
	    ends = argc > 1 && strcmp(argv[1], "exit") == 0;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");

	if (!path || strlen(path) >= sizeof(address.sun_path)) {
		puts("no NOTIFY_SOCKET");
		return 1;
	}
	strcpy(address.sun_path, path);
	if (sock < 0 || connect(sock, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return fail(path);
	for (int i = 1 + ends; i < argc; i++)
		if (send(sock, argv[i], strlen(argv[i]), 0) < 0)
			return fail(argv[i]);
	if (!ends)
		sleep(1000);
	return 0;
}
