/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sandbox around the lab: each test in a forked child, since a worker of Criterion has several threads.
 */
#include "lab/exercises/sandbox.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "lab/exercises/sandbox_clean.h"
#include "launcher/host.h"

enum { NOT_ALLOWED = 77 };

/* Return: the exit status of the sandbox, in a process of its own. */
static int in_sandbox(int (*inside)(struct sandbox *sandbox, void *arg), void *arg)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct error err = { 0 };
		int r = sandbox_run(inside, arg, &status, &err);

		if (r < 0)
			fprintf(stderr, "%s\n", err.msg);
		_exit(r == -EPERM || r == -ENOSPC ? NOT_ALLOWED : r < 0 ? 78 : status);
	}
	cr_assert(pid > 0);
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_ALLOWED)
		cr_skip_test("this machine forbids new namespaces");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int count_processes(struct sandbox *sandbox, void *arg)
{
	DIR *proc = opendir("/proc");
	int n = 0;

	(void)sandbox, (void)arg;
	for (struct dirent *entry; proc && (entry = readdir(proc));)
		n += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
	return getpid() == 1 ? n : 99;
}

Test(sandbox, has_no_process_but_its_own)
{
	cr_assert(eq(int, in_sandbox(count_processes, NULL), 1));
}

static int look_at_network(struct sandbox *sandbox, void *arg)
{
	struct ifreq request = { .ifr_name = "lo" };
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *all = if_nameindex();

	(void)sandbox, (void)arg;
	if (!all || !all[0].if_name || fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return 1;
	for (size_t i = 0; all[i].if_name; i++)
		if (strcmp(all[i].if_name, "lo") != 0 && (request.ifr_flags & IFF_UP) &&
		    strncmp(all[i].if_name, "sit", 3) != 0 && strncmp(all[i].if_name, "tunl", 4) != 0)
			return 2;
	return request.ifr_flags & IFF_UP ? 0 : 3;
}

Test(sandbox, has_a_loopback_of_its_own_that_is_up)
{
	cr_assert(eq(int, in_sandbox(look_at_network, NULL), 0));
}

static int write_a_file(struct sandbox *sandbox, void *arg)
{
	char *name = arg, path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/file", sandbox->directory);
	file = fopen(path, "w");
	if (!file || fputs("x", file) < 0 || fclose(file) != 0)
		return 1;
	return write(*(int *)name, sandbox->directory, sizeof(sandbox->directory)) < 0;
}

Test(sandbox, leaves_no_file_and_no_directory)
{
	char directory[sizeof(((struct sandbox *)0)->directory)];
	int ends[2];

	cr_assert(eq(int, pipe(ends), 0));
	cr_assert(eq(int, in_sandbox(write_a_file, &ends[1]), 0));
	cr_assert(eq(sz, (size_t)read(ends[0], directory, sizeof(directory)), sizeof(directory)));
	cr_assert(eq(int, access(directory, F_OK), -1));
	close(ends[0]);
	close(ends[1]);
}

static int leave_a_process(struct sandbox *sandbox, void *arg)
{
	(void)sandbox;
	if (fork() == 0) {
		setsid();
		pause();
	}
	close(*(int *)arg);
	return 5;
}

Test(sandbox, ends_with_everything_that_was_started)
{
	int ends[2];
	char byte;

	cr_assert(eq(int, pipe(ends), 0));
	cr_assert(eq(int, in_sandbox(leave_a_process, &ends[1]), 5));
	close(ends[1]);
	/* The process that was left held the last writing end. */
	cr_assert(eq(int, (int)read(ends[0], &byte, 1), 0));
	close(ends[0]);
}

static int wait_for_signal(struct sandbox *sandbox, void *arg)
{
	(void)!write(*(int *)arg, "", 1);
	while (sandbox_wait(sandbox, -1, 20000) != -EINTR)
		;
	return 0;
}

/* Return: the process outside, once the one inside waits. */
static pid_t start_waiting(void)
{
	int ends[2], status;
	char byte;
	pid_t pid;

	cr_assert(eq(int, pipe(ends), 0));
	pid = fork();
	if (pid == 0) {
		struct error err = { 0 };
		int r = sandbox_run(wait_for_signal, &ends[1], &status, &err);

		_exit(r < 0 ? NOT_ALLOWED : status);
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		cr_skip_test("this machine forbids new namespaces");
	close(ends[0]);
	return pid;
}

static int status_of(pid_t pid)
{
	int status = 0;

	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	cr_assert(eq(int, WIFEXITED(status), 1));
	return WEXITSTATUS(status);
}

Test(sandbox, passes_a_signal_on_and_ends_with_its_status)
{
	pid_t pid = start_waiting();

	kill(pid, SIGTERM);
	cr_assert(eq(int, status_of(pid), 128 + SIGTERM));
}

Test(sandbox, tells_a_violent_end_of_its_first_process)
{
	pid_t pid = start_waiting();
	char path[64], children[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	n = fd_read_file(AT_FDCWD, path, children, sizeof(children));
	cr_assert(n > 0);
	kill((pid_t)strtol(children, NULL, 10), SIGKILL);
	cr_assert(eq(int, status_of(pid), 128 + SIGKILL));
}

Test(sandbox, waits_for_a_descriptor_or_the_time)
{
	struct sandbox sandbox = { .signal_fd = -1 };
	int ends[2];

	cr_assert(eq(int, pipe(ends), 0));
	cr_assert(eq(int, sandbox_wait(&sandbox, ends[0], 1), 0));
	cr_assert(eq(int, (int)write(ends[1], "", 1), 1));
	cr_assert(eq(int, sandbox_wait(&sandbox, ends[0], 1000), 1));
	close(ends[0]);
	close(ends[1]);
}

Test(sandbox_clean, names_containers_in_small_letters)
{
	char name[64];

	sandbox_container_name(name, sizeof(name), "/tmp/kapsel-lab.aB3xYz", 12);
	cr_assert(eq(str, name, "lab-ab3xyz-12"));
}

Test(sandbox_clean, removes_only_what_it_has_made)
{
	char above[] = "/tmp/kapsel-unit.XXXXXX", there[64];
	struct host host = { 0 };
	struct sandbox_masks masks;

	cr_assert(mkdtemp(above) != NULL);
	snprintf(there, sizeof(there), "%s/there", above);
	cr_assert(eq(int, mkdir(there, 0700), 0));
	snprintf(host.run_dir, sizeof(host.run_dir), "%s", there);
	snprintf(host.log_dir, sizeof(host.log_dir), "%s/new", above);
	snprintf(host.cache_dir, sizeof(host.cache_dir), "%s/no/parent", above);
	sandbox_masks_make(&masks, &host);
	cr_assert(eq(sz, masks.n, 2));
	cr_assert(eq(int, access(host.log_dir, F_OK), 0));
	sandbox_masks_remove(&masks);
	cr_assert(eq(int, access(host.log_dir, F_OK), -1));
	cr_assert(eq(int, rmdir(there), 0));
	cr_assert(eq(int, rmdir(above), 0));
}
