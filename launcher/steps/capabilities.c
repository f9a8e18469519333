/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All five capability sets hold what the profile lists, normally nothing, and the securebits
 * are locked, so that not even uid 0 inside gets some back (capabilities(7)). libcap-ng reads the
 * result back; the dropping itself is a few plain system calls, since init may not call into a
 * library.
 */
#include <cap-ng.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/macro.h"
#include "launcher/run.h"
#include "launcher/steps/capabilities.h"
#include "launcher/steps/steps.h"
#include "profiles/capabilities.h"
#include "profiles/spec.h"

enum { CAPS_END = 64 };

static int wanted_securebits(const struct spec *spec)
{
	int bits = SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
		   SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

	/* A setuid-root program must find root's rights where the profile opens that. */
	if (!spec->allow_setuid)
		bits |= SECBIT_NOROOT | SECBIT_NOROOT_LOCKED;
	return bits;
}

int capabilities_set(uint64_t effective, uint64_t inheritable, struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(effective >> (32 * i));
		data[i].permitted = data[i].effective;
		data[i].inheritable = (uint32_t)(inheritable >> (32 * i));
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return error_set(err, errno, "set the capabilities to %" PRIx64, effective);
	return 0;
}

int capabilities_drop_bounding(uint64_t keep, struct error *err)
{
	for (unsigned long cap = 0; cap < CAPS_END; cap++) {
		int held = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (held < 0)
			break; /* past the kernel's last capability */
		if (held == 0 || (keep >> cap & 1))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return error_set(err, errno, "drop capability %lu from the bounding set", cap);
	}
	return 0;
}

static int raise_ambient(uint64_t caps, struct error *err)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return error_set(err, errno, "clear the ambient capabilities");
	for (unsigned long cap = 0; cap < CAPS_END; cap++)
		if ((caps >> cap & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return error_set(err, errno, "give the capability %s", capabilities_name((int)cap));
	return 0;
}

static int capabilities_apply(const struct step *step, struct run *run, struct error *err)
{
	uint64_t caps = step->spec->capabilities;
	uint64_t setup = (UINT64_C(1) << CAP_SETPCAP) | caps;
	int r = capabilities_drop_bounding(caps, err);

	/* Inheritable before ambient, and SETPCAP until the securebits are locked. */
	if (r == 0)
		r = capabilities_set(setup | (step->spec->allow_setuid ? UINT64_C(1) << CAP_SYS_ADMIN : 0),
				     caps, err);
	if (r == 0)
		r = raise_ambient(caps, err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_SECUREBITS, wanted_securebits(step->spec), 0, 0, 0) < 0)
		return error_set(err, errno, "lock the securebits");
	run->proof->securebits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	/* Without no_new_privs the filter can only be loaded with CAP_SYS_ADMIN: the payload drops that
	 * itself. */
	r = capabilities_set(step->spec->allow_setuid ? caps | UINT64_C(1) << CAP_SYS_ADMIN : caps, caps,
			     err);
	return r < 0 ? r : STEP_DONE;
}

/* libcap-ng reads the five sets itself: a reader that shares no line with the one that wrote them. */
static int compare_sets(pid_t pid, uint64_t wanted, struct error *err)
{
	static const struct {
		capng_type_t type;
		const char *name;
	} sets[] = {
		{ CAPNG_BOUNDING_SET, "bounding" }, { CAPNG_PERMITTED, "permitted" },
		{ CAPNG_EFFECTIVE, "effective" },   { CAPNG_INHERITABLE, "inheritable" },
		{ CAPNG_AMBIENT, "ambient" },
	};

	capng_setpid(pid);
	if (capng_get_caps_process() < 0)
		return error_set(err, EIO, "read the payload's capabilities");
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++)
			if (capng_have_capability(sets[i].type, cap) != (int)(wanted >> cap & 1))
				return error_set(err, EBADE, "the %s set %s %s", sets[i].name,
						 wanted >> cap & 1 ? "lacks" : "still has",
						 capabilities_name((int)cap));
	return 0;
}

static int capabilities_verify(const struct step *step, const struct run *run,
			       const struct evidence *evidence, char report[STEP_REPORT_MAX],
			       struct error *err)
{
	uint64_t caps = step->spec->capabilities;
	int r = compare_sets(evidence->payload_pid, caps, err);

	if (r < 0)
		return r;
	if (run->proof->securebits != wanted_securebits(step->spec))
		return error_set(err, EBADE, "the securebits are %x", (unsigned int)run->proof->securebits);
	snprintf(report, STEP_REPORT_MAX,
		 "CapBnd=CapPrm=CapEff=CapInh=CapAmb=%016" PRIx64 ", securebits %x locked",
		 evidence->payload.cap_bounding, (unsigned int)run->proof->securebits);
	return STEP_DONE;
}

static void capabilities_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	if (spec->capabilities == 0)
		fputs("none", out);
	for (unsigned int cap = 0; cap < CAPS_END; cap++)
		if (spec->capabilities >> cap & 1)
			fprintf(out, "%s ", capabilities_name((int)cap));
}

const struct step_type step_capabilities = {
	.name = "capabilities",
	.blocks = "every privileged operation, also for uid 0 inside",
	.source = "capabilities(7), PR_CAP_AMBIENT(2const), PR_SET_SECUREBITS(2const)",
	.phase = PHASE_PRIV,
	.apply = capabilities_apply,
	.verify = capabilities_verify,
	.explain = capabilities_explain,
};
