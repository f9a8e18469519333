/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/compressor.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "tests/unit/logs/log_fixture.h"

TestSuite(compressor, .init = fixture_init, .fini = fixture_fini);

static int new_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	cr_assert(ge(int, fd, 0));
	return fd;
}

Test(compressor, writes_the_header_that_dockerd_writes)
{
	static const char extra[] = "{\"lastTime\":\"2016-10-06T00:17:09.669794202Z\"}";
	static const unsigned char head[] = { 0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, sizeof(extra) - 1, 0 };
	int in = new_file(log_path(".in")), out = new_file(log_path(".gz")), pidfd;
	char raw[128];

	cr_assert(zero(int, fd_write_all(in, "some text\n", 10)));
	lseek(in, 0, SEEK_SET);
	pidfd = compressor_start(in, out, extra, NULL);
	cr_assert(ge(int, pidfd, 0));
	cr_expect(eq(int, compressor_wait(pidfd, true), 1));

	cr_assert(gt(long, pread(out, raw, sizeof(raw), 0), (long)(sizeof(head) + sizeof(extra))));
	cr_expect(zero(int, memcmp(raw, head, sizeof(head))));
	cr_expect(zero(int, memcmp(raw + sizeof(head), extra, sizeof(extra) - 1)));
	char *text = slurp(log_path(".gz"), NULL);
	cr_expect(eq(str, text, STR("some text\n")));
	free(text);
}

Test(compressor, leaves_the_extra_field_out_when_there_is_nothing_to_say)
{
	int in = new_file(log_path(".in")), out = new_file(log_path(".gz"));
	unsigned char raw[10];

	cr_expect(eq(int, compressor_wait(compressor_start(in, out, "", NULL), true), 1));
	cr_assert(eq(long, pread(out, raw, sizeof(raw), 0), 10));
	cr_expect(zero(int, raw[3]));
}

/* It reads from a pipe here, so that it stands still while we look. */
struct waiting {
	int pipe[2], out, pidfd;
	pid_t pid;
};

static void start_waiting(struct waiting *w)
{
	cr_assert(zero(int, pipe2(w->pipe, O_CLOEXEC)));
	w->out = new_file(log_path(".gz"));
	w->pidfd = compressor_start(w->pipe[0], w->out, "", NULL);
	cr_assert(ge(int, w->pidfd, 0));
	w->pid = proc_pidfd_pid(w->pidfd);
	cr_assert(gt(int, w->pid, 0));
}

static int end_waiting(struct waiting *w)
{
	int r;

	close(w->pipe[1]);
	r = compressor_wait(w->pidfd, true);
	close(w->pidfd);
	close(w->pipe[0]);
	close(w->out);
	return r;
}

static bool is_locked_up(pid_t pid, struct proc_status *status)
{
	for (int i = 0; i < 500; i++) {
		cr_assert(zero(int, proc_status_read(pid, status)));
		if (status->seccomp_mode == 2)
			return true;
		usleep(10000);
	}
	return false;
}

Test(compressor, holds_two_descriptors_and_a_filter_while_it_works)
{
	struct proc_status status;
	struct waiting w;
	char path[64];
	struct dirent *entry;
	int fds = 0;
	DIR *dir;

	start_waiting(&w);
	cr_assert(is_locked_up(w.pid, &status));
	cr_expect(status.no_new_privs);
	cr_expect(eq(int, getpriority(PRIO_PROCESS, (id_t)w.pid), 19));
	snprintf(path, sizeof(path), "/proc/%d/fd", w.pid);
	dir = opendir(path);
	cr_assert(dir != NULL);
	while ((entry = readdir(dir)))
		fds += entry->d_name[0] != '.';
	closedir(dir);
	cr_expect(eq(int, fds, 2));
	cr_expect(eq(int, end_waiting(&w), 1));
}

static volatile sig_atomic_t children;

static void count_child(_unused_ int number)
{
	children++;
}

Test(compressor, is_invisible_to_the_reaper_of_other_children)
{
	struct waiting w;

	signal(SIGCHLD, count_child);
	start_waiting(&w);
	cr_expect(zero(int, compressor_wait(w.pidfd, false)));
	close(w.pipe[1]);
	w.pipe[1] = -1;
	cr_assert(eq(int, poll(&(struct pollfd){ .fd = w.pidfd, .events = POLLIN }, 1, 30000), 1));
	cr_expect(eq(int, waitpid(-1, NULL, WNOHANG), -1));
	cr_expect(eq(int, errno, ECHILD));
	cr_expect(zero(int, children));
	cr_expect(eq(int, end_waiting(&w), 1));
}

Test(compressor, survives_the_signals_that_stop_a_service_and_runs_no_handler)
{
	struct waiting w;

	signal(SIGTERM, count_child);
	start_waiting(&w);
	kill(w.pid, SIGTERM);
	kill(w.pid, SIGINT);
	kill(w.pid, SIGHUP);
	cr_assert(eq(long, write(w.pipe[1], "x\n", 2), 2));
	cr_expect(eq(int, end_waiting(&w), 1));
}

Test(compressor, says_so_when_it_was_killed)
{
	struct waiting w;

	start_waiting(&w);
	kill(w.pid, SIGKILL);
	cr_expect(eq(int, end_waiting(&w), -EIO));
}

Test(compressor, fails_when_it_cannot_write)
{
	int in = new_file(log_path(".in")), out = open("/dev/full", O_WRONLY | O_CLOEXEC);

	cr_assert(zero(int, fd_write_all(in, "text", 4)));
	lseek(in, 0, SEEK_SET);
	cr_expect(eq(int, compressor_wait(compressor_start(in, out, "", NULL), true), -EIO));
}
