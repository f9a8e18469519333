/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/state.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/loop.h"
#include "launcher/run.h"
#include "profiles/spec.h"
#include "service_fixture.h"

TestSuite(state, .init = service_init, .fini = service_fini);

/* state_open() of "web", as a new start would. */
static int open_web(struct error *err)
{
	const struct spec spec = { .name = "web" };
	struct host host = service_host();
	struct proof proof = { 0 };
	struct run run;
	int r;

	snprintf(host.run_dir, sizeof(host.run_dir), "%s", service_dir);
	run_init(&run);
	run.spec = &spec;
	run.host = &host;
	run.proof = &proof;
	r = state_open(&run, err);
	fd_close(&run.state_fd);
	fd_close(&run.ids_fd);
	return r;
}

/* A child that holds the lock of "web" for so long. The lock is held when this returns. */
static pid_t hold(int dir, unsigned int ms)
{
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert(zero(int, pipe2(ready, O_CLOEXEC)));
	pid = fork();
	cr_assert(ge(int, pid, 0));
	if (pid == 0) {
		char path[64];
		int own;

		/* A lock of its own: that of an inherited descriptor would be ours, too. */
		snprintf(path, sizeof(path), "/proc/self/fd/%d", dir);
		own = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (own < 0 || flock(own, LOCK_EX | LOCK_NB) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		usleep(ms * 1000);
		_exit(0);
	}
	close(ready[1]);
	cr_assert(eq(long, read(ready[0], &byte, 1), 1));
	close(ready[0]);
	return pid;
}

static int open_while_held(enum record_status status, pid_t supervisor, unsigned int ms, uint64_t *ret_ms)
{
	struct record record = service_record("web");
	_cleanup_fd_ int dir = -1;
	struct error err = { 0 };
	uint64_t begin;
	pid_t holder;
	int r, ended;

	record.status = status;
	record.supervisor = supervisor ? record_process_of(supervisor) : (struct record_process){ .pid = 0 };
	dir = service_write(&record);
	holder = hold(dir, ms);
	begin = loop_now_ms();
	r = open_web(&err);
	*ret_ms = loop_now_ms() - begin;
	cr_assert(eq(int, waitpid(holder, &ended, 0), holder));
	cr_assert(zero(int, ended));
	return r;
}

Test(state, a_name_whose_service_has_just_ended_is_waited_for)
{
	uint64_t waited_ms;

	cr_assert(zero(int, open_while_held(RECORD_EXITED, getpid(), 200, &waited_ms)));
	cr_assert(ge(u64, waited_ms, 100));
}

Test(state, a_name_that_stays_locked_is_waited_for_a_second_at_most)
{
	uint64_t waited_ms;

	cr_assert(eq(int, open_while_held(RECORD_EXITED, getpid(), 2500, &waited_ms), -EBUSY));
	cr_assert(ge(u64, waited_ms, 900));
	cr_assert(lt(u64, waited_ms, 2400));
}

Test(state, a_name_whose_service_runs_is_refused_at_once)
{
	uint64_t waited_ms;

	cr_assert(eq(int, open_while_held(RECORD_RUNNING, getpid(), 700, &waited_ms), -EBUSY));
	cr_assert(lt(u64, waited_ms, 600));
}

/* Whoever holds the lock then is another start, whose record does not stand there yet. */
Test(state, an_old_record_of_nobody_is_not_waited_for)
{
	uint64_t waited_ms;

	cr_assert(eq(int, open_while_held(RECORD_EXITED, 0, 700, &waited_ms), -EBUSY));
	cr_assert(lt(u64, waited_ms, 600));
}
