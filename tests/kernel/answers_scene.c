/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/kernel/answers_scene.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/sys.h"
#include "launcher/steps/dev.h"

struct answers answers;

const struct spec_mount answers_mounts[ANSWERS_MOUNTS] = {
	{ .target = "/data", .type = SPEC_MOUNT_BIND, .source = "/srv/data" },
	{ .target = "/tmp", .type = SPEC_MOUNT_TMPFS, .write = true, .size_bytes = 4096 },
	{ .target = "/exec", .type = SPEC_MOUNT_BIND, .source = "/srv/exec", .exec = true },
	{ .target = "/maybe", .type = SPEC_MOUNT_BIND, .source = "/srv/maybe", .optional = true },
};
static const struct spec_secret secret = { .name = "key", .source = "/etc/key", .mode = 0400 };
static const struct spec_pair sysctl = { "net.ipv4.ip_forward", "1" };
static const char *const base_calls[] = { "@base", NULL };

void answers_add_mount(const char *target, const char *options, const char *fstype, const char *super)
{
	struct mount_row *row = &answers.evidence.mounts[answers.evidence.n_mounts++];

	/* The rows of a real one point into its text: never changed. */
	*row = (struct mount_row){ .target = (char *)(uintptr_t)target,
				   .options = (char *)(uintptr_t)options,
				   .fstype = (char *)(uintptr_t)fstype,
				   .super = (char *)(uintptr_t)super };
}

static void fill_mounts(void)
{
	answers_add_mount("/", "ro,nosuid,nodev,relatime", "ext4", "rw");
	answers_add_mount("/proc", "rw,nosuid,nodev,noexec,relatime", "proc",
			  "rw,hidepid=invisible,subset=pid");
	answers_add_mount("/dev", "ro,nosuid,noexec,relatime", "tmpfs", "rw,size=64k");
	for (size_t i = 0; i < DEV_NODES; i++)
		answers_add_mount(dev_nodes[i].path, "rw,nosuid,noexec,relatime", "devtmpfs", "rw");
	answers_add_mount("/data", "ro,nosuid,nodev,noexec,relatime", "ext4", "rw");
	answers_add_mount("/tmp", "rw,nosuid,nodev,noexec,relatime,nosymfollow", "tmpfs", "rw,size=4k");
	answers_add_mount("/exec", "ro,nosuid,nodev,relatime", "ext4", "rw");
	answers_add_mount("/run/secrets", "ro,nosuid,nodev,noexec,relatime,nosymfollow", "tmpfs",
			  "rw,noswap");
}

static void fill_status(struct proc_status *status)
{
	for (int i = 0; i < 4; i++)
		status->uid[i] = status->gid[i] = ANSWERS_HOST_ID;
	status->umask = 0077;
	status->no_new_privs = true;
	status->seccomp_mode = 2;
	status->seccomp_filters = 1;
}

static void fill_proof(void)
{
	answers.proof.landlock_abi = 1;
	answers.proof.landlock_open_after = EACCES;
	answers.proof.seccomp_clone3 = ENOSYS;
	answers.proof.mdwe = PR_MDWE_REFUSE_EXEC_GAIN;
	answers.proof.stray_fd = -1;
	answers.proof.open_fds = 3;
	answers.proof.keyring = 0x7fffffff;
	answers.proof.program[0] = answers.proof.held[0] = 8;
	answers.proof.program[1] = answers.proof.held[1] = 4711;
	answers.proof.sysctls = answers.proof.secrets = 1;
	strcpy(answers.proof.nodename, "inside");
	strcpy(answers.proof.cwd, "/data");
	strcpy(answers.proof.label, "mine (enforce)");
	for (size_t i = 0; i < RUN_NAMESPACES; i++)
		answers.proof.namespaces[i] = i + 1; /* no namespace has such a number */
}

void answers_fill(void)
{
	memset(&answers.evidence, 0, sizeof(answers.evidence));
	memset(&answers.proof, 0, sizeof(answers.proof));
	memset(&answers.host, 0, sizeof(answers.host));
	answers.host.landlock_abi = 1;
	answers.host.mdwe = true;
	answers.spec = (struct spec){
		.name = "answers",
		.rootfs = "/srv/root",
		.workdir = "/data",
		.hostname = "inside",
		.apparmor = "mine",
		.umask = 0077,
		.user = { .uid = ANSWERS_ID, .gid = ANSWERS_ID, .host_range = 1 },
		.namespaces = SPEC_NS_ALL,
		.mounts = answers_mounts,
		.n_mounts = ARRAY_SIZE(answers_mounts),
		.secrets = &secret,
		.n_secrets = 1,
		.sysctls = { &sysctl, 1 },
		.syscalls = { base_calls, 1 },
		.limits = { .open_files = 256, .file_size_bytes = 4096, .stack_bytes = 8 << 20 },
	};
	run_init(&answers.run);
	answers.run.spec = &answers.spec;
	answers.run.host = &answers.host;
	answers.run.proof = &answers.proof;
	answers.run.exec_fd = 256;
	answers.run.host_id = ANSWERS_HOST_ID;
	answers.run.host_range = 1;
	snprintf(answers.run.uid_map, sizeof(answers.run.uid_map), "%d %d 1\n", ANSWERS_ID, ANSWERS_HOST_ID);
	strcpy(answers.run.gid_map, answers.run.uid_map);
	snprintf(answers.evidence.uid_map, sizeof(answers.evidence.uid_map), "%10d %10d %10d\n", ANSWERS_ID,
		 ANSWERS_HOST_ID, 1);
	strcpy(answers.evidence.gid_map, answers.evidence.uid_map);
	strcpy(answers.evidence.limits,
	       "Limit                     Soft Limit           Hard Limit           Units\n"
	       "Max file size             4096                 4096                 bytes\n"
	       "Max stack size            8388608              8388608              bytes\n"
	       "Max core file size        1                    1                    bytes\n"
	       "Max open files            256                  256                  files\n"
	       "Max locked memory         0                    0                    bytes\n");
	answers.evidence.payload_pid = getpid();
	fill_mounts();
	fill_status(&answers.evidence.payload);
	fill_status(&answers.evidence.init);
	fill_proof();
}

int answers_ask(const struct step_type *type, const void *arg, struct error *err)
{
	const struct step step = { .type = type, .spec = &answers.spec, .arg = arg };
	char report[STEP_REPORT_MAX] = "";

	*err = (struct error){ 0 };
	return type->verify(&step, &answers.run, &answers.evidence, report, err);
}

void answers_assert_hold(const struct step_type *type, const void *arg)
{
	struct error err;

	answers_fill();
	cr_assert(answers_ask(type, arg, &err) == STEP_DONE, "%s: %s", type->name, err.msg);
}

void answers_assert_missed(const struct step_type *type, const void *arg, const char *what)
{
	struct error err;
	int r = answers_ask(type, arg, &err);

	cr_assert(r == -EBADE && err.msg[0] != '\0', "%s takes %s (%d)", type->name, what, r);
	answers_fill();
}
