/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kill -9 of a writer at any moment: what it leaves must be whole, and the next one must find its way. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/unit/logs/log_fixture.h"

TestSuite(log_killed, .init = fixture_init, .fini = fixture_fini);

enum { KILLS = 25 };

static _noreturn_ void write_for_ever(int number)
{
	struct feeder f = { .pipes = { { -1, -1 }, { -1, -1 } } };
	char text[8192];

	if (pipe(f.pipes[0]) < 0 ||
	    open_writer(FEEDER_OPTIONS(.max_size_bytes = 20000, .max_files = 900, .compress = true),
			&f.writer, &f.err) < 0)
		_exit(1);
	for (;;) {
		char *end = text;

		for (int i = 0; i < 40; i++)
			end += sprintf(end, "line %d %.*s\n", number++, i * 3,
				       "<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<");
		if (write(f.pipes[0][1], text, (size_t)(end - text)) < 0 ||
		    log_writer_read(f.writer, LOG_STDOUT, f.pipes[0][0], &f.err) < 0)
			_exit(1);
		log_writer_reap(f.writer);
		usleep(500);
	}
}

struct seen {
	int next, wrong;
};

static void see(const struct entry *entry, void *arg)
{
	struct seen *seen = arg;
	int number;

	if (!entry) {
		seen->wrong++;
		return;
	}
	cr_assert(eq(int, sscanf(entry->log, "line %d ", &number), 1));
	cr_assert(eq(int, number, seen->next), "a line or a file is missing");
	seen->next++;
}

Test(log_killed, leaves_whole_lines_and_all_files, .timeout = 100)
{
	int torn = 0, status;
	struct seen seen = { 0 };

	srand((unsigned int)getpid());
	for (int i = 0; i < KILLS; i++) {
		pid_t pid = fork();

		cr_assert(ge(int, pid, 0));
		if (pid == 0)
			write_for_ever(seen.next);
		usleep((useconds_t)(rand() % 30000));
		kill(pid, SIGKILL);
		cr_assert(eq(int, waitpid(pid, &status, 0), pid));
		cr_assert(status == SIGKILL, "the writer failed by itself");

		seen = (struct seen){ 0 };
		/* a line that was torn before is ended by the next writer, and does not parse */
		torn += (int)visit_entries(see, &seen);
		cr_assert(le(int, seen.wrong, torn));
	}
	cr_expect(gt(int, seen.next, 10 * KILLS), "the writers hardly got to write");
}
