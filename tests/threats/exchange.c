/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The neighbour on a shared volume: exchanges two names until it is ended, or its parent goes.
 * Prints "ready" before the first, and the number of exchanges at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { AT_ONCE = 100 };

static volatile sig_atomic_t over;

static void stop(int number)
{
	(void)number;
	over = 1;
}

int main(int argc, char **argv)
{
	unsigned long count = 0;

	if (argc != 3) {
		fputs("usage: exchange A B\n", stderr);
		return 2;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || signal(SIGTERM, stop) == SIG_ERR)
		return 1;
	puts("ready");
	fflush(stdout);
	while (!over) {
		for (int i = 0; i < AT_ONCE; i++, count++) {
			if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) < 0) {
				fprintf(stderr, "exchange %s and %s: %s\n", argv[1], argv[2],
					strerror(errno));
				return 1;
			}
		}
	}
	printf("%lu\n", count);
	return 0;
}
