/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel may say of a sealed payload, and that each step's verify takes no for no: a
 * start as it should be passes, and every single fact that is off refuses it.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "base/sys.h"
#include "launcher/evidence.h"
#include "launcher/host.h"
#include "launcher/run.h"
#include "launcher/steps/dev.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

enum { ID = 65532, HOST_ID = 0x30000000 };

static const struct spec_mount mounts[] = {
	{ .target = "/data", .type = SPEC_MOUNT_BIND, .source = "/srv/data" },
	{ .target = "/tmp", .type = SPEC_MOUNT_TMPFS, .write = true, .size_bytes = 4096 },
	{ .target = "/exec", .type = SPEC_MOUNT_BIND, .source = "/srv/exec", .exec = true },
	{ .target = "/maybe", .type = SPEC_MOUNT_BIND, .source = "/srv/maybe", .optional = true },
};
static const struct spec_secret secret = { .name = "key", .source = "/etc/key", .mode = 0400 };
static const struct spec_pair sysctl = { "net.ipv4.ip_forward", "1" };
static const char *const base_calls[] = { "@base", NULL };

static struct spec spec;
static struct host host;
static struct proof proof;
static struct run run;
static struct evidence evidence;

static void add_mount(const char *target, const char *options, const char *fstype, const char *super)
{
	struct mount_row *row = &evidence.mounts[evidence.n_mounts++];

	/* The rows of a real one point into its text: never changed. */
	*row = (struct mount_row){ .target = (char *)(uintptr_t)target,
				   .options = (char *)(uintptr_t)options,
				   .fstype = (char *)(uintptr_t)fstype,
				   .super = (char *)(uintptr_t)super };
}

static void fill_mounts(void)
{
	add_mount("/", "ro,nosuid,nodev,relatime", "ext4", "rw");
	add_mount("/proc", "rw,nosuid,nodev,noexec,relatime", "proc", "rw,hidepid=invisible,subset=pid");
	add_mount("/dev", "ro,nosuid,noexec,relatime", "tmpfs", "rw,size=64k");
	for (size_t i = 0; i < DEV_NODES; i++)
		add_mount(dev_nodes[i].path, "rw,nosuid,noexec,relatime", "devtmpfs", "rw");
	add_mount("/data", "ro,nosuid,nodev,noexec,relatime", "ext4", "rw");
	add_mount("/tmp", "rw,nosuid,nodev,noexec,relatime,nosymfollow", "tmpfs", "rw,size=4k");
	add_mount("/exec", "ro,nosuid,nodev,relatime", "ext4", "rw");
	add_mount("/run/secrets", "ro,nosuid,nodev,noexec,relatime,nosymfollow", "tmpfs", "rw,noswap");
}

static void fill_status(struct proc_status *status)
{
	for (int i = 0; i < 4; i++)
		status->uid[i] = status->gid[i] = HOST_ID;
	status->umask = 0077;
	status->no_new_privs = true;
	status->seccomp_mode = 2;
	status->seccomp_filters = 1;
}

static void fill_proof(void)
{
	proof.landlock_abi = 1;
	proof.landlock_open_after = EACCES;
	proof.seccomp_clone3 = ENOSYS;
	proof.mdwe = PR_MDWE_REFUSE_EXEC_GAIN;
	proof.stray_fd = -1;
	proof.open_fds = 3;
	proof.keyring = 0x7fffffff;
	proof.program[0] = proof.held[0] = 8;
	proof.program[1] = proof.held[1] = 4711;
	proof.sysctls = proof.secrets = 1;
	strcpy(proof.nodename, "inside");
	strcpy(proof.cwd, "/data");
	strcpy(proof.label, "mine (enforce)");
	for (size_t i = 0; i < RUN_NAMESPACES; i++)
		proof.namespaces[i] = i + 1; /* no namespace has such a number */
}

/* A start as it should be. */
static void fill(void)
{
	memset(&evidence, 0, sizeof(evidence));
	memset(&proof, 0, sizeof(proof));
	memset(&host, 0, sizeof(host));
	host.landlock_abi = 1;
	host.mdwe = true;
	spec = (struct spec){
		.name = "answers",
		.rootfs = "/srv/root",
		.workdir = "/data",
		.hostname = "inside",
		.apparmor = "mine",
		.umask = 0077,
		.user = { .uid = ID, .gid = ID, .host_range = 1 },
		.namespaces = SPEC_NS_ALL,
		.mounts = mounts,
		.n_mounts = ARRAY_SIZE(mounts),
		.secrets = &secret,
		.n_secrets = 1,
		.sysctls = { &sysctl, 1 },
		.syscalls = { base_calls, 1 },
		.limits = { .open_files = 256, .file_size_bytes = 4096, .stack_bytes = 8 << 20 },
	};
	run_init(&run);
	run.spec = &spec;
	run.host = &host;
	run.proof = &proof;
	run.exec_fd = 256;
	run.host_id = HOST_ID;
	run.host_range = 1;
	snprintf(run.uid_map, sizeof(run.uid_map), "%d %d 1\n", ID, HOST_ID);
	strcpy(run.gid_map, run.uid_map);
	snprintf(evidence.uid_map, sizeof(evidence.uid_map), "%10d %10d %10d\n", ID, HOST_ID, 1);
	strcpy(evidence.gid_map, evidence.uid_map);
	strcpy(evidence.limits,
	       "Limit                     Soft Limit           Hard Limit           Units\n"
	       "Max file size             4096                 4096                 bytes\n"
	       "Max stack size            8388608              8388608              bytes\n"
	       "Max core file size        1                    1                    bytes\n"
	       "Max open files            256                  256                  files\n"
	       "Max locked memory         0                    0                    bytes\n");
	evidence.payload_pid = getpid();
	fill_mounts();
	fill_status(&evidence.payload);
	fill_status(&evidence.init);
	fill_proof();
}

static int ask(const struct step_type *type, const void *arg, struct error *err)
{
	const struct step step = { .type = type, .spec = &spec, .arg = arg };
	char report[STEP_REPORT_MAX] = "";

	*err = (struct error){ 0 };
	return type->verify(&step, &run, &evidence, report, err);
}

static void assert_holds(const struct step_type *type, const void *arg)
{
	struct error err;

	fill();
	cr_assert(ask(type, arg, &err) == STEP_DONE, "%s: %s", type->name, err.msg);
}

/* After one change of what fill() has set. */
static void assert_missed(const struct step_type *type, const void *arg, const char *what)
{
	struct error err;
	int r = ask(type, arg, &err);

	cr_assert(r == -EBADE && err.msg[0] != '\0', "%s takes %s (%d)", type->name, what, r);
	fill();
}

#define MISSED_WHEN(type, arg, change)                                                                       \
	do {                                                                                                 \
		change;                                                                                      \
		assert_missed(type, arg, #change);                                                           \
	} while (0)

static struct mount_row *row_of(const char *target)
{
	for (size_t i = 0; i < evidence.n_mounts; i++)
		if (str_equal(evidence.mounts[i].target, target))
			return &evidence.mounts[i];
	cr_assert(false, "no row for %s", target);
	abort();
}

/* Each option of @options alone missing, and the mount as a whole. */
static void assert_needs_options(const struct step_type *type, const void *arg, const char *target,
				 const char *const *options)
{
	static char text[256];

	assert_holds(type, arg);
	for (; *options; options++) {
		struct mount_row *row = row_of(target);
		char *at;

		cr_assert(evidence_option(row->options, *options));
		snprintf(text, sizeof(text), "%s", row->options);
		at = strstr(text, *options);
		memset(at, 'x', strlen(*options));
		row->options = text;
		assert_missed(type, arg, text);
	}
	row_of(target)->target = (char *)(uintptr_t) "/elsewhere";
	assert_missed(type, arg, "no mount at all");
}

#define OPTIONS(...) ((const char *const[]){ __VA_ARGS__, NULL })

Test(answers, root_filesystem_needs_its_options)
{
	assert_needs_options(&step_root_filesystem, NULL, "/", OPTIONS("ro", "nosuid", "nodev"));
	fill();
	spec.allow_setuid = true;
	row_of("/")->options = (char *)(uintptr_t) "ro,nodev";
	cr_assert(ask(&step_root_filesystem, NULL, &(struct error){ 0 }) == STEP_DONE);
}

Test(answers, a_mount_needs_its_options)
{
	assert_needs_options(&step_mount, &mounts[0], "/data", OPTIONS("ro", "nosuid", "nodev", "noexec"));
	assert_needs_options(&step_mount, &mounts[1], "/tmp",
			     OPTIONS("nosuid", "nodev", "noexec", "nosymfollow"));
	assert_needs_options(&step_mount, &mounts[2], "/exec", OPTIONS("ro", "nosuid", "nodev"));
}

Test(answers, only_an_optional_mount_may_be_absent)
{
	struct error err;

	fill();
	cr_assert(ask(&step_mount, &mounts[3], &err) == STEP_ABSENT);
	add_mount("/maybe", "rw,nosuid,nodev,noexec", "ext4", "rw");
	cr_assert(ask(&step_mount, &mounts[3], &err) == -EBADE, "an optional mount may be writable");
}

/* Somebody has mounted over it: the topmost one counts. */
Test(answers, a_mount_that_is_covered_is_seen)
{
	fill();
	add_mount("/data", "rw,nosuid,nodev,noexec,relatime", "ext4", "rw");
	assert_missed(&step_mount, &mounts[0], "a writable mount on top");
	add_mount("/proc", "rw,nosuid,nodev,noexec,relatime", "tmpfs", "rw");
	assert_missed(&step_proc, NULL, "a tmpfs over /proc");
}

Test(answers, proc_and_dev_need_their_options)
{
	assert_needs_options(&step_proc, NULL, "/proc", OPTIONS("noexec"));
	MISSED_WHEN(&step_proc, NULL, row_of("/proc")->super = (char *)(uintptr_t) "rw,subset=pid");
	MISSED_WHEN(&step_proc, NULL, row_of("/proc")->super = (char *)(uintptr_t) "rw,hidepid=invisible");
	MISSED_WHEN(&step_proc, NULL, row_of("/proc")->fstype = (char *)(uintptr_t) "tmpfs");
	assert_needs_options(&step_dev, NULL, "/dev", OPTIONS("ro", "nosuid", "noexec"));
	MISSED_WHEN(&step_dev, NULL, row_of("/dev")->fstype = (char *)(uintptr_t) "ext4");
	for (size_t i = 0; i < DEV_NODES; i++)
		assert_needs_options(&step_dev, NULL, dev_nodes[i].path, OPTIONS("nosuid", "noexec"));
}

Test(answers, mask_path_needs_every_place_that_was_covered)
{
	struct error err;

	fill();
	add_mount("/proc/keys", "ro,nosuid,noexec", "devtmpfs", "rw");
	add_mount("/proc/sys", "ro,nosuid,nodev,noexec", "proc", "rw");
	proof.masked = proof.read_only = 1;
	cr_assert(ask(&step_mask_paths, NULL, &err) == STEP_DONE, "%s", err.msg);
	row_of("/proc/sys")->options = (char *)(uintptr_t) "rw,nosuid,nodev,noexec";
	cr_assert(ask(&step_mask_paths, NULL, &err) == -EBADE, "/proc/sys may be writable");
	row_of("/proc/sys")->options = (char *)(uintptr_t) "ro,nosuid,nodev,noexec";
	proof.masked = 2;
	cr_assert(ask(&step_mask_paths, NULL, &err) == -EBADE, "one of two covers may be gone");
	fill();
	assert_missed(&step_mask_paths, NULL, "nothing covered at all");
}

Test(answers, secrets_need_their_tmpfs_and_every_file)
{
	assert_needs_options(&step_secrets, NULL, "/run/secrets", OPTIONS("ro", "noexec"));
	MISSED_WHEN(&step_secrets, NULL, row_of("/run/secrets")->fstype = (char *)(uintptr_t) "ext4");
	MISSED_WHEN(&step_secrets, NULL, proof.secrets = 0);
}

Test(answers, pivot_root_leaves_one_mount_at_the_root)
{
	assert_holds(&step_pivot_root, NULL);
	MISSED_WHEN(&step_pivot_root, NULL, add_mount("/", "rw", "ext4", "rw"));
	MISSED_WHEN(&step_pivot_root, NULL, evidence.n_mounts = 0);
}

Test(answers, user_namespace_needs_the_maps_that_were_written)
{
	assert_holds(&step_user_namespace, NULL);
	MISSED_WHEN(&step_user_namespace, NULL, strcpy(evidence.uid_map, ""));
	MISSED_WHEN(&step_user_namespace, NULL, strcpy(evidence.gid_map, ""));
	MISSED_WHEN(&step_user_namespace, NULL, strcpy(evidence.uid_map, "65532 805306369 1\n"));
	MISSED_WHEN(&step_user_namespace, NULL, strcpy(evidence.gid_map, "65532 805306368 2\n"));
	MISSED_WHEN(&step_user_namespace, NULL,
		    strcpy(evidence.uid_map, "65532 805306368 1\n0 1000 1\n")); /* one more line */
	/* Root outside is refused even where it was asked for. */
	MISSED_WHEN(&step_user_namespace, NULL,
		    (strcpy(evidence.uid_map, "65532 0 1\n"), strcpy(run.uid_map, "65532 0 1\n")));
}

Test(answers, user_id_needs_one_unprivileged_id)
{
	assert_holds(&step_user_id, NULL);
	for (int i = 0; i < 4; i++) {
		MISSED_WHEN(&step_user_id, NULL, evidence.payload.uid[i] = 0);
		MISSED_WHEN(&step_user_id, NULL, evidence.payload.gid[i] = 0);
		MISSED_WHEN(&step_user_id, NULL, evidence.payload.uid[i] = HOST_ID + 1);
		MISSED_WHEN(&step_user_id, NULL, evidence.payload.gid[i] = HOST_ID + 1);
	}
	for (int i = 0; i < 4; i++)
		evidence.payload.uid[i] = HOST_ID - 1;
	assert_missed(&step_user_id, NULL, "an id below the range");
	MISSED_WHEN(&step_user_id, NULL, (evidence.payload.groups[0] = 27, evidence.payload.n_groups = 1));
}

Test(answers, user_id_needs_the_groups_of_the_profile)
{
	static const gid_t groups[] = { 100 };
	struct error err;

	fill();
	spec.user.groups = groups;
	spec.user.n_groups = 1;
	run.host_range = 1000;
	cr_assert(ask(&step_user_id, NULL, &err) == -EBADE, "a group may be missing");
	evidence.payload.groups[0] = HOST_ID + 100;
	evidence.payload.n_groups = 1;
	cr_assert(ask(&step_user_id, NULL, &err) == STEP_DONE, "%s", err.msg);
	evidence.payload.groups[1] = HOST_ID + 101;
	evidence.payload.n_groups = 2;
	cr_assert(ask(&step_user_id, NULL, &err) == -EBADE, "a group may be too many");
}

Test(answers, namespaces_need_to_be_others)
{
	assert_holds(&step_namespaces, NULL);
	for (size_t i = 0; i < RUN_NAMESPACES; i++) {
		char path[64];
		struct stat st;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", run_namespace_names[i]);
		cr_assert(stat(path, &st) == 0);
		MISSED_WHEN(&step_namespaces, NULL, proof.namespaces[i] = st.st_ino);
		MISSED_WHEN(&step_namespaces, NULL, proof.namespaces[i] = 0);
	}
}

Test(answers, what_the_payload_tells_is_compared)
{
	assert_holds(&step_hostname, NULL);
	MISSED_WHEN(&step_hostname, NULL, strcpy(proof.nodename, "insid"));
	assert_holds(&step_working_directory, NULL);
	MISSED_WHEN(&step_working_directory, NULL, strcpy(proof.cwd, "(unreachable)/data"));
	MISSED_WHEN(&step_working_directory, NULL, proof.cwd[0] = '\0');
	assert_holds(&step_sysctls, NULL);
	MISSED_WHEN(&step_sysctls, NULL, proof.sysctls = 0);
	assert_holds(&step_nested_namespaces, NULL);
	MISSED_WHEN(&step_nested_namespaces, NULL, proof.userns_limit = -1);
	assert_holds(&step_undumpable, NULL);
	MISSED_WHEN(&step_undumpable, NULL, proof.dumpable = 1);
	MISSED_WHEN(&step_undumpable, NULL, proof.dumpable = -1);
	assert_holds(&step_memory_execution, NULL);
	MISSED_WHEN(&step_memory_execution, NULL, proof.mdwe = 0);
	MISSED_WHEN(&step_memory_execution, NULL, proof.mdwe = 2); /* NO_INHERIT without the rest */
	assert_holds(&step_umask, NULL);
	MISSED_WHEN(&step_umask, NULL, evidence.payload.umask = 0022);
	assert_holds(&step_no_new_privs, NULL);
	MISSED_WHEN(&step_no_new_privs, NULL, evidence.payload.no_new_privs = false);
	MISSED_WHEN(&step_no_new_privs, NULL, evidence.init.no_new_privs = false);
}

Test(answers, network_needs_lo_as_it_was_asked_for)
{
	assert_holds(&step_loopback, NULL); /* none: lo is down */
	MISSED_WHEN(&step_loopback, NULL, proof.lo_flags = IFF_UP | IFF_LOOPBACK);
	MISSED_WHEN(&step_loopback, NULL, proof.lo_flags = -1);
	MISSED_WHEN(&step_loopback, NULL, spec.network = SPEC_NETWORK_LOOPBACK);
}

Test(answers, descriptors_need_to_be_exactly_those_of_the_profile)
{
	assert_holds(&step_descriptors, NULL);
	MISSED_WHEN(&step_descriptors, NULL, proof.stray_fd = 7);
	MISSED_WHEN(&step_descriptors, NULL, proof.open_fds = 4);
	MISSED_WHEN(&step_descriptors, NULL, proof.open_fds = 2);
}

Test(answers, program_needs_to_be_the_one_that_was_looked_at)
{
	assert_holds(&step_program, NULL);
	MISSED_WHEN(&step_program, NULL, proof.held[1]++);
	MISSED_WHEN(&step_program, NULL, proof.held[0]++);
	MISSED_WHEN(&step_program, NULL, proof.program[1] = proof.held[1] = 0);
	assert_holds(&step_exec_once, NULL);
	MISSED_WHEN(&step_exec_once, NULL, proof.held[1] = 0);
	MISSED_WHEN(&step_exec_once, NULL, run.exec_fd = 255);
	MISSED_WHEN(&step_exec_once, NULL, strcpy(evidence.limits, ""));
}

Test(answers, rlimits_need_both_values_of_every_line)
{
	static const char *const changes[][2] = {
		{ "256                  256 ", "256                  512 " },
		{ "256                  256 ", "512                  256 " },
		{ "4096                 4096", "unlimited            4096" },
		{ "8388608              8388608", "8388608              8388609" },
		{ "1                    1 ", "0                    1 " },
		{ "Max locked memory         0 ", "Max locked memory         1 " },
		{ "Max core", "Min core" },
	};

	assert_holds(&step_rlimits, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		char *at = strstr(evidence.limits, changes[i][0]);

		cr_assert(at != NULL && strlen(changes[i][0]) == strlen(changes[i][1]));
		memcpy(at, changes[i][1], strlen(changes[i][1]));
		assert_missed(&step_rlimits, NULL, changes[i][1]);
	}
}

Test(answers, landlock_needs_a_directory_that_opened_before_and_not_after)
{
	assert_holds(&step_landlock, NULL);
	MISSED_WHEN(&step_landlock, NULL, proof.landlock_open_after = 0);
	MISSED_WHEN(&step_landlock, NULL, proof.landlock_open_before = EACCES); /* proves nothing */
	MISSED_WHEN(&step_landlock, NULL, proof.landlock_open_after = EBADF);
	fill();
	host.landlock_abi = 0;
	cr_assert(ask(&step_landlock, NULL, &(struct error){ 0 }) == STEP_ABSENT);
}

Test(answers, seccomp_needs_the_kernels_word_and_the_filters_answer)
{
	assert_holds(&step_seccomp, NULL);
	MISSED_WHEN(&step_seccomp, NULL, evidence.payload.seccomp_mode = 0);
	MISSED_WHEN(&step_seccomp, NULL, evidence.payload.seccomp_mode = 1);
	MISSED_WHEN(&step_seccomp, NULL, evidence.payload.seccomp_filters = 0);
	MISSED_WHEN(&step_seccomp, NULL, proof.seccomp_clone3 = EINVAL);
}

Test(answers, keyring_needs_to_be_another)
{
	struct error err;
	long ours = sys_keyctl(0 /* KEYCTL_GET_KEYRING_ID */, (unsigned long)-3, 0);

	assert_holds(&step_keyring, NULL);
	proof.keyring = 0;
	cr_assert(ask(&step_keyring, NULL, &err) == (ours < 0 ? STEP_ABSENT : -EBADE));
	proof.keyring = (int)ours;
	cr_assert(ask(&step_keyring, NULL, &err) == (ours < 0 ? STEP_DONE : -EBADE));
}

Test(answers, capabilities_need_to_be_empty_and_locked)
{
	/* This process stands in for the payload: without an option of its own it is never that empty. */
	fill();
	assert_missed(&step_capabilities, NULL, "the test's own bounding set");
}

Test(answers, cgroup_limits_need_a_group_where_one_can_be_had)
{
	struct error err;

	fill();
	cr_assert(ask(&step_cgroup_limits, NULL, &err) == STEP_ABSENT, "no place, no limit: nothing to do");
	MISSED_WHEN(&step_cgroup_limits, NULL, host.place.found = true);
	/* Without rights no filter can be loaded; with them it must be there. */
	cr_assert(ask(&step_device_filter, NULL, &err) == STEP_ABSENT);
	host.cap_effective = UINT64_MAX;
	run.cgroup_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(ask(&step_device_filter, NULL, &err) < 0, "a directory that is no cgroup has a filter");
	close(run.cgroup_fd);
}

Test(answers, listen_needs_sockets_that_accept)
{
	const struct spec_listen sockets[] = { { .name = "a", .address = "@a", .fd = 3 } };
	struct error err;

	fill();
	spec.listen = sockets;
	spec.n_listen = 1;
	cr_assert(ask(&step_listen, NULL, &err) == -EBADE, "no socket at all");
	run.listen_fds[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(ask(&step_listen, NULL, &err) == -EBADE, "a socket that does not listen");
	cr_assert(bind(run.listen_fds[0], &(struct sockaddr){ .sa_family = AF_UNIX }, sizeof(sa_family_t)) ==
			  0 &&
		  listen(run.listen_fds[0], 1) == 0);
	cr_assert(ask(&step_listen, NULL, &err) == STEP_DONE, "%s", err.msg);
	close(run.listen_fds[0]);
}

Test(answers, security_label_needs_to_be_the_whole_name)
{
	assert_holds(&step_security_label, NULL);
	MISSED_WHEN(&step_security_label, NULL, strcpy(proof.label, "yours (enforce)"));
	MISSED_WHEN(&step_security_label, NULL, strcpy(proof.label, "mine-too (enforce)"));
	MISSED_WHEN(&step_security_label, NULL, proof.label[0] = '\0');
	fill();
	strcpy(proof.label, "mine");
	cr_assert(ask(&step_security_label, NULL, &(struct error){ 0 }) == STEP_DONE);
}

Test(answers, every_step_has_a_question)
{
	size_t n;
	const struct step_type *const *types = steps_all(&n);

	for (size_t i = 0; i < n; i++)
		cr_assert(types[i]->verify != NULL && types[i]->apply != NULL, "%s", types[i]->name);
}
