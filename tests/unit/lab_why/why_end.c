/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/why/why_end.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "launcher/logs/log_time.h"
#include "why_fixture.h"

TestSuite(why_end, .init = why_init, .fini = why_fini);

static struct why_end read_end(void)
{
	const struct host host = why_host();
	struct error err = { 0 };
	struct why_end end;

	cr_assert(zero(int, why_end_read(&host, "web", why_arena, &end, &err)), "%s", err.msg);
	return end;
}

Test(why_end, without_events_nothing_ever_ran)
{
	cr_assert(eq(int, read_end().state, WHY_END_NONE));
}

Test(why_end, is_the_last_one_with_all_that_led_to_it)
{
	struct why_end end;

	why_event(1, "aa", "start",
		  "\"pid\":7,\"profile\":\"/p.jsonc\",\"program\":\"/bin/x\",\"rootfs\":\"/r\"");
	why_event(2, "aa", "denied",
		  "\"call\":\"ioctl\",\"reason\":\"ioctl(TIOCSTI): no\",\"answer\":\"EPERM\",\"opens\":\"\"");
	why_event(3, "aa", "denied",
		  "\"call\":\"mkdir\",\"reason\":\"mkdir(): no\",\"answer\":\"EPERM\",\"opens\":\"line\"");
	why_event(
		4, "aa", "exit",
		"\"origin\":\"workload\",\"status\":137,\"signal\":\"SIGKILL\",\"oom\":1,\"memory_limit\":4096,"
		"\"denied_calls\":\"ioctl 2, mkdir 30\",\"reason\":\"out of memory\"");
	end = read_end();
	cr_assert(eq(int, end.state, WHY_END_OVER));
	cr_assert(eq(i64, end.exit_status, 137));
	cr_assert(end.oom && !end.by_launcher && !end.alive);
	cr_assert(eq(str, end.signal, "SIGKILL"));
	cr_assert(eq(str, end.profile, "/p.jsonc"));
	cr_assert(eq(i64, end.memory_limit, 4096));
	cr_assert(eq(i64, end.memory_peak, WHY_END_UNKNOWN));
	cr_assert(eq(sz, end.n_denials, 2));
	cr_assert(eq(i64, end.denials[0].count, 2));
	cr_assert(eq(i64, end.denials[1].count, 30));
}

Test(why_end, of_an_earlier_run_nothing_is_left_but_its_places)
{
	struct why_end end;

	why_event(1, "aa", "start", "\"profile\":\"/p.jsonc\"");
	why_event(2, "aa", "denied", "\"call\":\"mkdir\",\"answer\":\"EPERM\"");
	why_event(3, "aa", "stop", "\"by\":\"health\"");
	why_event(4, "aa", "exit", "\"origin\":\"workload\",\"status\":143,\"signal\":\"SIGTERM\"");
	why_event(5, "aa", "start", "\"profile\":\"/p.jsonc\"");
	why_event(6, "aa", "exit", "\"origin\":\"workload\",\"status\":3");
	end = read_end();
	cr_assert(eq(i64, end.exit_status, 3));
	cr_assert(zero(sz, end.n_denials));
	cr_assert(eq(str, end.stop_by, ""));
	cr_assert(eq(str, end.profile, "/p.jsonc"));
}

Test(why_end, its_output_begins_where_the_earlier_run_ended)
{
	int64_t begin, ended;

	why_event(1, "aa", "start", "");
	why_event(4, "aa", "exit", "\"status\":3");
	why_event(5, "bb", "start", "");
	why_event(9, "bb", "exit", "\"status\":4");
	cr_assert(zero(int, log_time_parse("2026-01-01T00:00:04Z", 20, &begin)));
	cr_assert(zero(int, log_time_parse("2026-01-01T00:00:09Z", 20, &ended)));
	cr_assert(eq(i64, read_end().log_since_ns, begin));
	cr_assert(eq(i64, read_end().log_until_ns, ended));
}

Test(why_end, a_start_without_an_end_is_lost_when_nobody_looks_after_it)
{
	why_event(1, "aa", "start", "\"profile\":\"/p.jsonc\"");
	cr_assert(eq(int, read_end().state, WHY_END_LOST));
	/* Another run says that this one is over, too; but it is its own end that counts then. */
	why_event(2, "bb", "start", "");
	why_event(3, "bb", "exit", "\"status\":5");
	cr_assert(eq(int, read_end().state, WHY_END_OVER));
	cr_assert(eq(i64, read_end().exit_status, 5));
}

Test(why_end, lines_that_are_no_events_and_names_of_others_are_passed_over)
{
	static const char torn[] = "{\"time\":\"2026-01-01T00:00:05.000000000Z\",\"event\":\"exit\",\"na\n";
	static const char other[] =
		"{\"time\":\"2026-01-01T00:00:06.000000000Z\",\"event\":\"exit\",\"name\":\"db\","
		"\"id\":\"aa\",\"status\":9}\n";

	why_event(1, "aa", "start", "");
	why_event(2, "aa", "exit", "\"status\":\"three\",\"reason\":7,\"oom\":\"yes\"");
	why_file("log/web/web-events.jsonl", torn, sizeof(torn) - 1, 0640);
	why_file("log/web/web-events.jsonl", other, sizeof(other) - 1, 0640);
	cr_assert(eq(int, read_end().state, WHY_END_OVER));
	cr_assert(eq(i64, read_end().exit_status, WHY_END_UNKNOWN));
	cr_assert(eq(str, read_end().reason, ""));
	cr_assert(zero(int, read_end().oom));
}

Test(why_end, counts_of_refusals_that_do_not_fit_the_kinds_are_left_out)
{
	struct why_end end;

	why_event(1, "aa", "start", "");
	why_event(2, "aa", "denied", "\"call\":\"mkdir\",\"answer\":\"EPERM\"");
	why_event(2, "aa", "denied", "\"call\":\"ptrace\",\"answer\":\"EPERM\"");
	why_event(3, "aa", "exit", "\"status\":1,\"denied_calls\":\"mkdirat 4, ptrace -7\"");
	end = read_end();
	cr_assert(eq(i64, end.denials[0].count, 1));
	cr_assert(eq(i64, end.denials[1].count, 1));
}
