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
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/sys.h"
#include "launcher/steps/steps.h"
#include "tests/kernel/answers_scene.h"

Test(answers, user_namespace_needs_the_maps_that_were_written)
{
	answers_assert_hold(&step_user_namespace, NULL);
	MISSED_WHEN(&step_user_namespace, NULL, strcpy(answers.evidence.uid_map, ""));
	MISSED_WHEN(&step_user_namespace, NULL, strcpy(answers.evidence.gid_map, ""));
	MISSED_WHEN(&step_user_namespace, NULL, strcpy(answers.evidence.uid_map, "65532 805306369 1\n"));
	MISSED_WHEN(&step_user_namespace, NULL, strcpy(answers.evidence.gid_map, "65532 805306368 2\n"));
	MISSED_WHEN(&step_user_namespace, NULL,
		    strcpy(answers.evidence.uid_map, "65532 805306368 1\n0 1000 1\n")); /* one more line */
	/* Root outside is refused even where it was asked for. */
	MISSED_WHEN(&step_user_namespace, NULL,
		    (strcpy(answers.evidence.uid_map, "65532 0 1\n"),
		     strcpy(answers.run.uid_map, "65532 0 1\n")));
}

Test(answers, user_id_needs_one_unprivileged_id)
{
	answers_assert_hold(&step_user_id, NULL);
	for (int i = 0; i < 4; i++) {
		MISSED_WHEN(&step_user_id, NULL, answers.evidence.payload.uid[i] = 0);
		MISSED_WHEN(&step_user_id, NULL, answers.evidence.payload.gid[i] = 0);
		MISSED_WHEN(&step_user_id, NULL, answers.evidence.payload.uid[i] = ANSWERS_HOST_ID + 1);
		MISSED_WHEN(&step_user_id, NULL, answers.evidence.payload.gid[i] = ANSWERS_HOST_ID + 1);
	}
	for (int i = 0; i < 4; i++)
		answers.evidence.payload.uid[i] = ANSWERS_HOST_ID - 1;
	answers_assert_missed(&step_user_id, NULL, "an id below the range");
	MISSED_WHEN(&step_user_id, NULL,
		    (answers.evidence.payload.groups[0] = 27, answers.evidence.payload.n_groups = 1));
}

Test(answers, user_id_needs_the_groups_of_the_profile)
{
	static const gid_t groups[] = { 100 };
	struct error err;

	answers_fill();
	answers.spec.user.groups = groups;
	answers.spec.user.n_groups = 1;
	answers.run.host_range = 1000;
	cr_assert(answers_ask(&step_user_id, NULL, &err) == -EBADE, "a group may be missing");
	answers.evidence.payload.groups[0] = ANSWERS_HOST_ID + 100;
	answers.evidence.payload.n_groups = 1;
	cr_assert(answers_ask(&step_user_id, NULL, &err) == STEP_DONE, "%s", err.msg);
	answers.evidence.payload.groups[1] = ANSWERS_HOST_ID + 101;
	answers.evidence.payload.n_groups = 2;
	cr_assert(answers_ask(&step_user_id, NULL, &err) == -EBADE, "a group may be too many");
}

Test(answers, namespaces_need_to_be_others)
{
	answers_assert_hold(&step_namespaces, NULL);
	for (size_t i = 0; i < RUN_NAMESPACES; i++) {
		char path[64];
		struct stat st;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", run_namespace_names[i]);
		cr_assert(stat(path, &st) == 0);
		MISSED_WHEN(&step_namespaces, NULL, answers.proof.namespaces[i] = st.st_ino);
		MISSED_WHEN(&step_namespaces, NULL, answers.proof.namespaces[i] = 0);
	}
}

Test(answers, what_the_payload_tells_is_compared)
{
	answers_assert_hold(&step_hostname, NULL);
	MISSED_WHEN(&step_hostname, NULL, strcpy(answers.proof.nodename, "insid"));
	answers_assert_hold(&step_working_directory, NULL);
	MISSED_WHEN(&step_working_directory, NULL, strcpy(answers.proof.cwd, "(unreachable)/data"));
	MISSED_WHEN(&step_working_directory, NULL, answers.proof.cwd[0] = '\0');
	answers_assert_hold(&step_sysctls, NULL);
	MISSED_WHEN(&step_sysctls, NULL, answers.proof.sysctls = 0);
	answers_assert_hold(&step_nested_namespaces, NULL);
	MISSED_WHEN(&step_nested_namespaces, NULL, answers.proof.userns_limit = -1);
	answers_assert_hold(&step_undumpable, NULL);
	MISSED_WHEN(&step_undumpable, NULL, answers.proof.dumpable = 1);
	MISSED_WHEN(&step_undumpable, NULL, answers.proof.dumpable = -1);
	answers_assert_hold(&step_memory_execution, NULL);
	MISSED_WHEN(&step_memory_execution, NULL, answers.proof.mdwe = 0);
	MISSED_WHEN(&step_memory_execution, NULL, answers.proof.mdwe = 2); /* NO_INHERIT without the rest */
	answers_assert_hold(&step_umask, NULL);
	MISSED_WHEN(&step_umask, NULL, answers.evidence.payload.umask = 0022);
	answers_assert_hold(&step_no_new_privs, NULL);
	MISSED_WHEN(&step_no_new_privs, NULL, answers.evidence.payload.no_new_privs = false);
	MISSED_WHEN(&step_no_new_privs, NULL, answers.evidence.init.no_new_privs = false);
}

Test(answers, network_needs_lo_as_it_was_asked_for)
{
	answers_assert_hold(&step_loopback, NULL); /* none: lo is down */
	MISSED_WHEN(&step_loopback, NULL, answers.proof.lo_flags = IFF_UP | IFF_LOOPBACK);
	MISSED_WHEN(&step_loopback, NULL, answers.proof.lo_flags = -1);
	MISSED_WHEN(&step_loopback, NULL, answers.spec.network = SPEC_NETWORK_LOOPBACK);
}

Test(answers, descriptors_need_to_be_exactly_those_of_the_profile)
{
	answers_assert_hold(&step_descriptors, NULL);
	MISSED_WHEN(&step_descriptors, NULL, answers.proof.stray_fd = 7);
	MISSED_WHEN(&step_descriptors, NULL, answers.proof.open_fds = 4);
	MISSED_WHEN(&step_descriptors, NULL, answers.proof.open_fds = 2);
}

Test(answers, program_needs_to_be_the_one_that_was_looked_at)
{
	answers_assert_hold(&step_program, NULL);
	MISSED_WHEN(&step_program, NULL, answers.proof.held[1]++);
	MISSED_WHEN(&step_program, NULL, answers.proof.held[0]++);
	MISSED_WHEN(&step_program, NULL, answers.proof.program[1] = answers.proof.held[1] = 0);
	answers_assert_hold(&step_exec_once, NULL);
	MISSED_WHEN(&step_exec_once, NULL, answers.proof.held[1] = 0);
	MISSED_WHEN(&step_exec_once, NULL, answers.run.exec_fd = 255);
	MISSED_WHEN(&step_exec_once, NULL, strcpy(answers.evidence.limits, ""));
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

	answers_assert_hold(&step_rlimits, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		char *at = strstr(answers.evidence.limits, changes[i][0]);

		cr_assert(at != NULL && strlen(changes[i][0]) == strlen(changes[i][1]));
		memcpy(at, changes[i][1], strlen(changes[i][1]));
		answers_assert_missed(&step_rlimits, NULL, changes[i][1]);
	}
}

Test(answers, landlock_needs_a_directory_that_opened_before_and_not_after)
{
	answers_assert_hold(&step_landlock, NULL);
	MISSED_WHEN(&step_landlock, NULL, answers.proof.landlock_open_after = 0);
	MISSED_WHEN(&step_landlock, NULL, answers.proof.landlock_open_before = EACCES); /* proves nothing */
	MISSED_WHEN(&step_landlock, NULL, answers.proof.landlock_open_after = EBADF);
	answers_fill();
	answers.host.landlock_abi = 0;
	cr_assert(answers_ask(&step_landlock, NULL, &(struct error){ 0 }) == STEP_ABSENT);
}

Test(answers, seccomp_needs_the_kernels_word_and_the_filters_answer)
{
	answers_assert_hold(&step_seccomp, NULL);
	MISSED_WHEN(&step_seccomp, NULL, answers.evidence.payload.seccomp_mode = 0);
	MISSED_WHEN(&step_seccomp, NULL, answers.evidence.payload.seccomp_mode = 1);
	MISSED_WHEN(&step_seccomp, NULL, answers.evidence.payload.seccomp_filters = 0);
	MISSED_WHEN(&step_seccomp, NULL, answers.proof.seccomp_clone3 = EINVAL);
}

Test(answers, keyring_needs_to_be_another)
{
	struct error err;
	long ours = sys_keyctl(0 /* KEYCTL_GET_KEYRING_ID */, (unsigned long)-3, 0);

	answers_assert_hold(&step_keyring, NULL);
	answers.proof.keyring = 0;
	cr_assert(answers_ask(&step_keyring, NULL, &err) == (ours < 0 ? STEP_ABSENT : -EBADE));
	answers.proof.keyring = (int)ours;
	cr_assert(answers_ask(&step_keyring, NULL, &err) == (ours < 0 ? STEP_DONE : -EBADE));
}

Test(answers, capabilities_need_to_be_empty_and_locked)
{
	/* This process stands in for the payload: without an option of its own it is never that empty. */
	answers_fill();
	answers_assert_missed(&step_capabilities, NULL, "the test's own bounding set");
}

Test(answers, cgroup_limits_need_a_group_where_one_can_be_had)
{
	struct error err;

	answers_fill();
	cr_assert(answers_ask(&step_cgroup_limits, NULL, &err) == STEP_ABSENT,
		  "no place, no limit: nothing to do");
	MISSED_WHEN(&step_cgroup_limits, NULL, answers.host.place.found = true);
	/* Without rights no filter can be loaded; with them it must be there. */
	cr_assert(answers_ask(&step_device_filter, NULL, &err) == STEP_ABSENT);
	answers.host.cap_effective = UINT64_MAX;
	answers.run.cgroup_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(answers_ask(&step_device_filter, NULL, &err) < 0,
		  "a directory that is no cgroup has a filter");
	close(answers.run.cgroup_fd);
}

Test(answers, listen_needs_sockets_that_accept)
{
	const struct spec_listen sockets[] = { { .name = "a", .address = "@a", .fd = 3 } };
	struct error err;

	answers_fill();
	answers.spec.listen = sockets;
	answers.spec.n_listen = 1;
	cr_assert(answers_ask(&step_listen, NULL, &err) == -EBADE, "no socket at all");
	answers.run.listen_fds[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(answers_ask(&step_listen, NULL, &err) == -EBADE, "a socket that does not listen");
	cr_assert(bind(answers.run.listen_fds[0], &(struct sockaddr){ .sa_family = AF_UNIX },
		       sizeof(sa_family_t)) == 0 &&
		  listen(answers.run.listen_fds[0], 1) == 0);
	cr_assert(answers_ask(&step_listen, NULL, &err) == STEP_DONE, "%s", err.msg);
	close(answers.run.listen_fds[0]);
}

Test(answers, security_label_needs_to_be_the_whole_name)
{
	answers_assert_hold(&step_security_label, NULL);
	MISSED_WHEN(&step_security_label, NULL, strcpy(answers.proof.label, "yours (enforce)"));
	MISSED_WHEN(&step_security_label, NULL, strcpy(answers.proof.label, "mine-too (enforce)"));
	MISSED_WHEN(&step_security_label, NULL, answers.proof.label[0] = '\0');
	answers_fill();
	strcpy(answers.proof.label, "mine");
	cr_assert(answers_ask(&step_security_label, NULL, &(struct error){ 0 }) == STEP_DONE);
}

Test(answers, every_step_has_a_question)
{
	size_t n;
	const struct step_type *const *types = steps_all(&n);

	for (size_t i = 0; i < n; i++)
		cr_assert(types[i]->verify != NULL && types[i]->apply != NULL, "%s", types[i]->name);
}
