/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/commands/enter_terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

static int make(struct enter_terminal *terminal, struct error *err)
{
	char name[64];

	terminal->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal->master < 0 || grantpt(terminal->master) < 0 || unlockpt(terminal->master) < 0 ||
	    ptsname_r(terminal->master, name, sizeof(name)) != 0)
		return error_set(err, errno, "make a terminal for the container");
	terminal->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal->slave < 0 || fcntl(terminal->master, F_SETFL, O_NONBLOCK) < 0)
		return error_set(err, errno, "open the container's terminal %s", name);
	return 0;
}

/* As the caller's own: settings such as the erase character, and the size. */
static void take_settings(const struct enter_terminal *terminal)
{
	struct termios settings;

	if (tcgetattr(terminal->in >= 0 ? terminal->in : terminal->out, &settings) < 0)
		return;
	/* Without raw mode on this side the caller's terminal ends the lines. */
	if (terminal->in < 0)
		settings.c_oflag &= ~(tcflag_t)OPOST;
	tcsetattr(terminal->slave, TCSANOW, &settings);
}

int enter_terminal_open(struct enter_terminal *ret, struct error *err)
{
	int r;

	*ret = (struct enter_terminal){ .master = -1, .slave = -1, .in = -1, .out = -1 };
	for (int fd = STDERR_FILENO; fd >= STDIN_FILENO; fd--) {
		ret->fds[fd] = fd;
		if (isatty(fd))
			*(fd == STDIN_FILENO ? &ret->in : &ret->out) = fd;
	}
	if (ret->in < 0 && ret->out < 0)
		return 0;
	r = make(ret, err);
	if (r < 0)
		return r;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (isatty(fd))
			ret->fds[fd] = ret->slave;
	take_settings(ret);
	enter_terminal_resize(ret);
	return 0;
}

int enter_terminal_begin(struct enter_terminal *terminal, struct error *err)
{
	struct termios raw;

	fd_close(&terminal->slave);
	if (terminal->in < 0)
		return 0;
	if (tcgetattr(terminal->in, &terminal->settings) < 0)
		return error_set(err, errno, "read the terminal's settings");
	raw = terminal->settings;
	cfmakeraw(&raw);
	terminal->raw = true;
	if (tcsetattr(terminal->in, TCSADRAIN, &raw) < 0)
		return error_set(err, errno, "pass every key on to the container");
	return 0;
}

void enter_terminal_resize(const struct enter_terminal *terminal)
{
	struct winsize size;

	if (terminal->master >= 0 &&
	    ioctl(terminal->in >= 0 ? terminal->in : terminal->out, TIOCGWINSZ, &size) == 0)
		ioctl(terminal->master, TIOCSWINSZ, &size);
}

bool enter_terminal_type(struct enter_terminal *terminal, bool readable)
{
	ssize_t n;

	if (readable && terminal->n_pending < sizeof(terminal->pending)) {
		n = read(terminal->in, terminal->pending + terminal->n_pending,
			 sizeof(terminal->pending) - terminal->n_pending);
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return false;
		if (n > 0)
			terminal->n_pending += (size_t)n;
	}
	n = terminal->n_pending ? write(terminal->master, terminal->pending, terminal->n_pending) : 0;
	if (n > 0) {
		terminal->n_pending -= (size_t)n;
		memmove(terminal->pending, terminal->pending + n, terminal->n_pending);
	}
	return true;
}

bool enter_terminal_show(struct enter_terminal *terminal)
{
	char buffer[4096];
	ssize_t got = read(terminal->master, buffer, sizeof(buffer));

	if (got < 0)
		return errno == EAGAIN || errno == EINTR; /* EIO: nobody has the other end any more */
	if (got == 0)
		return false;
	/* Echo of what is typed where nothing is shown: dropped. */
	return terminal->out < 0 || fd_write_all(terminal->out, buffer, (size_t)got) == 0;
}

void enter_terminal_close(struct enter_terminal *terminal)
{
	if (terminal->raw)
		tcsetattr(terminal->in, TCSADRAIN, &terminal->settings);
	terminal->raw = false;
	fd_close(&terminal->slave);
	fd_close(&terminal->master);
}
