/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/diagnosis.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "launcher/host.h"

/* A machine with everything, started by root. */
static struct host_details perfect(void)
{
	struct host_details details = {
		.host = { .kernel_major = 6,
			  .kernel_minor = 12,
			  .landlock_abi = 6,
			  .seccomp_notify = true,
			  .mdwe = true,
			  .time_namespace = true,
			  .user_namespaces = true,
			  .cap_effective = UINT64_MAX,
			  .initial_userns = true,
			  .place = { .found = true,
				     .pure = true,
				     .mount = "/sys/fs/cgroup",
				     .parent = "/kapsel",
				     .top = "/",
				     .available = 0xff },
			  .run_dir = "/run/kapsel" },
		.openat2 = true,
		.clone3 = true,
		.clone_into_cgroup = true,
		.fsopen = true,
		.open_tree = true,
		.mount_setattr = true,
		.wait_killable = true,
		.device_filter = true,
		.statmount = true,
		.tmpfs_noswap = true,
		.psi = true,
		.max_user_namespaces = 1000,
		.unprivileged_userns_clone = -1,
		.apparmor_restrict_userns = -1,
		.selinux_enforce = -1,
		.apparmor = true,
		.core_pattern = "core",
		.run_dir_usable = true,
	};

	return details;
}

/* The answer to one row; the names of all blocking rows go into @blocking. */
static struct diagnosis_answer ask(const struct host_details *details, const char *name, char blocking[512])
{
	struct diagnosis_answer wanted = { .found = "no such row" };
	size_t n, used = 0;
	const struct diagnosis *rows = diagnosis_all(&n);

	blocking[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		struct diagnosis_answer answer;

		diagnosis_assess(&rows[i], details, &answer);
		cr_assert(ne(str, answer.found, ""), "%s", rows[i].name);
		if (answer.state == DIAGNOSIS_OK)
			cr_assert(eq(str, answer.remedy, ""), "%s is fine, and yet: %s", rows[i].name,
				  answer.remedy);
		if (diagnosis_blocks(&rows[i], &answer))
			used += (size_t)snprintf(blocking + used, 512 - used, "%s%s", used ? " " : "",
						 rows[i].name);
		if (strcmp(rows[i].name, name) == 0)
			wanted = answer;
	}
	return wanted;
}

Test(host_diagnosis, finds_nothing_wrong_with_a_perfect_machine)
{
	struct host_details details = perfect();
	char blocking[512];
	size_t n;
	const struct diagnosis *rows = diagnosis_all(&n);

	for (size_t i = 0; i < n; i++) {
		struct diagnosis_answer answer = ask(&details, rows[i].name, blocking);

		cr_assert(eq(int, answer.state, DIAGNOSIS_OK), "%s: %s", rows[i].name, answer.found);
	}
	cr_assert(eq(str, blocking, ""));
}

Test(host_diagnosis, names_the_missing_controllers_of_a_hybrid_host)
{
	struct host_details details = perfect();
	struct diagnosis_answer answer;
	char blocking[512];

	details.host.place.pure = false;
	details.host.place.v1 = CGROUP_MEMORY | CGROUP_PIDS | CGROUP_CPUSET;
	details.host.place.available = CGROUP_CPU | CGROUP_IO;
	strcpy(details.host.place.remedy, "boot otherwise");
	answer = ask(&details, "cgroup-memory", blocking);
	cr_assert(eq(int, answer.state, DIAGNOSIS_MISSING));
	cr_assert(eq(str, answer.found, "held by cgroup version 1"));
	cr_assert(eq(str, answer.remedy, "boot otherwise"));
	cr_assert(eq(str, blocking, "cgroup-memory cgroup-pids"));
	cr_assert(eq(int, ask(&details, "cgroup-cpuset", blocking).state, DIAGNOSIS_LIMITED));
	cr_assert(eq(int, ask(&details, "cgroup", blocking).state, DIAGNOSIS_LIMITED));
}

Test(host_diagnosis, blocks_without_any_cgroup)
{
	struct host_details details = perfect();
	char blocking[512];

	details.host.place =
		(struct cgroup_place){ .reason = "no group is writable", .remedy = "delegate one" };
	cr_assert(eq(str, ask(&details, "cgroup", blocking).found, "no group is writable"));
	cr_assert(eq(str, ask(&details, "cgroup-cpu", blocking).found, "no cgroup to put limits on"));
	cr_assert(eq(str, blocking, "cgroup cgroup-memory cgroup-pids cgroup-cpu device-filter"));
}

Test(host_diagnosis, tells_which_setting_forbids_user_namespaces)
{
	struct host_details details = perfect();
	struct diagnosis_answer answer;
	char blocking[512];

	details.host.user_namespaces = false;
	details.max_user_namespaces = 0;
	answer = ask(&details, "user-namespaces", blocking);
	cr_assert(eq(
		str, answer.remedy,
		"sysctl -w user.max_user_namespaces=15000; to keep it: echo 'user.max_user_namespaces = 15000' "
		">>/etc/sysctl.d/99-kapsel.conf"));
	cr_assert(eq(str, blocking, "user-namespaces"));
	details.max_user_namespaces = 1000;
	details.unprivileged_userns_clone = 0;
	answer = ask(&details, "user-namespaces", blocking);
	cr_assert(ne(ptr, strstr(answer.remedy, "kernel.unprivileged_userns_clone=1"), NULL), "%s",
		  answer.remedy);
	details.unprivileged_userns_clone = 1;
	details.apparmor_restrict_userns = 1;
	answer = ask(&details, "user-namespaces", blocking);
	cr_assert(ne(ptr, strstr(answer.remedy, "apparmor_parser -r /etc/apparmor.d/kapsel"), NULL), "%s",
		  answer.remedy);
	details.max_user_namespaces = -1;
	answer = ask(&details, "user-namespaces", blocking);
	cr_assert(eq(str, answer.remedy, "use a kernel with CONFIG_USER_NS=y"));
}

Test(host_diagnosis, walks_a_user_through_subordinate_ids)
{
	struct host_details details = perfect();
	struct diagnosis_answer answer;
	char blocking[512];

	details.host.euid = 1000;
	details.host.cap_effective = 0;
	details.device_filter = false;
	answer = ask(&details, "subordinate-ids", blocking);
	cr_assert(eq(int, answer.state, DIAGNOSIS_LIMITED));
	cr_assert(ne(ptr, strstr(answer.remedy, "usermod --add-subuids"), NULL));
	details.host.subuid_first = details.host.subgid_first = 100000;
	details.host.subuid_count = details.host.subgid_count = 65536;
	answer = ask(&details, "subordinate-ids", blocking);
	cr_assert(eq(str, answer.found, "no newuidmap and newgidmap in /usr/bin"));
	details.host.have_newuidmap = true;
	answer = ask(&details, "subordinate-ids", blocking);
	cr_assert(eq(int, answer.state, DIAGNOSIS_OK));
	cr_assert(eq(str, answer.found, "65536 from 100000"));
	details.host.subgid_first = 200000;
	answer = ask(&details, "subordinate-ids", blocking);
	cr_assert(eq(str, answer.found, "uids start at 100000, gids at 200000"));
	cr_assert(eq(str, blocking, ""), "a user without any of it can still start a default profile");
	cr_assert(eq(int, ask(&details, "device-filter", blocking).state, DIAGNOSIS_LIMITED));
}

Test(host_diagnosis, builds_the_lsm_list_that_switches_landlock_on)
{
	struct host_details details = perfect();
	struct diagnosis_answer answer;
	char blocking[512];

	details.host.landlock_abi = 0;
	strcpy(details.lsm, "lockdown,capability,apparmor");
	answer = ask(&details, "landlock", blocking);
	cr_assert(eq(str, blocking, "landlock"));
	cr_assert(ne(ptr, strstr(answer.remedy, "lsm=landlock,lockdown,capability,apparmor "), NULL), "%s",
		  answer.remedy);
	details.host.landlock_abi = 2;
	cr_assert(eq(int, ask(&details, "landlock", blocking).state, DIAGNOSIS_LIMITED));
	cr_assert(eq(str, blocking, ""));
}

Test(host_diagnosis, lists_the_system_calls_that_are_missing)
{
	struct host_details details = perfect();
	char blocking[512];

	details.openat2 = details.clone_into_cgroup = false;
	cr_assert(eq(str, ask(&details, "system-calls", blocking).found,
		     "not available: CLONE_INTO_CGROUP, openat2"));
	cr_assert(eq(str, blocking, "system-calls"));
}

Test(host_diagnosis, calls_an_old_kernel_too_old)
{
	struct host_details details = perfect();
	char blocking[512];

	details.host.kernel_minor = 0;
	cr_assert(eq(int, ask(&details, "kernel", blocking).state, DIAGNOSIS_MISSING));
	details.host.kernel_minor = 1;
	cr_assert(eq(int, ask(&details, "kernel", blocking).state, DIAGNOSIS_OK));
	details.host.kernel_major = 7;
	details.host.kernel_minor = 0;
	cr_assert(eq(int, ask(&details, "kernel", blocking).state, DIAGNOSIS_OK));
}

Test(host_diagnosis, warns_of_settings_without_blocking)
{
	struct host_details details = perfect();
	char blocking[512];

	strcpy(details.core_pattern, "|/usr/share/apport/apport -p%p");
	details.legacy_tiocsti = 1;
	details.psi = details.statmount = details.tmpfs_noswap = details.apparmor = details.host.mdwe = false;
	details.swap = true;
	details.memfd_noexec = -1;
	cr_assert(eq(int, ask(&details, "core-pattern", blocking).state, DIAGNOSIS_LIMITED));
	cr_assert(eq(int, ask(&details, "tiocsti", blocking).state, DIAGNOSIS_LIMITED));
	cr_assert(eq(int, ask(&details, "pressure", blocking).state, DIAGNOSIS_LIMITED));
	cr_assert(eq(int, ask(&details, "statmount", blocking).state, DIAGNOSIS_LIMITED));
	cr_assert(eq(int, ask(&details, "mdwe", blocking).state, DIAGNOSIS_LIMITED));
	cr_assert(eq(int, ask(&details, "memfd-noexec", blocking).state, DIAGNOSIS_LIMITED));
	cr_assert(eq(int, ask(&details, "mandatory-access", blocking).state, DIAGNOSIS_LIMITED));
	cr_assert(eq(int, ask(&details, "tmpfs-noswap", blocking).state, DIAGNOSIS_LIMITED));
	cr_assert(eq(str, blocking, ""));
	details.swap = false;
	cr_assert(eq(int, ask(&details, "tmpfs-noswap", blocking).state, DIAGNOSIS_OK));
}
