/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/processes/ready_message.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct ready_message parse(const char *text)
{
	struct ready_message message;

	ready_message_parse(text, strlen(text), &message);
	return message;
}

Test(ready_message, knows_each_word)
{
	struct ready_message m = parse("READY=1\nSTOPPING=1\nRELOADING=1\nWATCHDOG=1\nMAINPID=7\nERRNO=2");

	cr_assert(m.ready && m.stopping && m.watchdog);
	cr_assert(not(m.watchdog_triggered || m.has_status || m.has_watchdog_ms || m.has_extend_ms));
	cr_assert(parse("WATCHDOG=trigger").watchdog_triggered);
}

Test(ready_message, takes_words_as_they_are_written_only)
{
	static const char *const others[] = { "READY=0", "READY=11", "ready=1", " READY=1", "READY=1 ",
					      "READY",   "",         "\n\n\n",  "=",        "READY=1\r\n" };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		cr_assert(not(parse(others[i]).ready), "%s", others[i]);
}

Test(ready_message, does_not_stop_at_a_nul)
{
	struct ready_message m;

	ready_message_parse("A\0B\nREADY=1", 11, &m);
	cr_assert(m.ready);
	ready_message_parse("READY=1\0", 8, &m);
	cr_assert(not(m.ready));
}

Test(ready_message, reads_microseconds_as_milliseconds_rounded_up)
{
	struct ready_message m = parse("WATCHDOG_USEC=1500001\nEXTEND_TIMEOUT_USEC=1");

	cr_assert(m.has_watchdog_ms && m.has_extend_ms);
	cr_assert(eq(u64, m.watchdog_ms, 1501));
	cr_assert(eq(u64, m.extend_ms, 1));
	m = parse("WATCHDOG_USEC=0");
	cr_assert(m.has_watchdog_ms && m.watchdog_ms == 0);
	m = parse("WATCHDOG_USEC=18446744073709551615");
	cr_assert(eq(u64, m.watchdog_ms, 18446744073709552));
}

Test(ready_message, passes_over_what_is_no_number)
{
	static const char *const wrong[] = { "WATCHDOG_USEC=",
					     "WATCHDOG_USEC=-1",
					     "WATCHDOG_USEC=1s",
					     "WATCHDOG_USEC= 1",
					     "WATCHDOG_USEC=18446744073709551616",
					     "WATCHDOG_USEC=99999999999999999999999" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		cr_assert(not(parse(wrong[i]).has_watchdog_ms), "%s", wrong[i]);
}

Test(ready_message, keeps_a_status_that_is_text)
{
	struct ready_message m = parse("STATUS=Grüße, 42 % \xf0\x9f\x90\xb3\n");

	cr_assert(m.has_status);
	cr_assert(eq(str, m.status, "Grüße, 42 % \xf0\x9f\x90\xb3"));
	cr_assert(eq(str, parse("STATUS=a\nSTATUS=b").status, "b"));
	cr_assert(parse("STATUS=").has_status);
}

Test(ready_message, takes_out_what_a_terminal_would_obey)
{
	/* ESC, DEL, the C1 controls in UTF-8; then what is no UTF-8: overlong, surrogate, too high, cut off.
	 */
	cr_assert(eq(str,
		     parse("STATUS=a\x1b[31mb\x7f\xc2\x9b"
			   "c")
			     .status,
		     "a?[31mb??c"));
	cr_assert(eq(str, parse("STATUS=\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80|\xe2\x82").status,
		     "??|???|????|??"));
}

Test(ready_message, cuts_a_long_status_between_characters)
{
	char text[2000] = "STATUS=";
	struct ready_message m;

	for (size_t i = strlen(text); i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 3);
	m = parse(text);
	cr_assert(strlen(m.status) < READY_STATUS_MAX);
	cr_assert(eq(int, (int)(strlen(m.status) % 2), 0));
}
