/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D2 and D4: using up what others need. Each has an end of its own where no limit comes first. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "lab/probe/attempt.h"
#include "lab/probe/numbers.h"

enum {
	FORKS_MAX = 200,
	FILES_MAX = 8192,
	FDS_MAX = 2048,
	CHUNK = 1 << 20,
	FILL_MAX_MIB = 64,
	HOG_MIB = 160,
	FLOOD_MIB = 16,
	BURNERS = 4,
	BURN_MS = 2000,
	FAR_OFFSET = 1 << 30,
};

static long fork_many(const struct probe *probe, struct outcome *out)
{
	pid_t children[FORKS_MAX];
	int n = 0, saved = 0;

	(void)probe;
	for (; n < FORKS_MAX; n++) {
		children[n] = fork();
		if (children[n] == 0) {
			pause();
			_exit(0);
		}
		if (children[n] < 0) {
			saved = errno;
			break;
		}
	}
	for (int i = 0; i < n; i++)
		kill(children[i], SIGKILL);
	for (int i = 0; i < n; i++)
		waitpid(children[i], NULL, 0);
	attempt_note(out, "%d processes", n);
	errno = saved;
	return n == FORKS_MAX ? n : -1;
}

/* Many files of 1 MiB: the limit on one file's size must not stop it first. */
static long fill_directory(const struct probe *probe, struct outcome *out)
{
	static char chunk[CHUNK];
	char path[PATH_MAX];
	int fds[FILL_MAX_MIB], n = 0, saved = 0;
	long bytes = 0;
	ssize_t r = 1;

	(void)probe;
	for (; n < FILL_MAX_MIB && r > 0; n++) {
		fds[n] = attempt_file(path);
		if (fds[n] < 0) {
			r = -1;
			saved = errno;
			break;
		}
		unlink(path);
		r = write(fds[n], chunk, sizeof(chunk));
		if (r < 0)
			saved = errno;
		else
			bytes += r;
	}
	for (int i = 0; i < n; i++)
		close(fds[i]);
	attempt_note(out, "%ld bytes in %d files", bytes, n);
	errno = saved;
	return r < 0 ? -1 : bytes;
}

static long use_up_inodes(const struct probe *probe, struct outcome *out)
{
	char base[PATH_MAX], path[PATH_MAX + 16];
	int n = 0, fd, saved = 0;

	(void)probe;
	attempt_path(base);
	for (; n < FILES_MAX; n++) {
		snprintf(path, sizeof(path), "%s.%d", base, n);
		fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0) {
			saved = errno;
			break;
		}
		close(fd);
	}
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s.%d", base, i);
		unlink(path);
	}
	attempt_note(out, "%d files", n);
	errno = saved;
	return n == FILES_MAX ? n : -1;
}

static long use_up_descriptors(const struct probe *probe, struct outcome *out)
{
	struct rlimit limit;

	(void)probe;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	for (int n = 0; n < FDS_MAX; n++) {
		if (dup(1) < 0) {
			attempt_note(out, "%d descriptors", n + 3);
			return -1;
		}
	}
	return FDS_MAX;
}

static long write_large_file(const struct probe *probe, struct outcome *out)
{
	char path[PATH_MAX];
	_cleanup_fd_ int fd = attempt_file(path);

	(void)probe;
	if (fd < 0)
		return attempt_step(out, "open of a file to write");
	unlink(path);
	attempt_note(out, "write behind 1 GiB");
	return pwrite(fd, "x", 1, FAR_OFFSET);
}

static long hog_memory(const struct probe *probe, struct outcome *out)
{
	char *memory =
		mmap(NULL, (size_t)HOG_MIB << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)probe;
	if (memory == MAP_FAILED)
		return -1;
	for (size_t i = 0; i < (size_t)HOG_MIB; i++) {
		memset(memory + (i << 20), 0xa5, 1 << 20);
		attempt_note(out, "%zu MiB written", i + 1);
	}
	return 0;
}

static long lock_memory(const struct probe *probe, struct outcome *out)
{
	void *page;

	(void)out;
	if (probe->a == SYS_mlockall)
		return mlockall(MCL_CURRENT | MCL_FUTURE);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return mlock(page, 4096);
}

static long now_ms(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Synchronous writes: what a cache takes up is no load on the disk. Returns KiB a second. */
static long flood_disk(const struct probe *probe, struct outcome *out)
{
	static char chunk[CHUNK];
	char path[PATH_MAX];
	_cleanup_fd_ int fd = attempt_file(path);
	long begin = now_ms(CLOCK_MONOTONIC), wall;

	(void)probe;
	if (fd < 0)
		return attempt_step(out, "open of a file to write");
	unlink(path);
	for (int i = 0; i < FLOOD_MIB; i++) {
		if (pwrite(fd, chunk, sizeof(chunk), (off_t)(i % 4) * CHUNK) != CHUNK || fdatasync(fd) < 0)
			return attempt_step(out, "write");
	}
	wall = now_ms(CLOCK_MONOTONIC) - begin;
	attempt_note(out, "%d MiB in %ld ms", FLOOD_MIB, wall);
	return wall > 0 ? FLOOD_MIB * 1024L * 1000 / wall : FLOOD_MIB * 1024L * 1000;
}

static void burn(long until_ms)
{
	while (now_ms(CLOCK_MONOTONIC) < until_ms)
		continue;
	_exit(0);
}

/* Returns thousandths of one core. */
static long burn_processors(const struct probe *probe, struct outcome *out)
{
	long begin = now_ms(CLOCK_MONOTONIC), wall, used;
	struct rusage usage;
	pid_t children[BURNERS];

	(void)probe;
	for (int i = 0; i < BURNERS; i++) {
		children[i] = fork();
		if (children[i] == 0)
			burn(begin + BURN_MS);
	}
	for (int i = 0; i < BURNERS; i++) {
		if (children[i] > 0)
			waitpid(children[i], NULL, 0);
	}
	wall = now_ms(CLOCK_MONOTONIC) - begin;
	if (getrusage(RUSAGE_CHILDREN, &usage) < 0)
		return attempt_step(out, "getrusage");
	used = usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000 + usage.ru_stime.tv_sec * 1000 +
	       usage.ru_stime.tv_usec / 1000;
	attempt_note(out, "%ld ms of processor time in %ld ms", used, wall);
	return used * 1000 / wall;
}

static long dump_core(const struct probe *probe, struct outcome *out)
{
	int status = 0;
	pid_t pid = fork();

	(void)probe;
	if (pid < 0)
		return attempt_untestable(out, "only a parent sees it, and fork is refused");
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		raise(SIGABRT);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	attempt_note(out, "%s", WCOREDUMP(status) ? "the kernel dumped core" : "no core dump");
	errno = 0;
	return WCOREDUMP(status) ? 0 : -1;
}

/* A limit of 1 stops a core pattern with a pipe, 0 does not (core(5)): lowering it opens a door. */
static long lower_core_limit(const struct probe *probe, struct outcome *out)
{
	const struct rlimit zero = { 0, 0 };
	struct rlimit old = { 0, 0 };

	getrlimit(RLIMIT_CORE, &old);
	attempt_note(out, "was %llu/%llu", (unsigned long long)old.rlim_cur,
		     (unsigned long long)old.rlim_max);
	return syscall(SYS_prlimit64, probe->a ? getpid() : 0, RLIMIT_CORE, &zero, NULL);
}

const struct probe probes_limits[] = {
	{ 29, "fork-bomb", "create 200 processes", fork_many, PROBE_CHILD | PROBE_HEAVY },
	{ 76, "fill-tmpfs", "write 64 MiB", fill_directory, PROBE_CHILD },
	{ 77, "exhaust-inodes", "create 8192 files", use_up_inodes, PROBE_CHILD },
	{ 78, "exhaust-fds", "open 2048 descriptors", use_up_descriptors, PROBE_CHILD },
	{ 79, "large-file", "write behind 1 GiB", write_large_file, PROBE_CHILD },
	{ 80, "memory-hog", "use 160 MiB", hog_memory, PROBE_CHILD | PROBE_HEAVY },
	{ 81, "mlockall", "lock all memory", lock_memory, PROBE_CHILD, SYS_mlockall },
	{ 81, "mlock-page", "lock one page", lock_memory, PROBE_CHILD, SYS_mlock },
	{ 82, "cpu-burn", "use 4 processors for 2 s", burn_processors, PROBE_CHILD | PROBE_HEAVY },
	{ 82, "io-flood", "write 16 MiB through to the disk", flood_disk, PROBE_CHILD | PROBE_HEAVY },
	{ 84, "core-dump", "abort with a core dump", dump_core, PROBE_CHILD },
	{ 84, "lower-core-limit", "lower the core limit", lower_core_limit, PROBE_CHILD },
	{ 84, "lower-core-limit-by-pid", "lower the core limit by the own pid", lower_core_limit, PROBE_CHILD,
	  1 },
	{ 0 },
};
