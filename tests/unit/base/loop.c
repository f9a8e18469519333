/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/loop.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

struct seen {
	char order[16];
	struct loop *loop;
	int source;
};

struct reader {
	struct seen *seen;
	char name;
	int fd;
};

static int note(void *arg, short revents, struct error *err)
{
	struct reader *reader = arg;
	char byte;

	(void)err;
	strncat(reader->seen->order, &reader->name, 1);
	if (revents & POLLIN)
		cr_assert(eq(long, read(reader->fd, &byte, 1), 1));
	return 0;
}

static int note_due(void *arg, struct error *err)
{
	struct seen *seen = arg;

	(void)err;
	strcat(seen->order, "t");
	return 0;
}

Test(loop, calls_the_ready_ones_by_their_order)
{
	struct loop *loop = loop_new();
	struct seen seen = { .order = "" };
	struct reader late = { &seen, 'b', -1 }, early = { &seen, 'a', -1 };
	int first[2], second[2];

	cr_assert(eq(int, pipe(first), 0));
	cr_assert(eq(int, pipe(second), 0));
	late.fd = first[0];
	early.fd = second[0];
	cr_assert(ge(int, loop_add(loop, first[0], POLLIN, 9, note, &late), 0));
	cr_assert(ge(int, loop_add(loop, second[0], POLLIN, 1, note, &early), 0));
	cr_assert(eq(long, write(first[1], "x", 1), 1));
	cr_assert(eq(long, write(second[1], "x", 1), 1));
	cr_assert(eq(int, loop_step(loop, true, NULL), 2));
	cr_assert(eq(str, seen.order, "ab"));
	cr_assert(eq(int, loop_step(loop, false, NULL), 0));
	loop_free(loop);
}

Test(loop, leaves_a_paused_source_out_even_when_it_hangs_up)
{
	struct loop *loop = loop_new();
	struct seen seen = { .order = "" };
	struct reader reader = { &seen, 'a', -1 };
	int ends[2], source;

	cr_assert(eq(int, pipe(ends), 0));
	reader.fd = ends[0];
	source = loop_add(loop, ends[0], POLLIN, 0, note, &reader);
	close(ends[1]);
	loop_pause(loop, source, true);
	cr_assert(eq(int, loop_step(loop, false, NULL), 0));
	loop_pause(loop, source, false);
	cr_assert(eq(int, loop_step(loop, false, NULL), 1));
	loop_remove(loop, &source);
	cr_assert(eq(int, source, -1));
	cr_assert(eq(int, loop_step(loop, false, NULL), 0));
	loop_free(loop);
}

static int remove_other(void *arg, short revents, struct error *err)
{
	struct seen *seen = arg;

	(void)revents, (void)err;
	strcat(seen->order, "r");
	loop_remove(seen->loop, &seen->source);
	return 0;
}

Test(loop, does_not_call_what_an_earlier_function_has_removed)
{
	struct seen seen = { .order = "", .loop = loop_new() };
	struct reader reader = { &seen, 'a', -1 };
	int first[2], second[2];

	cr_assert(eq(int, pipe(first), 0));
	cr_assert(eq(int, pipe(second), 0));
	reader.fd = second[0];
	cr_assert(ge(int, loop_add(seen.loop, first[0], POLLIN, 1, remove_other, &seen), 0));
	seen.source = loop_add(seen.loop, second[0], POLLIN, 2, note, &reader);
	cr_assert(eq(long, write(first[1], "x", 1), 1));
	cr_assert(eq(long, write(second[1], "x", 1), 1));
	cr_assert(eq(int, loop_step(seen.loop, true, NULL), 1));
	cr_assert(eq(str, seen.order, "r"));
	loop_free(seen.loop);
}

Test(loop, fires_a_timer_once_and_never_early)
{
	struct loop *loop = loop_new();
	struct seen seen = { .order = "" };
	int timer = loop_timer(loop, note_due, &seen);
	uint64_t began = loop_now_ms();

	cr_assert(not(loop_timer_runs(loop, timer)));
	loop_timer_set(loop, timer, 30);
	cr_assert(loop_timer_runs(loop, timer));
	while (!seen.order[0])
		cr_assert(ge(int, loop_step(loop, true, NULL), 0));
	cr_assert(ge(ulong, loop_now_ms() - began, 30));
	cr_assert(not(loop_timer_runs(loop, timer)));
	cr_assert(eq(int, loop_step(loop, false, NULL), 0));
	loop_timer_set(loop, timer, 0);
	loop_timer_stop(loop, timer);
	cr_assert(eq(int, loop_step(loop, false, NULL), 0));
	loop_timer_drop(loop, &timer);
	loop_free(loop);
}

static int fail(void *arg, short revents, struct error *err)
{
	(void)arg, (void)revents;
	return error_set(err, EIO, "be ready");
}

Test(loop, ends_with_the_failure_of_a_function)
{
	struct loop *loop = loop_new();
	struct error err = { 0 };
	int ends[2];

	cr_assert(eq(int, pipe(ends), 0));
	close(ends[1]);
	cr_assert(ge(int, loop_add(loop, ends[0], POLLIN, 0, fail, NULL), 0));
	cr_assert(eq(int, loop_step(loop, true, &err), -EIO));
	cr_assert(eq(str, err.msg, "be ready"));
	loop_free(loop);
}

Test(loop, refuses_more_sources_and_timers_than_it_has_room_for)
{
	struct loop *loop = loop_new();

	for (int i = 0; i < LOOP_SOURCES_MAX; i++)
		cr_assert(ge(int, loop_add(loop, STDIN_FILENO, POLLIN, 0, fail, NULL), 0));
	cr_assert(eq(int, loop_add(loop, STDIN_FILENO, POLLIN, 0, fail, NULL), -ENOSPC));
	for (int i = 0; i < LOOP_TIMERS_MAX; i++)
		cr_assert(ge(int, loop_timer(loop, note_due, NULL), 0));
	cr_assert(eq(int, loop_timer(loop, note_due, NULL), -ENOSPC));
	loop_free(loop);
}
