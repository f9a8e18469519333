/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.netDevices: devices of the host move into the container's network namespace (runtime-spec
 * config-linux.md "Network Devices"). The kernel drops a device's addresses on the way, so they are read
 * before and given again after. From then on the device is the container's: it is not moved back.
 *
 * All or nothing: a device that can't be set up inside, and those moved before it, go back to the host. A
 * device that were left would be destroyed with the container's namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/net_link.h"
#include "launcher/oci/netlink.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/process.h"

/* One that is under way. */
struct moved {
	const struct oci_net_device *device;
	struct net_addresses addresses;
	bool was_up, inside;
	int index; /* in the namespace where it is */
};

/* Both sides; the runtime itself never leaves its namespace. */
struct sides {
	int netns_fd, host_netns_fd;
	int inside, outside; /* netlink sockets */
};

static void close_sides(struct sides *sides)
{
	fd_close(&sides->netns_fd);
	fd_close(&sides->host_netns_fd);
	fd_close(&sides->inside);
	fd_close(&sides->outside);
}
#define _cleanup_sides_ _cleanup_(close_sides)

static int net_devices_wanted(const struct spec *spec)
{
	return spec->oci->n_net_devices > 0;
}

static int net_devices_prepare(const struct step *step, struct run *run, struct error *err)
{
	(void)step;
	if (run->oci->oci->namespaces[OCI_NS_NETWORK].given)
		return 0;
	error_set(err, EINVAL,
		  "move the devices of linux.netDevices: the container has the host's network namespace");
	return error_remedy(err, "give it its own: {\"type\": \"network\"} in linux.namespaces");
}

/* Init is our own child and waits: its pid is nobody else's. */
static int open_sides(const struct run *run, struct sides *ret, struct error *err)
{
	struct stat inside, outside;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)run->init_pid);
	ret->netns_fd = open(path, O_RDONLY | O_CLOEXEC);
	ret->host_netns_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (ret->netns_fd < 0 || ret->host_netns_fd < 0 || fstat(ret->netns_fd, &inside) < 0 ||
	    fstat(ret->host_netns_fd, &outside) < 0)
		return error_set(err, errno, "open the container's network namespace");
	if (inside.st_dev == outside.st_dev && inside.st_ino == outside.st_ino)
		return error_set(
			err, EINVAL,
			"move the devices of linux.netDevices: the network namespace that is joined is the host's");
	ret->outside = netlink_open();
	if (ret->outside < 0)
		return error_set(err, -ret->outside, "open a netlink socket");
	ret->inside = netlink_open_in(ret->netns_fd, err);
	return ret->inside < 0 ? ret->inside : 0;
}

static int explain_move(int r, const char *name, struct error *err)
{
	error_set(err, -r, "move the network device %s into the container", name);
	switch (r) {
	case -EPERM:
		return error_remedy(err, "it needs CAP_NET_ADMIN over the host's network: run as root");
	case -EINVAL:
	case -EOPNOTSUPP:
		return error_remedy(err,
				    "lo, bridges and devices of some drivers are bound to their namespace");
	default:
		return r;
	}
}

/* The name that a config asks for may be taken; this one is not, so that it is found again whatever number it
 * gets. */
static void passing_name(const struct run *run, size_t i, char name[IF_NAMESIZE])
{
	snprintf(name, IF_NAMESIZE, "k%d-%u", (int)run->init_pid, (unsigned int)i % 10000);
}

static int take_over(const struct sides *sides, const char *passing, struct moved *moved, struct error *err)
{
	const char *name = moved->device->host_name;
	struct net_link link;
	int r = net_link_find(sides->outside, name, &link);

	if (r == -ENODEV) {
		error_set(err, ENODEV, "find the network device %s of linux.netDevices: the host has none",
			  name);
		return error_remedy(err, "\"ip link\" lists the devices");
	}
	if (r == 0)
		r = net_link_addresses(sides->outside, link.index, &moved->addresses);
	if (r == -E2BIG)
		return error_set(err, E2BIG, "keep more than %d addresses of the network device %s",
				 NET_ADDRESSES_MAX, name);
	if (r < 0)
		return error_set(err, -r, "look at the network device %s", name);
	moved->was_up = link.up;
	r = net_link_move(sides->outside, link.index, sides->netns_fd, passing);
	if (r < 0)
		return explain_move(r, name, err);
	moved->inside = true;
	r = net_link_find(sides->inside, passing, &link);
	if (r < 0)
		return error_set(err, -r, "find the network device %s in the container", name);
	moved->index = link.index;
	return 0;
}

static int set_name(const struct sides *sides, const struct moved *moved, struct error *err)
{
	const struct oci_net_device *device = moved->device;
	int r = net_link_rename(sides->inside, moved->index, device->name);

	if (r == -EEXIST) {
		error_set(err, EEXIST,
			  "name the network device %s: the container's network has a device %s already",
			  device->host_name, device->name);
		return error_remedy(err, "a \"name\" with %%d lets the kernel choose a number");
	}
	return r < 0 ? error_set(err, -r, "name the network device %s %s", device->host_name, device->name)
		     : 0;
}

static int give_addresses(int sock, const struct moved *moved, struct error *err)
{
	for (size_t i = 0; i < moved->addresses.n; i++) {
		int r = net_link_add_address(sock, moved->index, &moved->addresses.items[i]);

		if (r < 0)
			return error_set(err, -r, "give the network device %s its %s address back",
					 moved->device->host_name,
					 moved->addresses.items[i].header.ifa_family == AF_INET ? "IPv4"
												: "IPv6");
	}
	return 0;
}

static int read_back(const struct sides *sides, const struct moved *moved, struct arena *arena,
		     struct error *err)
{
	struct net_addresses *now = arena_alloc(arena, sizeof(*now));
	const char *name = moved->device->host_name;
	struct net_link link;
	int r;

	if (!now)
		return error_set(err, ENOMEM, "read the addresses of %s", name);
	r = net_link_find_index(sides->inside, moved->index, &link);
	if (r == 0)
		r = net_link_addresses(sides->inside, moved->index, now);
	if (r < 0)
		return error_set(err, -r, "look at the network device %s in the container", name);
	if (!link.up)
		return error_set(err, EBADE, "the network device %s is down", link.name);
	for (size_t i = 0; i < moved->addresses.n; i++)
		if (!net_link_has_address(now, &moved->addresses.items[i]))
			return error_set(err, EBADE, "the network device %s has lost an address", link.name);
	return 0;
}

static int bring_in(const struct sides *sides, struct run *run, size_t i, struct moved *moved,
		    struct error *err)
{
	char passing[IF_NAMESIZE];
	int r;

	passing_name(run, i, passing);
	r = take_over(sides, passing, moved, err);
	if (r == 0)
		r = set_name(sides, moved, err);
	if (r == 0)
		r = give_addresses(sides->inside, moved, err);
	if (r < 0)
		return r;
	r = net_link_set_up(sides->inside, moved->index);
	if (r < 0)
		return error_set(err, -r, "set the network device %s up", moved->device->host_name);
	return read_back(sides, moved, run->arena, err);
}

static int give_back(const struct sides *sides, struct moved *moved)
{
	const char *name = moved->device->host_name;
	struct error ignored = { 0 };
	struct net_link link;
	int r;

	if (moved->index == 0)
		return -ENODEV;
	r = net_link_move(sides->inside, moved->index, sides->host_netns_fd, name);
	if (r == 0)
		r = net_link_find(sides->outside, name, &link);
	if (r < 0)
		return r;
	moved->index = link.index;
	r = give_addresses(sides->outside, moved, &ignored);
	if (moved->was_up && r == 0)
		r = net_link_set_up(sides->outside, moved->index);
	return r;
}

static int net_devices_map(const struct step *step, struct run *run, struct error *err)
{
	_cleanup_sides_ struct sides sides = { -1, -1, -1, -1 };
	const struct oci *oci = run->oci->oci;
	struct moved *moved = arena_array(run->arena, oci->n_net_devices, sizeof(*moved));
	int r = moved ? open_sides(run, &sides, err)
		      : error_set(err, ENOMEM, "move the devices of linux.netDevices");

	(void)step;
	for (size_t i = 0; r == 0 && i < oci->n_net_devices; i++) {
		moved[i].device = &oci->net_devices[i];
		r = bring_in(&sides, run, i, &moved[i], err);
	}
	if (r == 0 || !moved)
		return r;
	for (size_t i = oci->n_net_devices; i-- > 0;)
		if (moved[i].inside && give_back(&sides, &moved[i]) < 0)
			error_remedy(err, "the host's network device %s could not be brought back as it was",
				     moved[i].device->host_name);
	return r;
}

static int net_devices_apply(const struct step *step, struct run *run, struct error *err)
{
	(void)step, (void)run, (void)err;
	return STEP_DONE; /* all is done in map, once the container's user namespace has its ids */
}

struct expected {
	const char *name;
	bool found, up;
};

/* "eth%d": the kernel has put a number there. */
static bool fits(const char *pattern, const char *name)
{
	const char *number = strstr(pattern, "%d");
	size_t head = number ? (size_t)(number - pattern) : 0, tail = number ? strlen(number + 2) : 0;
	size_t length = strlen(name);

	if (!number)
		return str_equal(pattern, name);
	if (length <= head + tail || strncmp(pattern, name, head) != 0 ||
	    !str_equal(name + length - tail, number + 2))
		return false;
	return strspn(name + head, "0123456789") >= length - head - tail;
}

static bool look(const struct net_link *link, void *arg)
{
	struct expected *expected = arg;

	if (!fits(expected->name, link->name))
		return false;
	expected->found = true;
	expected->up = expected->up || link->up;
	return expected->up;
}

static int net_devices_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			      char report[STEP_REPORT_MAX], struct error *err)
{
	_cleanup_sides_ struct sides sides = { -1, -1, -1, -1 };
	const struct oci *oci = run->oci->oci;
	int r = open_sides(run, &sides, err);

	(void)step, (void)evidence;
	for (size_t i = 0; r == 0 && i < oci->n_net_devices; i++) {
		struct expected expected = { .name = oci->net_devices[i].name };

		r = net_link_each(sides.inside, look, &expected);
		if (r < 0)
			r = error_set(err, -r, "list the network devices of the container");
		else if (!expected.found || !expected.up)
			r = error_set(err, EBADE, "the network device %s is %s in the container",
				      expected.name, expected.found ? "down" : "not there");
	}
	if (r < 0)
		return r;
	snprintf(report, STEP_REPORT_MAX, "%zu network device%s inside, up", oci->n_net_devices,
		 oci->n_net_devices == 1 ? "" : "s");
	return STEP_DONE;
}

static void net_devices_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	for (size_t i = 0; i < spec->oci->n_net_devices; i++)
		fprintf(out, "%s%s as %s", i ? ", " : "", spec->oci->net_devices[i].host_name,
			spec->oci->net_devices[i].name);
}

const struct step_type oci_step_net_devices = {
	.name = "net-devices",
	.blocks = "rights over the host's network, which a workload would need to take a device by itself",
	.source = "rtnetlink(7), network_namespaces(7); runtime-spec config-linux.md, Network Devices",
	.phase = PHASE_MAP,
	.prepare = net_devices_prepare,
	.map = net_devices_map,
	.apply = net_devices_apply,
	.verify = net_devices_verify,
	.explain = net_devices_explain,
	.wanted = net_devices_wanted,
};
