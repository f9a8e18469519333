/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The workload of tests/systemd/services: answers on the sockets that it was given, a line each:
 *
 *	pid      its own, and how many sockets and which names it has
 *	secret   what stands in /run/secrets/password
 *	write    whether it could write to /data
 *	deaf     from now on it ignores SIGTERM
 *	crash    nothing: it ends by SIGABRT
 *	hog      nothing: it takes memory until it is killed
 *
 * Without sockets it waits for a signal. Where it can say READY=1 it does so after two seconds. Static,
 * so that it needs nothing but itself in its root.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST = 3, SOCKETS_MAX = 16, READY_AFTER_S = 2, PIECE = 1 << 20 };

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static void hog(void)
{
	for (;;) {
		char *piece = malloc(PIECE);

		if (piece)
			memset(piece, 1, PIECE);
	}
}

static void say_secret(FILE *out)
{
	char line[256];
	FILE *file = fopen("/run/secrets/password", "r");

	fprintf(out, "%s\n", file && fgets(line, sizeof(line), file) ? strtok(line, "\n") : "none");
	if (file)
		fclose(file);
}

static void say_write(FILE *out)
{
	FILE *file = fopen("/data/file", "w");

	fprintf(out, "%s\n",
		file && fputs("text", file) >= 0 && fclose(file) == 0 ? "written" : "not written");
}

static void say(FILE *out, const char *asked)
{
	if (strcmp(asked, "crash") == 0)
		abort();
	if (strcmp(asked, "hog") == 0)
		hog();
	if (strcmp(asked, "deaf") == 0)
		signal(SIGTERM, SIG_IGN);
	if (strcmp(asked, "secret") == 0)
		say_secret(out);
	else if (strcmp(asked, "write") == 0)
		say_write(out);
	else
		fprintf(out, "%d %s %s\n", (int)getpid(), variable("LISTEN_FDS"), variable("LISTEN_FDNAMES"));
}

static void say_ready(const char *path)
{
	struct sockaddr_un manager = { .sun_family = AF_UNIX };
	int sock = path[0] ? socket(AF_UNIX, SOCK_DGRAM, 0) : -1;

	if (sock < 0)
		return;
	sleep(READY_AFTER_S);
	snprintf(manager.sun_path, sizeof(manager.sun_path), "%s", path);
	sendto(sock, "READY=1", 7, 0, (struct sockaddr *)&manager, sizeof(manager));
	close(sock);
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
	say_ready(variable("NOTIFY_SOCKET"));
	while (n > 0 && n <= SOCKETS_MAX && poll(fds, (nfds_t)n, -1) > 0)
		for (int i = 0; i < n; i++)
			if (fds[i].revents)
				answer(fds[i].fd);
	pause();
	return 0;
}
