/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D6: terminals. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "lab/probe/attempt.h"
#include "lab/probe/numbers.h"

/*
 * An own terminal where one can be had, so that nothing is ever typed into the
 * operator's. Without one, standard input: the kernel answers ENOTTY, and a
 * filter answers before the kernel.
 */
static int own_terminal(int *ret_master, struct outcome *out)
{
	char *name = NULL;
	int slave = -1;

	*ret_master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	name = *ret_master >= 0 && unlockpt(*ret_master) == 0 ? ptsname(*ret_master) : NULL;
	if (name && setsid() >= 0)
		slave = open(name, O_RDWR | O_CLOEXEC);
	if (slave >= 0) {
		signal(SIGHUP, SIG_IGN); /* comes when the master is closed */
		ioctl(slave, TIOCSCTTY, 0);
		attempt_note(out, "own terminal %s", name);
		return slave;
	}
	attempt_note(out, "no own terminal (ENOTTY: the call is open)");
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static long terminal_ioctl(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int master = -1;
	_cleanup_fd_ int fd = -1;
	char byte = (char)probe->b;

	/* TIOCCONS on a real terminal would redirect the host's console to it. */
	if (probe->a == TIOCCONS)
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	else
		fd = own_terminal(&master, out);
	if (fd < 0)
		return attempt_step(out, "open of something to ask");
	errno = 0;
	return syscall(SYS_ioctl, fd, (unsigned long)probe->a, &byte);
}

static long type_into_stdin(const struct probe *probe, struct outcome *out)
{
	char byte = 'x';

	if (!isatty(0))
		return attempt_untestable(out, "standard input is no terminal");
	return syscall(SYS_ioctl, 0, (unsigned long)probe->a, &byte);
}

#define HIGH_BIT (1L << 32)

const struct probe probes_terminal[] = {
	{ 107, "tiocsti", "type into a terminal", terminal_ioctl, PROBE_CHILD, TIOCSTI, 'x' },
	{ 107, "tiocsti-stdin", "type into the terminal of standard input", type_into_stdin, PROBE_HEAVY,
	  TIOCSTI },
	{ 108, "tiocsti-bit32", "type into a terminal, with a bit that only a filter sees", terminal_ioctl,
	  PROBE_CHILD, TIOCSTI | HIGH_BIT, 'x' },
	{ 109, "tioclinux", "paste on the console", terminal_ioctl, PROBE_CHILD, TIOCLINUX, 6 },
	{ 109, "tioclinux-bit32", "paste on the console, with a bit that only a filter sees", terminal_ioctl,
	  PROBE_CHILD, TIOCLINUX | HIGH_BIT, 6 },
	{ 109, "kdskbmode", "change the keyboard's mode", terminal_ioctl, PROBE_CHILD, 0x4B45, 0 },
	{ 109, "tioccons", "take over the console", terminal_ioctl, PROBE_CHILD, TIOCCONS, 0 },
	{ 0 },
};
