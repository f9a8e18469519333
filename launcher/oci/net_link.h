/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Network devices through rtnetlink(7): find one, read its lasting addresses, move it to another network
 * namespace, name it, address it, set it up. A socket works in the namespace that it was opened in.
 */
#include <linux/if_addr.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct nlmsghdr;

enum { NET_ADDRESSES_MAX = 64, NET_ADDRESS_SIZE = 16 };

struct net_link {
	int index;
	bool up;
	char name[IF_NAMESIZE];
};

struct net_address_part {
	size_t size; /* 0: not given */
	unsigned char bytes[NET_ADDRESS_SIZE];
};

/* As RTM_NEWADDR takes it. */
struct net_address {
	struct ifaddrmsg header;
	uint32_t flags; /* IFA_F_* that can be given */
	uint32_t priority;
	struct net_address_part local, address, broadcast;
	struct ifa_cacheinfo lifetimes; /* valid for ever; preferred maybe not */
};

struct net_addresses {
	struct net_address items[NET_ADDRESSES_MAX];
	size_t n;
};

/** net_link_find() - 0 or -errno, -ENODEV when this namespace has no device @name. */
int net_link_find(int sock, const char *name, struct net_link *ret) _must_check_;

/** net_link_find_index() - the same by its number. */
int net_link_find_index(int sock, int index, struct net_link *ret) _must_check_;

/** net_link_each() - call @visit for every device, up to the first that it returns non-zero for. 0 or -errno.
 */
int net_link_each(int sock, bool (*visit)(const struct net_link *link, void *arg), void *arg) _must_check_;

/**
 * net_link_addresses() - the permanent addresses of global scope of one device, IPv4 and IPv6, in their order
 *
 * Return: 0, -E2BIG for more than NET_ADDRESSES_MAX, or -errno.
 */
int net_link_addresses(int sock, int index, struct net_addresses *ret) _must_check_;

/**
 * net_link_take_address() - add what an RTM_NEWADDR message says if it is such an address of device @index
 *
 * Return: 0, -E2BIG, or -EBADMSG for a message that is none.
 */
int net_link_take_address(const struct nlmsghdr *message, int index, struct net_addresses *addresses)
	_must_check_;

/** net_link_has_address() - Return: whether the list has the same address and prefix. */
bool net_link_has_address(const struct net_addresses *addresses, const struct net_address *wanted);

/**
 * net_link_move() - into the namespace @netns_fd, where it is called @name
 *
 * It arrives down and without addresses, and may have another number. When only the renaming fails, it is
 * there already: @name must be one that nobody has. Return: 0 or -errno.
 */
int net_link_move(int sock, int index, int netns_fd, const char *name) _must_check_;

/** net_link_rename() - a name may hold one "%d" for the kernel to choose a free number. 0 or -errno. */
int net_link_rename(int sock, int index, const char *name) _must_check_;

/** net_link_add_address() - 0 (also when it is there) or -errno. */
int net_link_add_address(int sock, int index, const struct net_address *address) _must_check_;

/** net_link_set_up() - 0 or -errno. */
int net_link_set_up(int sock, int index) _must_check_;
