/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a spec is when a key is not written, and when each is. */
#include <signal.h>

#include "reading.h"

Test(defaults, are_the_hardest_setting_of_every_key)
{
	_cleanup_reading_ struct reading reading =
		read_text("{ \"kapsel\": 1, \"rootfs\": \"/r\", \"command\": [\"/c\"] }");
	const struct spec *spec = reading.spec;

	cr_assert(eq(int, reading.result, 0));
	cr_assert(eq(sz, reading.findings.n, 0));
	cr_assert(same_text(spec->name, "web"));
	cr_assert(same_text(spec->hostname, "web"));
	cr_assert(spec->description == NULL);
	cr_assert(zero(sz, spec->labels.n));
	cr_assert(same_text(spec->rootfs, "/r"));
	cr_assert(not(spec->args_from_cli));
	cr_assert(same_text(spec->workdir, "/"));
	cr_assert(eq(sz, spec->env.n, 1));
	cr_assert(same_text(spec->env.items[0].name, "PATH"));
	cr_assert(same_text(spec->env.items[0].value,
			    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
	cr_assert(eq(u32, spec->umask, 077));
	cr_assert(eq(u32, spec->user.uid, 65532));
	cr_assert(eq(u32, spec->user.gid, 65532));
	cr_assert(zero(sz, spec->user.n_groups));
	cr_assert(spec->user.host_id_auto);
	cr_assert(eq(u32, spec->user.host_range, 1));
	cr_assert(zero(sz, spec->n_mounts + spec->n_secrets + spec->n_devices + spec->n_listen));
	cr_assert(eq(int, spec->proc, SPEC_PROC_OWN));
	cr_assert(eq(int, spec->network, SPEC_NETWORK_NONE));
	cr_assert(spec->network_netns == NULL);
	cr_assert(eq(u32, spec->namespaces, SPEC_NS_ALL));
	cr_assert(zero(u64, spec->capabilities));
	cr_assert(not(spec->allow_setuid || spec->allow_jit || spec->allow_nested_namespaces ||
		      spec->allow_ptrace));
	cr_assert(eq(sz, spec->syscalls.n, 1));
	cr_assert(same_text(spec->syscalls.items[0], "@base"));
	cr_assert(spec->syscalls.items[1] == NULL);
	cr_assert(eq(int, spec->on_violation, SPEC_VIOLATION_KILL));
	cr_assert(spec_exec_once(spec));
	cr_assert(not(spec_exec_any(spec)));
	cr_assert(spec->exec_allow.items[0] == NULL);
	cr_assert(zero(sz, spec->sysctls.n));
	cr_assert(spec->apparmor == NULL);
	cr_assert(spec->selinux == NULL);
	cr_assert(eq(int, spec->stdin_from, SPEC_STDIN_NULL));
	cr_assert(not(spec->terminal));
	cr_assert(eq(int, spec->stop_signal, SIGTERM));
	cr_assert(eq(u64, spec->stop_timeout_ms, 10000));
	cr_assert(eq(int, spec->on_missing, SPEC_MISSING_FAIL));
}

Test(defaults, limit_every_resource)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(""));
	const struct spec_limits *limits = &reading.spec->limits;

	cr_assert(eq(u64, limits->memory_bytes, 64ULL << 20));
	cr_assert(eq(u64, limits->memory_high_bytes, SPEC_UNLIMITED));
	cr_assert(zero(u64, limits->swap_bytes));
	cr_assert(limits->cpu_cores > 0.499 && limits->cpu_cores < 0.501);
	cr_assert(eq(u32, limits->cpu_weight, 100));
	cr_assert(limits->cpus == NULL);
	cr_assert(eq(u64, limits->pids, 16));
	cr_assert(eq(u64, limits->open_files, 256));
	cr_assert(eq(u64, limits->file_size_bytes, 16ULL << 20));
	cr_assert(zero(u64, limits->core_bytes));
	cr_assert(eq(u64, limits->stack_bytes, 8ULL << 20));
	cr_assert(zero(u64, limits->locked_memory_bytes));
	cr_assert(zero(u64, limits->runtime_ms));
	cr_assert(zero(sz, limits->n_io));
}

Test(defaults, come_back_with_null)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(
		", \"limits\": null, \"syscalls\": { \"allow\": null }, \"user\": { \"uid\": null }"));

	cr_assert(eq(int, reading.result, 0));
	cr_assert(eq(u64, reading.spec->limits.memory_bytes, 64ULL << 20));
	cr_assert(same_text(reading.spec->syscalls.items[0], "@base"));
	cr_assert(eq(u32, reading.spec->user.uid, 65532));
}

Test(defaults, of_memory_high_put_no_brake)
{
	_cleanup_reading_ struct reading limited =
		read_text(PROFILE(", \"limits\": { \"memory\": \"1GiB\" }"));

	cr_assert(eq(u64, limited.spec->limits.memory_high_bytes, SPEC_UNLIMITED));
}

Test(defaults, take_the_name_from_the_file)
{
	static const struct {
		const char *file, *name;
	} rows[] = { { "a/b/redis.kapsel.jsonc", "redis" }, { "x.jsonc", "x" }, { "plain", "plain" } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct profile_options options = { .vocabulary = reading_vocabulary() };
		struct source source = reading_source(
			rows[i].file, "{\"kapsel\": 1, \"rootfs\": \"/r\", \"command\": [\"/c\"]}");
		_cleanup_arena_ struct arena *arena = arena_new();
		struct findings findings = { 0 };
		const struct spec *spec = NULL;

		cr_assert(eq(int, profile_read_text(&source, &options, arena, &findings, &spec), 0));
		cr_assert(same_text(spec->name, rows[i].name));
	}
}

Test(values, of_the_process_are_taken_as_written)
{
	_cleanup_reading_ struct reading reading = read_text(
		"{ \"kapsel\": 1, \"name\": \"a.b-c_9\", \"hostname\": \"Host\", \"rootfs\": { \"path\": \"//srv/./r/\" },\n"
		"\"command\": [\"/bin//sh\", \"-c\", \"echo\\n1\"], \"workdir\": \"/srv/\", \"umask\": \"0022\",\n"
		"\"labels\": { \"b\": \"2\", \"a\": \"1\" }, \"stdin\": \"inherit\", \"on_missing\": \"warn\",\n"
		"\"stop\": { \"signal\": \"SIGRTMIN+3\", \"timeout\": \"1min30s\" }, \"terminal\": false }");
	const struct spec *spec = reading.spec;

	cr_assert(eq(int, reading.result, 0));
	cr_assert(same_text(spec->name, "a.b-c_9"));
	cr_assert(same_text(spec->hostname, "Host"));
	cr_assert(same_text(spec->rootfs, "/srv/r"));
	cr_assert(eq(sz, spec->command.n, 3));
	cr_assert(same_text(spec->command.items[2], "echo\n1"));
	cr_assert(spec->command.items[3] == NULL);
	cr_assert(same_text(spec->workdir, "/srv"));
	cr_assert(eq(u32, spec->umask, 022));
	cr_assert(same_text(spec->labels.items[0].name, "a"));
	cr_assert(eq(int, spec->stdin_from, SPEC_STDIN_INHERIT));
	cr_assert(eq(int, spec->on_missing, SPEC_MISSING_WARN));
	cr_assert(eq(int, spec->stop_signal, SIGRTMIN + 3));
	cr_assert(eq(u64, spec->stop_timeout_ms, 90000));
}

Test(values, of_the_environment_override_the_callers)
{
	setenv("KAPSEL_A", "host", 1);
	setenv("KAPSEL_B", "host", 1);
	unsetenv("KAPSEL_C");
	_cleanup_reading_ struct reading reading = read_text(PROFILE(
		", \"env_from_host\": [\"KAPSEL_A\", \"KAPSEL_B\", \"KAPSEL_C\"], \"env\": { \"KAPSEL_B\": \"own\\n\", \"PATH\": \"/x\" }"));
	const struct spec_pairs *env = &reading.spec->env;

	cr_assert(eq(int, reading.result, 0));
	cr_assert(eq(sz, env->n, 3));
	cr_assert(same_text(env->items[0].value, "/x"));
	cr_assert(same_text(env->items[1].value, "host"));
	cr_assert(same_text(env->items[2].value, "own\n"));
}

Test(values, of_the_user_map_ids)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(
		", \"user\": { \"uid\": 0, \"gid\": 5, \"groups\": [6, 9], \"host_id\": 100000, \"host_range\": 10 }"));
	const struct spec_user *user = &reading.spec->user;

	cr_assert(eq(int, reading.result, 0));
	cr_assert(eq(u32, user->uid, 0));
	cr_assert(eq(u32, user->gid, 5));
	cr_assert(eq(sz, user->n_groups, 2));
	cr_assert(eq(u32, user->groups[1], 9));
	cr_assert(not(user->host_id_auto));
	cr_assert(eq(u32, user->host_id, 100000));
	cr_assert(eq(u32, user->host_range, 10));
}

Test(values, of_mounts_are_sorted_parents_first)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(
		", \"mounts\": {\n"
		"\"/a-b\": { \"type\": \"tmpfs\", \"size\": \"1MiB\", \"mode\": \"1777\", \"inodes\": 99, \"exec\": true, \"write\": false },\n"
		"\"/a/b/\": { \"type\": \"bind\", \"source\": \"/x//y\", \"write\": true, \"recursive\": true, \"optional\": true, \"idmap\": true },\n"
		"\"//a\": { \"type\": \"bind\", \"source\": \"/dev/shm/x\" },\n"
		"\"/dev/shm\": { \"type\": \"tmpfs\", \"size\": 4096 } }"));
	const struct spec_mount *mounts = reading.spec->mounts;

	cr_assert(eq(int, reading.result, 0));
	cr_assert(eq(sz, reading.spec->n_mounts, 4));
	cr_assert(same_text(mounts[0].target, "/a"));
	cr_assert(not(mounts[0].write || mounts[0].exec || mounts[0].recursive || mounts[0].optional ||
		      mounts[0].idmap));
	cr_assert(same_text(mounts[1].target, "/a/b"));
	cr_assert(same_text(mounts[1].source, "/x/y"));
	cr_assert(mounts[1].write && !mounts[1].exec && mounts[1].recursive && mounts[1].optional &&
		  mounts[1].idmap);
	cr_assert(same_text(mounts[2].target, "/a-b"));
	cr_assert(eq(int, mounts[2].type, SPEC_MOUNT_TMPFS));
	cr_assert(eq(u32, mounts[2].mode, 01777));
	cr_assert(eq(u64, mounts[2].inodes, 99));
	cr_assert(mounts[2].exec && !mounts[2].write);
	cr_assert(same_text(mounts[3].target, "/dev/shm"));
	cr_assert(eq(u64, mounts[3].size_bytes, 4096));
	cr_assert(eq(u64, mounts[3].inodes, SPEC_UNSET));
	cr_assert(eq(u32, mounts[3].mode, 0700));
	cr_assert(mounts[3].write && !mounts[3].exec);
}

Test(values, of_secrets_come_from_a_file_or_a_credential)
{
	setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x", 1);
	_cleanup_reading_ struct reading reading = read_text(PROFILE(
		", \"secrets\": { \"b\": { \"credential\": \"pw\" }, \"a\": { \"source\": \"/etc/s\", \"mode\": \"0440\" } }"));
	const struct spec_secret *secrets = reading.spec->secrets;

	cr_assert(eq(int, reading.result, 0));
	cr_assert(same_text(secrets[0].name, "a"));
	cr_assert(same_text(secrets[0].source, "/etc/s"));
	cr_assert(eq(u32, secrets[0].mode, 0440));
	cr_assert(same_text(secrets[1].source, "/run/credentials/x/pw"));
	cr_assert(eq(u32, secrets[1].mode, 0400));
}

Test(values, of_devices_and_proc_are_taken)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(
		", \"proc\": \"none\", \"devices\": { \"/dev/fuse\": \"rw\", \"/dev/dri/card0\": \"r\" }"));
	const struct spec_device *devices = reading.spec->devices;

	cr_assert(eq(int, reading.spec->proc, SPEC_PROC_NONE));
	cr_assert(eq(sz, reading.spec->n_devices, 2));
	cr_assert(same_text(devices[0].path, "/dev/dri/card0"));
	cr_assert(devices[0].read && !devices[0].write);
	cr_assert(devices[1].read && devices[1].write);
}

Test(values, of_listen_get_numbers_without_a_gap)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(
		", \"listen\": { \"c\": { \"stream\": \"[::]:80\" }, \"a\": { \"datagram\": \"@abc\", \"fd\": 4 },\n"
		"\"b\": { \"stream\": \"/run/x.sock\", \"backlog\": 7 }, \"d\": { \"stream\": \"127.0.0.1:65535\", \"fd\": 3 } }"));
	const struct spec_listen *listen = reading.spec->listen;
	static const char *const names[] = { "d", "a", "c", "b" };

	cr_assert(eq(int, reading.result, 0));
	cr_assert(eq(sz, reading.spec->n_listen, 4));
	for (int i = 0; i < 4; i++) {
		cr_assert(eq(int, listen[i].fd, 3 + i));
		cr_assert(same_text(listen[i].name, names[i]));
		cr_assert(eq(int, listen[i].datagram, i == 1));
	}
	cr_assert(eq(int, listen[3].backlog, 7));
	cr_assert(eq(int, listen[0].backlog, 128));
	cr_assert(same_text(listen[1].address, "@abc"));
}

Test(values, of_the_network_decide_about_its_namespace)
{
	_cleanup_reading_ struct reading host = read_text(PROFILE(", \"network\": \"host\""));
	_cleanup_reading_ struct reading shared = read_text(PROFILE(", \"share_host\": [\"net\", \"time\"]"));
	_cleanup_reading_ struct reading join =
		read_text(PROFILE(", \"network\": { \"mode\": \"join\", \"netns\": \"/run/netns/web\" }"));
	_cleanup_reading_ struct reading loopback = read_text(PROFILE(", \"network\": \"loopback\""));

	cr_assert(eq(int, host.spec->network, SPEC_NETWORK_HOST));
	cr_assert(zero(u32, host.spec->namespaces & SPEC_NS_NET));
	cr_assert(eq(int, shared.spec->network, SPEC_NETWORK_HOST));
	cr_assert(eq(u32, shared.spec->namespaces, SPEC_NS_PID | SPEC_NS_IPC | SPEC_NS_UTS | SPEC_NS_CGROUP));
	cr_assert(eq(int, join.spec->network, SPEC_NETWORK_JOIN));
	cr_assert(same_text(join.spec->network_netns, "/run/netns/web"));
	cr_assert(zero(u32, join.spec->namespaces & SPEC_NS_NET));
	cr_assert(eq(int, loopback.spec->network, SPEC_NETWORK_LOOPBACK));
	cr_assert(eq(u32, loopback.spec->namespaces, SPEC_NS_ALL));
}

Test(values, of_rights_are_taken)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(
		", \"capabilities\": [\"NET_BIND_SERVICE\", \"CHECKPOINT_RESTORE\"], \"allow_setuid\": true, \"allow_jit\": true,\n"
		"\"allow_nested_namespaces\": true, \"allow_ptrace\": true, \"exec\": { \"allow\": [\"/bin/x\", \"*\"] },\n"
		"\"syscalls\": { \"allow\": [\"@base\", \"openat\"], \"on_violation\": \"log\" },\n"
		"\"sysctls\": { \"net/ipv4/ip_forward\": 1, \"kernel.shmmax\": \"9\" }, \"apparmor\": \"p\", \"selinux\": \"a:b:c\""));
	const struct spec *spec = reading.spec;

	cr_assert(eq(int, reading.result, 0));
	cr_assert(eq(u64, spec->capabilities, 1ULL << 10 | 1ULL << 40));
	cr_assert(spec->allow_setuid && spec->allow_jit && spec->allow_nested_namespaces &&
		  spec->allow_ptrace);
	cr_assert(spec_exec_any(spec) && !spec_exec_once(spec));
	cr_assert(eq(sz, spec->syscalls.n, 2));
	cr_assert(eq(int, spec->on_violation, SPEC_VIOLATION_LOG));
	cr_assert(same_text(spec->sysctls.items[0].name, "kernel.shmmax"));
	cr_assert(same_text(spec->sysctls.items[1].name, "net.ipv4.ip_forward"));
	cr_assert(same_text(spec->sysctls.items[1].value, "1"));
	cr_assert(same_text(spec->apparmor, "p"));
	cr_assert(same_text(spec->selinux, "a:b:c"));
}

Test(values, of_limits_are_taken)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(
		", \"limits\": { \"memory\": \"1GiB\", \"memory_high\": \"unlimited\", \"swap\": \"1kB\", \"cpu\": 2, \"cpu_weight\": 50,\n"
		"\"cpus\": \"0-3,7\", \"pids\": \"unlimited\", \"open_files\": 4096, \"file_size\": 0, \"core\": \"2KiB\", \"stack\": 65536,\n"
		"\"locked_memory\": \"1TB\", \"runtime\": \"10min\", \"io\": { \"8:0\": { \"read_bps\": \"1MB\", \"write_iops\": 5 } } }"));
	const struct spec_limits *limits = &reading.spec->limits;

	cr_assert(eq(int, reading.result, 0));
	cr_assert(eq(u64, limits->memory_bytes, 1ULL << 30));
	cr_assert(eq(u64, limits->memory_high_bytes, SPEC_UNLIMITED));
	cr_assert(eq(u64, limits->swap_bytes, 1000));
	cr_assert(limits->cpu_cores > 1.99 && limits->cpu_cores < 2.01);
	cr_assert(eq(u32, limits->cpu_weight, 50));
	cr_assert(same_text(limits->cpus, "0-3,7"));
	cr_assert(eq(u64, limits->pids, SPEC_UNLIMITED));
	cr_assert(eq(u64, limits->open_files, 4096));
	cr_assert(zero(u64, limits->file_size_bytes));
	cr_assert(eq(u64, limits->core_bytes, 2048));
	cr_assert(eq(u64, limits->stack_bytes, 65536));
	cr_assert(eq(u64, limits->locked_memory_bytes, 1000000000000));
	cr_assert(eq(u64, limits->runtime_ms, 600000));
	cr_assert(eq(sz, limits->n_io, 1));
	cr_assert(same_text(limits->io[0].device, "8:0"));
	cr_assert(eq(u64, limits->io[0].read_bps, 1000000));
	cr_assert(eq(u64, limits->io[0].write_bps, SPEC_UNSET));
	cr_assert(eq(u64, limits->io[0].read_iops, SPEC_UNSET));
	cr_assert(eq(u64, limits->io[0].write_iops, 5));
}

Test(values, of_a_whole_profile_are_read)
{
	_cleanup_reading_ struct reading reading = read_text(
		"// batch.kapsel.jsonc\n{\n  \"kapsel\": 1,\n  \"name\": \"report\",\n"
		"  \"description\": \"Nightly report: reads /in, writes /out, no network, at most 10 minutes\",\n"
		"  \"rootfs\": \"/srv/rootfs/python\",\n  \"command\": [\"/usr/bin/python3\", \"/app/report.py\"],\n"
		"  \"mounts\": {\n    \"/app\": { \"type\": \"bind\", \"source\": \"/srv/report/app\" },\n"
		"    \"/in\":  { \"type\": \"bind\", \"source\": \"/srv/report/in\" },\n"
		"    \"/out\": { \"type\": \"bind\", \"source\": \"/srv/report/out\", \"write\": true },\n"
		"    \"/tmp\": { \"type\": \"tmpfs\", \"size\": \"256MiB\" }\n  },\n"
		"  \"syscalls\": { \"allow\": [\"@base\", \"@threads\", \"@file-write\"] },\n"
		"  \"limits\": { \"memory\": \"1GiB\", \"cpu\": 2, \"runtime\": \"10min\", \"file_size\": \"2GiB\" },\n"
		"  \"log\": { \"labels\": [\"job\"] }, /* the label below */\n  \"labels\": { \"job\": \"report\" }\n}\n");

	cr_assert(eq(int, reading.result, 0));
	cr_assert(zero(sz, reading.findings.n));
	cr_assert(same_text(reading.spec->name, "report"));
	cr_assert(eq(sz, reading.spec->n_mounts, 4));
}
