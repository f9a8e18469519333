/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Times commands from spawn to exit, taking turns: whatever else the machine does then
 * disturbs all of them alike, so their ratios hold even where the times do not.
 *
 *   start_timer ROUNDS WARM_UP NAME COMMAND [ARG...] [-- NAME COMMAND [ARG...]]...
 *
 * Prints for each command: name, median and minimum in microseconds, the largest peak
 * resident set of it and the children it waited for in KiB. A status other than 0 ends
 * everything: a failed start is fast and must not count.
 */
#include <err.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { COMMANDS_MAX = 32, ROUNDS_MAX = 10000 };

struct contender {
	const char *name;
	char **argv;
	long *times_us;
	long peak_kib;
};

extern char **environ;

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static long time_once(struct contender *contender, const posix_spawn_file_actions_t *actions)
{
	struct rusage usage;
	long begin_us;
	int r, status;
	pid_t pid;

	begin_us = now_us();
	r = posix_spawnp(&pid, contender->argv[0], actions, NULL, contender->argv, environ);
	if (r != 0)
		errx(1, "start %s: %s", contender->argv[0], strerror(r));
	if (wait4(pid, &status, 0, &usage) != pid)
		err(1, "wait for %s", contender->name);
	begin_us = now_us() - begin_us;
	if (status != 0)
		errx(1, "%s failed with wait status 0x%x", contender->name, (unsigned int)status);
	if (usage.ru_maxrss > contender->peak_kib)
		contender->peak_kib = usage.ru_maxrss;
	return begin_us;
}

static int compare(const void *a, const void *b)
{
	const long *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Splits argv at "--". Return: how many commands there are. */
static size_t read_commands(char **argv, struct contender *contenders)
{
	size_t n = 0;

	while (*argv) {
		if (n == COMMANDS_MAX || !argv[1])
			errx(1, "a command needs a name and a program, and there can be %d", COMMANDS_MAX);
		contenders[n].name = argv[0];
		contenders[n++].argv = ++argv;
		while (*argv && strcmp(*argv, "--") != 0)
			argv++;
		if (*argv)
			*argv++ = NULL;
	}
	return n;
}

int main(int argc, char **argv)
{
	struct contender contenders[COMMANDS_MAX] = { 0 };
	posix_spawn_file_actions_t actions;
	long rounds, warm_up;
	size_t n;

	if (argc < 5)
		errx(1, "usage: start_timer ROUNDS WARM_UP NAME COMMAND [ARG...] [-- NAME COMMAND...]");
	rounds = strtol(argv[1], NULL, 10);
	warm_up = strtol(argv[2], NULL, 10);
	if (rounds < 1 || rounds > ROUNDS_MAX || warm_up < 0)
		errx(1, "rounds must be 1 to %d", ROUNDS_MAX);
	n = read_commands(argv + 3, contenders);
	for (size_t i = 0; i < n; i++) {
		contenders[i].times_us = calloc((size_t)rounds, sizeof(long));
		if (!contenders[i].times_us)
			err(1, "allocate");
	}
	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) != 0)
		errx(1, "posix_spawn_file_actions");

	for (long round = -warm_up; round < rounds; round++) {
		for (size_t i = 0; i < n; i++) {
			long us = time_once(&contenders[i], &actions);

			if (round >= 0)
				contenders[i].times_us[round] = us;
		}
	}
	for (size_t i = 0; i < n; i++) {
		long *times_us = contenders[i].times_us;

		qsort(times_us, (size_t)rounds, sizeof(*times_us), compare);
		printf("%s\t%ld\t%ld\t%ld\n", contenders[i].name, times_us[rounds / 2], times_us[0],
		       contenders[i].peak_kib);
		free(times_us);
	}
	posix_spawn_file_actions_destroy(&actions);
	return 0;
}
