/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kapsel-probe: attacks the sandbox it runs in and reports the answers. See probe.h.
 */
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "lab/probe/evidence.h"
#include "lab/probe/print.h"
#include "lab/probe/probe.h"
#include "lab/probe/run.h"

static const struct probe *const tables[] = {
	probes_mounts,  probes_processes, probes_kernel,   probes_memory, probes_entry,
	probes_devices, probes_files,     probes_identity, probes_limits, probes_nodes,
	probes_sockets, probes_terminal,  probes_lessons,
};

static const char usage[] =
	"usage: kapsel-probe list [--json]\n"
	"       kapsel-probe run [--here] [--own-host] NAME…|all [evidence FILE…]\n"
	"       kapsel-probe evidence FILE[:FIELD,FIELD…]…   what a file says in here\n"
	"       kapsel-probe daemon SECONDS     leave a detached process behind\n"
	"       kapsel-probe flood MIB          write that much to standard output\n"
	"       kapsel-probe escapes            write control sequences to standard output\n"
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

static void list_json(const struct probe *probe)
{
	printf("{\"number\":%d", probe->number);
	print_member(",", "name", probe->name);
	print_member(",", "tries", probe->tries);
	printf(",\"heavy\":%s,\"child\":%s}\n", probe->flags & PROBE_HEAVY ? "true" : "false",
	       probe->flags & PROBE_CHILD ? "true" : "false");
}

static int list(bool json)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		for (const struct probe *probe = tables[t]; probe->name; probe++) {
			if (json)
				list_json(probe);
			else
				printf("%3d %-26s %s%s\n", probe->number, probe->name, probe->tries,
				       probe->flags & PROBE_HEAVY ? " (only by name)" : "");
		}
	}
	return 0;
}

static size_t run_matching(const char *name, enum run_mode mode)
{
	bool all = str_equal(name, "all");
	size_t n = 0;

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		if (all && tables[t] == probes_lessons)
			continue; /* by right, not by attack */
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
		if (str_equal(*argv, "evidence"))
			return evidence_print(argv + 1);
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

	return gained ? PROBE_EXIT_GAINED : PROBE_EXIT_HELD;
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

/* Numbered lines: whoever reads the log can tell which ones rotation has dropped. */
static int flood(const char *mib)
{
	unsigned long lines = strtoul(mib, NULL, 10) << 10; /* of 1 KiB */
	char line[1024], number[24];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (unsigned long i = 0; i < lines; i++) {
		memcpy(line, number, (size_t)snprintf(number, sizeof(number), "%010lu ", i));
		if (fwrite(line, sizeof(line), 1, stdout) != 1)
			return 1;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}

/* What a terminal would act upon: title, clipboard, colour, cursor, an answer-back, and C1 in both forms. */
static int write_escapes(void)
{
	static const char text[] =
		"\033]0;owned\007\033]52;c;b3duZWQ=\007\033[31;5mred\033[2J\033[6n\033P+q\033\\"
		"\302\23331m \23331m \b\b\b\r\177 end";

	fwrite(text, sizeof(text) - 1, 1, stdout);
	return puts("") < 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && str_equal(argv[1], "ran"))
		return PROBE_EXIT_GAINED;
	if (argc == 4 && str_equal(argv[1], "compare-privileges"))
		return compare_privileges(argv[2], argv[3]);
	if (argc == 3 && str_equal(argv[1], "daemon"))
		return leave_daemon(argv[2]);
	if (argc == 3 && str_equal(argv[1], "flood"))
		return flood(argv[2]);
	if (argc == 2 && str_equal(argv[1], "escapes"))
		return write_escapes();
	if (argc >= 3 && str_equal(argv[1], "evidence"))
		return evidence_print(argv + 2);
	if (argc == 2 && str_equal(argv[1], "list"))
		return list(false);
	if (argc == 3 && str_equal(argv[1], "list") && str_equal(argv[2], "--json"))
		return list(true);
	if (argc >= 3 && str_equal(argv[1], "run"))
		return run(argv + 2);
	fputs(usage, stderr);
	return 2;
}
