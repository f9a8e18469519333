/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loopback interface of the own network namespace: brought up where the profile asks for
 * it, and left down otherwise, which network "none" promises.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int loopback_wanted(const struct spec *spec)
{
	return (spec->network == SPEC_NETWORK_NONE || spec->network == SPEC_NETWORK_LOOPBACK) &&
	       (spec->namespaces & SPEC_NS_NET);
}

static int loopback_apply(const struct step *step, struct run *run, struct error *err)
{
	_cleanup_fd_ int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo" };

	if (sock < 0 || ioctl(sock, SIOCGIFFLAGS, &request) < 0)
		return error_set(err, errno, "read the state of lo");
	if (step->spec->network == SPEC_NETWORK_LOOPBACK) {
		request.ifr_flags |= IFF_UP;
		if (ioctl(sock, SIOCSIFFLAGS, &request) < 0)
			return error_set(err, errno, "bring lo up");
		if (ioctl(sock, SIOCGIFFLAGS, &request) < 0)
			return error_set(err, errno, "read the state of lo");
	}
	run->proof->lo_flags = request.ifr_flags;
	return STEP_DONE;
}

static int loopback_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			   char report[STEP_REPORT_MAX], struct error *err)
{
	bool wanted = step->spec->network == SPEC_NETWORK_LOOPBACK;
	bool up = (run->proof->lo_flags & IFF_UP) != 0;

	(void)evidence;
	if (run->proof->lo_flags == -1)
		return error_set(err, EBADE, "the state of lo was not read");
	if (up != wanted)
		return error_set(err, EBADE, "lo is %s", up ? "up" : "down");
	snprintf(report, STEP_REPORT_MAX, "only lo, %s", up ? "up" : "down");
	return STEP_DONE;
}

static void loopback_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs(spec->network == SPEC_NETWORK_LOOPBACK ? "only lo, up" : "only lo, down: no network at all",
	      out);
}

const struct step_type step_loopback = {
	.name = "network",
	.blocks = "reaching any other machine, or the host's own services",
	.source = "network_namespaces(7), netdevice(7)",
	.phase = PHASE_MOUNT,
	.apply = loopback_apply,
	.verify = loopback_verify,
	.explain = loopback_explain,
	.wanted = loopback_wanted,
};
