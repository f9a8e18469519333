/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kill -9 of a writer whose standby goes on: at each entry to a system call and each return from one, between
 * single instructions, and at random moments; then the standby too. What is in the log at the end
 * must be what the workload wrote, byte for byte.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "tests/unit/logs/crash_data.h"

enum { FAILED = 3, RETRY_MS = 1 };

/* With a sanitizer each fork takes five times as long: not every place is tried. */
#if defined(__SANITIZE_ADDRESS__)
enum { STRIDE = 5 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { STRIDE = 5 };
#else
enum { STRIDE = 1 };
#endif
#else
enum { STRIDE = 1 };
#endif

/* Where a process is killed: after so many stops at system calls and then so many instructions. */
struct place {
	long stops, steps;
};

/* --- the processes ----------------------------------------------------------------- */

static _noreturn_ void feed(const struct crash_data *data, const int pipes[CRASH_STREAMS], uint32_t seed,
			    uint32_t chunk)
{
	size_t at[CRASH_STREAMS] = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* a test that fails leaves nobody */
	while (at[0] < data->size[0] || at[1] < data->size[1]) {
		uint32_t s = crash_random(&seed) % CRASH_STREAMS;
		size_t size = 1 + crash_random(&seed) % chunk, left = data->size[s] - at[s];

		if (size > left)
			size = left;
		if (fd_write_all(pipes[s], data->bytes[s] + at[s], size) < 0)
			_exit(FAILED);
		at[s] += size;
	}
	_exit(0);
}

/* As the supervisor does it. */
static int serve_once(struct crash_world *world, bool *ended)
{
	bool stalled = log_writer_stalled(world->writer), blocked = log_writer_blocked(world->writer);
	struct pollfd fds[CRASH_STREAMS + 1];

	for (int s = 0; s < CRASH_STREAMS; s++)
		fds[s] = (struct pollfd){ .fd = blocked || ended[s] ? -1 : world->ends[s], .events = POLLIN };
	fds[CRASH_STREAMS] = (struct pollfd){ .fd = log_writer_compressing(world->writer), .events = POLLIN };
	if (poll(fds, CRASH_STREAMS + 1, stalled ? RETRY_MS : -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (stalled)
		(void)!log_writer_flush(world->writer, NULL);
	for (int s = 0; s < CRASH_STREAMS; s++) {
		if (fds[s].revents) {
			ssize_t got =
				log_writer_read(world->writer, (enum log_stream)s, world->ends[s], NULL);

			ended[s] = got == 0;
			if (got < 0 && got != -EAGAIN && !log_writer_stalled(world->writer))
				return (int)got;
		}
	}
	if (fds[CRASH_STREAMS].revents)
		log_writer_reap(world->writer);
	return 0;
}

static _noreturn_ void serve(struct crash_world *world, bool adopt, bool limited)
{
	struct rlimit limit = { .rlim_cur = world->size_limit, .rlim_max = RLIM_INFINITY };
	bool ended[CRASH_STREAMS] = { false };
	struct error err = { 0 };
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (world->size_limit && limited && setrlimit(RLIMIT_FSIZE, &limit) < 0)
		_exit(FAILED);
	r = adopt ? log_writer_adopt(world->writer, &world->options, &err)
		  : log_writer_open(world->writer, &world->options, &err);
	while (r == 0 && (!ended[0] || !ended[1] || log_writer_stalled(world->writer)))
		r = serve_once(world, ended);
	if (r < 0) {
		dprintf(2, "writer: %s %s\n", error_name(-r), err.msg);
		_exit(FAILED);
	}
	log_writer_close(world->writer);
	_exit(0);
}

static void begin(struct crash_world *world, uint32_t seed, uint32_t chunk)
{
	int pipes[CRASH_STREAMS][2], in[CRASH_STREAMS];
	struct error err = { 0 };

	world->writer = log_writer_allocate(&err);
	cr_assert(world->writer != NULL, "%s", err.msg);
	log_writer_share(world->writer, true);
	for (int s = 0; s < CRASH_STREAMS; s++) {
		cr_assert(zero(int, pipe2(pipes[s], O_CLOEXEC)));
		world->ends[s] = pipes[s][0];
		in[s] = pipes[s][1];
	}
	world->feeder = fork();
	cr_assert(ge(int, world->feeder, 0));
	if (world->feeder == 0)
		feed(&world->wrote, in, seed, chunk);
	for (int s = 0; s < CRASH_STREAMS; s++)
		close(in[s]);
}

static pid_t start(struct crash_world *world, bool adopt, bool limited, bool traced)
{
	pid_t pid = fork();

	cr_assert(ge(int, pid, 0));
	if (pid == 0) {
		if (traced && (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0))
			_exit(FAILED);
		serve(world, adopt, limited);
	}
	return pid;
}

/* Return: whether it ended by itself before. */
static bool finish(pid_t pid)
{
	int status;

	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	cr_assert(le(int, WIFEXITED(status) ? WEXITSTATUS(status) : 0, 0), "a writer failed by itself");
	cr_assert(le(int, WIFSIGNALED(status) ? WTERMSIG(status) : SIGKILL, SIGKILL), "a writer crashed");
	return status == 0;
}

/* Let it run to the place and kill it there. Return: whether it ended by itself before. */
static bool run_to(struct crash_world *world, bool adopt, struct place place)
{
	pid_t pid = start(world, adopt, true, true);
	int status, event = 0;

	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	cr_assert(eq(int, WSTOPSIG(status), SIGSTOP));
	cr_assert(
		zero(long, ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)));
	while (place.stops > 0 || place.steps > 0) {
		bool step = place.stops == 0;
		int delivered = event == (SIGTRAP | 0x80) || event == SIGTRAP ? 0 : event;

		cr_assert(zero(
			long, ptrace(step ? PTRACE_SINGLESTEP : PTRACE_SYSCALL, pid, NULL, (long)delivered)));
		cr_assert(eq(int, waitpid(pid, &status, 0), pid));
		if (!WIFSTOPPED(status)) {
			cr_assert(zero(int, status));
			return true;
		}
		event = WSTOPSIG(status);
		place.steps -= step;
		place.stops -= !step;
	}
	kill(pid, SIGKILL);
	return finish(pid);
}

static void end(struct crash_world *world, const char *where)
{
	int status;

	for (int s = 0; s < CRASH_STREAMS; s++)
		close(world->ends[s]);
	cr_assert(eq(int, waitpid(world->feeder, &status, 0), world->feeder));
	cr_assert(zero(int, status));
	crash_world_check(world, where);
	world->writer = log_writer_release(world->writer);
}

/* --- the tests --------------------------------------------------------------------- */

TestSuite(log_crash, .init = fixture_init, .fini = fixture_fini, .timeout = 250);

/*
 * One killed at @first, its standby at @second, the third goes to the end. Return: whether the first one
 * ended by itself before.
 */
static bool kill_two(struct crash_world *world, struct place first, struct place second, uint32_t seed)
{
	bool over, standby_over = true;
	char where[128];

	begin(world, seed, 4000);
	over = run_to(world, false, first);
	if (!over && second.stops >= 0)
		standby_over = run_to(world, true, second);
	if (!over && (second.stops < 0 || !standby_over))
		cr_assert(finish(start(world, true, false, false)));
	snprintf(where, sizeof(where), "killed at stop %ld + %ld, the standby at %ld + %ld, seed %u",
		 first.stops, first.steps, second.stops, second.steps, seed);
	end(world, where);
	return over;
}

static void kill_at_each_call(struct log_options *options, size_t lines, rlim_t size_limit, long stops_max)
{
	struct crash_world world = { .options = *options, .size_limit = size_limit };
	uint32_t random = 1;
	long stop;

	crash_data_make(&world.wrote, 4, lines);
	for (stop = 0; stop < stops_max; stop += STRIDE) {
		/* Every second time the standby lives on at once. */
		struct place second = { .stops = stop % 2 ? (long)(crash_random(&random) % 60) : -1 };

		if (kill_two(&world, (struct place){ .stops = stop }, second, 7))
			break;
	}
	cr_expect(gt(long, stop, 60), "the writer ended after %ld stops", stop);
	cr_expect(eq(int, world.dropped > 0, options->on_full == SPEC_FULL_DROP));
	crash_data_free(&world.wrote);
}

Test(log_crash, keeps_each_byte_when_it_is_killed_at_any_system_call)
{
	kill_at_each_call(FEEDER_OPTIONS(), 32, 0, 1000);
}

Test(log_crash, keeps_each_byte_in_the_format_of_the_kubelet)
{
	kill_at_each_call(FEEDER_OPTIONS(.driver = SPEC_LOG_CRI, .max_size_bytes = 9000, .max_files = 900),
			  10, 0, 1000);
}

Test(log_crash, keeps_each_byte_when_it_is_killed_while_it_rotates)
{
	kill_at_each_call(FEEDER_OPTIONS(.max_size_bytes = 8000, .max_files = 900), 10, 0, 1000);
}

Test(log_crash, keeps_each_byte_when_it_is_killed_while_files_are_compressed)
{
	kill_at_each_call(FEEDER_OPTIONS(.max_size_bytes = 9000, .max_files = 900, .compress = true), 8, 0,
			  1000);
}

/* The first file ends at the limit, inside of a line; the next process may go on. */
Test(log_crash, keeps_each_byte_when_it_is_killed_while_the_disk_is_full)
{
	kill_at_each_call(FEEDER_OPTIONS(), 14, 23456, 120);
}

Test(log_crash, counts_each_byte_that_it_drops_when_it_is_killed_while_the_disk_is_full)
{
	kill_at_each_call(FEEDER_OPTIONS(.on_full = SPEC_FULL_DROP), 14, 23456, 120);
}

Test(log_crash, keeps_each_byte_when_it_is_killed_between_two_instructions)
{
	struct crash_world world = {
		.options = *FEEDER_OPTIONS(.max_size_bytes = 20000, .max_files = 900),
	};
	uint32_t random = 99;

	crash_data_make(&world.wrote, 5, 40);
	for (int i = 0; i < 40; i++) {
		struct place places[2];

		for (int j = 0; j < 2; j++)
			places[j] = (struct place){ .stops = (long)(crash_random(&random) % 150),
						    .steps = (long)(crash_random(&random) % 3000) };
		kill_two(&world, places[0], places[1], 8);
	}
	crash_data_free(&world.wrote);
}

/* All pairs of places around the first rotation; the new file gets its first bytes from the standby. */
Test(log_crash, keeps_each_byte_when_the_standby_is_killed_too_while_it_takes_over)
{
	struct crash_world world = { .options = *FEEDER_OPTIONS(.max_size_bytes = 300, .max_files = 900) };

	crash_data_make(&world.wrote, 21, 4);
	for (long first = 14; first < 60; first += STRIDE)
		for (long second = 4 + first % 4; second < 44; second += 4)
			kill_two(&world, (struct place){ .stops = first }, (struct place){ .stops = second },
				 7);
	crash_data_free(&world.wrote);
}

/* Many in a row, at full speed. */
Test(log_crash, keeps_each_byte_when_many_are_killed_at_random_moments)
{
	struct crash_world world = {
		.options = *FEEDER_OPTIONS(.max_size_bytes = 300000, .max_files = 900, .compress = true),
	};
	uint32_t random = (uint32_t)getpid();
	char where[64];
	int killed = 0;

	crash_data_make(&world.wrote, random, 1200);
	begin(&world, random, 30000);
	for (bool over = false; !over;) {
		pid_t pid = start(&world, killed > 0, true, false);

		usleep(crash_random(&random) % 4000);
		if (killed < 200)
			kill(pid, SIGKILL);
		over = finish(pid);
		killed += !over;
	}
	snprintf(where, sizeof(where), "%d killed, seed %d", killed, getpid());
	end(&world, where);
	cr_expect(gt(int, killed, 3), "%s", where);
	crash_data_free(&world.wrote);
}
