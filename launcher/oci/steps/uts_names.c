/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hostname and domainname, in a UTS namespace of the container's own. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/process.h"

static int uts_names_wanted(const struct spec *spec)
{
	return spec->oci->hostname || spec->oci->domainname;
}

static int uts_names_prepare(const struct step *step, struct run *run, struct error *err)
{
	(void)step;
	if (run->oci->oci->namespaces[OCI_NS_UTS].given)
		return 0;
	error_set(err, EINVAL, "set the host name: it would be the host's own");
	return error_remedy(
		err, "add {\"type\": \"uts\"} to linux.namespaces, or leave out hostname and domainname");
}

static int uts_names_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct oci *oci = run->oci->oci;
	struct utsname name;

	(void)step;
	if (oci->hostname && sethostname(oci->hostname, strlen(oci->hostname)) < 0)
		return error_set(err, errno, "set the host name to %s", oci->hostname);
	if (oci->domainname && setdomainname(oci->domainname, strlen(oci->domainname)) < 0)
		return error_set(err, errno, "set the domain name to %s", oci->domainname);
	if (uname(&name) < 0)
		return error_set(err, errno, "read the host name back");
	memcpy(run->proof->nodename, name.nodename, sizeof(name.nodename));
	return STEP_DONE;
}

static int uts_names_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			    char report[STEP_REPORT_MAX], struct error *err)
{
	const char *wanted = run->oci->oci->hostname;

	(void)step, (void)evidence;
	if (wanted && !str_equal(run->proof->nodename, wanted))
		return error_set(err, EBADE, "the kernel's host name is %s", run->proof->nodename);
	snprintf(report, STEP_REPORT_MAX, "uname says %s", run->proof->nodename);
	return STEP_DONE;
}

static void uts_names_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "%s", spec->oci->hostname ? spec->oci->hostname : "(inherited)");
}

const struct step_type oci_step_uts_names = {
	.name = "hostname",
	.blocks = "learning the host's name, which often tells its role",
	.source = "uts_namespaces(7), sethostname(2)",
	.phase = PHASE_MOUNT,
	.prepare = uts_names_prepare,
	.apply = uts_names_apply,
	.verify = uts_names_verify,
	.explain = uts_names_explain,
	.wanted = uts_names_wanted,
};
