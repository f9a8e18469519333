/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kapsel-probe: attacks the sandbox it runs in and reports the answers. See probe.h.
 */
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/probe/probe.h"
#include "tests/probe/run.h"

static const struct probe *const tables[] = {
	probes_mounts, probes_processes, probes_kernel, probes_memory, probes_entry,   probes_devices,
	probes_files,  probes_identity,  probes_limits, probes_nodes,  probes_sockets, probes_terminal,
};

static const char usage[] = "usage: kapsel-probe list\n"
			    "       kapsel-probe run [--here] [--own-host] NAME…|all\n"
			    "       kapsel-probe daemon SECONDS     leave a detached process behind\n"
			    "--here       attempt in this process, a fatal answer ends it\n"
			    "--own-host   run with CAP_SYS_ADMIN in the initial pid namespace, too\n";

static unsigned long long effective_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return 0;
	return data[0].effective | ((unsigned long long)data[1].effective << 32);
}

/* Mounts and keys that probes make for a moment would be the host's own. */
static bool is_host_root(void)
{
	char target[64] = "";

	if (readlink("/proc/self/ns/pid", target, sizeof(target) - 1) < 0)
		return false;
	return str_equal(target, "pid:[4026531836]") && (effective_capabilities() & (1ULL << CAP_SYS_ADMIN));
}

static int list(void)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		for (const struct probe *probe = tables[t]; probe->name; probe++)
			printf("%3d %-26s %s%s\n", probe->number, probe->name, probe->tries,
			       probe->flags & PROBE_HEAVY ? " (only by name)" : "");
	}
	return 0;
}

static size_t run_matching(const char *name, enum run_mode mode)
{
	bool all = str_equal(name, "all");
	size_t n = 0;

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		for (const struct probe *probe = tables[t]; probe->name; probe++) {
			if (all ? (probe->flags & PROBE_HEAVY) != 0 : !str_equal(name, probe->name))
				continue;
			run_probe(probe, mode);
			n++;
		}
	}
	return n;
}

static int run(char **argv)
{
	enum run_mode mode = RUN_FORKED;
	bool own_host = false;

	for (; *argv && str_starts(*argv, "--"); argv++) {
		if (str_equal(*argv, "--here"))
			mode = RUN_HERE;
		else if (str_equal(*argv, "--own-host"))
			own_host = true;
		else
			return fprintf(stderr, "kapsel-probe: unknown option %s\n%s", *argv, usage), 2;
	}
	if (!*argv)
		return fputs(usage, stderr), 2;
	if (!own_host && is_host_root()) {
		fputs("kapsel-probe: this is the host's root, whose mounts the probes would touch; "
		      "run it below unshare --fork --pid --mount, or add --own-host\n",
		      stderr);
		return 2;
	}
	if (mode == RUN_FORKED && !run_can_fork())
		mode = RUN_CAREFUL;
	for (; *argv; argv++) {
		if (run_matching(*argv, mode) == 0)
			return fprintf(stderr, "kapsel-probe: no probe %s; see kapsel-probe list\n", *argv),
			       2;
	}
	return 0;
}

/* What a probe executes as: says by its exit status whether the file gave it privileges. */
static int compare_privileges(const char *uid, const char *capabilities)
{
	unsigned long long before = strtoull(capabilities, NULL, 16);
	bool gained = geteuid() != (uid_t)strtoul(uid, NULL, 10) || (effective_capabilities() & ~before) != 0;

	return gained ? PROBE_EXIT_GAINED : PROBE_EXIT_OK;
}

/* A process with a session, a parent and a group of its own must still die with the container. */
static int leave_daemon(const char *seconds)
{
	struct timespec time = { .tv_sec = strtol(seconds, NULL, 10) };
	pid_t pid = fork();

	if (pid < 0)
		return perror("kapsel-probe: fork"), 1;
	if (pid > 0)
		return printf("left\n"), 0;
	setsid();
	if (fork() != 0)
		_exit(0);
	nanosleep(&time, NULL);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && str_equal(argv[1], "ran"))
		return PROBE_EXIT_OK;
	if (argc == 4 && str_equal(argv[1], "compare-privileges"))
		return compare_privileges(argv[2], argv[3]);
	if (argc == 3 && str_equal(argv[1], "daemon"))
		return leave_daemon(argv[2]);
	if (argc == 2 && str_equal(argv[1], "list"))
		return list();
	if (argc >= 3 && str_equal(argv[1], "run"))
		return run(argv + 2);
	fputs(usage, stderr);
	return 2;
}
