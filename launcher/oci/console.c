/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

enum { PIECE = 16384, CTRL_D = 4 };

int oci_console_connect(const char *path, struct error *err)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), handle = -1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	/* By a handle: the path may be longer than an address. */
	handle = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0 || handle < 0)
		return error_set(err, errno, "open the console socket %s", path);
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", handle);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return error_set(err, errno, "connect to the console socket %s", path);
	return take_fd(&fd);
}

int oci_console_send(int sock, int fd, struct error *err)
{
	static const char name[] = "/dev/ptmx";
	int r = fd_send(sock, name, sizeof(name) - 1, &fd, 1);

	return r < 0 ? error_set(err, -r, "hand the terminal to the console socket") : 0;
}

void oci_terminal_resize(const struct oci_terminal *terminal)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(terminal->master, TIOCSWINSZ, &size);
}

void oci_terminal_open(struct oci_terminal *terminal, int master)
{
	struct termios raw;

	*terminal = (struct oci_terminal){ .master = master };
	if (tcgetattr(STDIN_FILENO, &terminal->before) < 0)
		return;
	raw = terminal->before;
	cfmakeraw(&raw);
	raw.c_oflag |= OPOST; /* the container's terminal adds no carriage returns, ours must */
	terminal->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	oci_terminal_resize(terminal);
}

bool oci_terminal_input(struct oci_terminal *terminal)
{
	char piece[PIECE];
	ssize_t got = read(STDIN_FILENO, piece, sizeof(piece));

	if (got < 0)
		return errno == EINTR || errno == EAGAIN;
	if (got == 0) {
		/* A pipe's end is what Ctrl-D is at a terminal. */
		const char end = CTRL_D;

		(void)!fd_write_all(terminal->master, &end, 1);
		return false;
	}
	return fd_write_all(terminal->master, piece, (size_t)got) == 0;
}

bool oci_terminal_output(struct oci_terminal *terminal)
{
	char piece[PIECE];
	ssize_t got = read(terminal->master, piece, sizeof(piece));

	/* EIO: nobody has the other end open any more. */
	if (got <= 0)
		return got < 0 && (errno == EINTR || errno == EAGAIN);
	return fd_write_all(STDOUT_FILENO, piece, (size_t)got) == 0;
}

void oci_terminal_close(struct oci_terminal *terminal)
{
	if (terminal->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal->before);
	terminal->raw = false;
}
