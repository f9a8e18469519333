/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/protect.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.h"

/*
 * A caller may have closed 0, 1 or 2. The next descriptor would get that number: our messages would
 * go into it, and the workload would inherit init's control socket as its stdin or stderr.
 */
int protect_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", O_RDWR) != fd) /* NOLINT(android-cloexec-open) */
			return -1;
	return 0;
}

int protect_self(struct error *err)
{
	/* Nobody of the same id may look into or take over a launcher that holds host descriptors. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_set(err, errno, "keep others from looking into the launcher");
	if (getauxval(AT_SECURE)) {
		error_set(err, EPERM, "run setuid, setgid or with file capabilities");
		return error_remedy(err, "it is not made for that: take them away from the program");
	}
	/* ADDR_NO_RANDOMIZE and its like outlive execve: a caller under "setarch -R" would switch off the
	 * workload's ASLR. */
	if (personality(PER_LINUX) < 0)
		return error_set(err, errno, "set the usual personality");
	return 0;
}
