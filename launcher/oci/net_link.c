/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/net_link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"
#include "launcher/oci/netlink.h"

/* A table that changes while it is read is read again, not for ever. */
enum { DUMP_TRIES = 10 };

/* What says how an address is used; the others tell its state. */
#define KEPT_FLAGS                                                                                           \
	(IFA_F_NODAD | IFA_F_OPTIMISTIC | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE |   \
	 IFA_F_MCAUTOJOIN)

static int take_link(const struct nlmsghdr *message, struct net_link *ret)
{
	const struct ifinfomsg *header = netlink_header(message, sizeof(*header));
	struct netlink_attribute attributes[IFLA_IFNAME + 1];
	const char *name;

	if (message->nlmsg_type != RTM_NEWLINK || !header ||
	    netlink_attributes(message, sizeof(*header), attributes, IFLA_IFNAME + 1) < 0)
		return -EBADMSG;
	name = netlink_text(&attributes[IFLA_IFNAME]);
	if (*name == '\0' || strlen(name) >= sizeof(ret->name) || header->ifi_index <= 0)
		return -EBADMSG;
	*ret = (struct net_link){ .index = header->ifi_index, .up = header->ifi_flags & IFF_UP };
	memcpy(ret->name, name, strlen(name));
	return 0;
}

static int take_one(const struct nlmsghdr *message, void *arg)
{
	return take_link(message, arg);
}

static int find(int sock, int index, const char *name, struct net_link *ret)
{
	const struct ifinfomsg header = { .ifi_family = AF_UNSPEC, .ifi_index = index };
	struct netlink_request request;
	int r;

	netlink_begin(&request, RTM_GETLINK, NLM_F_ACK, &header, sizeof(header));
	if (name)
		netlink_add_text(&request, IFLA_IFNAME, name);
	*ret = (struct net_link){ 0 };
	r = netlink_ask(sock, &request, take_one, ret);
	return r == 0 && ret->index == 0 ? -EBADMSG : r;
}

int net_link_find(int sock, const char *name, struct net_link *ret)
{
	return find(sock, 0, name, ret);
}

int net_link_find_index(int sock, int index, struct net_link *ret)
{
	return find(sock, index, NULL, ret);
}

struct walk {
	bool (*visit)(const struct net_link *link, void *arg);
	void *arg;
	bool over;
};

static int take_next(const struct nlmsghdr *message, void *arg)
{
	struct walk *walk = arg;
	struct net_link link;
	int r = take_link(message, &link);

	if (r == 0 && !walk->over)
		walk->over = walk->visit(&link, walk->arg);
	return r;
}

int net_link_each(int sock, bool (*visit)(const struct net_link *link, void *arg), void *arg)
{
	const struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
	struct walk walk = { .visit = visit, .arg = arg };
	struct netlink_request request;
	int r = -EINTR;

	for (int i = 0; i < DUMP_TRIES && r == -EINTR && !walk.over; i++) {
		netlink_begin(&request, RTM_GETLINK, NLM_F_DUMP, &header, sizeof(header));
		r = netlink_ask(sock, &request, take_next, &walk);
	}
	return walk.over ? 0 : r;
}

static int take_part(const struct netlink_attribute *attribute, struct net_address_part *ret)
{
	if (attribute->size > sizeof(ret->bytes))
		return -EBADMSG;
	ret->size = attribute->size;
	if (attribute->size > 0)
		memcpy(ret->bytes, attribute->data, attribute->size);
	return 0;
}

int net_link_take_address(const struct nlmsghdr *message, int index, struct net_addresses *addresses)
{
	const struct ifaddrmsg *header = netlink_header(message, sizeof(*header));
	struct netlink_attribute attributes[IFA_MAX + 1];
	struct net_address address = { 0 };
	uint32_t flags;

	if (message->nlmsg_type != RTM_NEWADDR || !header ||
	    netlink_attributes(message, sizeof(*header), attributes, IFA_MAX + 1) < 0)
		return -EBADMSG;
	/* The header has room for the first eight flags only. */
	flags = attributes[IFA_FLAGS].data ? netlink_u32(&attributes[IFA_FLAGS]) : header->ifa_flags;
	if (header->ifa_index != (uint32_t)index || header->ifa_scope != RT_SCOPE_UNIVERSE ||
	    !(flags & IFA_F_PERMANENT) || (header->ifa_family != AF_INET && header->ifa_family != AF_INET6))
		return 0;
	if (take_part(&attributes[IFA_LOCAL], &address.local) < 0 ||
	    take_part(&attributes[IFA_ADDRESS], &address.address) < 0 ||
	    take_part(&attributes[IFA_BROADCAST], &address.broadcast) < 0)
		return -EBADMSG;
	if (addresses->n == NET_ADDRESSES_MAX)
		return -E2BIG;
	address.header = *header;
	address.flags = flags & KEPT_FLAGS;
	address.priority = netlink_u32(&attributes[IFA_RT_PRIORITY]);
	if (attributes[IFA_CACHEINFO].size >= sizeof(address.lifetimes))
		memcpy(&address.lifetimes, attributes[IFA_CACHEINFO].data, sizeof(address.lifetimes));
	addresses->items[addresses->n++] = address;
	return 0;
}

struct search {
	int index;
	struct net_addresses *addresses;
};

static int take_matching(const struct nlmsghdr *message, void *arg)
{
	struct search *search = arg;

	return net_link_take_address(message, search->index, search->addresses);
}

int net_link_addresses(int sock, int index, struct net_addresses *ret)
{
	const struct ifaddrmsg header = { .ifa_family = AF_UNSPEC };
	struct search search = { .index = index, .addresses = ret };
	struct netlink_request request;
	int r = -EINTR;

	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		ret->n = 0;
		netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, &header, sizeof(header));
		r = netlink_ask(sock, &request, take_matching, &search);
	}
	return r;
}

static bool same_part(const struct net_address_part *a, const struct net_address_part *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

bool net_link_has_address(const struct net_addresses *addresses, const struct net_address *wanted)
{
	for (size_t i = 0; i < addresses->n; i++) {
		const struct net_address *item = &addresses->items[i];

		if (item->header.ifa_family == wanted->header.ifa_family &&
		    item->header.ifa_prefixlen == wanted->header.ifa_prefixlen &&
		    same_part(&item->local, &wanted->local) && same_part(&item->address, &wanted->address))
			return true;
	}
	return false;
}

static int change(int sock, const struct ifinfomsg *header, int netns_fd, const char *name)
{
	struct netlink_request request;

	netlink_begin(&request, RTM_SETLINK, NLM_F_ACK, header, sizeof(*header));
	if (netns_fd >= 0)
		netlink_add_u32(&request, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	if (name)
		netlink_add_text(&request, IFLA_IFNAME, name);
	return netlink_ask(sock, &request, NULL, NULL);
}

int net_link_move(int sock, int index, int netns_fd, const char *name)
{
	const struct ifinfomsg header = { .ifi_family = AF_UNSPEC, .ifi_index = index };

	return change(sock, &header, netns_fd, name);
}

int net_link_rename(int sock, int index, const char *name)
{
	const struct ifinfomsg header = { .ifi_family = AF_UNSPEC, .ifi_index = index };

	return change(sock, &header, -1, name);
}

int net_link_set_up(int sock, int index)
{
	const struct ifinfomsg header = {
		.ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP
	};

	return change(sock, &header, -1, NULL);
}

static void add_part(struct netlink_request *request, uint16_t type, const struct net_address_part *part)
{
	if (part->size > 0)
		netlink_add(request, type, part->bytes, part->size);
}

int net_link_add_address(int sock, int index, const struct net_address *address)
{
	struct ifaddrmsg header = address->header;
	struct netlink_request request;
	int r;

	header.ifa_index = (uint32_t)index;
	header.ifa_flags = (uint8_t)address->flags;
	netlink_begin(&request, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	add_part(&request, IFA_LOCAL, &address->local);
	add_part(&request, IFA_ADDRESS, &address->address);
	add_part(&request, IFA_BROADCAST, &address->broadcast);
	netlink_add_u32(&request, IFA_FLAGS, address->flags);
	if (address->priority)
		netlink_add_u32(&request, IFA_RT_PRIORITY, address->priority);
	if (address->lifetimes.ifa_valid)
		netlink_add(&request, IFA_CACHEINFO, &address->lifetimes, sizeof(address->lifetimes));
	r = netlink_ask(sock, &request, NULL, NULL);
	return r == -EEXIST ? 0 : r;
}
