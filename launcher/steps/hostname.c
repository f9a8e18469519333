/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host name of the container's own, in its own UTS namespace. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/str.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int hostname_wanted(const struct spec *spec)
{
	return (spec->namespaces & SPEC_NS_UTS) != 0;
}

static int hostname_apply(const struct step *step, struct run *run, struct error *err)
{
	struct utsname name;

	if (sethostname(step->spec->hostname, strlen(step->spec->hostname)) < 0)
		return error_set(err, errno, "set the host name to %s", step->spec->hostname);
	/* The host's NIS domain name would show otherwise. */
	if (setdomainname("", 0) < 0 || uname(&name) < 0)
		return error_set(err, errno, "clear the domain name");
	memcpy(run->proof->nodename, name.nodename, sizeof(name.nodename));
	return STEP_DONE;
}

static int hostname_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			   char report[STEP_REPORT_MAX], struct error *err)
{
	(void)evidence;
	if (!str_equal(run->proof->nodename, step->spec->hostname))
		return error_set(err, EBADE, "the kernel's host name is %s", run->proof->nodename);
	snprintf(report, STEP_REPORT_MAX, "uname says %s", run->proof->nodename);
	return STEP_DONE;
}

static void hostname_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fputs(spec->hostname, out);
}

const struct step_type step_hostname = {
	.name = "hostname",
	.blocks = "learning the host's name, which often tells its role",
	.source = "uts_namespaces(7), sethostname(2)",
	.phase = PHASE_MOUNT,
	.apply = hostname_apply,
	.verify = hostname_verify,
	.explain = hostname_explain,
	.wanted = hostname_wanted,
};
