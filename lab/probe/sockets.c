/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D6: sockets. */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "lab/probe/attempt.h"
#include "lab/probe/numbers.h"

static long open_socket(const struct probe *probe, struct outcome *out)
{
	(void)out;
	return syscall(SYS_socket, probe->a, probe->b, probe->c);
}

static struct sockaddr_in loopback(unsigned int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static int listen_somewhere(struct sockaddr_in *ret, struct outcome *out)
{
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(*ret);

	*ret = loopback(0);
	if (fd < 0)
		return (int)attempt_step(out, "socket");
	if (bind(fd, (struct sockaddr *)ret, sizeof(*ret)) < 0)
		return (int)attempt_step(out, "bind");
	if (listen(fd, 1) < 0)
		return (int)attempt_step(out, "listen");
	if (getsockname(fd, (struct sockaddr *)ret, &size) < 0)
		return (int)attempt_step(out, "getsockname");
	return take_fd(&fd);
}

/* Landlock's connect rule is not asked for this way of connecting. */
static long send_fast(const struct probe *probe, struct outcome *out)
{
	struct sockaddr_in address;
	_cleanup_fd_ int server = listen_somewhere(&address, out);
	_cleanup_fd_ int fd = -1;

	if (server < 0)
		return -1;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return attempt_step(out, "socket");
	return sendto(fd, "x", 1, (int)probe->a, (struct sockaddr *)&address, sizeof(address));
}

/* The same against a closed port: no server role is needed to see the flag refused. */
static long send_fast_closed(const struct probe *probe, struct outcome *out)
{
	struct sockaddr_in address = loopback(1);
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return attempt_step(out, "socket");
	return sendto(fd, "x", 1, (int)probe->a, (struct sockaddr *)&address, sizeof(address));
}

static long listen_unbound(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)probe;
	if (fd < 0)
		return attempt_step(out, "socket");
	return listen(fd, 1);
}

static long connect_loopback(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = -1;
	const char *port = getenv("PROBE_HOST_PORT");
	struct sockaddr_in address;

	(void)probe;
	if (!port)
		return attempt_untestable(out, "PROBE_HOST_PORT does not name a port of the host's loopback");
	address = loopback((unsigned int)strtoul(port, NULL, 10));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return attempt_step(out, "socket");
	return connect(fd, (struct sockaddr *)&address, sizeof(address));
}

static long connect_abstract(const struct probe *probe, struct outcome *out)
{
	_cleanup_fd_ int fd = -1;
	const char *name = getenv("PROBE_HOST_ABSTRACT");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length;

	(void)probe;
	if (!name)
		return attempt_untestable(out,
					  "PROBE_HOST_ABSTRACT does not name an abstract socket of the host");
	length = strnlen(name, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path + 1, name, length);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return attempt_step(out, "socket");
	return connect(fd, (struct sockaddr *)&address,
		       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length));
}

/* What a profile that mounts an engine's socket gives away: whoever may connect is root on the host. */
static long connect_socket_file(const struct probe *probe, struct outcome *out)
{
	static const char *const known[] = {
		"/run/docker.sock",        "/var/run/docker.sock",        "/run/containerd/containerd.sock",
		"/run/podman/podman.sock", "/run/dbus/system_bus_socket", "/run/systemd/private",
	};
	const char *named = getenv("PROBE_HOST_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int saved = ENOENT;

	(void)probe;
	if (fd < 0)
		return attempt_step(out, "socket");
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		snprintf(address.sun_path, sizeof(address.sun_path), "%s", named ? named : known[i]);
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
			attempt_note(out, "%s answers", address.sun_path);
			return 0;
		}
		if (errno != ENOENT)
			saved = errno;
	}
	errno = saved;
	return -1;
}

#define HIGH_BIT (1L << 32)
#define FAMILY(name, family, type)                                                                           \
	{                                                                                                    \
		98, "socket-" name, "open a socket of family " #family, open_socket, 0, family, type, 0      \
	}
#define NETLINK(name, tries, protocol)                                                                       \
	{                                                                                                    \
		99, "netlink-" name, tries, open_socket, 0, AF_NETLINK, SOCK_RAW, protocol                   \
	}

const struct probe probes_sockets[] = {
	{ 94, "socket-raw-icmp", "open a raw socket", open_socket, 0, AF_INET, SOCK_RAW, IPPROTO_ICMP },
	{ 94, "socket-raw6", "open a raw IPv6 socket", open_socket, 0, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6 },
	{ 95, "socket-packet", "open a packet socket", open_socket, 0, AF_PACKET, SOCK_RAW, 0 },
	{ 95, "socket-packet-bit32", "open a packet socket, with a bit that only a filter sees", open_socket,
	  0, AF_PACKET | HIGH_BIT, SOCK_RAW, 0 },
	{ 96, "socket-alg", "open a crypto socket", open_socket, 0, AF_ALG, SOCK_SEQPACKET, 0 },
	{ 97, "socket-vsock", "open a socket to the hypervisor", open_socket, 0, AF_VSOCK, SOCK_STREAM, 0 },
	FAMILY("xdp", AF_XDP, SOCK_RAW),
	FAMILY("key", AF_KEY, SOCK_RAW),
	FAMILY("can", AF_CAN, SOCK_RAW),
	FAMILY("bluetooth", AF_BLUETOOTH, SOCK_RAW),
	FAMILY("tipc", AF_TIPC, SOCK_RDM),
	FAMILY("rds", AF_RDS, SOCK_SEQPACKET),
	FAMILY("qipcrtr", AF_QIPCRTR, SOCK_DGRAM),
	FAMILY("smc", AF_SMC, SOCK_STREAM),
	FAMILY("nfc", AF_NFC, SOCK_SEQPACKET),
	FAMILY("llc", AF_LLC, SOCK_DGRAM),
	NETLINK("audit", "open a netlink socket to the audit subsystem", 9),
	NETLINK("netfilter", "open a netlink socket to netfilter", 12),
	NETLINK("xfrm", "open a netlink socket to IPsec", 6),
	NETLINK("uevent", "open a netlink socket for device events", 15),
	NETLINK("sock-diag", "open a netlink socket to list sockets", 4),
	NETLINK("generic", "open a generic netlink socket", 16),
	{ 99, "netlink-route", "open a route socket", open_socket, 0, AF_NETLINK, SOCK_RAW, 0 },
	{ 98, "socket-unix", "open a unix socket", open_socket, 0, AF_UNIX, SOCK_STREAM, 0 },
	{ 98, "socket-inet", "open a TCP socket", open_socket, 0, AF_INET, SOCK_STREAM, 0 },
	{ 100, "socket-mptcp", "open an MPTCP socket", open_socket, 0, AF_INET, SOCK_STREAM, 262 },
	{ 101, "sendto-fastopen", "connect by TCP fast open", send_fast, 0, MSG_FASTOPEN | MSG_NOSIGNAL },
	{ 101, "sendto-fastopen-closed", "connect by TCP fast open to a closed port", send_fast_closed, 0,
	  MSG_FASTOPEN | MSG_NOSIGNAL },
	{ 102, "listen-unbound", "listen without bind", listen_unbound, 0 },
	{ 103, "connect-host-loopback", "connect to a port of the host's loopback", connect_loopback, 0 },
	{ 105, "connect-host-abstract", "connect to an abstract socket of the host", connect_abstract, 0 },
	{ 106, "connect-host-socket", "connect to a socket file of the host", connect_socket_file, 0 },
	{ 0 },
};
