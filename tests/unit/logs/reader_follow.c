/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_follow.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/logs/reader_fixture.h"

TestSuite(reader_follow, .init = reader_init, .fini = reader_fini, .timeout = 60);

/* The container runs while this file is there. */
static bool running(void *arg)
{
	(void)arg;
	return access(reader_path("running"), F_OK) == 0;
}

/* A reader in a process of its own, as it is in life; what it shows comes through a pipe. */
struct follower {
	pid_t pid;
	int pipe;
	char text[1 << 20];
	size_t used;
};

static struct follower follower;

static void follow_with(struct log_request *request, struct log_printer_options options)
{
	struct log_life life = { running, NULL, { reader_dir, NULL }, -1 };
	struct log_damage damage;
	struct error err = { 0 };
	int pipes[2];

	cr_assert(eq(int, pipe2(pipes, O_CLOEXEC), 0));
	follower = (struct follower){ .pid = fork(), .pipe = pipes[0] };
	cr_assert(ge(int, follower.pid, 0));
	if (follower.pid == 0) {
		struct log_printer *printer;

		close(pipes[0]);
		options.out_fd = options.err_fd = request->out_fd = pipes[1];
		request->follow = true;
		request->life = &life;
		printer = log_printer_new(&options);
		_exit(!printer || log_reader_run(request, printer, NULL, &damage, &err) < 0 ? 1 : 0);
	}
	close(pipes[1]);
}

static void follow(struct log_request *request)
{
	follow_with(request, (struct log_printer_options){ 0 });
}

/* Wait until the text is what was shown so far. */
static void shows(const char *wanted)
{
	size_t size = strlen(wanted);

	while (follower.used < size) {
		struct pollfd fd = { .fd = follower.pipe, .events = POLLIN };
		ssize_t got;

		follower.text[follower.used] = '\0';
		cr_assert(eq(int, poll(&fd, 1, 10000), 1), "after \"%s\"", follower.text);
		got = read(follower.pipe, follower.text + follower.used,
			   sizeof(follower.text) - 1 - follower.used);
		cr_assert(gt(long, (long)got, 0), "ended after \"%s\"", follower.text);
		follower.used += (size_t)got;
	}
	follower.text[follower.used] = '\0';
	cr_assert(eq(str, follower.text, (char *)(uintptr_t)wanted));
}

static void ends(void)
{
	ssize_t got;
	int status;

	while ((got = read(follower.pipe, follower.text + follower.used,
			   sizeof(follower.text) - 1 - follower.used)) > 0)
		follower.used += (size_t)got;
	follower.text[follower.used] = '\0';
	close(follower.pipe);
	cr_assert(eq(int, waitpid(follower.pid, &status, 0), follower.pid));
	cr_assert(eq(int, status, 0));
}

static void stop_container(void)
{
	cr_assert(eq(int, unlink(reader_path("running")), 0));
	ends();
}

Test(reader_follow, shows_each_line_at_once)
{
	struct timespec before, after;
	long worst_ms = 0;

	reader_append("running", "", 0);
	reader_append_lines("x", 0, 1);
	follow(reader_request("x"));
	shows("0\n");
	for (unsigned int i = 1; i <= 20; i++) {
		char wanted[200] = "0\n";
		long ms;

		for (unsigned int j = 1; j <= i; j++)
			sprintf(wanted + strlen(wanted), "%u\n", j);
		clock_gettime(CLOCK_MONOTONIC, &before);
		reader_append_lines("x", i, 1);
		shows(wanted);
		clock_gettime(CLOCK_MONOTONIC, &after);
		ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
		worst_ms = ms > worst_ms ? ms : worst_ms;
	}
	stop_container();
	cr_assert(lt(long, worst_ms, 1000)); /* far less where the machine is not busy */
}

Test(reader_follow, ends_with_the_container_and_shows_its_last_words)
{
	reader_append("running", "", 0);
	reader_append_lines("x", 0, 1);
	follow(reader_request("x"));
	shows("0\n");
	reader_append_lines("x", 1, 3);
	stop_container();
	cr_assert(eq(str, follower.text, "0\n1\n2\n3\n"));
}

Test(reader_follow, of_a_container_that_ended_shows_all_and_ends)
{
	reader_append_lines("x", 0, 3);
	follow(reader_request("x"));
	ends();
	cr_assert(eq(str, follower.text, "0\n1\n2\n"));
}

Test(reader_follow, waits_for_a_log_that_is_not_there_yet)
{
	reader_append("running", "", 0);
	follow(reader_request("late/x"));
	usleep(100000);
	cr_assert(eq(int, mkdir(reader_path("late"), 0700), 0));
	usleep(20000);
	reader_append_lines("late/x", 7, 1);
	shows("7\n");
	stop_container();
	unlink(reader_path("late/x"));
	rmdir(reader_path("late"));
}

static void rotate(bool compress)
{
	char extra[80], time[JSON_LINE_TIME_SIZE];
	int64_t ns;
	int fd;

	rename(reader_path("x.2.gz"), reader_path("x.3.gz"));
	rename(reader_path("x.2"), reader_path("x.3"));
	rename(reader_path("x.1.gz"), reader_path("x.2.gz"));
	rename(reader_path("x.1"), reader_path("x.2"));
	cr_assert(eq(int, rename(reader_path("x"), reader_path("x.1")), 0));
	reader_append("x", "", 0);
	if (!compress)
		return;
	fd = open(reader_path("x.1"), O_RDONLY | O_CLOEXEC);
	cr_assert(eq(int, log_set_last_time(fd, false, &ns), 0));
	close(fd);
	log_time_format(ns, time);
	snprintf(extra, sizeof(extra), "{\"lastTime\":\"%.*s\"}", JSON_LINE_TIME_SIZE, time);
	reader_compress("x.1", "x.1.gz", extra);
}

static void follow_rotations(bool compress, unsigned int at_once)
{
	static char wanted[100000];
	unsigned int line = 0;

	reader_append("running", "", 0);
	reader_append_lines("x", 0, 1);
	follow(reader_request("x"));
	shows("0\n");
	strcpy(wanted, "0\n");
	for (unsigned int round = 0; round < 30; round++) {
		for (unsigned int i = 0; i < at_once; i++) {
			for (unsigned int j = 0; j < 5; j++)
				sprintf(wanted + strlen(wanted), "%u\n", ++line);
			reader_append_lines("x", line - 4, 5);
			rotate(compress);
		}
		reader_append_lines("x", ++line, 1);
		sprintf(wanted + strlen(wanted), "%u\n", line);
		shows(wanted);
	}
	stop_container();
}

Test(reader_follow, goes_on_over_a_rotation)
{
	follow_rotations(false, 1);
}

Test(reader_follow, goes_on_over_rotations_that_compress)
{
	follow_rotations(true, 1);
}

/* The reader may be late: then there are whole files that it has not seen yet. */
Test(reader_follow, misses_no_file_of_several_rotations)
{
	follow_rotations(false, 3);
}

Test(reader_follow, misses_no_compressed_file_of_several_rotations)
{
	follow_rotations(true, 3);
}

Test(reader_follow, begins_anew_after_truncation)
{
	reader_append("running", "", 0);
	reader_append_lines("x", 0, 3);
	follow(reader_request("x"));
	shows("0\n1\n2\n");
	cr_assert(eq(int, truncate(reader_path("x"), 0), 0));
	usleep(100000);
	reader_append_lines("x", 5, 1);
	shows("0\n1\n2\n5\n");
	stop_container();
}

Test(reader_follow, goes_on_with_the_new_file_after_deletion)
{
	reader_append("running", "", 0);
	reader_append_lines("x.1", 0, 1);
	reader_append_lines("x", 1, 1);
	follow(reader_request("x"));
	shows("0\n1\n");
	cr_assert(eq(int, unlink(reader_path("x")), 0));
	usleep(100000);
	reader_append_lines("x", 5, 1);
	shows("0\n1\n5\n");
	stop_container();
}

Test(reader_follow, shows_nothing_old_after_the_last_0_lines)
{
	struct log_request *request = reader_request("x");

	reader_append("running", "", 0);
	reader_append_lines("x.1", 0, 10);
	reader_append_lines("x", 10, 10);
	request->lines = 0;
	follow(request);
	usleep(200000);
	/* With lines that are later than now, as those of a container are. */
	rotate(false);
	reader_append_lines("x", 400000000, 1);
	shows("400000000\n");
	stop_container();
}

Test(reader_follow, shows_a_begun_line_and_later_its_rest)
{
	reader_append("running", "", 0);
	reader_appendf("x", "{\"log\":\"begun \",\"stream\":\"stdout\"}\n");
	follow(reader_request("x"));
	shows("begun ");
	reader_appendf("x", "{\"log\":\"ended\\n\",\"stream\":\"stdout\"}\n");
	shows("begun ended\n");
	stop_container();
}

Test(reader_follow, a_line_that_is_written_in_parts_is_shown_when_it_is_whole)
{
	reader_append("running", "", 0);
	reader_appendf("x", "{\"log\":\"a");
	follow(reader_request("x"));
	usleep(100000);
	reader_appendf("x", "b\\n\",\"stream\":\"stdout\"}\n");
	shows("ab\n");
	stop_container();
}

Test(reader_follow, ends_when_until_is_over)
{
	struct log_request *request = reader_request("x");

	reader_append("running", "", 0);
	reader_append_lines("x", 0, 2);
	request->filter.until_ns = log_time_now() + LOG_TIME_SECOND / 2;
	follow(request);
	ends(); /* though the container runs on */
	cr_assert(eq(str, follower.text, "0\n1\n"));
}

Test(reader_follow, ends_when_nobody_reads_any_more)
{
	int status;

	reader_append("running", "", 0);
	reader_append_lines("x", 0, 1);
	follow(reader_request("x"));
	shows("0\n");
	close(follower.pipe);
	cr_assert(eq(int, waitpid(follower.pid, &status, 0), follower.pid));
	cr_assert(eq(int, status, 0));
}
