/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The workload of tests/systemd/services: answers on the sockets that it was given, a line each:
 *
 *	pid      its own, and how many sockets and which names it has
 *	secret   what stands in /run/secrets/password
 *	crash    nothing: it ends by SIGABRT
 *
 * Without sockets it waits for a signal. Static, so that it needs nothing but itself in its root.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST = 3, SOCKETS_MAX = 16 };

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static void say(FILE *out, const char *asked)
{
	char line[256];
	FILE *file;

	if (strcmp(asked, "crash") == 0)
		abort();
	if (strcmp(asked, "secret") != 0) {
		fprintf(out, "%d %s %s\n", (int)getpid(), variable("LISTEN_FDS"), variable("LISTEN_FDNAMES"));
		return;
	}
	file = fopen("/run/secrets/password", "r");
	fprintf(out, "%s\n", file && fgets(line, sizeof(line), file) ? strtok(line, "\n") : "none");
	if (file)
		fclose(file);
}

static void answer(int fd)
{
	char asked[64] = "";
	int client = accept(fd, NULL, NULL);
	ssize_t size = client < 0 ? -1 : read(client, asked, sizeof(asked) - 1);
	FILE *out = client < 0 ? NULL : fdopen(client, "w");

	if (!out)
		return;
	if (size > 0) {
		asked[strcspn(asked, "\n")] = '\0';
		say(out, asked);
	}
	fclose(out);
}

int main(void)
{
	int n = atoi(variable("LISTEN_FDS"));
	struct pollfd fds[SOCKETS_MAX];

	for (int i = 0; i < n && i < SOCKETS_MAX; i++)
		fds[i] = (struct pollfd){ .fd = FIRST + i, .events = POLLIN };
	printf("workload: %d sockets\n", n);
	fflush(stdout);
	while (n > 0 && n <= SOCKETS_MAX && poll(fds, (nfds_t)n, -1) > 0)
		for (int i = 0; i < n; i++)
			if (fds[i].revents)
				answer(fds[i].fd);
	pause();
	return 0;
}
