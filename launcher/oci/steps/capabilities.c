/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The five capability sets of process.capabilities; without that object all are empty.
 *
 * Two halves around the switch of ids: the bounding set is lowered while SETPCAP is there, the others
 * afterwards. A set can't hold more than the caller could give: what is missing is left out, as the
 * runtime-spec asks, and verify then compares with what was possible.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/capabilities.h"
#include "launcher/oci/steps/process.h"
#include "launcher/steps/capabilities.h"

enum { CAPS_END = 64 };

static const uint64_t SYS_ADMIN = UINT64_C(1) << CAP_SYS_ADMIN;

static int read_permitted(uint64_t *ret, struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return error_set(err, errno, "read the own capabilities");
	*ret = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	return 0;
}

static int set(uint64_t effective, uint64_t permitted, uint64_t inheritable, struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(effective >> (32 * i));
		data[i].permitted = (uint32_t)(permitted >> (32 * i));
		data[i].inheritable = (uint32_t)(inheritable >> (32 * i));
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return error_set(err, errno, "set the capabilities to %" PRIx64, permitted);
	return 0;
}

static void raise_ambient(uint64_t caps)
{
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* One that is not permitted and inheritable can't be raised: left out like any other that can't be
	 * given. */
	for (unsigned long cap = 0; cap < CAPS_END; cap++)
		if (caps >> cap & 1)
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
}

int oci_capabilities_drop_bounding(const struct run *run, struct error *err)
{
	return capabilities_drop_bounding(run->oci->process->capabilities.bounding, err);
}

int oci_capabilities_finish(struct run *run, struct error *err)
{
	const struct oci_capabilities *caps = &run->oci->process->capabilities;
	uint64_t possible = run->oci->permitted;

	return set(caps->effective & caps->permitted & possible, caps->permitted & possible,
		   caps->inheritable & possible, err);
}

static int capabilities_apply(const struct step *step, struct run *run, struct error *err)
{
	const struct oci_capabilities *caps = &run->oci->process->capabilities;
	uint64_t held, permitted, effective;
	int r = read_permitted(&held, err);

	(void)step;
	if (r < 0)
		return r;
	run->oci->permitted = held;
	permitted = caps->permitted & held;
	effective = caps->effective & permitted;
	/*
	 * Without no_new_privs a filter can only be loaded with CAP_SYS_ADMIN; the process keeps it until
	 * then, and the seccomp step gives it up (oci_capabilities_finish()).
	 */
	if (run->oci->late_seccomp_admin) {
		permitted |= held & SYS_ADMIN;
		effective |= held & SYS_ADMIN;
	}
	r = set(effective, permitted, caps->inheritable & held, err);
	if (r < 0)
		return r;
	raise_ambient(caps->ambient);
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return error_set(err, errno, "stop keeping capabilities over a switch of ids");
	return STEP_DONE;
}

static int capabilities_verify(const struct step *step, const struct run *run,
			       const struct evidence *evidence, char report[STEP_REPORT_MAX],
			       struct error *err)
{
	const struct oci_capabilities *caps = &run->oci->process->capabilities;
	const struct proc_status *status = &evidence->payload;
	uint64_t late = run->oci->late_seccomp_admin ? SYS_ADMIN : 0;

	(void)step;
	/* Nothing beyond what is listed, in any set. */
	if ((status->cap_bounding & ~caps->bounding) || (status->cap_permitted & ~(caps->permitted | late)) ||
	    (status->cap_effective & ~(caps->effective | late)) ||
	    (status->cap_inheritable & ~caps->inheritable) || (status->cap_ambient & ~caps->ambient))
		return error_set(err, EBADE,
				 "the kernel's sets are Bnd %" PRIx64 " Prm %" PRIx64 " Eff %" PRIx64
				 " Inh %" PRIx64 " Amb %" PRIx64,
				 status->cap_bounding, status->cap_permitted, status->cap_effective,
				 status->cap_inheritable, status->cap_ambient);
	snprintf(report, STEP_REPORT_MAX, "CapBnd %016" PRIx64 " CapPrm %016" PRIx64, status->cap_bounding,
		 status->cap_permitted);
	return STEP_DONE;
}

static void capabilities_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	const struct oci_capabilities *caps = &spec->oci->process.capabilities;

	(void)step;
	fprintf(out, "bounding %" PRIx64 ", effective %" PRIx64, caps->bounding, caps->effective);
}

const struct step_type oci_step_capabilities = {
	.name = "capabilities",
	.blocks = "every privileged operation that the config does not list",
	.source = "capabilities(7), runtime-spec config.md \"Linux Process\"",
	.phase = PHASE_PRIV,
	.apply = capabilities_apply,
	.verify = capabilities_verify,
	.explain = capabilities_explain,
};
