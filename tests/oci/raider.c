/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process inside tries against the runtime while that comes in: one verb a call, the result on stdout.
 * Static, so that it needs nothing of the image.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RENAMES_AT_ONCE = 1000 };

static volatile sig_atomic_t over;

static void stop(int number)
{
	(void)number;
	over = 1;
}

static void read_name(int pid, char name[32])
{
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? 0 : read(fd, name, 31);
	name[got > 0 ? got : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

static bool opens(int pid, const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

struct counts {
	long looks, mem, root, descriptor, exe, seized;
};

/* Everything that would let one process take over another. A taken one is killed: it must not go on. */
static void try_all(int pid, const char *before, struct counts *counts)
{
	struct counts now = { 0 };
	char after[32];

	now.looks = 1;
	now.mem = opens(pid, "mem", O_RDWR);
	now.root = opens(pid, "root/.", O_PATH);
	for (int fd = 3; fd < 8; fd++) {
		char name[16];
		char path[64], text[64];

		snprintf(name, sizeof(name), "fd/%d", fd);
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
		now.descriptor += readlink(path, text, sizeof(text)) > 0;
	}
	now.exe = opens(pid, "exe", O_WRONLY);
	now.seized = ptrace(PTRACE_SEIZE, pid, 0, 0) == 0;
	read_name(pid, after);
	/* The workload is the container's own, and so is what it may see there. */
	if (strcmp(before, after) == 0) {
		counts->looks += now.looks;
		counts->mem += now.mem;
		counts->root += now.root;
		counts->descriptor += now.descriptor;
		counts->exe += now.exe;
		counts->seized += now.seized;
	}
	if (!now.seized)
		return;
	/* Unreaped, a tracee's end is kept from its parent. */
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
}

/* Look at every process of that name until SIGTERM. */
static int watch(const char *wanted)
{
	struct counts counts = { 0 };

	signal(SIGTERM, stop);
	puts("ready");
	fflush(stdout);
	while (!over) {
		DIR *processes = opendir("/proc");
		const struct dirent *entry;

		while (processes && (entry = readdir(processes))) {
			int pid = atoi(entry->d_name);
			char name[32];

			if (pid <= 0 || pid == getpid())
				continue;
			read_name(pid, name);
			if (strstr(name, wanted))
				try_all(pid, name, &counts);
		}
		if (processes)
			closedir(processes);
	}
	printf("looks=%ld mem=%ld root=%ld descriptor=%ld exe=%ld seized=%ld\n", counts.looks, counts.mem,
	       counts.root, counts.descriptor, counts.exe, counts.seized);
	return 0;
}

/* Exchange two names until SIGTERM. */
static int exchange(const char *a, const char *b)
{
	signal(SIGTERM, stop);
	puts("ready");
	fflush(stdout);
	while (!over)
		for (int i = 0; i < RENAMES_AT_ONCE; i++)
			if (syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) < 0)
				return 1;
	return 0;
}

/* The mode of the file behind a descriptor. */
static int change_mode(int fd, unsigned int mode)
{
	puts(fchmod(fd, mode) == 0 ? "done" : strerror(errno));
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "watch") == 0 && argc == 3)
		return watch(argv[2]);
	if (strcmp(verb, "exchange") == 0 && argc == 4)
		return exchange(argv[2], argv[3]);
	if (strcmp(verb, "chmod") == 0 && argc == 4)
		return change_mode(atoi(argv[2]), (unsigned int)strtoul(argv[3], NULL, 8));
	if (strcmp(verb, "decoy") == 0) {
		puts("ready");
		fflush(stdout);
		for (;;)
			pause();
	}
	fprintf(stderr, "usage: raider watch NAME | exchange A B | chmod FD MODE | decoy\n");
	return 2;
}
