/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keyrings are not namespaced by container: a new, empty session keyring keeps the caller's keys away. */
#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>

#include "base/sys.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"

static int keyring_apply(const struct step *step, struct run *run, struct error *err)
{
	long serial = sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0);

	(void)step;
	if (serial < 0 && errno == ENOSYS)
		return STEP_ABSENT; /* a kernel without keyrings has no keys to take */
	if (serial < 0)
		return error_set(err, errno, "create a new session keyring");
	run->proof->keyring = (int)serial;
	return STEP_DONE;
}

static int keyring_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			  char report[STEP_REPORT_MAX], struct error *err)
{
	long ours = sys_keyctl(KEYCTL_GET_KEYRING_ID, (unsigned long)KEY_SPEC_SESSION_KEYRING, 0);

	(void)step, (void)evidence;
	if (run->proof->keyring == 0 && ours < 0) {
		snprintf(report, STEP_REPORT_MAX, "the kernel has no keyrings");
		return STEP_ABSENT;
	}
	if (run->proof->keyring == 0 || run->proof->keyring == ours)
		return error_set(err, EBADE, "the session keyring is the caller's");
	snprintf(report, STEP_REPORT_MAX, "session keyring %x, the caller's is another",
		 (unsigned int)run->proof->keyring);
	return STEP_DONE;
}

static void keyring_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step, (void)spec;
	fputs("new and empty", out);
}

const struct step_type step_keyring = {
	.name = "keyring",
	.blocks = "reading the caller's kernel keys: tickets, disk keys, tokens",
	.source = "keyctl(2), session-keyring(7)",
	.phase = PHASE_PRIV,
	.apply = keyring_apply,
	.verify = keyring_verify,
	.explain = keyring_explain,
};
