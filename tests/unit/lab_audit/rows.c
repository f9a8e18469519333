/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every row of the table can be good, and can be bad: one change for each. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "fixture.h"

/* Keys that make the row of that id bad. */
static const struct {
	const char *id, *keys;
} declared_bad[] = {
	{ "root-inside", "{ \"user\": { \"uid\": 0, \"gid\": 0 } }" },
	{ "id-range", "{ \"user\": { \"host_range\": 65536 } }" },
	{ "groups", "{ \"user\": { \"groups\": [27], \"host_range\": 65536 } }" },
	{ "account", "{ \"user\": { \"host_id\": 1000 } }" },
	{ "no-new-privs", "{ \"allow_setuid\": true }" },
	{ "cap-sys-admin", "{ \"capabilities\": [\"SYS_ADMIN\"] }" },
	{ "cap-set-ids", "{ \"capabilities\": [\"SETUID\"] }" },
	{ "cap-ptrace", "{ \"capabilities\": [\"SYS_PTRACE\"] }" },
	{ "cap-files", "{ \"capabilities\": [\"DAC_OVERRIDE\"] }" },
	{ "cap-net-admin", "{ \"capabilities\": [\"NET_ADMIN\"] }" },
	{ "cap-kernel", "{ \"capabilities\": [\"SYS_MODULE\"] }" },
	{ "cap-net-raw", "{ \"capabilities\": [\"NET_RAW\"] }" },
	{ "cap-mknod", "{ \"capabilities\": [\"MKNOD\"] }" },
	{ "cap-resources", "{ \"capabilities\": [\"SYS_RESOURCE\"] }" },
	{ "cap-kill-audit", "{ \"capabilities\": [\"KILL\"] }" },
	{ "cap-labels", "{ \"capabilities\": [\"MAC_ADMIN\"] }" },
	{ "cap-others", "{ \"capabilities\": [\"SYS_CHROOT\"] }" },
	{ "cap-net-bind", "{ \"capabilities\": [\"NET_BIND_SERVICE\"] }" },
	{ "cap-bounding", "{ \"capabilities\": [\"CHOWN\"] }" },
	{ "apparmor", "{ \"apparmor\": \"unconfined\" }" },
	{ "selinux", "{ \"selinux\": \"unconfined_u:unconfined_r:unconfined_t:s0\" }" },
	{ "memory-execution", "{ \"allow_jit\": true }" },
	{ "writable-code", "{ \"allow_jit\": true }" },
	{ "weaker-start", "{ \"on_missing\": \"warn\" }" },
	{ "syscall-filter", "{ \"syscalls\": { \"on_violation\": \"log\" } }" },
	{ "syscall-width", "{ \"syscalls\": { \"allow\": [\"@docker-default\"] } }" },
	{ "syscall-violation", "{ \"syscalls\": { \"on_violation\": \"errno\" } }" },
	{ "calls-mount", "{ \"syscalls\": { \"allow\": [\"@base\", \"chroot\"] } }" },
	{ "calls-module", "{ \"syscalls\": { \"allow\": [\"@base\", \"reboot\"] } }" },
	{ "calls-debug", "{ \"allow_ptrace\": true }" },
	{ "calls-bpf", "{ \"syscalls\": { \"allow\": [\"@base\", \"bpf\"] } }" },
	{ "calls-clock", "{ \"syscalls\": { \"allow\": [\"@base\", \"clock_settime\"] } }" },
	{ "calls-keyring", "{ \"syscalls\": { \"allow\": [\"@base\", \"keyctl\"] } }" },
	{ "calls-raw", "{ \"syscalls\": { \"allow\": [\"@base\", \"swapon\"] } }" },
	{ "calls-handle", "{ \"syscalls\": { \"allow\": [\"@base\", \"name_to_handle_at\"] } }" },
	{ "nested-namespaces", "{ \"allow_nested_namespaces\": true }" },
	{ "socket-families", "{ \"syscalls\": { \"allow\": [\"@base\", \"@netlink\", \"socket\"] } }" },
	{ "exec-once", "{ \"exec\": { \"allow\": [\"/bin/sh\"] } }" },
	{ "ns-net", "{ \"network\": \"host\" }" },
	{ "ns-pid", "{ \"share_host\": [\"pid\"] }" },
	{ "ns-ipc", "{ \"share_host\": [\"ipc\"] }" },
	{ "ns-cgroup", "{ \"share_host\": [\"cgroup\"] }" },
	{ "ns-uts", "{ \"share_host\": [\"uts\"] }" },
	{ "ns-time", "{ \"share_host\": [\"time\"] }" },
	{ "network-reach", "{ \"network\": \"host\" }" },
	{ "listen-address", "{ \"listen\": { \"a\": { \"stream\": \"0.0.0.0:8080\" } } }" },
	{ "listen-port", "{ \"listen\": { \"a\": { \"stream\": \"127.0.0.1:80\" } } }" },
	{ "nosuid", "{ \"allow_setuid\": true }" },
	{ "write-exec",
	  "{ \"mounts\": { \"/x\": { \"type\": \"tmpfs\", \"size\": \"1MiB\", \"exec\": true } } }" },
	{ "host-write",
	  "{ \"mounts\": { \"/x\": { \"type\": \"bind\", \"source\": \"/srv/x\", \"write\": true } } }" },
	{ "proc-files", "{ \"proc\": \"full\" }" },
	{ "proc-others", "{ \"share_host\": [\"pid\"] }" },
	{ "devices", "{ \"devices\": { \"/dev/fuse\": \"rw\" } }" },
	{ "sysctls", "{ \"sysctls\": { \"net.ipv4.ip_forward\": 1 } }" },
	{ "memory", "{ \"limits\": { \"memory\": \"unlimited\" } }" },
	{ "swap", "{ \"limits\": { \"swap\": \"unlimited\" } }" },
	{ "oom-group", "{ \"limits\": { \"memory\": \"unlimited\" } }" },
	{ "pids", "{ \"limits\": { \"pids\": \"unlimited\" } }" },
	{ "cpu", "{ \"limits\": { \"cpu\": \"unlimited\" } }" },
	{ "io", "{ \"limits\": { \"io\": null } }" },
	{ "open-files", "{ \"limits\": { \"open_files\": 100000 } }" },
	{ "file-size", "{ \"limits\": { \"file_size\": \"unlimited\" } }" },
	{ "core-dump", "{ \"limits\": { \"core\": \"64MiB\" } }" },
	{ "locked-memory", "{ \"limits\": { \"locked_memory\": \"unlimited\" } }" },
	{ "secret-environment", "{ \"env\": { \"DB_PASSWORD\": \"x\" } }" },
	{ "secret-arguments", "{ \"command\": [\"/bin/box\", \"--password=x\"] }" },
	{ "secret-files", "{ \"secrets\": { \"key\": { \"mode\": \"0444\" } } }" },
	{ "umask", "{ \"umask\": \"0022\" }" },
	{ "terminal", "{ \"stdin\": \"inherit\" }" },
	{ "health", "{ \"health\": null }" },
	{ "restarts", "{ \"restart\": { \"policy\": \"always\", \"max\": \"unlimited\" } }" },
	{ "log-kept", "{ \"log\": { \"driver\": \"none\" } }" },
	{ "log-size", "{ \"log\": { \"max_size\": \"unlimited\" } }" },
	{ "purpose", "{ \"description\": null }" },
	{ "owner", "{ \"labels\": null }" },
};

/* A change of the machine that makes the row of that id bad; as fixture_change() takes it. */
#define STATUS   "proc/42/status"
#define MOUNTS   "proc/42/mountinfo"
#define GROUP    "cgroups/box/"
#define CAP(bit) STATUS, "CapPrm:\t0000000000000000", "CapPrm:\t" bit
#define TCP(address)                                                                                         \
	"head\n   0: " address                                                                               \
	" 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1\n"

static const struct {
	const char *id, *file, *from, *to;
} effective_bad[] = {
	{ "user-namespace", "@proc/42/ns/user", NULL, "x:[1]" },
	{ "host-root", STATUS, "Uid:\t200000", "Uid:\t0" },
	{ "host-root-mapped", "proc/42/uid_map", NULL, "0 0 1\n" },
	{ "root-inside", "proc/42/uid_map", NULL, "0 200000 1\n" },
	{ "id-range", "proc/42/uid_map", NULL, "0 200000 65536\n" },
	{ "groups", STATUS, "Groups:\t ", "Groups:\t27 " },
	{ "account", STATUS, "Uid:\t200000\t200000", "Uid:\t1000\t1000" },
	{ "no-new-privs", STATUS, "NoNewPrivs:\t1", "NoNewPrivs:\t0" },
	{ "cap-sys-admin", CAP("0000000000200000") },
	{ "cap-set-ids", CAP("0000000000000080") },
	{ "cap-ptrace", CAP("0000000000080000") },
	{ "cap-files", CAP("0000000000000002") },
	{ "cap-net-admin", CAP("0000000000001000") },
	{ "cap-kernel", CAP("0000000000010000") },
	{ "cap-net-raw", CAP("0000000000002000") },
	{ "cap-mknod", CAP("0000000008000000") },
	{ "cap-resources", CAP("0000000001000000") },
	{ "cap-kill-audit", CAP("0000000000000020") },
	{ "cap-labels", CAP("0000000200000000") },
	{ "cap-others", CAP("0000000000040000") },
	{ "cap-net-bind", CAP("0000000000000400") },
	{ "cap-bounding", STATUS, "CapBnd:\t0000000000000000", "CapBnd:\t0000000000000001" },
	{ "landlock", "steps", "landlock\tseal\tholds", "landlock\tseal\tabsent" },
	{ "apparmor", "proc/42/attr/current", NULL, "unconfined\n" },
	{ "selinux", "proc/42/attr/current", NULL, "unconfined_u:unconfined_r:unconfined_t:s0\n" },
	{ "memory-execution", "steps", "memory-execution\t", "something-else\t" },
	{ "writable-code", "proc/42/maps", "r-xp", "rwxp" },
	{ "address-randomisation", "proc/42/personality", NULL, "00040000\n" },
	{ "securebits", "steps", "capabilities\t", "something-else\t" },
	{ "session-keyring", "steps", "keyring\tpriv\tholds", "keyring\tpriv\tabsent" },
	{ "init-hidden", "steps", "undumpable\t", "something-else\t" },
	{ "host-settings", "proc/sys/kernel/kptr_restrict", NULL, "0\n" },
	{ "syscall-filter", STATUS, "Seccomp:\t2", "Seccomp:\t0" },
	{ "syscall-width", STATUS, "Seccomp:\t2", "Seccomp:\t0" },
	{ "syscall-violation", STATUS, "Seccomp:\t2", "Seccomp:\t0" },
	{ "calls-mount", "steps", "seccomp\tseal\tholds", "seccomp\tseal\tabsent" },
	{ "calls-module", STATUS, "Seccomp:\t2", "Seccomp:\t0" },
	{ "calls-debug", STATUS, "Seccomp:\t2", "Seccomp:\t0" },
	{ "calls-bpf", STATUS, "Seccomp:\t2", "Seccomp:\t0" },
	{ "calls-clock", STATUS, "Seccomp:\t2", "Seccomp:\t0" },
	{ "calls-keyring", STATUS, "Seccomp:\t2", "Seccomp:\t0" },
	{ "calls-raw", STATUS, "Seccomp:\t2", "Seccomp:\t0" },
	{ "calls-handle", STATUS, "Seccomp:\t2", "Seccomp:\t0" },
	{ "nested-namespaces", "steps", "nested-namespaces\t", "something-else\t" },
	{ "socket-families", STATUS, "Seccomp:\t2", "Seccomp:\t0" },
	{ "terminal-input", STATUS, "Seccomp:\t2", "Seccomp:\t0" },
	{ "exec-once", "steps", "exec-once\tpriv\tholds", "exec-once\tpriv\tabsent" },
	{ "ns-net", "@proc/42/ns/net", NULL, "x:[1]" },
	{ "ns-mnt", "@proc/42/ns/mnt", NULL, "x:[1]" },
	{ "ns-pid", "@proc/42/ns/pid", NULL, "x:[1]" },
	{ "ns-ipc", "@proc/42/ns/ipc", NULL, "x:[1]" },
	{ "ns-cgroup", "@proc/42/ns/cgroup", NULL, "x:[1]" },
	{ "ns-uts", "@proc/42/ns/uts", NULL, "x:[1]" },
	{ "ns-time", "@proc/42/ns/time", NULL, "x:[1]" },
	{ "network-reach", "proc/42/net/dev", NULL, "a\nb\n  lo: 1\n  eth0: 1\n" },
	{ "listen-address", "proc/self/net/tcp", NULL, TCP("00000000:1F90") },
	{ "listen-port", "proc/self/net/tcp", NULL, TCP("0100007F:0050") },
	{ "root-read-only", MOUNTS, "/ ro,nosuid", "/ rw,nosuid" },
	{ "own-root", "@proc/42/root", NULL, "/" },
	{ "nosuid", MOUNTS, "rw,nosuid,nodev,noexec - tmpfs", "rw,nodev,noexec - tmpfs" },
	{ "nodev", MOUNTS, "rw,nosuid,nodev,noexec - tmpfs", "rw,nosuid,noexec - tmpfs" },
	{ "write-exec", MOUNTS, "rw,nosuid,nodev,noexec - tmpfs", "rw,nosuid,nodev - tmpfs" },
	{ "host-write", MOUNTS, "rw,nosuid,nodev,noexec - tmpfs none rw,size=64k",
	  "rw,nosuid,nodev,noexec - ext4 /dev/vda rw" },
	{ "sensitive-paths", MOUNTS, "254:0 /srv/box /", "254:0 /etc /" },
	{ "engine-socket", MOUNTS, "0:43 / /scratch\\040space", "0:24 /docker.sock /harmless" },
	{ "propagation", MOUNTS, "noexec - tmpfs", "noexec shared:7 - tmpfs" },
	{ "tmpfs-size", MOUNTS, "rw,nosuid,nodev,noexec - tmpfs none rw,size=64k",
	  "rw,nosuid,nodev,noexec - tmpfs none rw" },
	{ "proc-masked", MOUNTS, ",subset=pid", "" },
	{ "proc-files", MOUNTS, ",subset=pid", "" },
	{ "proc-others", MOUNTS, "hidepid=invisible,", "" },
	{ "proc-sys", MOUNTS, ",subset=pid", "" },
	{ "sysfs", MOUNTS, "0:43 / /scratch\\040space rw,nosuid,nodev,noexec - tmpfs none",
	  "0:43 / /sys ro,nosuid,nodev,noexec - sysfs none" },
	{ "cgroup-mount", MOUNTS, "0:43 / /scratch\\040space rw,nosuid,nodev,noexec - tmpfs none",
	  "0:43 / /sys/fs/cgroup ro,nosuid,nodev,noexec - cgroup2 none" },
	{ "device-filter", "@proc/42/ns/user", NULL, "x:[1]" },
	{ "memory", GROUP "memory.max", NULL, "max\n" },
	{ "swap", GROUP "memory.swap.max", NULL, "max\n" },
	{ "oom-group", GROUP "memory.oom.group", NULL, "0\n" },
	{ "pids", GROUP "pids.max", NULL, "max\n" },
	{ "cpu", GROUP "cpu.max", NULL, "max 100000\n" },
	{ "io", GROUP "io.max", NULL, "" },
	{ "descendants", GROUP "cgroup.max.descendants", NULL, "max\n" },
	{ "open-files", "proc/42/limits", "256                  256    ", "256                  9999999" },
	{ "file-size", "proc/42/limits", "16777216             16777216 ", "16777216             unlimited" },
	{ "core-dump", "proc/42/limits", "1                    1        ", "0                    unlimited" },
	{ "locked-memory", "proc/42/limits", "0                    0        ",
	  "0                    unlimited" },
	{ "oom-score", "proc/42/oom_score_adj", NULL, "-500\n" },
	{ "secret-environment", "proc/42/environ", NULL, "API_TOKEN=abc" },
	{ "secret-arguments", "proc/42/cmdline", NULL, "--db-password=abc" },
	{ "descriptors", "@proc/42/fd/3", NULL, "/etc/shadow" },
	{ "umask", STATUS, "Umask:\t0077", "Umask:\t0000" },
	{ "terminal", "proc/42/stat", NULL, "42 (box) S 1 42 42 34816 -1 4194304\n" },
	{ "one-service", "proc/42/comm", NULL, "sshd\n" },
	{ "remote-server", "proc/42/root/usr/sbin/sshd", NULL, "x" },
	{ "shell", "proc/42/root/bin/sh", NULL, "x" },
	{ "own-cgroup", "proc/42/cgroup", NULL, "0::/\n" },
};

/* Judged by what only root can plant: a test of its own is below. */
static const char planted[] = "devices";

static bool judged_bad(const struct opinion *opinion)
{
	return opinion->state == OPINION_JUDGED && opinion->badness > 0;
}

Test(rows, are_all_good_for_the_hardest_profile_and_process)
{
	struct fixture *fixture = fixture_open();
	static struct assessment assessment;
	struct error err = { 0 };

	cr_assert(eq(int, fixture_read(fixture, &assessment, &err), 0), "%s", err.msg);
	for (size_t i = 0; i < assessment.n; i++) {
		const struct result *result = &assessment.results[i];

		cr_expect(judged_bad(&result->declared) == false, "%s declared: %s, %s", result->check->id,
			  result->declared.value, result->declared.evidence);
		cr_expect(judged_bad(&result->effective) == false, "%s effective: %s, %s", result->check->id,
			  result->effective.value, result->effective.evidence);
		cr_expect(result->effective.state != OPINION_NOT_READABLE, "%s: %s", result->check->id,
			  result->effective.evidence);
		cr_expect(assessment_differs(result) == false, "%s: %s and %s", result->check->id,
			  result->declared.value, result->effective.value);
	}
	cr_assert(eq(u32, assessment.declared.tenths, 100));
	cr_assert(eq(u32, assessment.effective.tenths, 100));
	fixture_close(fixture);
}

Test(rows, of_a_profile_turn_bad_one_by_one)
{
	struct fixture *fixture = fixture_open();
	static struct assessment assessment;

	for (size_t i = 0; i < ARRAY_SIZE(declared_bad); i++) {
		struct audit_declared declared = fixture->declared;
		const struct opinion *opinion;

		declared.spec = fixture_spec(fixture->arena, declared_bad[i].keys);
		cr_assert(declared.spec != NULL, "%s", declared_bad[i].keys);
		assessment_make(&declared, NULL, &assessment);
		opinion = &fixture_result(&assessment, declared_bad[i].id)->declared;
		cr_expect(judged_bad(opinion), "%s with %s: %s", declared_bad[i].id, declared_bad[i].keys,
			  opinion->value);
		cr_expect(lt(u32, assessment.declared.tenths, 100));
	}
	fixture_close(fixture);
}

Test(rows, of_a_process_turn_bad_one_by_one)
{
	static struct assessment assessment;

	for (size_t i = 0; i < ARRAY_SIZE(effective_bad); i++) {
		struct fixture *fixture = fixture_open();
		struct error err = { 0 };
		const struct opinion *opinion;

		fixture_change(fixture, effective_bad[i].file, effective_bad[i].from, effective_bad[i].to);
		cr_assert(eq(int, fixture_read(fixture, &assessment, &err), 0), "%s: %s", effective_bad[i].id,
			  err.msg);
		opinion = &fixture_result(&assessment, effective_bad[i].id)->effective;
		cr_expect(judged_bad(opinion), "%s: %s, %s", effective_bad[i].id, opinion->value,
			  opinion->evidence);
		fixture_close(fixture);
	}
}

/* What no key opens, and what is judged by more than the spec: tests of their own are below. */
static bool elsewhere(const struct check *check)
{
	static const char *const ids[] = {
		"host-root",    "host-root-mapped", "ns-mnt", "sensitive-paths", "engine-socket",
		"profile-file", "remote-server",    "shell",  "descendants",     "terminal-input"
	};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (str_equal(check->id, ids[i]))
			return true;
	return check->declared == opinion_always;
}

Test(rows, have_each_a_change_here_that_makes_it_bad)
{
	for (size_t topic = 0; topic < checks_topics(); topic++) {
		const char *title;
		size_t n;
		const struct check *rows = checks_topic(topic, &n, &title);

		for (size_t i = 0; i < n; i++) {
			bool declared = !rows[i].declared || elsewhere(&rows[i]),
			     effective = !rows[i].effective || str_equal(rows[i].id, planted);

			for (size_t j = 0; j < ARRAY_SIZE(declared_bad); j++)
				declared = declared || str_equal(declared_bad[j].id, rows[i].id);
			for (size_t j = 0; j < ARRAY_SIZE(effective_bad); j++)
				effective = effective || str_equal(effective_bad[j].id, rows[i].id);
			cr_expect(declared, "no keys for %s", rows[i].id);
			cr_expect(effective, "no change for %s", rows[i].id);
		}
	}
}

Test(rows, about_mounts_that_the_reader_refuses_are_bad_all_the_same)
{
	const struct spec_mount mount = { .target = "/x",
					  .type = SPEC_MOUNT_BIND,
					  .source = "/run/docker.sock" },
				etc = { .target = "/x", .type = SPEC_MOUNT_BIND, .source = "/etc" },
				above = { .target = "/x", .type = SPEC_MOUNT_BIND, .source = "/" };
	const struct {
		const char *id;
		const struct spec_mount *mount;
	} bad[] = { { "engine-socket", &mount }, { "sensitive-paths", &etc }, { "sensitive-paths", &above } };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct spec spec = { .mounts = bad[i].mount, .n_mounts = 1 };
		const struct audit_declared declared = { .spec = &spec, .root_fd = -1 };
		const struct check *check = checks_find(bad[i].id);
		struct opinion opinion = { 0 };

		check->declared(check, &declared, &opinion);
		cr_expect(judged_bad(&opinion), "%s of %s", bad[i].id, bad[i].mount->source);
	}
}

Test(rows, about_the_file_and_the_root_on_this_machine_turn_bad)
{
	struct fixture *fixture = fixture_open();
	struct audit_declared declared = fixture->declared;
	static struct assessment assessment;
	char path[64];

	fixture_change(fixture, "proc/42/root/usr/sbin/sshd", NULL, "x");
	fixture_change(fixture, "proc/42/root/bin/sh", NULL, "x");
	snprintf(path, sizeof(path), "%s/proc/42/root", fixture->path);
	declared.root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	declared.file_mode = 0666;
	assessment_make(&declared, NULL, &assessment);
	close(declared.root_fd);
	cr_expect(judged_bad(&fixture_result(&assessment, "profile-file")->declared));
	cr_expect(judged_bad(&fixture_result(&assessment, "remote-server")->declared));
	cr_expect(judged_bad(&fixture_result(&assessment, "shell")->declared));
	fixture_close(fixture);
}

Test(rows, about_devices_turn_bad_with_the_first_one)
{
	const struct check *check = checks_find(planted);
	static struct facts facts = { .n_devices = 1, .devices = "sda" };
	struct opinion opinion = { 0 };

	check->effective(check, &facts, &opinion);
	cr_expect(judged_bad(&opinion));
	cr_expect(same_text(opinion.evidence, "root/dev: sda"));
}
