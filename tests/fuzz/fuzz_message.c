/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages between processes: requests to a supervisor, answers of the kernel by netlink. The first byte
 * chooses.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher/oci/net_link.h"
#include "launcher/oci/netlink.h"
#include "launcher/service/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
	if (!truth)
		abort();
}

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] == 'n')
		netlink(data + 1, size - 1);
	else
		control(data, size);
	return 0;
}
