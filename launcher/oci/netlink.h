/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * As much of netlink(7) as it takes to write a few rtnetlink(7) requests and to read the answers. Our own,
 * because the program is static and Debian has no static libmnl; small, because it knows nothing of what the
 * attributes mean. Whatever a length field says, nothing outside of the bytes that came is looked at.
 */
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct error;

enum {
	NETLINK_REQUEST_MAX = 1024,
	NETLINK_ANSWER_MAX = 32768, /* no message of the kernel is longer than the room that it was offered */
};

/* A request in the making. */
struct netlink_request {
	_Alignas(NLMSG_ALIGNTO) unsigned char bytes[NETLINK_REQUEST_MAX];
	size_t used;
	bool overflow; /* something did not fit: it is not sent */
};

/* An attribute of a message that came; data is NULL where it is missing. */
struct netlink_attribute {
	const void *data;
	size_t size;
};

/**
 * netlink_begin() - start a request
 * @type:   RTM_*
 * @flags:  NLM_F_*, NLM_F_REQUEST is added
 * @header: the family's own (struct ifinfomsg …), copied
 */
void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *header,
		   size_t header_size);

/** netlink_add() - append an attribute; what does not fit marks the request as unusable. */
void netlink_add(struct netlink_request *request, uint16_t type, const void *data, size_t size);

/** netlink_add_u32() - append a number in host byte order. */
void netlink_add_u32(struct netlink_request *request, uint16_t type, uint32_t value);

/** netlink_add_text() - append a string with its NUL. */
void netlink_add_text(struct netlink_request *request, uint16_t type, const char *text);

/**
 * netlink_next() - the next message of a datagram
 * @at, @left: moved behind it
 *
 * Return: a message that lies whole in the bytes, or NULL at the end, or where the rest is no message.
 */
const struct nlmsghdr *netlink_next(const void **at, size_t *left);

/**
 * netlink_header() - the family's own header of a message
 *
 * Return: a pointer to @size bytes, or NULL when the message is shorter.
 */
const void *netlink_header(const struct nlmsghdr *message, size_t size);

/**
 * netlink_attributes() - find the attributes behind the family's header
 * @ret: by type, 0 to @n-1; others are left out, of two of a kind the last one counts
 *
 * Return: 0, or -EBADMSG when one reaches over the message's end.
 */
int netlink_attributes(const struct nlmsghdr *message, size_t header_size, struct netlink_attribute *ret,
		       size_t n) _must_check_;

/** netlink_u32() - the number in @attribute, 0 if it is missing or has another size. */
uint32_t netlink_u32(const struct netlink_attribute *attribute);

/** netlink_text() - the string in @attribute, "" if it is missing or has no NUL. */
const char *netlink_text(const struct netlink_attribute *attribute);

/** netlink_open() - Return: a NETLINK_ROUTE socket (O_CLOEXEC) of the caller's network namespace, or -errno.
 */
int netlink_open(void) _must_check_;

/**
 * netlink_open_in() - the same of another namespace
 * @netns_fd: of the namespace, as for setns(2)
 *
 * A child of a few system calls enters the namespace and hands its socket over: the caller stays where it is.
 * Return: the socket, or -errno with *err filled.
 */
int netlink_open_in(int netns_fd, struct error *err) _must_check_;

/* Gets each message of an answer. 0 to go on, or -errno. */
typedef int netlink_visitor(const struct nlmsghdr *message, void *arg);

/**
 * netlink_ask() - send a request and read the kernel's answer to its end
 * @request: with NLM_F_ACK or NLM_F_DUMP, so that there is an end
 * @visitor: NULL: only whether it succeeded is asked
 *
 * What did not come from the kernel, or answers something else, is passed over. Return: 0; the kernel's own
 * -errno; -EINTR for a dump during which the kernel's table changed: ask again; -EMSGSIZE; -EBADMSG.
 */
int netlink_ask(int sock, struct netlink_request *request, netlink_visitor *visitor, void *arg) _must_check_;
