/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What test_limits.py runs inside a container to use things up: one program, static. Each
 * verb prints what it saw, one fact a line.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1024 * 1024 };

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void say(const char *word)
{
	puts(word);
	fflush(stdout);
}

/* Every page is written, so that all of it is there. */
static int take_memory(unsigned long mib)
{
	char *memory = mmap(NULL, mib * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -1;
	for (unsigned long i = 0; i < mib * MIB; i += 4096)
		memory[i] = 1;
	return 0;
}

/* hog MIB: takes that much and holds it. */
static int hog(int argc, char **argv)
{
	if (argc < 3 || take_memory(strtoul(argv[2], NULL, 10)) < 0)
		return 2;
	say("has it");
	pause();
	return 0;
}

/* family MIB: a child takes the memory, the parent would live on. */
static int family(int argc, char **argv)
{
	pid_t child = fork();

	if (child < 0)
		return 2;
	if (child == 0)
		_exit(hog(argc, argv));
	say("parent");
	pause();
	return 0;
}

/* bomb: every process forks for ever; those that can't, try again. SIGTERM is ignored. */
static int bomb(int argc, char **argv)
{
	(void)argc, (void)argv;
	signal(SIGTERM, SIG_IGN);
	say("lit");
	for (;;)
		if (fork() < 0 && errno != EAGAIN)
			return 2;
}

/* spin SECONDS: all the processor time it gets; prints how much that was. */
static int spin(int argc, char **argv)
{
	double wanted = argc > 2 ? strtod(argv[2], NULL) : 1, began, used;

	say("spinning");
	began = seconds(CLOCK_MONOTONIC);
	used = seconds(CLOCK_PROCESS_CPUTIME_ID);
	while (seconds(CLOCK_MONOTONIC) - began < wanted)
		;
	printf("%.3f %.3f\n", seconds(CLOCK_PROCESS_CPUTIME_ID) - used, seconds(CLOCK_MONOTONIC) - began);
	return 0;
}

/* stay: until a signal ends it; one line each second, so that a test sees it live. */
static int stay(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (int i = 0; printf("alive %d\n", i) > 0 && fflush(stdout) == 0; i++)
		sleep(1);
	return 2;
}

/* cpus: on how many it may run, and which is the first. */
static int cpus(int argc, char **argv)
{
	cpu_set_t set;

	(void)argc, (void)argv;
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 2;
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set)) {
			printf("%d %d\n", CPU_COUNT(&set), i);
			return 0;
		}
	return 2;
}

/* read DEVICE KIB: past the page cache; prints how long it took. */
static int read_disk(int argc, char **argv)
{
	enum { BLOCK = 64 * 1024 };
	int fd = argc > 3 ? open(argv[2], O_RDONLY | O_DIRECT) : -1;
	long wanted = argc > 3 ? strtol(argv[3], NULL, 10) * 1024 : 0;
	void *block = aligned_alloc(4096, BLOCK);
	double began = seconds(CLOCK_MONOTONIC);

	if (fd < 0 || !block) {
		printf("%s\n", strerrorname_np(errno));
		return 2;
	}
	for (long done = 0; done < wanted; done += BLOCK)
		if (pread(fd, block, BLOCK, done) != BLOCK)
			return 2;
	printf("%.3f\n", seconds(CLOCK_MONOTONIC) - began);
	return 0;
}

/* fill FILE MIB: a file of that size. */
static int fill(int argc, char **argv)
{
	static char block[MIB];
	int fd = argc > 3 ? open(argv[2], O_WRONLY | O_CREAT, 0600) : -1;
	long wanted = argc > 3 ? strtol(argv[3], NULL, 10) : 0;

	if (fd < 0)
		return 2;
	for (long done = 0; done < wanted; done++)
		if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block)) {
			printf("%s\n", strerrorname_np(errno));
			return 2;
		}
	say("has it");
	return 0;
}

int main(int argc, char **argv)
{
	const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} verbs[] = {
		{ "hog", hog },   { "family", family }, { "bomb", bomb },      { "spin", spin },
		{ "stay", stay }, { "cpus", cpus },     { "read", read_disk }, { "fill", fill },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verbs[i].name, argv[1]) == 0)
			return verbs[i].run(argc, argv);
	return 2;
}
