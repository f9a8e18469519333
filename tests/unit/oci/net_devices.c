/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The step against the kernel: a forked "host" with a network namespace of its own, and a process in another
 * one in init's place.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/net_link.h"
#include "launcher/oci/netlink.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/process.h"
#include "launcher/run.h"

struct place {
	struct arena *arena;
	struct oci oci;
	struct oci_net_device devices[2];
	struct spec spec;
	struct oci_run oci_run;
	struct run run;
	int outside, inside;
};

typedef int place_function(struct place *place, struct error *err);

static const struct step step = { .type = &oci_step_net_devices };

/* A pair of devices; the other end's name is the kernel's choice. */
static int make_device(int sock, const char *name)
{
	static const struct {
		struct nlattr attribute;
		char kind[8];
	} kind = { { .nla_len = NLA_HDRLEN + 5, .nla_type = IFLA_INFO_KIND }, "veth" };
	const struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	netlink_add_text(&request, IFLA_IFNAME, name);
	netlink_add(&request, IFLA_LINKINFO, &kind, sizeof(kind));
	return netlink_ask(sock, &request, NULL, NULL);
}

static struct net_address address(int family, uint8_t scope)
{
	struct net_address ret = { .header = { .ifa_family = (uint8_t)family, .ifa_scope = scope } };
	static const unsigned char v4[] = { 192, 0, 2, 7 }, v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 };

	ret.header.ifa_prefixlen = family == AF_INET ? 24 : 64;
	ret.address.size = family == AF_INET ? sizeof(v4) : sizeof(v6);
	memcpy(ret.address.bytes, family == AF_INET ? v4 : v6, ret.address.size);
	if (scope != RT_SCOPE_UNIVERSE)
		ret.address.bytes[0] = 10;
	if (family == AF_INET)
		ret.local = ret.address;
	return ret;
}

static pid_t make_init(void)
{
	int ready[2];
	char word;
	pid_t pid;

	if (pipe(ready) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		close(ready[0]);
		if (unshare(CLONE_NEWNET) < 0 || write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (pid > 0 && read(ready[0], &word, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

static int fill(struct place *place, struct error *err)
{
	_cleanup_fd_ int netns = -1;
	char path[64];
	pid_t pid = make_init();

	if (pid < 0)
		return error_set(err, EPERM, "make the process in init's place");
	run_init(&place->run);
	place->arena = arena_new();
	place->run.arena = place->arena;
	place->run.init_pid = pid;
	place->run.oci = &place->oci_run;
	place->run.spec = &place->spec;
	place->oci_run.oci = place->spec.oci = &place->oci;
	place->oci.namespaces[OCI_NS_NETWORK].given = true;
	place->oci.net_devices = place->devices;
	place->oci.n_net_devices = 1;
	place->devices[0] = (struct oci_net_device){ .host_name = "outer0", .name = "inner0" };
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	netns = open(path, O_RDONLY | O_CLOEXEC);
	place->outside = netlink_open();
	place->inside = netlink_open_in(netns, err);
	return place->inside < 0 ? place->inside : 0;
}

_noreturn_ static void host(place_function *function, int out)
{
	static struct place place;
	struct error err = { 0 };
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	r = unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) < 0 ? -EOWNERDEAD : 0;
	if (r == 0)
		r = fill(&place, &err);
	if (r == 0 && make_device(place.outside, "outer0") < 0)
		r = -ENOANO;
	if (r == 0)
		r = function(&place, &err);
	if (r < 0 && err.code == 0)
		error_set(&err, -r, "the host's part failed");
	if (place.run.init_pid > 0)
		kill(place.run.init_pid, SIGKILL);
	_exit(write(out, &err, sizeof(err)) == (ssize_t)sizeof(err) ? 0 : 1);
}

static void in_network(place_function *function)
{
	struct error err = { .code = EPIPE, .msg = "the host ended without a word" };
	int from[2], status;
	pid_t pid;

	cr_assert(zero(int, pipe(from)));
	pid = fork();
	cr_assert(ge(int, pid, 0));
	if (pid == 0)
		host(function, from[1]);
	close(from[1]);
	if (read(from[0], &err, sizeof(err)) < 0)
		err.code = errno;
	close(from[0]);
	waitpid(pid, &status, 0);
	if (err.code == EOWNERDEAD)
		cr_skip_test("this host does not allow network namespaces to this caller");
	if (err.code == ENOANO)
		cr_skip_test("this kernel has no veth devices");
	cr_assert(zero(int, err.code), "%s (%s)", err.msg, err.remedy);
}

#define NETWORKED(name)                                                                                      \
	static int name(struct place *place, struct error *err);                                             \
	Test(net_devices, name)                                                                              \
	{                                                                                                    \
		in_network(name);                                                                            \
	}                                                                                                    \
	static int name(struct place *place, struct error *err)

/* In a child, where Criterion's own assertions would not be heard. */
#define EXPECT(condition)                                                                                    \
	do                                                                                                   \
		if (!(condition))                                                                            \
			return error_set(err, EBADE, "line %d: not " #condition, __LINE__);                  \
	while (0)

NETWORKED(moves_a_device_under_its_new_name_and_sets_it_up)
{
	struct net_link link;
	int r = oci_step_net_devices.map(&step, &place->run, err);

	if (r < 0)
		return r;
	EXPECT(net_link_find(place->outside, "outer0", &link) == -ENODEV);
	EXPECT(net_link_find(place->inside, "inner0", &link) == 0);
	EXPECT(link.up);
	return 0;
}

NETWORKED(finds_the_device_when_its_number_is_taken_inside)
{
	struct net_link outer, link;
	int r = net_link_find(place->outside, "outer0", &outer);

	/* Both namespaces count from the same number. */
	EXPECT(r == 0 && make_device(place->inside, "taken0") == 0);
	EXPECT(net_link_find_index(place->inside, outer.index, &link) == 0);
	r = oci_step_net_devices.map(&step, &place->run, err);
	if (r < 0)
		return r;
	EXPECT(net_link_find(place->inside, "inner0", &link) == 0 && link.index != outer.index);
	return 0;
}

NETWORKED(moves_a_device_whose_old_name_is_taken_inside)
{
	struct net_link link;
	int r;

	EXPECT(make_device(place->inside, "outer0") == 0);
	r = oci_step_net_devices.map(&step, &place->run, err);
	if (r < 0)
		return r;
	EXPECT(net_link_find(place->inside, "inner0", &link) == 0 && link.up);
	return 0;
}

static int give(struct place *place, int family, uint8_t scope)
{
	struct net_address wanted = address(family, scope);
	struct net_link link;
	int r = net_link_find(place->outside, "outer0", &link);

	return r == 0 ? net_link_add_address(place->outside, link.index, &wanted) : r;
}

NETWORKED(keeps_lasting_addresses_and_leaves_others)
{
	const struct net_address v4 = address(AF_INET, RT_SCOPE_UNIVERSE),
				 v6 = address(AF_INET6, RT_SCOPE_UNIVERSE);
	struct net_addresses addresses;
	struct net_link link;
	bool has_v6;
	int r;

	EXPECT(give(place, AF_INET, RT_SCOPE_UNIVERSE) == 0 && give(place, AF_INET, RT_SCOPE_LINK) == 0);
	has_v6 = give(place, AF_INET6, RT_SCOPE_UNIVERSE) == 0; /* a kernel may be without */
	r = oci_step_net_devices.map(&step, &place->run, err);
	if (r < 0)
		return r;
	EXPECT(net_link_find(place->inside, "inner0", &link) == 0);
	EXPECT(net_link_addresses(place->inside, link.index, &addresses) == 0);
	EXPECT(addresses.n == (has_v6 ? 2 : 1));
	EXPECT(net_link_has_address(&addresses, &v4));
	EXPECT(!has_v6 || net_link_has_address(&addresses, &v6));
	return 0;
}

NETWORKED(lets_the_kernel_choose_a_number)
{
	char report[STEP_REPORT_MAX];
	struct net_link link;
	int r;

	place->devices[0].name = "eth%d";
	EXPECT(make_device(place->inside, "eth0") == 0);
	r = oci_step_net_devices.map(&step, &place->run, err);
	if (r == 0)
		r = oci_step_net_devices.verify(&step, &place->run, NULL, report, err);
	if (r < 0)
		return r;
	EXPECT(net_link_find(place->inside, "eth1", &link) == 0 && link.up);
	EXPECT(str_equal(report, "1 network device inside, up"));
	return 0;
}

NETWORKED(gives_all_devices_back_when_a_name_is_taken)
{
	const struct net_address v4 = address(AF_INET, RT_SCOPE_UNIVERSE);
	struct net_addresses addresses;
	struct net_link link;

	EXPECT(give(place, AF_INET, RT_SCOPE_UNIVERSE) == 0 && make_device(place->outside, "second0") == 0);
	EXPECT(net_link_find(place->outside, "outer0", &link) == 0 &&
	       net_link_set_up(place->outside, link.index) == 0);
	place->devices[1] = (struct oci_net_device){ .host_name = "second0", .name = "lo" };
	place->oci.n_net_devices = 2;
	EXPECT(oci_step_net_devices.map(&step, &place->run, err) == -EEXIST);
	EXPECT(str_equal(err->msg,
			 "name the network device second0: the container's network has a device lo already"));
	*err = (struct error){ 0 };
	EXPECT(net_link_find(place->outside, "second0", &link) == 0 && !link.up);
	EXPECT(net_link_find(place->outside, "outer0", &link) == 0 && link.up);
	EXPECT(net_link_addresses(place->outside, link.index, &addresses) == 0);
	EXPECT(addresses.n == 1 && net_link_has_address(&addresses, &v4));
	EXPECT(net_link_find(place->inside, "inner0", &link) == -ENODEV);
	return 0;
}

NETWORKED(names_a_device_that_is_not_there)
{
	place->devices[0].host_name = "nothing0";
	EXPECT(oci_step_net_devices.map(&step, &place->run, err) == -ENODEV);
	EXPECT(strstr(err->msg, "nothing0") && *err->remedy);
	*err = (struct error){ 0 };
	return 0;
}

NETWORKED(does_not_move_lo)
{
	struct net_link link;

	place->devices[0].host_name = "lo";
	EXPECT(oci_step_net_devices.map(&step, &place->run, err) < 0);
	EXPECT(strstr(err->msg, "device lo"));
	*err = (struct error){ 0 };
	EXPECT(net_link_find(place->outside, "lo", &link) == 0);
	return 0;
}

NETWORKED(refuses_to_join_the_hosts_own_namespace)
{
	pid_t init = place->run.init_pid;
	struct net_link link;
	int r;

	place->run.init_pid = getpid();
	r = oci_step_net_devices.map(&step, &place->run, err);
	place->run.init_pid = init;
	EXPECT(r == -EINVAL && strstr(err->msg, "is the host's"));
	*err = (struct error){ 0 };
	EXPECT(net_link_find(place->outside, "outer0", &link) == 0);
	return 0;
}

NETWORKED(verify_takes_no_for_no)
{
	char report[STEP_REPORT_MAX];
	struct net_link link;
	int r = oci_step_net_devices.map(&step, &place->run, err);

	if (r < 0)
		return r;
	EXPECT(oci_step_net_devices.verify(&step, &place->run, NULL, report, err) == STEP_DONE);
	EXPECT(net_link_find(place->inside, "inner0", &link) == 0);
	place->devices[0].name = "inner%d0";
	EXPECT(oci_step_net_devices.verify(&step, &place->run, NULL, report, err) == -EBADE);
	place->devices[0].name = "inner";
	EXPECT(oci_step_net_devices.verify(&step, &place->run, NULL, report, err) == -EBADE);
	place->devices[0].name = "lo"; /* there, but down */
	EXPECT(oci_step_net_devices.verify(&step, &place->run, NULL, report, err) == -EBADE);
	EXPECT(strstr(err->msg, "down"));
	*err = (struct error){ 0 };
	return 0;
}

NETWORKED(leaves_the_runtime_where_it_is)
{
	struct stat before, after;
	int r;

	EXPECT(stat("/proc/self/ns/net", &before) == 0);
	r = oci_step_net_devices.map(&step, &place->run, err);
	if (r < 0)
		return r;
	EXPECT(stat("/proc/self/ns/net", &after) == 0 && before.st_ino == after.st_ino);
	EXPECT(waitpid(-1, NULL, WNOHANG) == 0); /* init lives, and no child of ours is left unreaped */
	return 0;
}

Test(net_devices, needs_a_network_namespace)
{
	struct oci oci = { .n_net_devices = 1 };
	struct oci_run oci_run = { .oci = &oci };
	struct run run = { .oci = &oci_run };
	struct error err = { 0 };

	cr_assert(eq(int, oci_step_net_devices.prepare(&step, &run, &err), -EINVAL));
	oci.namespaces[OCI_NS_NETWORK].given = true;
	cr_assert(zero(int, oci_step_net_devices.prepare(&step, &run, &err)));
}
