/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Times the verbs of OCI runtimes as an engine calls them, taking turns: whatever else the
 * machine does then disturbs all of them alike.
 *
 *   oci_timer ROUNDS WARM_UP DIRECTORY [NAME RUNTIME [FLAG...] [--]]...
 *
 * Each NAME has two bundles, DIRECTORY/NAME.life, whose program ends at once, and
 * DIRECTORY/NAME.hold, whose program does not end. A round is create, start, wait, delete of
 * the first and `exec /bin/nothing` in the second, for each NAME.
 *
 * Prints for each NAME and verb: NAME VERB, then median and minimum of the wall time, median
 * of the processor time in microseconds, the largest peak resident set in KiB and the median
 * of the page faults. Processor time, peak and faults are of the runtime and the children it
 * waited for; for "wait" they are the container's own process, from its creation on. "total"
 * is the life without exec. A status other than 0 ends everything: a failed start is fast
 * and must not count.
 *
 * Small on purpose: a process begins with the peak of the one that it was born from.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNTIMES_MAX = 8, WORDS_MAX = 32, ROUNDS_MAX = 10000 };
enum verb { CREATE, START, WAIT, DELETE, TOTAL, EXEC, VERBS };

static const char *const verb_names[VERBS] = { "create", "start", "wait", "delete", "total", "exec" };

struct series {
	long *wall_us, *cpu_us, *faults;
	long peak_kib;
};

struct contender {
	const char *name;
	char **words; /* the program and its global flags */
	pid_t held;
	struct series verbs[VERBS];
};

extern char **environ;
static const char *directory;
static posix_spawn_file_actions_t actions;

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static long cpu_us(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000L + usage->ru_utime.tv_usec +
	       usage->ru_stime.tv_usec;
}

static void text(char *room, size_t size, const char *a, const char *b, const char *c)
{
	int length = snprintf(room, size, "%s%s%s", a, b, c);

	if (length < 0 || (size_t)length >= size)
		errx(1, "%s%s%s is too long", a, b, c);
}

/* Adds up what the verbs of one life took; the round is < 0 while it warms up. */
static void note(struct contender *contender, enum verb verb, long round, long wall,
		 const struct rusage *usage)
{
	struct series *series = &contender->verbs[verb];

	if (round < 0)
		return;
	series->wall_us[round] = wall;
	series->cpu_us[round] = cpu_us(usage);
	series->faults[round] = usage->ru_minflt + usage->ru_majflt;
	if (usage->ru_maxrss > series->peak_kib)
		series->peak_kib = usage->ru_maxrss;
}

static void must_end(pid_t pid, struct rusage *usage, const char *name, const char *what)
{
	int status;

	while (wait4(pid, &status, 0, usage) != pid)
		if (errno != EINTR)
			err(1, "wait for %s of %s", what, name);
	if (status != 0)
		errx(1, "%s: %s failed with wait status 0x%x", name, what, (unsigned int)status);
}

/* @rest: the verb and its words, NULL-terminated. Return: wall time. */
static long call(const struct contender *contender, const char *const *rest, struct rusage *usage)
{
	char *argv[WORDS_MAX];
	long begin;
	pid_t pid;
	int n = 0, r;

	for (char **word = contender->words; *word; word++)
		argv[n++] = *word;
	for (const char *const *word = rest; *word; word++) {
		if (n == WORDS_MAX - 1)
			errx(1, "too many words for %s", contender->name);
		argv[n++] = (char *)(uintptr_t)*word;
	}
	argv[n] = NULL;
	begin = now_us();
	r = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	if (r != 0)
		errx(1, "start %s: %s", argv[0], strerror(r));
	must_end(pid, usage, contender->name, rest[0]);
	return now_us() - begin;
}

static pid_t read_pid(const char *path)
{
	char line[32] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	pid_t pid;

	if (fd < 0 || read(fd, line, sizeof(line) - 1) <= 0)
		err(1, "read %s", path);
	close(fd);
	pid = (pid_t)strtol(line, NULL, 10);
	if (pid <= 1)
		errx(1, "%s: \"%s\" is no process", path, line);
	return pid;
}

/* create; return the container's process. */
static pid_t create(struct contender *contender, const char *kind, const char *id, long round)
{
	char bundle[256], pid_file[256];
	const char *const words[] = { "create", "--bundle", bundle, "--pid-file", pid_file, id, NULL };
	struct rusage usage;
	long wall;

	text(bundle, sizeof(bundle), directory, "/", contender->name);
	text(bundle + strlen(bundle), sizeof(bundle) - strlen(bundle), ".", kind, "");
	text(pid_file, sizeof(pid_file), bundle, "/pid", "");
	wall = call(contender, words, &usage);
	note(contender, CREATE, round, wall, &usage);
	return read_pid(pid_file);
}

static void simple(struct contender *contender, enum verb verb, const char *id, long round)
{
	const char *const words[] = { verb_names[verb], id, NULL };
	struct rusage usage;
	long wall = call(contender, words, &usage);

	note(contender, verb, round, wall, &usage);
}

static void live(struct contender *contender, long round)
{
	struct rusage usage;
	struct series *verbs = contender->verbs, *total = &verbs[TOTAL];
	char id[64];
	long begin;
	pid_t pid;

	text(id, sizeof(id), "bench-life-", contender->name, "");
	pid = create(contender, "life", id, round);
	simple(contender, START, id, round);
	begin = now_us();
	must_end(pid, &usage, contender->name, "the container's process");
	note(contender, WAIT, round, now_us() - begin, &usage);
	simple(contender, DELETE, id, round);
	if (round < 0)
		return;
	/* The sum, not the clock: reading the pid file between the verbs is ours. */
	total->wall_us[round] = total->cpu_us[round] = total->faults[round] = 0;
	for (enum verb verb = CREATE; verb < TOTAL; verb++) {
		total->wall_us[round] += verbs[verb].wall_us[round];
		total->cpu_us[round] += verbs[verb].cpu_us[round];
		total->faults[round] += verbs[verb].faults[round];
		if (verbs[verb].peak_kib > total->peak_kib)
			total->peak_kib = verbs[verb].peak_kib;
	}
}

static void hold(struct contender *contender)
{
	char id[64];

	text(id, sizeof(id), "bench-hold-", contender->name, "");
	contender->held = create(contender, "hold", id, -1);
	simple(contender, START, id, -1);
}

static void execute(struct contender *contender, long round)
{
	char id[64];
	const char *const words[] = { "exec", id, "/bin/nothing", NULL };
	struct rusage usage;
	long wall;

	text(id, sizeof(id), "bench-hold-", contender->name, "");
	wall = call(contender, words, &usage);
	note(contender, EXEC, round, wall, &usage);
}

static void let_go(struct contender *contender)
{
	char id[64];
	int status;

	text(id, sizeof(id), "bench-hold-", contender->name, "");
	kill(contender->held, SIGKILL);
	waitpid(contender->held, &status, 0);
	simple(contender, DELETE, id, -1);
}

static int compare(const void *a, const void *b)
{
	const long *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static long median(long *values, long n)
{
	qsort(values, (size_t)n, sizeof(*values), compare);
	return values[n / 2];
}

static void print(struct contender *contender, long rounds)
{
	for (int verb = 0; verb < VERBS; verb++) {
		struct series *series = &contender->verbs[verb];
		long wall = median(series->wall_us, rounds);

		printf("%s\t%s\t%ld\t%ld\t%ld\t%ld\t%ld\n", contender->name, verb_names[verb], wall,
		       series->wall_us[0], median(series->cpu_us, rounds), series->peak_kib,
		       median(series->faults, rounds));
	}
}

/* Splits argv at "--". Return: how many there are. */
static size_t read_contenders(char **argv, struct contender *contenders, long rounds)
{
	size_t n = 0;

	while (*argv) {
		struct contender *contender = &contenders[n++];

		if (n > RUNTIMES_MAX || !argv[1])
			errx(1, "a runtime needs a name and a program, and there can be %d", RUNTIMES_MAX);
		contender->name = argv[0];
		contender->words = ++argv;
		while (*argv && strcmp(*argv, "--") != 0)
			argv++;
		if (*argv)
			*argv++ = NULL;
		for (int verb = 0; verb < VERBS; verb++) {
			struct series *series = &contender->verbs[verb];

			series->wall_us = calloc((size_t)rounds * 3, sizeof(long));
			if (!series->wall_us)
				err(1, "allocate");
			series->cpu_us = series->wall_us + rounds;
			series->faults = series->cpu_us + rounds;
		}
	}
	return n;
}

int main(int argc, char **argv)
{
	static struct contender contenders[RUNTIMES_MAX + 1];
	long rounds, warm_up;
	size_t n;

	if (argc < 6)
		errx(1, "usage: oci_timer ROUNDS WARM_UP DIRECTORY NAME RUNTIME [FLAG...] [-- NAME ...]...");
	rounds = strtol(argv[1], NULL, 10);
	warm_up = strtol(argv[2], NULL, 10);
	directory = argv[3];
	if (rounds < 1 || rounds > ROUNDS_MAX || warm_up < 0)
		errx(1, "rounds must be 1 to %d", ROUNDS_MAX);
	n = read_contenders(argv + 4, contenders, rounds);
	/* Containers come to us when the runtime has ended, as they come to an engine's shim. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		err(1, "prctl");
	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) != 0)
		errx(1, "posix_spawn_file_actions");

	for (size_t i = 0; i < n; i++)
		hold(&contenders[i]);
	for (long round = -warm_up; round < rounds; round++) {
		for (size_t i = 0; i < n; i++) {
			live(&contenders[i], round);
			execute(&contenders[i], round);
		}
	}
	for (size_t i = 0; i < n; i++) {
		let_go(&contenders[i]);
		print(&contenders[i], rounds);
		for (int verb = 0; verb < VERBS; verb++)
			free(contenders[i].verbs[verb].wall_us);
	}
	posix_spawn_file_actions_destroy(&actions);
	return 0;
}
