/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loopback interface of the own network namespace: brought up by an rtnetlink message
 * that libmnl formats before clone3, or left down, which network "none" promises.
 */
#include <dlfcn.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int loopback_wanted(const struct spec *spec)
{
	return (spec->network == SPEC_NETWORK_NONE || spec->network == SPEC_NETWORK_LOOPBACK) &&
	       (spec->namespaces & SPEC_NS_NET);
}

/* libmnl is loaded only where it is used: most starts need no network, and each library costs them time. */
struct mnl {
	struct nlmsghdr *(*put_header)(void *buffer);
	void *(*put_extra_header)(struct nlmsghdr *header, size_t size);
};

static int load_mnl(struct mnl *ret, struct error *err)
{
	void *library = dlopen("libmnl.so.0", RTLD_NOW | RTLD_LOCAL);

	/* dlsym(3) returns an object pointer; POSIX asks for this way round to a function's. */
	if (library) {
		*(void **)&ret->put_header = dlsym(library, "mnl_nlmsg_put_header");
		*(void **)&ret->put_extra_header = dlsym(library, "mnl_nlmsg_put_extra_header");
	}
	if (library && ret->put_header && ret->put_extra_header)
		return 0;
	error_set(err, ELIBACC, "load libmnl.so.0, which brings lo up");
	return error_remedy(err, "apt-get install libmnl0");
}

static int loopback_prepare(const struct step *step, struct run *run, struct error *err)
{
	struct ifinfomsg *info;
	struct nlmsghdr *header;
	struct mnl mnl = { 0 };
	int r;

	if (step->spec->network != SPEC_NETWORK_LOOPBACK)
		return 0;
	r = load_mnl(&mnl, err);
	if (r < 0)
		return r;
	if (MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(*info)) > sizeof(run->lo_request))
		return error_set(err, EMSGSIZE, "format the message that brings lo up");
	header = mnl.put_header(run->lo_request);
	header->nlmsg_type = RTM_NEWLINK;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	header->nlmsg_seq = 1;
	info = mnl.put_extra_header(header, sizeof(*info));
	info->ifi_family = AF_UNSPEC;
	info->ifi_index = 1; /* lo is the first interface of every network namespace */
	info->ifi_flags = IFF_UP;
	info->ifi_change = IFF_UP;
	run->lo_request_size = header->nlmsg_len;
	return 0;
}

static int bring_up(const struct run *run, struct error *err)
{
	_cleanup_fd_ int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[256];
	} answer;
	ssize_t got;

	if (sock < 0)
		return error_set(err, errno, "open a netlink socket");
	if (send(sock, run->lo_request, run->lo_request_size, 0) < 0)
		return error_set(err, errno, "ask the kernel to bring lo up");
	do
		got = recv(sock, &answer, sizeof(answer), 0);
	while (got < 0 && errno == EINTR);
	if (got < (ssize_t)(sizeof(answer.header) + sizeof(answer.error.error)) ||
	    answer.header.nlmsg_type != NLMSG_ERROR)
		return error_set(err, EBADMSG, "bring lo up: unexpected answer");
	if (answer.error.error != 0)
		return error_set(err, -answer.error.error, "bring lo up");
	return 0;
}

static int loopback_apply(const struct step *step, struct run *run, struct error *err)
{
	_cleanup_fd_ int sock = -1;
	struct ifreq request = { .ifr_name = "lo" };
	int r = step->spec->network == SPEC_NETWORK_LOOPBACK ? bring_up(run, err) : 0;

	if (r < 0)
		return r;
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || ioctl(sock, SIOCGIFFLAGS, &request) < 0)
		return error_set(err, errno, "read the state of lo");
	run->proof->lo_flags = request.ifr_flags;
	return STEP_DONE;
}

static int loopback_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			   char report[STEP_REPORT_MAX], struct error *err)
{
	bool wanted = step->spec->network == SPEC_NETWORK_LOOPBACK;
	bool up = (run->proof->lo_flags & IFF_UP) != 0;

	(void)evidence;
	if (run->proof->lo_flags == -1 || up != wanted)
		return error_set(err, EBADE, "lo is %s", up ? "up" : "down");
	snprintf(report, STEP_REPORT_MAX, "only lo, %s", up ? "up" : "down");
	return STEP_DONE;
}

static void loopback_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs(spec->network == SPEC_NETWORK_LOOPBACK ? "only lo, up" : "only lo, down: no network at all", out);
}

const struct step_type step_loopback = {
	.name = "network",
	.blocks = "reaching any other machine, or the host's own services",
	.source = "network_namespaces(7), rtnetlink(7)",
	.phase = PHASE_MOUNT,
	.prepare = loopback_prepare,
	.apply = loopback_apply,
	.verify = loopback_verify,
	.explain = loopback_explain,
	.wanted = loopback_wanted,
};
