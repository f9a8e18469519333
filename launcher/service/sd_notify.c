/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/sd_notify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "launcher/run.h"
#include "launcher/service/passed.h"

enum { STATUS_MAX = 512 };

/* A manager that is busy is waited for this long with what it must not miss. */
enum { WAIT_S = 1 };

static struct {
	int sock; /* opened early: the supervisor gives up the right to open sockets later */
	struct sockaddr_un address;
	socklen_t size;
	uint64_t watchdog_usec;
} manager = { .sock = -1 };

static int parse_address(const char *text, struct sockaddr_un *ret, socklen_t *ret_size)
{
	size_t length = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || length < 2 || length >= sizeof(ret->sun_path))
		return -EINVAL;
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret->sun_path, text, length);
	if (text[0] == '@')
		ret->sun_path[0] = '\0';
	/* An abstract name is all of its bytes: a terminating NUL would be part of it (unix(7)). */
	*ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (text[0] == '/' ? 1 : 0));
	return 0;
}

static void take_socket(const char *text)
{
	const struct timeval wait = { .tv_sec = WAIT_S };
	char shown[160];
	int low;

	if (parse_address(text, &manager.address, &manager.size) < 0) {
		str_escape(shown, sizeof(shown), text);
		dprintf(STDERR_FILENO,
			"kapsel: warning: NOTIFY_SOCKET is \"%s\", neither a path nor an abstract name: "
			"the service manager will hear nothing\n",
			shown);
		return;
	}
	low = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	manager.sock = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, RUN_FD_FLOOR);
	fd_close(&low);
	if (manager.sock >= 0)
		(void)setsockopt(manager.sock, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
}

void sd_notify_take(void)
{
	const char *address = getenv("NOTIFY_SOCKET"), *usec = getenv("WATCHDOG_USEC"),
		   *pid = getenv("WATCHDOG_PID");
	uint64_t number;

	fd_close(&manager.sock);
	manager.watchdog_usec = 0;
	if (address && address[0])
		take_socket(address);
	if (usec && str_to_u64(usec, &number) == 0 && number != UINT64_MAX)
		manager.watchdog_usec = number;
	if (pid && (str_to_u64(pid, &number) < 0 || number != (uint64_t)getpid()))
		manager.watchdog_usec = 0; /* another process is watched: we were started by it */
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	passed_take();
}

int sd_notify_fd(void)
{
	return manager.sock;
}

/* Nothing can be done about a manager that does not listen: the service goes on without its word. */
static void tell(const char *message, int flags)
{
	ssize_t sent;

	if (manager.sock < 0)
		return;
	do
		sent = sendto(manager.sock, message, strlen(message), MSG_NOSIGNAL | flags,
			      (const struct sockaddr *)&manager.address, manager.size);
	while (sent < 0 && errno == EINTR);
}

void sd_notify_ready(const char *status)
{
	char message[STATUS_MAX + 32], shown[STATUS_MAX];

	str_escape(shown, sizeof(shown), status ? status : "");
	snprintf(message, sizeof(message), "READY=1%s%s", shown[0] ? "\nSTATUS=" : "", shown);
	tell(message, 0);
}

void sd_notify_status(const char *status)
{
	char message[STATUS_MAX + 32], shown[STATUS_MAX];

	/* A line break would begin another assignment, and managers drop what is not UTF-8. */
	str_escape(shown, sizeof(shown), status);
	snprintf(message, sizeof(message), "STATUS=%s", shown);
	tell(message, MSG_DONTWAIT);
}

void sd_notify_stopping(void)
{
	tell("STOPPING=1", 0);
}

void sd_notify_extend(uint64_t usec)
{
	char message[64];

	snprintf(message, sizeof(message), "EXTEND_TIMEOUT_USEC=%" PRIu64, usec);
	tell(message, 0);
}

void sd_notify_main_pid(pid_t pid)
{
	char message[64];

	snprintf(message, sizeof(message), "MAINPID=%d", (int)pid);
	tell(message, 0);
}

void sd_notify_watchdog(void)
{
	tell("WATCHDOG=1", MSG_DONTWAIT);
}

uint64_t sd_notify_watchdog_ms(void)
{
	uint64_t ms = manager.watchdog_usec / 2000;

	if (manager.sock < 0 || manager.watchdog_usec == 0)
		return 0;
	return ms ? ms : 1;
}

void sd_notify_error(int errnum, int exit_status)
{
	char message[64], number[32] = "";

	if (errnum > 0)
		snprintf(number, sizeof(number), "ERRNO=%d\n", errnum);
	snprintf(message, sizeof(message), "%sEXIT_STATUS=%d", number, exit_status);
	tell(message, 0);
}
