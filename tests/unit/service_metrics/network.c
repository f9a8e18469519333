/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/network.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define HEADING                                                                                              \
	"Inter-|   Receive                                                |  Transmit\n"                     \
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo\n"

Test(network, has_both_directions_of_each_interface)
{
	const char *text = HEADING "    lo:     100       1    2    3    0     0          0         0"
				   "      200       4    5    6    0     0       0          0\n"
				   "eth0:7 8 9 10 0 0 0 0 11 12 13 14 0 0 0 0\n";
	struct network_interface interface;

	cr_assert(network_next(&text, &interface));
	cr_assert(eq(str, interface.name, "lo"));
	cr_assert(eq(u64, interface.received.bytes, 100));
	cr_assert(eq(u64, interface.sent.dropped, 6));
	cr_assert(network_next(&text, &interface));
	cr_assert(eq(str, interface.name, "eth0"));
	cr_assert(eq(u64, interface.received.bytes, 7));
	cr_assert(eq(u64, interface.received.packets, 8));
	cr_assert(eq(u64, interface.received.errors, 9));
	cr_assert(eq(u64, interface.received.dropped, 10));
	cr_assert(eq(u64, interface.sent.bytes, 11));
	cr_assert(eq(u64, interface.sent.packets, 12));
	cr_assert(eq(u64, interface.sent.errors, 13));
	cr_assert(eq(u64, interface.sent.dropped, 14));
	cr_assert(not(network_next(&text, &interface)));
}

Test(network, passes_over_torn_lines_and_takes_nothing_from_the_next_one)
{
	const char *text = "torn: 1 2 3\n4: 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19\n";
	struct network_interface interface;

	cr_assert(not(network_next(&text, &interface)));
}

Test(network, knows_this_process)
{
	char text[NETWORK_TEXT_MAX];
	struct network_interface interface;
	const char *at = text;
	bool loopback = false;

	cr_assert(zero(int, network_read(getpid(), text)));
	while (network_next(&at, &interface))
		loopback |= strcmp(interface.name, "lo") == 0;
	cr_assert(loopback);
}

Test(network, says_that_a_process_is_gone)
{
	char text[NETWORK_TEXT_MAX];

	cr_assert(eq(int, network_read(4194305, text), -ENOENT)); /* above the largest pid there can be */
}
