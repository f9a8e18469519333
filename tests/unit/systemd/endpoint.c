/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/endpoint.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "profiles/spec.h"
#include "tests/unit/base/scratch.h"
#include "tests/unit/systemd/forked.h"

static int check(int fd, const char *address, bool datagram, struct error *err)
{
	const struct spec_listen entry = {
		.name = "web", .address = address, .datagram = datagram, .fd = 3, .backlog = 8
	};

	return endpoint_check(fd, &entry, err);
}

static char *loopback(unsigned int port)
{
	static char text[32];

	snprintf(text, sizeof(text), "127.0.0.1:%u", port);
	return text;
}

Test(endpoint, parses_each_kind_of_address)
{
	const char *const good[] = { "127.0.0.1:80", "[::1]:80", "80", "/run/x.sock", "@web" };
	const int families[] = { AF_INET, AF_INET6, AF_INET6, AF_UNIX, AF_UNIX };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct sockaddr_storage address;
		socklen_t size = 0;

		cr_assert(zero(int, endpoint_parse(good[i], &address, &size)), "%s", good[i]);
		cr_assert(eq(int, address.ss_family, families[i]));
		cr_assert(gt(u32, size, 0));
	}
}

Test(endpoint, refuses_what_is_no_address)
{
	const char *const bad[] = { "127.0.0.1:0",
				    "127.0.0.1:65536",
				    "localhost:80",
				    "[::1:80",
				    "1.2.3.4.5:80",
				    "127.0.0.1:",
				    "",
				    "127.0.0.1:+80" };
	struct sockaddr_storage address;
	socklen_t size;
	char path[200];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert(eq(int, endpoint_parse(bad[i], &address, &size), -EINVAL), "%s", bad[i]);
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	cr_assert(eq(int, endpoint_parse(path, &address, &size), -ENAMETOOLONG));
}

Test(endpoint, accepts_the_socket_that_the_entry_means)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_fd_ int tcp = forked_socket("any", SOCK_STREAM), udp = forked_socket("any", SOCK_DGRAM);
	_cleanup_fd_ int local = -1, abstract = -1;
	char path[128], name[64];

	snprintf(path, sizeof(path), "%s/a.sock", scratch.path);
	snprintf(name, sizeof(name), "@kapsel-test-%d", (int)getpid());
	local = forked_socket(path, SOCK_STREAM);
	abstract = forked_socket(name, SOCK_DGRAM);
	cr_assert(zero(int, check(tcp, loopback(forked_port(tcp)), false, NULL)));
	cr_assert(zero(int, check(udp, loopback(forked_port(udp)), true, NULL)));
	cr_assert(zero(int, check(local, path, false, NULL)));
	cr_assert(zero(int, check(abstract, name, true, NULL)));
}

Test(endpoint, names_both_when_the_address_differs)
{
	_cleanup_fd_ int tcp = forked_socket("any", SOCK_STREAM);
	unsigned int port = forked_port(tcp);
	struct error err = { 0 };
	char expected[200];

	cr_assert(eq(int, check(tcp, "0.0.0.0:80", false, &err), -EADDRNOTAVAIL));
	snprintf(expected, sizeof(expected),
		 "serve listen.web, stream 0.0.0.0:80, with a socket that is stream 127.0.0.1:%u", port);
	cr_assert(eq(str, err.msg, expected));
}

Test(endpoint, tells_types_and_families_apart)
{
	_cleanup_fd_ int tcp = forked_socket("any", SOCK_STREAM), udp = forked_socket("any", SOCK_DGRAM);
	char name[64], path[64], shorter[64];
	_cleanup_fd_ int abstract = -1;

	cr_assert(eq(int, check(udp, loopback(forked_port(udp)), false, NULL), -EPROTOTYPE));
	cr_assert(eq(int, check(tcp, loopback(forked_port(tcp)), true, NULL), -EPROTOTYPE));
	cr_assert(eq(int, check(tcp, "[::1]:80", false, NULL), -EADDRNOTAVAIL));
	snprintf(name, sizeof(name), "@kapsel-family-%d", (int)getpid());
	snprintf(path, sizeof(path), "/%s", name + 1);
	snprintf(shorter, sizeof(shorter), "%.*s", (int)strlen(name) - 1, name);
	abstract = forked_socket(name, SOCK_STREAM);
	cr_assert(eq(int, check(abstract, path, false, NULL), -EADDRNOTAVAIL));
	cr_assert(eq(int, check(abstract, shorter, false, NULL), -EADDRNOTAVAIL));
	cr_assert(zero(int, check(abstract, name, false, NULL)));
}

Test(endpoint, refuses_what_serves_no_clients)
{
	_cleanup_fd_ int tcp = forked_socket("any", SOCK_STREAM);
	_cleanup_fd_ int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_fd_ int unbound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_fd_ int accepted = -1;
	struct sockaddr_in to;
	socklen_t size = sizeof(to);
	struct error err = { 0 };
	char at[32];
	int ends[2];

	snprintf(at, sizeof(at), "%s", loopback(forked_port(tcp)));
	cr_assert(zero(int, getsockname(tcp, (struct sockaddr *)&to, &size)));
	cr_assert(zero(int, connect(client, (struct sockaddr *)&to, size)));
	accepted = accept(tcp, NULL, NULL);
	cr_assert(eq(int, check(accepted, at, false, &err), -EISCONN));
	cr_assert(ne(ptr, strstr(err.msg, "Accept=yes"), NULL), "%s", err.msg);
	cr_assert(zero(int, pipe(ends)));
	cr_assert(eq(int, check(ends[0], at, false, &err), -ENOTSOCK));
	cr_assert(ne(ptr, strstr(err.msg, "no socket"), NULL), "%s", err.msg);
	close(ends[0]);
	close(ends[1]);
	to.sin_port = 0;
	cr_assert(zero(int, bind(unbound, (struct sockaddr *)&to, size)));
	cr_assert(eq(int, check(unbound, loopback(forked_port(unbound)), false, &err), -EINVAL));
}

Test(endpoint, notices_a_socket_that_a_workload_shut_down)
{
	_cleanup_fd_ int local = -1, datagram = -1;
	char name[64];

	snprintf(name, sizeof(name), "@kapsel-shut-%d", (int)getpid());
	local = forked_socket(name, SOCK_STREAM);
	datagram = forked_socket(name, SOCK_DGRAM);
	shutdown(local, SHUT_RDWR);
	shutdown(datagram, SHUT_RDWR);
	cr_assert(eq(int, check(local, name, false, NULL), -ESHUTDOWN));
	cr_assert(eq(int, check(datagram, name, true, NULL), -ESHUTDOWN));
}
