/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages between processes: requests to a supervisor and its answers, netlink as the kernel answers it, as
 * we write it, and both with a kernel at the other end. The first byte chooses: a: an answer, q: the words of
 * a request to be sent, n: a datagram of netlink, w: a request to be written, k: one that this kernel gets,
 * in a network namespace of its own, i: what init sends to the launcher, g: what the process of an OCI
 * container sends to `start`; anything else is a request to a supervisor.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/net_link.h"
#include "launcher/oci/netlink.h"
#include "launcher/oci/processes/processes.h"
#include "launcher/processes/processes.h"
#include "launcher/run.h"
#include "launcher/service/control.h"
#include "tests/fuzz/demand.h"

static void control(const uint8_t *data, size_t size)
{
	static struct control_request request;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		abort();
	if (send(pair[0], data, size, MSG_NOSIGNAL) == (ssize_t)size) {
		r = control_receive(pair[1], &request);
		demand(r <= 0);
		if (r == 0) {
			demand(request.n > 0 && request.n <= CONTROL_WORDS_MAX && !request.words[request.n]);
			for (size_t i = 0; i < request.n; i++)
				demand(strlen(request.words[i]) < sizeof(request.packet));
			for (int i = 0; i < CONTROL_FDS; i++)
				demand(request.fds[i] < 0);
		}
	}
	close(pair[0]);
	close(pair[1]);
}

static void netlink(const uint8_t *data, size_t size)
{
	static struct net_addresses addresses;
	struct netlink_attribute attributes[IFLA_MAX + 1];
	/* Datagrams come aligned, in a buffer of their own. */
	char *copy = malloc(size ? size : 1);
	const void *at = copy;
	const struct nlmsghdr *message;
	size_t left = size;

	if (!copy)
		return;
	memcpy(copy, data, size);
	addresses.n = 0;
	while ((message = netlink_next(&at, &left))) {
		(void)!net_link_take_address(message, 1, &addresses);
		demand(addresses.n <= NET_ADDRESSES_MAX);
		if (!netlink_header(message, sizeof(struct ifinfomsg)) ||
		    netlink_attributes(message, sizeof(struct ifinfomsg), attributes, IFLA_MAX + 1) < 0)
			continue;
		for (int i = 0; i <= IFLA_MAX; i++) {
			(void)netlink_u32(&attributes[i]);
			demand(strlen(netlink_text(&attributes[i])) <= size);
		}
	}
	free(copy);
}

/* What a supervisor, or something in its place, says. */
static void answer(const uint8_t *data, size_t size)
{
	char text[64];
	struct error err = { 0 };
	int64_t number = 0;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		abort();
	if (send(pair[0], data, size, MSG_NOSIGNAL) == (ssize_t)size) {
		memset(text, 'x', sizeof(text));
		r = control_answer(pair[1], &number, text, sizeof(text), &err);
		demand(r <= 0 && (r < 0) == (err.code != 0));
		demand(r < 0 || strnlen(text, sizeof(text)) < sizeof(text));
	}
	/* And back, by the functions of the other side: what was refused is refused for the same reason. */
	err.step[0] = '\0';
	if (err.code > 0) {
		struct error again = { 0 };

		control_refuse(pair[0], &err);
		demand(control_answer(pair[1], NULL, NULL, 0, &again) == -err.code);
	} else {
		control_accept(pair[0], number, text);
		demand(control_answer(pair[1], &number, text, sizeof(text), &err) == 0);
	}
	close(pair[0]);
	close(pair[1]);
}

/* The words of the request, sent as a client does, must arrive as they are. */
static void ask(const uint8_t *data, size_t size)
{
	static struct control_request request;
	const char *words[CONTROL_WORDS_MAX + 2];
	char *copy = malloc(size + 1), *rest = copy;
	struct error err = { 0 };
	int pair[2], fds[CONTROL_FDS];
	size_t n = 0;

	if (!copy || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		abort();
	memcpy(copy, data, size);
	copy[size] = '\0';
	while (rest && n < CONTROL_WORDS_MAX + 2)
		words[n++] = strsep(&rest, "\n");
	for (size_t i = 0; i < CONTROL_FDS; i++)
		fds[i] = pair[0];
	if (control_send(pair[0], words, n, n % 2 ? fds : NULL, &err) == 0) {
		demand(control_receive(pair[1], &request) == 0 && request.n == n);
		for (size_t i = 0; i < n; i++)
			demand(strcmp(request.words[i], words[i]) == 0);
		for (size_t i = 0; i < CONTROL_FDS; i++)
			fd_close(&request.fds[i]);
	} else {
		demand(err.msg[0] != '\0');
	}
	close(pair[0]);
	close(pair[1]);
	free(copy);
}

/* Attributes: a byte for the type, one for the size, then that many bytes. They must read as written. */
static void write_request(const uint8_t *data, size_t size)
{
	static struct netlink_request request;
	struct netlink_attribute attributes[16];
	const struct ifinfomsg header = { .ifi_index = 1 };
	const uint8_t *last = NULL;
	size_t last_size = 0, left;
	const struct nlmsghdr *message;
	const void *at = request.bytes;

	netlink_begin(&request, RTM_NEWLINK, NLM_F_ACK, &header, sizeof(header));
	while (size >= 2 && size - 2 >= data[1]) {
		netlink_add(&request, data[0], data + 2, data[1]);
		if (data[0] == 1) {
			last = data + 2;
			last_size = data[1];
		}
		size -= 2 + (size_t)data[1];
		data += 2 + (size_t)data[1];
	}
	netlink_add_u32(&request, 2, 4711);
	netlink_add_text(&request, 3, "eth0");
	demand(request.used <= sizeof(request.bytes));
	if (request.overflow)
		return;
	left = request.used;
	message = netlink_next(&at, &left);
	demand(message && left == 0 && netlink_attributes(message, sizeof(header), attributes, 16) == 0);
	demand(netlink_u32(&attributes[2]) == 4711 && strcmp(netlink_text(&attributes[3]), "eth0") == 0);
	demand(attributes[1].size == last_size &&
	       (!last || memcmp(attributes[1].data, last, last_size) == 0));
}

/* A socket of a namespace that is ours alone; -1 where that is not allowed. */
static int own_network(int *ret_netns)
{
	static int sock = -2, netns = -1;
	struct error err = { 0 };
	int other;

	if (sock == -2 && unshare(CLONE_NEWNET) < 0)
		sock = -1;
	if (sock == -2) {
		sock = netlink_open();
		netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		other = netlink_open_in(netns, &err);
		demand((other < 0) == (err.msg[0] != '\0'));
		if (other >= 0)
			close(other);
	}
	*ret_netns = netns;
	return sock;
}

static bool see(const struct net_link *link, void *arg)
{
	demand(link->index > 0 && strnlen(link->name, sizeof(link->name)) < sizeof(link->name));
	++*(int *)arg;
	return false;
}

static void ask_kernel(const uint8_t *data, size_t size)
{
	static struct net_addresses addresses;
	struct net_address address = { .lifetimes = { .ifa_prefered = UINT32_MAX, .ifa_valid = UINT32_MAX } };
	char name[IF_NAMESIZE * 2] = "";
	struct net_link link;
	int netns, sock = own_network(&netns), n = 0;

	if (sock < 0 || size < 1)
		return;
	memcpy(name, data + 1, size - 1 < sizeof(name) ? size - 1 : sizeof(name) - 1);
	(void)!net_link_find(sock, name, &link);
	if (net_link_find_index(sock, data[0] % 4, &link) < 0)
		link.index = 1;
	demand(net_link_each(sock, see, &n) == 0 && n > 0);
	address.header.ifa_family = data[0] & 0x80 ? AF_INET6 : AF_INET;
	address.header.ifa_prefixlen = data[0] & 0x1f;
	address.local.size = address.header.ifa_family == AF_INET ? 4 : 16;
	memcpy(address.local.bytes, name, NET_ADDRESS_SIZE);
	address.address = address.local;
	if (data[0] & 0x40)
		address.broadcast = address.local;
	if (net_link_add_address(sock, link.index, &address) == 0 &&
	    net_link_addresses(sock, link.index, &addresses) == 0)
		(void)net_link_has_address(&addresses, &address);
	(void)!net_link_rename(sock, link.index, name);
	(void)!net_link_move(sock, link.index, netns, name);
	if (data[0] & 0x20)
		(void)!net_link_set_up(sock, link.index);
}

static void check_error(const struct error *err, int r)
{
	demand(r == -err->code && r < 0);
	demand(strnlen(err->step, sizeof(err->step)) < sizeof(err->step));
	demand(strnlen(err->msg, sizeof(err->msg)) < sizeof(err->msg));
	demand(strnlen(err->remedy, sizeof(err->remedy)) < sizeof(err->remedy));
	demand(err->exit_status == 0 || err->exit_status == EXIT_NOT_EXECUTABLE ||
	       err->exit_status == EXIT_NOT_FOUND);
}

/* As much of a struct message as there are bytes, the rest is what the last byte says. */
static void init_message(const uint8_t *data, size_t size, struct message *ret)
{
	memset(ret, size ? data[size - 1] : 'x', sizeof(*ret));
	memcpy(ret, data, size < sizeof(*ret) ? size : sizeof(*ret));
}

static void hear_init(const uint8_t *data, size_t size)
{
	struct message message;
	struct error err;
	int r;

	init_message(data, size, &message);
	r = wire_take(&message.error, &err);
	check_error(&err, r);
}

static int take_listener(int fd, const void *arg, struct error *err)
{
	(void)arg;
	demand(fd >= 0);
	return fcntl(fd, F_GETFD) & FD_CLOEXEC ? 0 : error_set(err, EBADF, "keep the listener");
}

/* Each message with a descriptor, which is closed again by whoever took it. */
static void hear_gate(const uint8_t *data, size_t size)
{
	struct message message;
	struct error err = { 0 };
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	init_message(data, size, &message);
	(void)!fd_send(pair[0], &message, size % 7 ? sizeof(message) : size % sizeof(message), &pair[1], 1);
	message.type = MESSAGE_FAILED;
	(void)!fd_send(pair[0], &message, sizeof(message), NULL, 0);
	close(pair[0]);
	r = oci_wire_hear(pair[1], take_listener, NULL, &err);
	demand(r == 0 || err.msg[0] || err.code > 0);
	if (r < 0)
		check_error(&err, r);
	close(pair[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	switch (data[0]) {
	case 'a':
		answer(data + 1, size - 1);
		break;
	case 'i':
		hear_init(data + 1, size - 1);
		break;
	case 'g':
		hear_gate(data + 1, size - 1);
		break;
	case 'n':
		netlink(data + 1, size - 1);
		break;
	case 'q':
		ask(data + 1, size - 1);
		break;
	case 'w':
		write_request(data + 1, size - 1);
		break;
	case 'k':
		ask_kernel(data + 1, size - 1);
		break;
	default:
		control(data, size);
		break;
	}
	return 0;
}
