/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/mempolicy.h>
#include <sys/mount.h>
#include <sys/personality.h>

#include "oci_reading.h"

static struct oci_reading full(void)
{
	struct oci_reading reading = oci_read_corpus("full");

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	return reading;
}

Test(oci_linux, reads_namespaces_and_mappings)
{
	_cleanup_oci_ struct oci_reading reading = full();
	const struct oci *oci = &reading.oci;

	for (size_t i = 0; i < OCI_NS_TYPES; i++) {
		cr_assert(oci->namespaces[i].given);
		cr_assert(holds((oci->namespaces[i].path != NULL) == (i == OCI_NS_NETWORK)));
	}
	cr_assert(same_text(oci->namespaces[OCI_NS_NETWORK].path, "/run/netns/blue"));
	cr_assert(eq(sz, oci->uid_maps.n, 1));
	cr_assert(eq(u32, oci->uid_maps.items[0].container_id, 0));
	cr_assert(eq(u32, oci->uid_maps.items[0].host_id, 100000));
	cr_assert(eq(u32, oci->uid_maps.items[0].size, 65536));
	cr_assert(eq(u32, oci->gid_maps.items[0].host_id, 200000));
	cr_assert(oci->time_monotonic.given && oci->time_boottime.given);
	cr_assert(eq(i64, oci->time_monotonic.secs, 172800));
	cr_assert(eq(u32, oci->time_monotonic.nanosecs, 1));
	cr_assert(eq(i64, oci->time_boottime.secs, -604800));
}

Test(oci_linux, reads_devices)
{
	_cleanup_oci_ struct oci_reading reading = full();
	const struct oci_device *devices = reading.oci.devices;

	cr_assert(eq(sz, reading.oci.n_devices, 4));
	cr_assert(same_text(devices[0].path, "/dev/fuse"));
	cr_assert(eq(chr, devices[0].type, 'c'));
	cr_assert(eq(u32, devices[0].major, 10));
	cr_assert(eq(u32, devices[0].minor, 229));
	cr_assert(devices[0].mode_given);
	cr_assert(eq(u32, devices[0].mode, 0666));
	cr_assert(eq(u32, devices[0].uid, 1));
	cr_assert(eq(u32, devices[0].gid, 2));
	cr_assert(eq(chr, devices[1].type, 'b'));
	cr_assert(eq(u32, devices[1].mode, 0660)); /* without the bits of the type */
	cr_assert(eq(chr, devices[2].type, 'p'));
	cr_assert(holds(!devices[2].mode_given));
	cr_assert(eq(chr, devices[3].type, 'c'));
	cr_assert(eq(sz, reading.oci.n_net_devices, 2));
	cr_assert(same_text(reading.oci.net_devices[0].host_name, "ens4"));
	cr_assert(same_text(reading.oci.net_devices[0].name, "ens4"));
	cr_assert(same_text(reading.oci.net_devices[1].host_name, "eth1"));
	cr_assert(same_text(reading.oci.net_devices[1].name, "inside1"));
}

Test(oci_linux, reads_paths_labels_and_policies)
{
	_cleanup_oci_ struct oci_reading reading = full();
	const struct oci *oci = &reading.oci;

	cr_assert(same_text(oci->cgroups_path, "/some/place"));
	cr_assert(eq(u64, oci->rootfs_propagation, MS_SLAVE));
	cr_assert(eq(sz, oci->sysctls.n, 3));
	cr_assert(eq(sz, oci->masked_paths.n, 2));
	cr_assert(same_text(oci->readonly_paths.items[0], "/proc/sys"));
	cr_assert(same_text(oci->mount_label, "system_u:object_r:container_file_t:s0:c715,c811"));
	cr_assert(oci->personality_given);
	cr_assert(eq(ulong, oci->personality, PER_LINUX32));
	cr_assert(oci->intel_rdt.given && oci->intel_rdt.enable_monitoring);
	cr_assert(same_text(oci->intel_rdt.clos_id, "guaranteed"));
	cr_assert(same_text(oci->intel_rdt.l3_cache_schema, "L3:0=7f0;1=1f"));
	cr_assert(same_text(oci->intel_rdt.mem_bw_schema, "MB:0=20;1=70"));
	cr_assert(eq(sz, oci->intel_rdt.schemata.n, 1));
	cr_assert(oci->memory_policy.given);
	cr_assert(eq(int, oci->memory_policy.mode, MPOL_INTERLEAVE));
	cr_assert(eq(uint, oci->memory_policy.flags, MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES));
	cr_assert(same_text(oci->memory_policy.nodes, "0-1,3"));
}

Test(oci_linux, reads_each_kind_of_hook)
{
	_cleanup_oci_ struct oci_reading reading = full();
	static const char *const paths[OCI_HOOK_KINDS] = {
		[OCI_HOOK_PRESTART] = "/bin/one",          [OCI_HOOK_CREATE_RUNTIME] = "/bin/three",
		[OCI_HOOK_CREATE_CONTAINER] = "/bin/four", [OCI_HOOK_START_CONTAINER] = "/bin/five",
		[OCI_HOOK_POSTSTART] = "/bin/six",         [OCI_HOOK_POSTSTOP] = "/bin/seven",
	};
	const struct oci_hook *first = &reading.oci.hooks[OCI_HOOK_PRESTART].items[0];

	for (size_t i = 0; i < OCI_HOOK_KINDS; i++) {
		cr_assert(eq(sz, reading.oci.hooks[i].n, i == OCI_HOOK_PRESTART ? 2 : 1));
		cr_assert(same_text(reading.oci.hooks[i].items[0].path, paths[i]));
	}
	cr_assert(eq(sz, first->args.n, 2));
	cr_assert(same_text(first->args.items[1], "-a"));
	cr_assert(same_text(first->env.items[0], "KEY=value"));
	cr_assert(eq(uint, first->timeout_s, 5));
	cr_assert(eq(uint, first[1].timeout_s, 0));
	cr_assert(first[1].args.n == 0 && first[1].env.n == 0);
}

Test(oci_linux, refuses_hooks_that_can_not_run)
{
	static const struct oci_mistake mistakes[] = {
		{ "\"hooks\":{\"poststop\":[{}]}", "hooks.poststop[0].path: missing" },
		{ "\"hooks\":{\"poststart\":[{\"path\":\"relative\"}]}",
		  "hooks.poststart[0].path: \"relative\" is not an absolute path" },
		{ "\"hooks\":{\"createRuntime\":[{\"path\":\"/a\",\"timeout\":0}]}",
		  "hooks.createRuntime[0].timeout: must be greater than 0" },
		{ "\"hooks\":{\"createContainer\":[{\"path\":\"/a\",\"timeout\":-1}]}",
		  "hooks.createContainer[0].timeout: -1 is not from 0 to 2147483647" },
		{ "\"hooks\":{\"startContainer\":[{\"path\":\"/a\",\"timeout\":\"1s\"}]}",
		  "hooks.startContainer[0].timeout: expected an integer, not a string" },
		{ "\"hooks\":{\"prestart\":[{\"path\":\"/a\",\"args\":\"x\"}]}",
		  "hooks.prestart[0].args: expected an array, not a string" },
		{ "\"hooks\":{\"prestart\":[{\"path\":\"/a\",\"env\":[{}]}]}",
		  "hooks.prestart[0].env[0]: expected a string, not an object" },
	};

	oci_refuses(oci_read_more, mistakes, ARRAY_SIZE(mistakes));
}

Test(oci_linux, refuses_namespaces_and_mappings_that_are_wrong)
{
	static const struct oci_mistake mistakes[] = {
		{ "\"namespaces\":{}", "linux.namespaces: expected an array, not an object" },
		{ "\"namespaces\":[\"pid\"]", "linux.namespaces[0]: expected an object, not a string" },
		{ "\"namespaces\":[{}]", "linux.namespaces[0].type: missing" },
		{ "\"namespaces\":[{\"type\":\"\"}]", "linux.namespaces[0].type: unknown namespace \"\"" },
		{ "\"namespaces\":[{\"type\":\"net\"}]",
		  "linux.namespaces[0].type: unknown namespace \"net\"" },
		{ "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\",\"path\":\"/proc/1/ns/pid\"}]",
		  "linux.namespaces[1].type: the namespace \"pid\" stands twice" },
		{ "\"namespaces\":[{\"type\":\"pid\",\"path\":\"proc/1/ns/pid\"}]",
		  "linux.namespaces[0].path: \"proc/1/ns/pid\" is not an absolute path" },
		{ "\"uidMappings\":[{\"containerID\":0,\"hostID\":0}]",
		  "linux.uidMappings[0].size: missing" },
		{ "\"uidMappings\":[{\"containerID\":0,\"size\":1}]",
		  "linux.uidMappings[0].hostID: missing" },
		{ "\"gidMappings\":[{\"hostID\":0,\"size\":1}]",
		  "linux.gidMappings[0].containerID: missing" },
		{ "\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":0}]",
		  "linux.gidMappings[0].size: must be greater than 0" },
		{ "\"gidMappings\":[{\"containerID\":0,\"hostID\":4294967296,\"size\":1}]",
		  "linux.gidMappings[0].hostID: 4294967296 is not from 0 to 4294967295" },
		{ "\"timeOffsets\":{\"boottime\":5}",
		  "linux.timeOffsets.boottime: expected an object, not an integer" },
		{ "\"timeOffsets\":{\"monotonic\":{\"secs\":9223372036854775808}}",
		  "linux.timeOffsets.monotonic.secs: 9223372036854775808 is not from -9223372036854775808 to "
		  "9223372036854775807" },
		{ "\"timeOffsets\":{\"monotonic\":{\"nanosecs\":1000000000}}",
		  "linux.timeOffsets.monotonic.nanosecs: 1000000000 is not from 0 to 999999999" },
	};

	oci_refuses(oci_read_linux, mistakes, ARRAY_SIZE(mistakes));
}

Test(oci_linux, refuses_devices_that_can_not_be_made)
{
	static const struct oci_mistake mistakes[] = {
		{ "\"devices\":[{\"type\":\"c\",\"major\":1,\"minor\":1}]",
		  "linux.devices[0].path: missing" },
		{ "\"devices\":[{\"path\":\"/x\"}]", "linux.devices[0].type: missing" },
		{ "\"devices\":[{\"path\":\"/x\",\"type\":\"c\",\"major\":1}]",
		  "linux.devices[0].minor: missing" },
		{ "\"devices\":[{\"path\":\"/x\",\"type\":\"b\",\"minor\":1}]",
		  "linux.devices[0].major: missing" },
		{ "\"devices\":[{\"path\":\"/x\",\"type\":\"a\",\"major\":1,\"minor\":1}]",
		  "linux.devices[0].type: unknown device type \"a\", it is c, b, u or p" },
		{ "\"devices\":[{\"path\":\"/x\",\"type\":\"\"}]",
		  "linux.devices[0].type: unknown device type \"\", it is c, b, u or p" },
		{ "\"devices\":[{\"path\":\"x\",\"type\":\"p\"}]",
		  "linux.devices[0].path: \"x\" is not an absolute path" },
		{ "\"devices\":[{\"path\":\"/x\",\"type\":\"c\",\"major\":4096,\"minor\":1}]",
		  "linux.devices[0].major: 4096 is not from 0 to 4095" },
		{ "\"devices\":[{\"path\":\"/x\",\"type\":\"c\",\"major\":1,\"minor\":1048576}]",
		  "linux.devices[0].minor: 1048576 is not from 0 to 1048575" },
		{ "\"devices\":[{\"path\":\"/x\",\"type\":\"p\",\"fileMode\":-1}]",
		  "linux.devices[0].fileMode: -1 is not from 0 to 4294967295" },
		{ "\"netDevices\":{\"eth0\":{\"name\":23}}",
		  "linux.netDevices.eth0.name: expected a string, not an integer" },
		{ "\"netDevices\":{\"eth0\":\"x\"}",
		  "linux.netDevices.eth0: expected an object, not a string" },
		{ "\"netDevices\":{\"eth0\":{\"name\":\"a/b\"}}",
		  "linux.netDevices.eth0: \"a/b\" is not the name of a network interface" },
		{ "\"netDevices\":{\"eth0\":{\"name\":\"sixteen.letters.\"}}",
		  "linux.netDevices.eth0: \"sixteen.letters.\" is not the name of a network interface" },
		{ "\"netDevices\":{\"eth0\":{\"name\":\"x\"},\"eth1\":{\"name\":\"x\"}}",
		  "linux.netDevices.eth1: two network interfaces would be called \"x\"" },
	};

	oci_refuses(oci_read_linux, mistakes, ARRAY_SIZE(mistakes));
}

Test(oci_linux, refuses_unknown_words_and_relative_paths)
{
	static const struct oci_mistake mistakes[] = {
		{ "\"rootfsPropagation\":\"public\"",
		  "linux.rootfsPropagation: unknown propagation \"public\"" },
		{ "\"maskedPaths\":[\"/a\",\"b\"]", "linux.maskedPaths[1]: \"b\" is not an absolute path" },
		{ "\"readonlyPaths\":[\"\"]", "linux.readonlyPaths[0]: \"\" is not an absolute path" },
		{ "\"readonlyPaths\":[1]", "linux.readonlyPaths[0]: expected a string, not an integer" },
		{ "\"sysctl\":{\"a\":1}", "linux.sysctl.a: expected a string, not an integer" },
		{ "\"sysctl\":[]", "linux.sysctl: expected an object, not an array" },
		{ "\"mountLabel\":1", "linux.mountLabel: expected a string, not an integer" },
		{ "\"cgroupsPath\":[]", "linux.cgroupsPath: expected a string, not an array" },
		{ "\"personality\":{}", "linux.personality.domain: missing" },
		{ "\"personality\":{\"domain\":\"SVR4\"}",
		  "linux.personality.domain: unknown personality \"SVR4\"" },
		{ "\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"ADDR_NO_RANDOMIZE\"]}",
		  "linux.personality.flags: no flag of the personality is supported" },
		{ "\"intelRdt\":{\"closID\":\"../x\"}",
		  "linux.intelRdt.closID: \"../x\" is not the name of a class" },
		{ "\"intelRdt\":{\"closID\":\"..\"}",
		  "linux.intelRdt.closID: \"..\" is not the name of a class" },
		{ "\"intelRdt\":{\"memBwSchema\":\"L3:0=1\"}",
		  "linux.intelRdt.memBwSchema: must start with \"MB:\" and be one line" },
		{ "\"intelRdt\":{\"memBwSchema\":\"MB:0=1\\nL3:0=1\"}",
		  "linux.intelRdt.memBwSchema: must start with \"MB:\" and be one line" },
		{ "\"memoryPolicy\":{}", "linux.memoryPolicy.mode: missing" },
		{ "\"memoryPolicy\":{\"mode\":\"MPOL_NEAR\"}",
		  "linux.memoryPolicy.mode: unknown memory policy \"MPOL_NEAR\"" },
		{ "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"flags\":[\"MPOL_F_X\"]}",
		  "linux.memoryPolicy.flags[0]: unknown memory policy flag \"MPOL_F_X\"" },
		{ "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"all\"}",
		  "linux.memoryPolicy.nodes: \"all\" is not a list of nodes like \"0-1,3\"" },
	};

	oci_refuses(oci_read_linux, mistakes, ARRAY_SIZE(mistakes));
}

Test(oci_linux, knows_every_propagation_of_the_root)
{
	static const struct {
		const char *text;
		uint64_t flags;
	} cases[] = {
		{ "\"rootfsPropagation\":\"\"", 0 },
		{ "\"rootfsPropagation\":\"private\"", MS_PRIVATE },
		{ "\"rootfsPropagation\":\"shared\"", MS_SHARED },
		{ "\"rootfsPropagation\":\"unbindable\"", MS_UNBINDABLE },
		{ "\"rootfsPropagation\":\"rslave\"", MS_SLAVE | MS_REC },
		{ "\"rootfsPropagation\":\"rprivate\"", MS_PRIVATE | MS_REC },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_oci_ struct oci_reading reading = oci_read_linux(cases[i].text);

		cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
		cr_assert(eq(u64, reading.oci.rootfs_propagation, cases[i].flags), "%s", cases[i].text);
	}
}
