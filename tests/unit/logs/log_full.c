/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A full disk: a tiny tmpfs in a mount namespace of a forked child, which sends its struct error back. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "tests/unit/logs/log_fixture.h"

TestSuite(log_full, .init = fixture_init, .fini = fixture_fini);

enum { DISK_SIZE = 256 * 1024 };

/* What the child found out; the parent asserts on it. */
struct result {
	bool no_namespace;
	char wrong[200]; /* what did not hold, "" when all did */
};

/* In the child no Criterion assertion may run: it would report as the worker. */
#define HOLDS(condition)                                                                                     \
	do {                                                                                                 \
		if (!(condition)) {                                                                          \
			snprintf(result->wrong, sizeof(result->wrong), "line %d: %s", __LINE__, #condition); \
			return;                                                                              \
		}                                                                                            \
	} while (0)

static bool mount_disk(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return false;
	if (fd_write_file(AT_FDCWD, "/proc/self/setgroups", "deny") < 0)
		return false;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (fd_write_file(AT_FDCWD, "/proc/self/uid_map", map) < 0)
		return false;
	snprintf(map, sizeof(map), "0 %u 1", gid);
	if (fd_write_file(AT_FDCWD, "/proc/self/gid_map", map) < 0)
		return false;
	return mount("tmpfs", fixture_dir, "tmpfs", MS_NOSUID | MS_NODEV, "size=262144,mode=0700") == 0;
}

static void on_small_disk(void (*test)(struct result *result))
{
	struct result result = { 0 };
	int fds[2], status;
	pid_t pid;

	cr_assert(zero(int, pipe2(fds, O_CLOEXEC)));
	pid = fork();
	cr_assert(ge(int, pid, 0));
	if (pid == 0) {
		alarm(60);
		if (mount_disk())
			test(&result);
		else
			result.no_namespace = true;
		_exit(fd_write_all(fds[1], &result, sizeof(result)) < 0);
	}
	close(fds[1]);
	if (read(fds[0], &result, sizeof(result)) != (ssize_t)sizeof(result))
		strcpy(result.wrong, "the child died");
	close(fds[0]);
	waitpid(pid, &status, 0);
	if (result.no_namespace)
		cr_skip_test("no user namespace with a tmpfs to be had here");
	cr_expect(eq(str, result.wrong, STR("")));
}

/* --- what the child does ------------------------------------------------------------ */

static void start(struct feeder *f, const struct log_options *options, struct result *result)
{
	memset(f, 0, sizeof(*f));
	HOLDS(pipe2(f->pipes[0], O_NONBLOCK) == 0 && pipe2(f->pipes[1], O_NONBLOCK) == 0);
	HOLDS(open_writer(options, &f->writer, &f->err) == 0);
}

static ssize_t put_number(struct feeder *f, int number)
{
	char line[1001];

	/* 1000 bytes, the number first */
	memset(line, '.', sizeof(line));
	line[snprintf(line, sizeof(line), "line %06d", number)] = ' ';
	line[999] = '\n';
	if (write(f->pipes[0][1], line, 1000) != 1000)
		return -EPIPE;
	return log_writer_read(f->writer, LOG_STDOUT, f->pipes[0][0], &f->err);
}

static void take_space(size_t leave, struct result *result)
{
	static char zeros[DISK_SIZE];
	int fd = open(log_path("-ballast"), O_WRONLY | O_CREAT | O_EXCL, 0600);

	HOLDS(fd >= 0);
	HOLDS(fd_write_all(fd, zeros, DISK_SIZE - leave) == 0);
	close(fd);
}

static void give_space(struct result *result)
{
	HOLDS(unlink(log_path("-ballast")) == 0);
}

struct seen {
	int next, wrong, notices;
	unsigned long dropped;
	bool any_order;
};

static void see(const struct entry *entry, void *arg)
{
	struct seen *seen = arg;
	unsigned long dropped;
	int number;

	if (!entry) {
		seen->wrong++;
	} else if (sscanf(entry->log, "kapsel: %lu bytes dropped\n", &dropped) == 1) {
		seen->notices++;
		seen->dropped += dropped;
		seen->next += (int)(dropped / 1000);
		seen->wrong += strcmp(entry->stream, "stderr") != 0;
	} else if (sscanf(entry->log, "line %d ", &number) != 1 || number != seen->next ||
		   entry->log_size != 1000) {
		seen->wrong++;
	} else {
		seen->next++;
	}
}

static void blocks_and_recovers(struct result *result)
{
	struct seen seen = { 0 };
	struct feeder f;
	ssize_t r = 0;
	int n = 0;

	start(&f, FEEDER_OPTIONS(), result);
	take_space(64 * 1024, result);
	while (n < 1000 && (r = put_number(&f, n)) == 1000)
		n++;
	HOLDS(n > 20 && n < 100);
	HOLDS(r == -ENOSPC && f.err.code == ENOSPC && f.err.remedy[0]);
	HOLDS(log_writer_stalled(f.writer) && log_writer_blocked(f.writer));
	n++;                                   /* taken all the same */
	HOLDS(put_number(&f, n++) == -ENOSPC); /* stays in the pipe */
	HOLDS(log_writer_flush(f.writer, &f.err) == -ENOSPC);
	give_space(result);
	HOLDS(log_writer_flush(f.writer, &f.err) == 0);
	HOLDS(!log_writer_stalled(f.writer) && !log_writer_blocked(f.writer));
	HOLDS(log_writer_read(f.writer, LOG_STDOUT, f.pipes[0][0], &f.err) == 1000);
	HOLDS(put_number(&f, n++) == 1000);
	HOLDS(log_writer_dropped(f.writer) == 0);
	close_writer(f.writer);
	HOLDS(visit_entries(see, &seen) == 0);
	HOLDS(seen.wrong == 0 && seen.notices == 0 && seen.next == n);
}

Test(log_full, blocks_until_there_is_space_and_loses_nothing)
{
	on_small_disk(blocks_and_recovers);
}

/* 64 KiB in one read, far more than fits: the rest of the input must wait too. */
static void blocks_inside_a_read(struct result *result)
{
	static char lines[64000];
	struct seen seen = { 0 };
	struct feeder f;

	start(&f, FEEDER_OPTIONS(), result);
	take_space(16 * 1024, result);
	for (int i = 0; i < 64; i++) {
		memset(lines + i * 1000, '<', 1000); /* six bytes each: more than the queue holds */
		lines[i * 1000 + snprintf(lines + i * 1000, 1000, "line %06d", i)] = ' ';
		lines[i * 1000 + 999] = '\n';
	}
	HOLDS(write(f.pipes[0][1], lines, sizeof(lines)) == (ssize_t)sizeof(lines));
	HOLDS(log_writer_read(f.writer, LOG_STDOUT, f.pipes[0][0], &f.err) == -ENOSPC);
	close(f.pipes[0][1]);
	HOLDS(log_writer_read(f.writer, LOG_STDOUT, f.pipes[0][0], &f.err) == -ENOSPC);
	give_space(result);
	HOLDS(log_writer_read(f.writer, LOG_STDOUT, f.pipes[0][0], &f.err) == -ENOSPC); /* 400 KB on 256 */
	HOLDS(mount(NULL, fixture_dir, NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV, "size=1048576") == 0);
	HOLDS(log_writer_read(f.writer, LOG_STDOUT, f.pipes[0][0], &f.err) == 0);
	close_writer(f.writer);
	HOLDS(visit_entries(see, &seen) == 0);
	HOLDS(seen.wrong == 0 && seen.next == 64);
}

Test(log_full, keeps_the_rest_of_a_read_while_it_blocks)
{
	on_small_disk(blocks_inside_a_read);
}

static void closes_while_full(struct result *result)
{
	struct seen seen = { 0 };
	struct feeder f;
	ssize_t r = 0;
	int n = 0;

	start(&f, FEEDER_OPTIONS(), result);
	take_space(20 * 1024, result);
	while (n < 100 && (r = put_number(&f, n)) == 1000)
		n++;
	HOLDS(r == -ENOSPC);
	close_writer(f.writer);
	HOLDS(visit_entries(see, &seen) == 0); /* whole lines only */
	HOLDS(seen.wrong == 0 && seen.next == n);
}

Test(log_full, leaves_whole_lines_when_it_is_closed_while_full)
{
	on_small_disk(closes_while_full);
}

static void drops_and_counts(struct result *result)
{
	struct seen seen = { 0 };
	struct feeder f;
	int n = 0;

	start(&f, FEEDER_OPTIONS(.on_full = SPEC_FULL_DROP), result);
	for (int outage = 0; outage < 2; outage++) {
		take_space(60 * 1024 + (size_t)outage * 100 * 1024, result);
		for (int i = 0; i < 500; i++)
			HOLDS(put_number(&f, n++) == 1000); /* the workload never waits */
		HOLDS(log_writer_stalled(f.writer) && !log_writer_blocked(f.writer));
		give_space(result);
		HOLDS(put_number(&f, n++) == 1000);
		HOLDS(!log_writer_stalled(f.writer));
	}
	HOLDS(log_writer_dropped(f.writer) > 500000);
	HOLDS(visit_entries(see, &seen) == 0);
	HOLDS(seen.wrong == 0 && seen.notices == 2 && seen.next == n);
	HOLDS(seen.dropped == log_writer_dropped(f.writer));
	close_writer(f.writer);
}

Test(log_full, drops_counts_and_says_so_where_it_happened)
{
	on_small_disk(drops_and_counts);
}

static void flushes_the_notice(struct result *result)
{
	struct seen seen = { 0 };
	struct feeder f;
	int n = 0;

	start(&f, FEEDER_OPTIONS(.on_full = SPEC_FULL_DROP), result);
	take_space(20 * 1024, result);
	while (n < 100)
		HOLDS(put_number(&f, n++) == 1000);
	HOLDS(log_writer_flush(f.writer, &f.err) == -ENOSPC);
	give_space(result);
	HOLDS(log_writer_flush(f.writer, &f.err) == 0); /* the workload is silent */
	HOLDS(visit_entries(see, &seen) == 0);
	HOLDS(seen.wrong == 0 && seen.notices == 1 && seen.next == n);
	close_writer(f.writer);
}

Test(log_full, says_what_was_dropped_without_new_output)
{
	on_small_disk(flushes_the_notice);
}

/* Every write is cut at another byte of a line. */
static void survives_short_writes(struct result *result)
{
	struct rlimit limit = { .rlim_max = RLIM_INFINITY };
	struct seen seen = { 0 };
	struct feeder f;
	int n = 0;

	HOLDS(getrlimit(RLIMIT_FSIZE, &limit) == 0);
	start(&f, FEEDER_OPTIONS(), result);
	for (int i = 0; n < 100; i++) {
		ssize_t r;

		limit.rlim_cur = (rlim_t)i * 437;
		HOLDS(setrlimit(RLIMIT_FSIZE, &limit) == 0);
		r = log_writer_stalled(f.writer) ? log_writer_flush(f.writer, &f.err) : put_number(&f, n++);
		HOLDS(r == 0 || r == 1000 || r == -EFBIG);
	}
	limit.rlim_cur = limit.rlim_max;
	HOLDS(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	HOLDS(log_writer_flush(f.writer, &f.err) == 0);
	close_writer(f.writer);
	HOLDS(visit_entries(see, &seen) == 0);
	HOLDS(seen.wrong == 0 && seen.next == n);
}

Test(log_full, completes_a_line_that_was_cut_by_a_file_size_limit)
{
	on_small_disk(survives_short_writes);
}

static void rotates_on_a_full_disk(struct result *result)
{
	struct seen seen = { 0 };
	struct feeder f;
	ssize_t r = 0;
	int n = 0;

	start(&f, FEEDER_OPTIONS(.max_size_bytes = 10000, .max_files = 100, .compress = true), result);
	take_space(48 * 1024, result);
	for (int i = 0; i < 300 && n < 400; i++) {
		if (log_writer_stalled(f.writer)) {
			r = log_writer_flush(f.writer, &f.err);
			if (r < 0 && i > 200 && exists(log_path("-ballast")))
				give_space(result);
		} else {
			r = put_number(&f, n++);
		}
		log_writer_reap(f.writer);
	}
	close_writer(f.writer);
	HOLDS(!exists(log_path("-ballast")));
	HOLDS(visit_entries(see, &seen) == 0);
	HOLDS(seen.wrong == 0 && seen.next == n);
}

Test(log_full, loses_no_line_and_no_file_when_it_rotates_on_a_full_disk)
{
	on_small_disk(rotates_on_a_full_disk);
}
