/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A workload that says READY=1 once and WATCHDOG=1 five times a second, as sd_notify(3) has it. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
	const struct timespec pause = { .tv_nsec = 200 * 1000 * 1000 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET"), *text = "READY=1";
	int sock = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (sock < 0 || !path || strlen(path) >= sizeof(address.sun_path))
		return 1;
	strcpy(address.sun_path, path);
	for (;;) {
		if (sendto(sock, text, strlen(text), 0, (struct sockaddr *)&address, sizeof(address)) < 0)
			return 2;
		text = "WATCHDOG=1";
		nanosleep(&pause, NULL);
	}
}
