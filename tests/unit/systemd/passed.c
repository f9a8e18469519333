/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/passed.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "profiles/spec.h"
#include "tests/unit/systemd/forked.h"

/* What the children look for: two entries on abstract addresses, of this worker alone. */
static char http_name[64], ctl_name[64], other_name[64];
static const struct spec_listen entries[] = {
	{ .name = "http", .address = http_name, .fd = 3, .backlog = 8 },
	{ .name = "ctl", .address = ctl_name, .datagram = true, .fd = 4 },
};
static const struct spec spec = { .listen = entries, .n_listen = 2 };
static const struct spec nothing = { 0 };

static int match(struct error *err)
{
	return passed_match(&spec, err);
}

static int match_nothing(struct error *err)
{
	return passed_match(&nothing, err);
}

/* Each entry has a descriptor that is not a low one, closes with execve, and is the right one. */
static int match_both(struct error *err)
{
	int r = passed_match(&spec, err);

	if (r < 0)
		return r;
	for (int fd = 3; fd <= 4; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return error_set(err, EEXIST, "leave descriptor %d alone", fd);
	if (getenv("LISTEN_PID") || getenv("LISTEN_FDS") || getenv("LISTEN_FDNAMES"))
		return error_set(err, EEXIST, "remove the variables");
	for (size_t i = 0; i < 2; i++) {
		int fd = passed_fd(i), type = 0;
		socklen_t size = sizeof(type);

		if (fd < 40 || !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
			return error_set(err, EBADF, "take descriptor %d", fd);
		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
		    type != (i ? SOCK_DGRAM : SOCK_STREAM))
			return error_set(err, EPROTOTYPE, "give entry %zu its own", i);
	}
	return passed_fd(2) == -1 ? 0 : error_set(err, EINVAL, "have no third one");
}

static int http, ctl;

static void set_up(void)
{
	snprintf(http_name, sizeof(http_name), "@kapsel-http-%d", (int)getpid());
	snprintf(ctl_name, sizeof(ctl_name), "@kapsel-ctl-%d", (int)getpid());
	snprintf(other_name, sizeof(other_name), "@kapsel-other-%d", (int)getpid());
	http = forked_socket(http_name, SOCK_STREAM);
	ctl = forked_socket(ctl_name, SOCK_DGRAM);
}

static void tear_down(void)
{
	close(http);
	close(ctl);
}

TestSuite(passed, .init = set_up, .fini = tear_down);

static void refused(int errnum, const char *text, forked_function *function, const int *fds, size_t n,
		    const char *names)
{
	struct error err = { 0 };

	cr_assert(eq(int, forked_run(function, fds, n, names, &err), -errnum), "%s", err.msg);
	cr_assert(ne(ptr, strstr(err.msg, text), NULL), "%s", err.msg);
}

Test(passed, takes_sockets_by_their_names)
{
	const int fds[] = { ctl, http };
	struct error err = { 0 };

	cr_assert(zero(int, forked_run(match_both, fds, 2, "ctl:http", &err)), "%s", err.msg);
}

Test(passed, takes_sockets_by_their_addresses)
{
	const char *const names[] = { NULL, "unknown:unknown", "kapsel-web.socket:kapsel-web.socket" };
	const int fds[] = { ctl, http };

	for (size_t i = 0; i < 3; i++) {
		struct error err = { 0 };

		cr_assert(zero(int, forked_run(match_both, fds, 2, names[i], &err)), "%s", err.msg);
	}
}

Test(passed, leaves_entries_alone_for_which_nothing_came)
{
	struct error err = { 0 };

	cr_assert(zero(int, forked_run(match, &ctl, 1, "ctl", &err)), "%s", err.msg);
	cr_assert(zero(int, forked_run(match, NULL, 0, NULL, &err)), "%s", err.msg);
}

Test(passed, refuses_a_name_with_another_address)
{
	_cleanup_fd_ int other = forked_socket(other_name, SOCK_STREAM);

	char expected[200];

	snprintf(expected, sizeof(expected), "stream %s, with a socket that is stream %s", http_name,
		 other_name);
	refused(EADDRNOTAVAIL, expected, match, &other, 1, "http");
	refused(EPROTOTYPE, "listen.ctl, datagram", match, &http, 1, "ctl");
}

Test(passed, refuses_a_socket_that_no_entry_takes)
{
	_cleanup_fd_ int other = forked_socket(other_name, SOCK_STREAM);

	refused(EINVAL, "\"x.socket\" that was passed, stream @kapsel-other-", match, &other, 1, "x.socket");
	refused(EINVAL, "no entry", match_nothing, &http, 1, "http");
}

Test(passed, refuses_two_sockets_for_one_entry)
{
	const int fds[] = { http, http };

	refused(EEXIST, "two sockets that were passed for listen.http", match, fds, 2, "http:unknown");
}

Test(passed, refuses_names_that_do_not_fit_the_number)
{
	refused(EINVAL, "LISTEN_FDNAMES", match, &http, 1, "http:ctl");
	refused(EINVAL, "LISTEN_FDNAMES", match, (const int[]){ http, ctl }, 2, "http");
}

Test(passed, refuses_a_number_that_is_none)
{
	char pid[16];
	struct error err = { 0 };

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "65", 1);
	passed_take();
	cr_assert(eq(int, passed_match(&spec, &err), -EINVAL));
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "-1", 1);
	passed_take();
	cr_assert(eq(int, passed_match(&spec, &err), -EINVAL));
	cr_assert(eq(ptr, getenv("LISTEN_FDS"), NULL));
}

Test(passed, takes_nothing_that_was_passed_to_another_process)
{
	struct error err = { 0 };

	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "2", 1);
	setenv("LISTEN_FDNAMES", "http:ctl", 1);
	passed_take();
	cr_assert(zero(int, passed_match(&spec, &err)), "%s", err.msg);
	cr_assert(eq(int, passed_fd(0), -1));
	cr_assert(eq(ptr, getenv("LISTEN_PID"), NULL));
	cr_assert(eq(ptr, getenv("LISTEN_FDNAMES"), NULL));
}
