/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks: what it reaches, and what reaches it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lab/audit/checks.h"
#include "lab/audit/facts.h"
#include "profiles/spec.h"

static void reach_declared(const struct check *check, const struct audit_declared *declared,
			   struct opinion *ret)
{
	static const char *const words[] = { "nothing", "itself", "all of it", "what it joins" };
	static const unsigned int badness[] = { 0, 0, 2, 1 };

	(void)check;
	opinion_judge(ret, badness[declared->spec->network], "%s", words[declared->spec->network]);
	opinion_evidence(ret, "network");
}

static void reach(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	if (facts->interfaces_error) {
		opinion_unreadable(ret, facts->interfaces_error, "net/dev");
		return;
	}
	if (!facts->own[FACTS_NET])
		opinion_judge(ret, check->range, "all of it");
	else
		opinion_judge(ret, facts->n_interfaces > 0,
			      facts->n_interfaces ? "%u interface(s)" : "nothing", facts->n_interfaces);
	opinion_evidence(ret, "net/dev: %s", facts->n_interfaces ? facts->interfaces : "no interface but lo");
}

static bool is_any(const char *address)
{
	return str_starts(address, "0.0.0.0:") || str_starts(address, "[::]:");
}

static bool is_low(const char *address)
{
	const char *port = strrchr(address, ':');

	return address[0] != '/' && address[0] != '@' && port && strtol(port + 1, NULL, 10) < 1024;
}

static void listen_declared(const struct check *check, const struct audit_declared *declared,
			    struct opinion *ret)
{
	const struct spec *spec = declared->spec;
	bool low = check->argument != 0;

	if (spec->network == SPEC_NETWORK_HOST) {
		opinion_judge(ret, check->range, "any");
		opinion_evidence(ret, "network host: it can listen wherever it likes");
		return;
	}
	for (size_t i = 0; i < spec->n_listen; i++) {
		if (!(low ? is_low : is_any)(spec->listen[i].address))
			continue;
		opinion_judge(ret, check->range, "%.38s", spec->listen[i].address);
		opinion_evidence(ret, "listen.%s", spec->listen[i].name);
		return;
	}
	opinion_judge(ret, 0, "none");
	opinion_evidence(ret, "listen: %zu socket(s)", spec->n_listen);
}

static void listen_effective(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	unsigned int n = check->argument ? facts->n_listen_low : facts->n_listen_any;

	if (facts->listen_error) {
		opinion_unreadable(ret, facts->listen_error, "net/tcp, fd");
		return;
	}
	opinion_judge(ret, n ? check->range : 0, n ? "%u" : "none", n);
	if (n)
		opinion_evidence(ret, "%s", check->argument ? facts->listen_low : facts->listen_any);
	else
		opinion_evidence(ret, "%u socket(s) of its own wait for connections or datagrams",
				 facts->n_listen);
}

const struct check checks_network[] = {
	{ "network-reach", 1000, 2, "It reaches no other machine", "network", "/proc/PID/net/dev",
	  reach_declared, reach, .serves = { "A3 A5", NULL, "4.3.3 4.4.2", NULL, "5" } },
	{ "listen-address", 300, 1, "It does not listen on all addresses of the host", "listen",
	  "/proc/PID/fd, net/tcp, net/udp", listen_declared, listen_effective,
	  .serves = { "A5", "5.9 5.14", "4.4.2", "baseline:host-ports", "5a" } },
	{ "listen-port", 100, 1, "It does not listen on a privileged port of the host", "listen",
	  "/proc/PID/fd, net/tcp, net/udp", listen_declared, listen_effective, .argument = 1,
	  .serves = { "A5", "5.8", NULL, "baseline:host-ports", "5a" } },
	{ 0 },
};
