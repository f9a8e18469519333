/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks: what the kernel holds against code that was taken over. */
#include <errno.h>
#include <stdio.h>
#include <sys/personality.h>

#include "base/str.h"
#include "lab/audit/checks.h"
#include "lab/audit/facts.h"
#include "profiles/spec.h"

/* check->argument: SELinux is asked about; otherwise AppArmor. */
static void label_declared(const struct check *check, const struct audit_declared *declared,
			   struct opinion *ret)
{
	const char *label = check->argument ? declared->spec->selinux : declared->spec->apparmor;

	if (!label) {
		opinion_skip(ret, "no label is asked for: the launcher's own stays, where the host has any");
		return;
	}
	opinion_judge(ret, strstr(label, "unconfined") ? check->range : 0, "%.38s", label);
	opinion_evidence(ret, "%s", check->key);
}

/* "user:role:type:level" is SELinux's, "profile (mode)" is AppArmor's. */
static bool is_selinux(const char *label)
{
	unsigned int colons = 0;

	for (const char *at = label; *at; at++)
		colons += *at == ':';
	return colons >= 2 || str_equal(label, "kernel");
}

static void label(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	int error = facts->label_error;
	bool open;

	if (error == EINVAL || error == ENOENT || error == EOPNOTSUPP || (!error && !facts->label[0])) {
		opinion_skip(ret, "no security module of this host has labels");
		return;
	}
	if (error) {
		opinion_unreadable(ret, error, "attr/current");
		return;
	}
	if (is_selinux(facts->label) != (check->argument != 0)) {
		opinion_skip(ret, "the labels of this host are another security module's");
		return;
	}
	open = strstr(facts->label, "unconfined") || strstr(facts->label, "(complain)") ||
	       str_equal(facts->label, "kernel");
	opinion_judge(ret, open ? check->range : 0, "%.38s", facts->label);
	opinion_evidence(ret, "attr/current: %s", facts->label);
}

static void jit_declared(const struct check *check, const struct audit_declared *declared,
			 struct opinion *ret)
{
	opinion_judge(ret, declared->spec->allow_jit ? check->range : 0,
		      declared->spec->allow_jit ? "allowed" : "refused");
	opinion_evidence(ret, "allow_jit");
}

/* That nothing is both now does not say that nothing can be: mdwe is a row of its own. */
static void writable_code(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	if (facts->maps_error) {
		opinion_unreadable(ret, facts->maps_error, "maps");
		return;
	}
	opinion_judge(ret, facts->n_writable_code ? check->range : 0, facts->n_writable_code ? "%u" : "none",
		      facts->n_writable_code);
	opinion_evidence(ret, facts->n_writable_code ? "maps: %s" : "maps: no mapping is wx",
			 facts->writable_code);
}

static void randomised(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	bool weak = facts->personality & (ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC | MMAP_PAGE_ZERO);

	if (facts->personality_error) {
		opinion_unreadable(ret, facts->personality_error, "personality");
		return;
	}
	opinion_judge(ret, weak ? check->range : 0, weak ? "weakened" : "full");
	opinion_evidence(ret, "personality %08lx", facts->personality);
}

static void host_settings(const struct check *check, const struct facts *facts, struct opinion *ret)
{
	unsigned int weak = (facts->host_unprivileged_bpf == 0) + (facts->host_kptr_restrict == 0) +
			    (facts->host_dmesg_restrict == 0) + (facts->host_legacy_tiocsti == 1);

	(void)check;
	opinion_judge(ret, weak, "%u of 4 weak", weak);
	opinion_evidence(
		ret, "unprivileged_bpf_disabled %d, kptr_restrict %d, dmesg_restrict %d, legacy_tiocsti %d",
		facts->host_unprivileged_bpf, facts->host_kptr_restrict, facts->host_dmesg_restrict,
		facts->host_legacy_tiocsti);
}

static void missing_declared(const struct check *check, const struct audit_declared *declared,
			     struct opinion *ret)
{
	bool warn = declared->spec->on_missing == SPEC_MISSING_WARN;

	opinion_judge(ret, warn ? check->range : 0, warn ? "starts weaker" : "refuses");
	opinion_evidence(ret, "on_missing");
}

const struct check checks_kernel[] = {
	{ "landlock", 1000, 1, "Landlock confines files, devices and signals", NULL, "run/steps landlock",
	  opinion_always, opinion_by_step, .serves = { "A21 A26", NULL, "4.4.3 4.4.4", NULL, "6" },
	  .step = "landlock" },
	{ "apparmor", 500, 1, "An AppArmor profile confines it", "apparmor", "/proc/PID/attr/current",
	  label_declared, label, .serves = { "A21", "5.2", "4.4.3", "baseline:apparmor", "6" } },
	{ "selinux", 500, 1, "SELinux confines it", "selinux", "/proc/PID/attr/current", label_declared,
	  label, .argument = 1, .serves = { "A21", "5.3", "4.4.3", "baseline:selinux", "6" } },
	{ "memory-execution", 200, 1, "Memory that was written can not be executed", "allow_jit",
	  "run/steps memory-execution", jit_declared, opinion_by_step,
	  .serves = { "A21", NULL, "4.4.4", NULL, NULL }, .step = "memory-execution" },
	{ "writable-code", 200, 1, "No memory is writable and executable now", "allow_jit", "/proc/PID/maps",
	  jit_declared, writable_code, .serves = { "A21", NULL, "4.4.4", NULL, NULL } },
	{ "address-randomisation", 100, 1, "Its addresses are random", NULL, "/proc/PID/personality",
	  opinion_always, randomised, .serves = { NULL, NULL, "4.4.4", NULL, NULL } },
	{ "securebits", 100, 1, "Being uid 0 gives nothing by itself", "capabilities",
	  "run/steps capabilities", opinion_always, opinion_by_step,
	  .serves = { "A17", NULL, "4.4.3", NULL, "3 4" }, .step = "capabilities" },
	{ "session-keyring", 200, 1, "It does not share a session keyring", NULL, "run/steps keyring",
	  opinion_always, opinion_by_step, .serves = { "A8", NULL, "4.4.3", NULL, NULL }, .step = "keyring" },
	{ "init-hidden", 100, 1, "The container's init can not be traced", NULL, "run/steps undumpable",
	  opinion_always, opinion_by_step, .serves = { NULL, NULL, "4.4.3", NULL, NULL },
	  .step = "undumpable" },
	{ "weaker-start", 300, 1, "A kernel that lacks a protection refuses the start", "on_missing", NULL,
	  missing_declared, NULL, .serves = { "A3", NULL, "4.4.3", NULL, "0" } },
	{ "host-settings", 200, 4, "The host's settings close known side doors", NULL,
	  "/proc/sys/kernel, dev/tty", NULL, host_settings,
	  .serves = { "A3", NULL, "4.5.1 4.5.2", NULL, "0" } },
	{ 0 },
};
