/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A workload that writes numbered lines in bursts: burst LINES LINES_PER_BURST PAUSE_MS. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	static char buffer[64 * 1024];
	const long lines = argc > 3 ? atol(argv[1]) : 0, burst = argc > 3 ? atol(argv[2]) : 0;
	const struct timespec pause = { .tv_nsec = (argc > 3 ? atol(argv[3]) : 0) * 1000000L };

	if (lines <= 0 || burst <= 0 || setvbuf(stdout, buffer, _IOFBF, sizeof(buffer)) != 0)
		return 2;
	for (long i = 0; i < lines; i++) {
		printf("%08ld the quick brown fox jumps over the lazy dog, and over it again, until the end\n",
		       i);
		if (i % burst == burst - 1 && (fflush(stdout) != 0 || nanosleep(&pause, NULL) != 0))
			return 1;
	}
	return fflush(stdout) != 0;
}
