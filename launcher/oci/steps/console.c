/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The terminal: a new pair from the container's own devpts. Its other end is had from the master itself
 * (TIOCGPTPEER), never by a name, which the container could have turned into something else
 * (CVE-2025-52565). The master goes to the runtime, which hands it to the caller.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "launcher/mounts.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/process.h"

enum { PTMX_MAJOR = 5, PTMX_MINOR = 2 };

static int console_wanted(const struct spec *spec)
{
	return spec->oci->process.terminal;
}

static int open_master(int root_fd, struct error *err)
{
	_cleanup_fd_ int fd = path_open_in_root(root_fd, "dev/pts/ptmx", O_RDWR | O_NOCTTY);
	struct statfs fs;
	struct stat st;

	if (fd == -ENOENT)
		fd = path_open_in_root(root_fd, "dev/ptmx", O_RDWR | O_NOCTTY);
	if (fd < 0) {
		error_set(err, -fd, "open the container's /dev/pts/ptmx");
		return error_remedy(err, "a terminal needs a devpts mount at /dev/pts");
	}
	/* /dev/ptmx may be the device node itself: the kernel then takes the devpts beside it. */
	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return error_set(err, errno, "look at the container's /dev/pts/ptmx");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR))
		return error_set(err, EBADE, "open the container's /dev/pts/ptmx: it is another file");
	return take_fd(&fd);
}

static int set_up_terminal(int master, const struct oci_process *process, struct error *err)
{
	struct winsize size = { .ws_row = process->console_height, .ws_col = process->console_width };
	struct termios terminal;
	int unlocked = 0;

	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return error_set(err, errno, "unlock the terminal");
	/* As other runtimes do: clients compare output, and expect no carriage returns in it. */
	if (ioctl(master, TCGETS, &terminal) < 0)
		return error_set(err, errno, "read the terminal's settings");
	terminal.c_oflag &= ~(tcflag_t)ONLCR;
	if (ioctl(master, TCSETS, &terminal) < 0)
		return error_set(err, errno, "change the terminal's settings");
	if ((size.ws_row || size.ws_col) && ioctl(master, TIOCSWINSZ, &size) < 0)
		return error_set(err, errno, "set the terminal's size");
	return 0;
}

/* /dev/console is the same terminal, for programs that look there. */
static int bind_console(int root_fd, int slave, struct error *err)
{
	_cleanup_fd_ int dev = path_open_plain(root_fd, "dev", O_PATH | O_DIRECTORY), target = -1, tree = -1,
			 made = -1;
	int r;

	if (dev < 0)
		return dev == -ENOENT ? 0 : error_set(err, -dev, "open the container's /dev");
	made = openat(dev, "console", O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_RDONLY, 0600);
	target = path_open_plain(dev, "console", O_PATH);
	if (target < 0)
		return error_set(err, -target, "create /dev/console");
	tree = open_tree(slave, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (tree < 0)
		return error_set(err, errno, "copy the mount of the terminal");
	r = mounts_attach(tree, target);
	return r < 0 ? error_set(err, -r, "place the terminal at /dev/console") : 0;
}

static int console_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct message message = { .type = MESSAGE_CONSOLE };
	_cleanup_fd_ int master = open_master(run->oci->root_fd, err), slave = -1;
	struct stat st;
	int r;

	(void)step;
	if (master < 0)
		return master;
	r = set_up_terminal(master, run->oci->process, err);
	if (r < 0)
		return r;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || fstat(slave, &st) < 0 || !S_ISCHR(st.st_mode))
		return error_set(err, errno, "open the terminal's other end");
	if (run->oci->process->user.uid != 0 && fchown(slave, run->oci->process->user.uid, (gid_t)-1) < 0)
		return error_set(err, errno, "give the terminal to uid %u", run->oci->process->user.uid);
	if (!run->oci->exec) {
		r = bind_console(run->oci->root_fd, slave, err);
		if (r < 0)
			return r;
	}
	r = fd_send(run->control[1], &message, sizeof(message), &master, 1);
	if (r < 0)
		return error_set(err, -r, "hand the terminal to the runtime");
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return error_set(err, errno, "make it the controlling terminal");
	run->oci->console_slave = take_fd(&slave);
	return STEP_DONE;
}

static int console_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			  char report[STEP_REPORT_MAX], struct error *err)
{
	(void)step, (void)evidence;
	if (run->oci->console_master < 0)
		return error_set(err, EBADE, "init handed no terminal over");
	snprintf(report, STEP_REPORT_MAX, "a terminal of the container's own devpts");
	return STEP_DONE;
}

static void console_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step, (void)spec;
	fputs("a terminal of the container's own", out);
}

const struct step_type oci_step_console = {
	.name = "console",
	.blocks = "typing into the caller's terminal, or being handed one of the host",
	.source = "pts(4), ioctl_tty(2) TIOCGPTPEER",
	.phase = PHASE_MOUNT,
	.apply = console_apply,
	.verify = console_verify,
	.explain = console_explain,
	.wanted = console_wanted,
};
