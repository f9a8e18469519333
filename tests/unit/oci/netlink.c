/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages in memory: what is written, and what is read of bytes that nobody promised anything about. */
#include "launcher/oci/netlink.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "launcher/oci/net_link.h"

static const struct nlmsghdr *written(const struct netlink_request *request)
{
	return (const struct nlmsghdr *)request->bytes;
}

static struct netlink_request link_request(void)
{
	const struct ifinfomsg header = { .ifi_index = 7 };
	struct netlink_request request;

	memset(&request, 0xee, sizeof(request));
	netlink_begin(&request, RTM_SETLINK, NLM_F_ACK, &header, sizeof(header));
	return request;
}

Test(netlink, writes_a_header_that_says_how_long_the_message_is)
{
	struct netlink_request request = link_request();

	cr_assert(eq(u32, written(&request)->nlmsg_len, NLMSG_LENGTH(sizeof(struct ifinfomsg))));
	cr_assert(eq(int, written(&request)->nlmsg_type, RTM_SETLINK));
	cr_assert(eq(int, written(&request)->nlmsg_flags, NLM_F_ACK | NLM_F_REQUEST));
}

Test(netlink, pads_attributes_with_zeros)
{
	struct netlink_request request = link_request();
	size_t before = request.used;

	netlink_add_text(&request, IFLA_IFNAME, "eth0");
	cr_assert(eq(sz, request.used, before + 12));
	cr_assert(eq(u32, written(&request)->nlmsg_len, (uint32_t)request.used));
	cr_assert(zero(int, memcmp(request.bytes + before,
				   "\x09\x00\x03\x00"
				   "eth0\0\0\0",
				   12)));
}

Test(netlink, reads_what_it_wrote)
{
	struct netlink_request request = link_request();
	struct netlink_attribute attributes[IFLA_MAX + 1];
	const struct ifinfomsg *header;

	netlink_add_text(&request, IFLA_IFNAME, "eth0");
	netlink_add_u32(&request, IFLA_MTU, 1400);
	header = netlink_header(written(&request), sizeof(*header));
	cr_assert(ne(ptr, header, NULL));
	cr_assert(eq(int, header->ifi_index, 7));
	cr_assert(
		zero(int, netlink_attributes(written(&request), sizeof(*header), attributes, IFLA_MAX + 1)));
	cr_assert(eq(str, netlink_text(&attributes[IFLA_IFNAME]), "eth0"));
	cr_assert(eq(u32, netlink_u32(&attributes[IFLA_MTU]), 1400));
	cr_assert(eq(ptr, attributes[IFLA_ADDRESS].data, NULL));
}

Test(netlink, does_not_send_a_request_that_did_not_fit)
{
	struct netlink_request request = link_request();
	char large[NETLINK_REQUEST_MAX] = { 0 };

	netlink_add(&request, IFLA_IFALIAS, large, sizeof(large));
	cr_assert(request.overflow);
	netlink_add_u32(&request, IFLA_MTU, 1400);
	cr_assert(eq(int, netlink_ask(-1, &request, NULL, NULL), -EMSGSIZE));
}

Test(netlink, fills_a_request_to_its_last_byte_and_no_further)
{
	struct netlink_request request = link_request();
	char rest[NETLINK_REQUEST_MAX] = { 0 };

	netlink_add(&request, IFLA_IFALIAS, rest, sizeof(request.bytes) - request.used - NLA_HDRLEN);
	cr_assert(not(request.overflow));
	cr_assert(eq(sz, request.used, sizeof(request.bytes)));
	netlink_add(&request, IFLA_IFALIAS, NULL, 0);
	cr_assert(request.overflow);
}

Test(netlink, refuses_an_attribute_of_more_than_a_length_field_can_say)
{
	struct netlink_request request = link_request();

	netlink_add(&request, IFLA_IFALIAS, "", SIZE_MAX - 2);
	cr_assert(request.overflow);
}

Test(netlink, walks_over_all_messages_of_a_datagram)
{
	struct nlmsghdr bytes[3] = { { .nlmsg_len = sizeof(struct nlmsghdr), .nlmsg_seq = 1 },
				     { .nlmsg_len = 2 * sizeof(struct nlmsghdr), .nlmsg_seq = 2 } };
	size_t left = sizeof(bytes);
	const void *at = bytes;

	cr_assert(eq(u32, netlink_next(&at, &left)->nlmsg_seq, 1));
	cr_assert(eq(u32, netlink_next(&at, &left)->nlmsg_seq, 2));
	cr_assert(eq(ptr, netlink_next(&at, &left), NULL));
	cr_assert(zero(sz, left));
}

Test(netlink, stops_at_a_message_that_is_longer_than_what_came)
{
	struct nlmsghdr bytes = { .nlmsg_len = sizeof(bytes) + 1 };
	size_t left = sizeof(bytes);
	const void *at = &bytes;

	cr_assert(eq(ptr, netlink_next(&at, &left), NULL));
	cr_assert(eq(sz, left, sizeof(bytes)));
	bytes.nlmsg_len = 0xffffffff;
	cr_assert(eq(ptr, netlink_next(&at, &left), NULL));
	bytes.nlmsg_len = sizeof(bytes) - 1;
	cr_assert(eq(ptr, netlink_next(&at, &left), NULL));
	bytes.nlmsg_len = 0;
	cr_assert(eq(ptr, netlink_next(&at, &left), NULL));
}

Test(netlink, has_no_header_for_a_message_that_is_too_short)
{
	struct nlmsghdr message = { .nlmsg_len = sizeof(message) };
	struct netlink_attribute attributes[2];

	cr_assert(eq(ptr, netlink_header(&message, 1), NULL));
	cr_assert(eq(int, netlink_attributes(&message, 1, attributes, 2), -EBADMSG));
}

static int attributes_of(const struct nlattr *first)
{
	struct {
		struct nlmsghdr message;
		struct nlattr attributes[2];
	} bytes = { { .nlmsg_len = sizeof(bytes) }, { *first, { .nla_len = NLA_HDRLEN, .nla_type = 1 } } };
	struct netlink_attribute attributes[4];

	return netlink_attributes(&bytes.message, 0, attributes, 4);
}

Test(netlink, refuses_an_attribute_that_reaches_over_the_end)
{
	cr_assert(zero(int, attributes_of(&(struct nlattr){ .nla_len = 2 * NLA_HDRLEN })));
	cr_assert(eq(int, attributes_of(&(struct nlattr){ .nla_len = 2 * NLA_HDRLEN + 1 }), -EBADMSG));
	cr_assert(eq(int, attributes_of(&(struct nlattr){ .nla_len = 0xffff }), -EBADMSG));
}

Test(netlink, refuses_an_attribute_shorter_than_its_own_header)
{
	/* A length of 0 would be read for ever. */
	cr_assert(eq(int, attributes_of(&(struct nlattr){ .nla_len = 0 }), -EBADMSG));
	cr_assert(eq(int, attributes_of(&(struct nlattr){ .nla_len = 3 }), -EBADMSG));
}

Test(netlink, leaves_out_attributes_of_types_that_nobody_asked_for)
{
	cr_assert(zero(int, attributes_of(&(struct nlattr){ .nla_len = NLA_HDRLEN, .nla_type = 0x3fff })));
}

Test(netlink, takes_a_string_only_with_its_end)
{
	const struct netlink_attribute open_ended = { .data = "eth0", .size = 4 }, none = { 0 };

	cr_assert(eq(str, netlink_text(&open_ended), ""));
	cr_assert(eq(str, netlink_text(&none), ""));
}

Test(netlink, takes_a_number_only_of_its_size)
{
	const struct netlink_attribute small = { .data = "\xff\xff", .size = 2 }, none = { 0 };

	cr_assert(zero(u32, netlink_u32(&small)));
	cr_assert(zero(u32, netlink_u32(&none)));
}

/* --- addresses --- */

static struct netlink_request address_message(uint8_t scope, uint32_t flags, size_t size)
{
	const struct ifaddrmsg header = {
		.ifa_family = AF_INET,
		.ifa_prefixlen = 24,
		.ifa_scope = scope,
		.ifa_index = 5,
		.ifa_flags = (uint8_t)flags,
	};
	static const unsigned char bytes[32] = { 192, 0, 2, 7 };
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWADDR, 0, &header, sizeof(header));
	netlink_add(&request, IFA_LOCAL, bytes, size);
	netlink_add(&request, IFA_ADDRESS, bytes, size);
	if (flags > UINT8_MAX)
		netlink_add_u32(&request, IFA_FLAGS, flags);
	return request;
}

static int take(const struct netlink_request *request, struct net_addresses *ret)
{
	return net_link_take_address(written(request), 5, ret);
}

Test(net_link, takes_permanent_addresses_of_global_scope_only)
{
	struct netlink_request wanted = address_message(RT_SCOPE_UNIVERSE, IFA_F_PERMANENT, 4);
	struct netlink_request local = address_message(RT_SCOPE_LINK, IFA_F_PERMANENT, 4);
	struct netlink_request passing = address_message(RT_SCOPE_UNIVERSE, 0, 4);
	struct net_addresses addresses = { 0 };

	cr_assert(zero(int, take(&local, &addresses)));
	cr_assert(zero(int, take(&passing, &addresses)));
	cr_assert(zero(sz, addresses.n));
	cr_assert(zero(int, take(&wanted, &addresses)));
	cr_assert(eq(sz, addresses.n, 1));
	cr_assert(zero(int, memcmp(addresses.items[0].local.bytes, "\xc0\x00\x02\x07", 4)));
	cr_assert(net_link_has_address(&addresses, &addresses.items[0]));
}

Test(net_link, leaves_out_addresses_of_other_devices)
{
	struct netlink_request wanted = address_message(RT_SCOPE_UNIVERSE, IFA_F_PERMANENT, 4);
	struct net_addresses addresses = { 0 };

	cr_assert(zero(int, net_link_take_address(written(&wanted), 6, &addresses)));
	cr_assert(zero(sz, addresses.n));
}

Test(net_link, keeps_flags_that_do_not_fit_into_the_header)
{
	struct netlink_request wanted = address_message(
		RT_SCOPE_UNIVERSE, IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE | IFA_F_TENTATIVE, 4);
	struct net_addresses addresses = { 0 };

	cr_assert(zero(int, take(&wanted, &addresses)));
	cr_assert(eq(u32, addresses.items[0].flags, IFA_F_NOPREFIXROUTE));
}

Test(net_link, refuses_more_addresses_than_it_has_room_for)
{
	struct netlink_request wanted = address_message(RT_SCOPE_UNIVERSE, IFA_F_PERMANENT, 4);
	struct net_addresses addresses = { .n = NET_ADDRESSES_MAX - 1 };

	cr_assert(zero(int, take(&wanted, &addresses)));
	cr_assert(eq(int, take(&wanted, &addresses), -E2BIG));
}

Test(net_link, refuses_an_address_longer_than_any_is)
{
	struct netlink_request wanted = address_message(RT_SCOPE_UNIVERSE, IFA_F_PERMANENT, 17);
	struct net_addresses addresses = { 0 };

	cr_assert(eq(int, take(&wanted, &addresses), -EBADMSG));
}

Test(net_link, does_not_take_other_prefixes_and_families_for_the_same_address)
{
	struct netlink_request wanted = address_message(RT_SCOPE_UNIVERSE, IFA_F_PERMANENT, 4);
	struct net_addresses addresses = { 0 };
	struct net_address other;

	cr_assert(zero(int, take(&wanted, &addresses)));
	other = addresses.items[0];
	other.header.ifa_prefixlen = 16;
	cr_assert(not(net_link_has_address(&addresses, &other)));
	other = addresses.items[0];
	other.local.bytes[3]++;
	cr_assert(not(net_link_has_address(&addresses, &other)));
}
