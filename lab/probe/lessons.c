/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a workload does by right or by mistake rather than by attack: the exercises of the lab
 * need the everyday side of a restriction, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "lab/probe/attempt.h"

enum {
	OTHER_UID = 100, /* not the own one, and in every wider id map */
	HTTP_PORT = 80,
	ENVIRONMENT_MAX = 1 << 16,
};

/* Without a name: nothing has to be removed, for which a call would have to be open. */
static long create_file(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = open(probe->text, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	attempt_note(out, "a file in %s was created", probe->text);
	return 0;
}

/* Mode 0666 asks for everybody; what the file gets is up to the umask. */
static long create_for_others(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = open(probe->text, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return attempt_step(out, "open of a file to write");
	attempt_note(out, "asked for mode 0666, got %04o", st.st_mode & 07777);
	errno = 0;
	return st.st_mode & 0044 ? 0 : -1;
}

static long give_file_away(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = open(probe->text, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		return attempt_step(out, "open of a file to write");
	if (fchown(fd, OTHER_UID, (gid_t)-1) < 0)
		return -1;
	attempt_note(out, "the file belongs to uid %d", OTHER_UID);
	return 0;
}

static bool looks_secret(const char *variable)
{
	static const char *const words[] = { "PASSWORD", "PASSWD", "SECRET", "TOKEN" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strstr(variable, words[i]))
			return true;
	}
	return false;
}

/* As a process that was taken over does it; the value stays out of the report. */
static long search_environment(const struct probe *probe, struct outcome *out)
{
	static char text[ENVIRONMENT_MAX];
	ssize_t n = fd_read_file(AT_FDCWD, probe->text, text, sizeof(text));
	int variables = 0;

	if (n < 0) {
		errno = (int)-n;
		return -1;
	}
	for (const char *at = text; at < text + n && *at; at += strlen(at) + 1) {
		variables++;
		if (!looks_secret(at))
			continue;
		attempt_note(out, "%.*s stands in %s", (int)strcspn(at, "="), at, probe->text);
		return 0;
	}
	attempt_note(out, "%d variables, none of them a secret", variables);
	errno = 0;
	return -1;
}

static long bind_low_port(const struct probe *probe, struct outcome *out)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)probe->a) };
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return attempt_step(out, "socket");
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	attempt_note(out, "bound to 127.0.0.1:%ld", probe->a);
	return 0;
}

const struct probe probes_lessons[] = {
	{ 111, "create-in-tmp", "create a file in /tmp", create_file, 0, .text = "/tmp" },
	{ 112, "file-for-others", "create a file that others can read", create_for_others, 0,
	  .text = "/tmp" },
	{ 113, "chown-file", "give a file to another user", give_file_away, 0, .text = "/tmp" },
	{ 114, "environ-secret", "find a secret in the environment", search_environment, 0,
	  .text = "/proc/self/environ" },
	{ 115, "bind-port-80", "bind port 80", bind_low_port, 0, HTTP_PORT },
	{ 0 },
};
