/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan_fixture.h"

#include <signal.h>

struct spec fixture_spec(void)
{
	static const char *const command[] = { "/bin/web", NULL }, *const syscalls[] = { "@base", NULL },
				 *const none[] = { NULL };
	static const struct spec_pair env[] = { { "PATH", "/usr/bin:/bin" } };

	return (struct spec){
		.name = "web",
		.rootfs = "/srv/web",
		.command = { command, 1 },
		.workdir = "/",
		.env = { env, 1 },
		.hostname = "web",
		.umask = 077,
		.user = { .uid = 65532, .gid = 65532, .host_id_auto = true, .host_range = 1 },
		.proc = SPEC_PROC_OWN,
		.network = SPEC_NETWORK_NONE,
		.namespaces = SPEC_NS_ALL,
		.syscalls = { syscalls, 1 },
		.on_violation = SPEC_VIOLATION_KILL,
		.exec_allow = { none, 0 },
		.limits = {
			.memory_bytes = 64 << 20,
			.memory_high_bytes = 60 << 20,
			.cpu_cores = 0.5,
			.cpu_weight = 100,
			.pids = 16,
			.open_files = 256,
			.file_size_bytes = 16 << 20,
			.stack_bytes = 8 << 20,
		},
		.stdin_from = SPEC_STDIN_NULL,
		.log = { .driver = SPEC_LOG_NONE },
		.stop_signal = SIGTERM,
		.stop_timeout_ms = 10000,
		.on_missing = SPEC_MISSING_FAIL,
		.file = "web.kapsel.jsonc",
	};
}

void fixture_unlimited(struct spec *spec)
{
	spec->limits.memory_bytes = spec->limits.memory_high_bytes = SPEC_UNLIMITED;
	spec->limits.swap_bytes = spec->limits.pids = SPEC_UNLIMITED;
	spec->limits.cpu_cores = 0;
}

struct host fixture_host(void)
{
	return (struct host){
		.kernel_major = 6,
		.kernel_minor = 12,
		.landlock_abi = 6,
		.seccomp_notify = true,
		.mdwe = true,
		.time_namespace = true,
		.user_namespaces = true,
		.euid = 1000,
		.egid = 1000,
		.initial_userns = true,
		.place = {
			.found = true,
			.pure = true,
			.mount = "/sys/fs/cgroup",
			.parent = "/user.slice",
			.top = "/user.slice",
			.available = CGROUP_CPUSET | CGROUP_CPU | CGROUP_IO | CGROUP_MEMORY | CGROUP_PIDS,
			.reason = "a part is missing",
			.remedy = "set Delegate=yes",
		},
		.run_dir = "/run/user/1000/kapsel",
	};
}
