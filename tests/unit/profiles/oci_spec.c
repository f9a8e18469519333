/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/capability.h>
#include <signal.h>

#include "oci_reading.h"

static struct spec to_spec(const struct oci_reading *reading)
{
	struct spec spec;

	cr_assert(eq(int, reading->result, 0), "%s", reading->err.msg);
	cr_assert(eq(int, oci_to_spec(&reading->oci, "web-1", reading->arena, &spec, NULL), 0));
	return spec;
}

Test(oci_spec, takes_over_what_both_front_ends_share)
{
	_cleanup_oci_ struct oci_reading reading = oci_read_corpus("full");
	struct spec spec = to_spec(&reading);

	cr_assert(spec.oci == &reading.oci);
	cr_assert(same_text(spec.name, "web-1"));
	cr_assert(same_text(spec.file, "/bundle/config.json"));
	cr_assert(same_text(spec.rootfs, "/bundle/rootfs"));
	cr_assert(eq(sz, spec.command.n, 3));
	cr_assert(same_text(spec.workdir, "/work"));
	cr_assert(same_text(spec.hostname, "inside"));
	cr_assert(eq(u32, spec.umask, 077));
	cr_assert(eq(u32, spec.user.uid, 1000));
	cr_assert(eq(sz, spec.user.n_groups, 2));
	cr_assert(eq(u64, spec.capabilities, reading.oci.process.capabilities.bounding));
	cr_assert(holds(!spec.allow_setuid));
	cr_assert(same_text(spec.apparmor, "some_profile"));
	cr_assert(eq(sz, spec.sysctls.n, 3));
	cr_assert(spec.terminal);
}

Test(oci_spec, splits_the_environment_and_leaves_out_what_is_no_variable)
{
	_cleanup_oci_ struct oci_reading reading = oci_read_corpus("full");
	struct spec spec = to_spec(&reading);

	cr_assert(eq(sz, spec.env.n, 4));
	cr_assert(same_text(spec.env.items[0].name, "PATH"));
	cr_assert(same_text(spec.env.items[0].value, "/usr/bin:/bin"));
	cr_assert(same_text(spec.env.items[2].value, "/twice"));
	cr_assert(same_text(spec.env.items[3].name, "EMPTY"));
	cr_assert(same_text(spec.env.items[3].value, ""));
}

Test(oci_spec, counts_new_namespaces_only_as_its_own)
{
	_cleanup_oci_ struct oci_reading full = oci_read_corpus("full"), start = oci_read_corpus("start");
	_cleanup_oci_ struct oci_reading alone = oci_read_linux("\"namespaces\":[{\"type\":\"network\"}]");
	struct spec spec = to_spec(&full);

	cr_assert(eq(uint, spec.namespaces, SPEC_NS_ALL & ~SPEC_NS_NET));
	cr_assert(eq(int, spec.network, SPEC_NETWORK_JOIN));
	cr_assert(same_text(spec.network_netns, "/run/netns/blue"));
	spec = to_spec(&start);
	cr_assert(eq(uint, spec.namespaces, 0));
	cr_assert(eq(int, spec.network, SPEC_NETWORK_HOST));
	spec = to_spec(&alone);
	cr_assert(eq(uint, spec.namespaces, SPEC_NS_NET));
	cr_assert(eq(int, spec.network, SPEC_NETWORK_LOOPBACK));
}

Test(oci_spec, asks_for_nothing_that_only_profiles_have)
{
	_cleanup_oci_ struct oci_reading reading = oci_read_corpus("start");
	struct spec spec = to_spec(&reading);

	cr_assert(eq(u32, spec.umask, 022));
	cr_assert(spec.allow_setuid && spec.allow_jit && spec.allow_nested_namespaces && spec.allow_ptrace);
	cr_assert(spec_exec_any(&spec) && !spec_exec_once(&spec));
	cr_assert(spec.n_mounts == 0 && spec.n_secrets == 0 && spec.n_devices == 0 && spec.n_listen == 0);
	cr_assert(eq(int, spec.proc, SPEC_PROC_NONE));
	cr_assert(eq(u64, spec.limits.memory_bytes, SPEC_UNSET));
	cr_assert(eq(u64, spec.limits.open_files, SPEC_UNSET));
	cr_assert(eq(int, spec.log.driver, SPEC_LOG_NONE));
	cr_assert(eq(int, spec.stop_signal, SIGTERM));
	cr_assert(same_text(spec.hostname, ""));
	cr_assert(eq(u64, spec.capabilities, 0));
	cr_assert(holds(!spec.apparmor && !spec.selinux && !spec.tree));
}
