/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "notify" opens in the filter: one kind of socket, and connect only where no other can be made. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "profiles/spec.h"
#include "seccomp/filter.h"

static int answer(const char *group, bool notify, int nr, uint64_t first, uint64_t second)
{
	const char *const words[] = { "@base", group, NULL };
	const struct spec spec = {
		.syscalls = { words, group ? 2 : 1 },
		.notify = notify,
		.user = { .uid = 65532, .gid = 65532 },
	};
	const uint64_t args[6] = { first, second };

	return filter_answer(&spec, 64, nr, args);
}

Test(notify_socket, is_closed_without_the_key)
{
	cr_assert(eq(int, answer(NULL, false, SYS_socket, AF_UNIX, SOCK_DGRAM), EPERM));
	cr_assert(eq(int, answer(NULL, false, SYS_sendto, 3, 0), EPERM));
	cr_assert(eq(int, answer(NULL, false, SYS_connect, 3, 0), EPERM));
}

Test(notify_socket, opens_unix_datagrams_and_nothing_else)
{
	cr_assert(zero(int,
		       answer(NULL, true, SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK)));
	cr_assert(eq(int, answer(NULL, true, SYS_socket, AF_UNIX, SOCK_STREAM), EPERM));
	cr_assert(eq(int, answer(NULL, true, SYS_socket, AF_UNIX, SOCK_SEQPACKET), EPERM));
	cr_assert(eq(int, answer(NULL, true, SYS_socket, AF_UNIX, SOCK_RAW), EPERM));
	cr_assert(eq(int, answer(NULL, true, SYS_socket, AF_INET, SOCK_DGRAM), EPERM));
	cr_assert(eq(int, answer(NULL, true, SYS_socket, AF_INET6, SOCK_STREAM), EPERM));
	cr_assert(eq(int, answer(NULL, true, SYS_socket, AF_NETLINK, SOCK_DGRAM), EPERM));
	cr_assert(zero(int, answer(NULL, true, SYS_connect, 3, 0)));
	cr_assert(zero(int, answer(NULL, true, SYS_sendto, 3, 0)));
	cr_assert(zero(int, answer(NULL, true, SYS_sendmsg, 3, 0)));
	cr_assert(eq(int, answer(NULL, true, SYS_bind, 3, 0), EPERM));
	cr_assert(eq(int, answer(NULL, true, SYS_listen, 3, 0), EPERM));
}

Test(notify_socket, gives_a_server_no_connect)
{
	cr_assert(eq(int, answer("@socket-server", true, SYS_connect, 3, 0), EPERM));
	cr_assert(zero(int, answer("@socket-server", true, SYS_socket, AF_INET, SOCK_STREAM)));
	cr_assert(eq(int, answer("@netlink", true, SYS_connect, 3, 0), EPERM));
}

Test(notify_socket, takes_nothing_from_a_client)
{
	cr_assert(zero(int, answer("@socket-client", true, SYS_connect, 3, 0)));
	cr_assert(zero(int, answer("@socket-client", true, SYS_socket, AF_INET, SOCK_STREAM)));
	cr_assert(zero(int, answer("socket", true, SYS_socket, AF_INET, SOCK_STREAM)));
	cr_assert(eq(int, answer("socket", true, SYS_connect, 3, 0), EPERM));
}
