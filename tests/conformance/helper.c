// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a process inside a container can tell about itself, as one JSON object: the tests compare it with
 * the bundle. Static, because the root file system holds busybox and nothing else. One word is the verb:
 *
 *   report             print the object
 *   syscall NR ARG...  make one system call, print its result, or -errno
 *   allocate BYTES     touch that much memory, print "ready", sleep
 *   hold               print "ready", sleep until a signal comes; ignores none
 *   deaf               like hold, but ignores SIGTERM
 *   fork N             start N children that sleep, print how many could be started, sleep
 *   threads N          the same with threads
 *   ioctl FILE NR      ioctl(2) on a file, print its result, or -errno
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static const char *separator = "{";

static void print_key(const char *key)
{
	printf("%s\n\"%s\": ", separator, key);
	separator = ",";
}

static void print_number(const char *key, long long value)
{
	print_key(key);
	printf("%lld", value);
}

static void print_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\' || (unsigned char)*text < 0x20)
			printf("\\u%04x", (unsigned char)*text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void print_text(const char *key, const char *value)
{
	print_key(key);
	print_string(value);
}

static void print_list(const char *key, char **list)
{
	print_key(key);
	putchar('[');
	for (size_t i = 0; list[i]; i++) {
		printf("%s", i > 0 ? ", " : "");
		print_string(list[i]);
	}
	putchar(']');
}

/* Capabilities as masks: bit n is capability n of capabilities(7). */
static void print_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	uint64_t bounding = 0, ambient = 0;

	syscall(SYS_capget, &header, data);
	for (int i = 0; i < 64; i++) {
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			bounding |= UINT64_C(1) << i;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			ambient |= UINT64_C(1) << i;
	}
	print_number("effective", (long long)(((uint64_t)data[1].effective << 32) | data[0].effective));
	print_number("permitted", (long long)(((uint64_t)data[1].permitted << 32) | data[0].permitted));
	print_number("inheritable", (long long)(((uint64_t)data[1].inheritable << 32) | data[0].inheritable));
	print_number("bounding", (long long)bounding);
	print_number("ambient", (long long)ambient);
}

static void print_ids(void)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid, groups[256];
	int n;

	getresuid(&ruid, &euid, &suid);
	getresgid(&rgid, &egid, &sgid);
	print_key("uids");
	printf("[%u, %u, %u]", ruid, euid, suid);
	print_key("gids");
	printf("[%u, %u, %u]", rgid, egid, sgid);
	n = getgroups(256, groups);
	print_key("groups");
	putchar('[');
	for (int i = 0; i < n; i++)
		printf("%s%u", i > 0 ? ", " : "", groups[i]);
	putchar(']');
	print_number("pid", getpid());
	print_number("ppid", getppid());
	print_number("pgid", getpgid(0));
	print_number("sid", getsid(0));
}

static void print_scheduling(void)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attr = { 0 };
	unsigned long nodes[16] = { 0 };
	cpu_set_t cpus;
	int mode = -1;

	syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0);
	print_number("policy", attr.policy);
	print_number("sched_flags", (long long)attr.flags);
	print_number("nice", attr.nice);
	print_number("priority", attr.priority);
	print_number("runtime", (long long)attr.runtime);
	print_number("deadline", (long long)attr.deadline);
	print_number("period", (long long)attr.period);
	print_number("ioprio", syscall(SYS_ioprio_get, 1, 0));
	CPU_ZERO(&cpus);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	print_key("cpus");
	printf("[");
	for (int i = 0, n = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &cpus))
			printf("%s%d", n++ > 0 ? ", " : "", i);
	printf("]");
	syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, 0, 0);
	print_number("mempolicy", mode);
	print_number("memnodes", (long long)nodes[0]);
}

static void print_limits(void)
{
	static const char *const names[] = { "CPU",      "FSIZE",  "DATA",    "STACK", "CORE",  "RSS",
					     "NPROC",    "NOFILE", "MEMLOCK", "AS",    "LOCKS", "SIGPENDING",
					     "MSGQUEUE", "NICE",   "RTPRIO",  "RTTIME" };
	struct rlimit limit;

	print_key("rlimits");
	for (int i = 0; i < 16; i++) {
		getrlimit((__rlimit_resource_t)i, &limit);
		printf("%s\"RLIMIT_%s\": [%llu, %llu]", i > 0 ? ", " : "{", names[i],
		       (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
	}
	printf("}");
}

static void print_links(const char *key, const char *path)
{
	char name[512], target[4096];
	const char *comma = "";
	struct dirent *entry;
	DIR *directory = opendir(path);
	int is_fds = strcmp(key, "fds") == 0;

	print_key(key);
	putchar('{');
	while (directory && (entry = readdir(directory))) {
		ssize_t length;

		if (entry->d_name[0] == '.' || (is_fds && atoi(entry->d_name) == dirfd(directory)))
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		length = readlink(name, target, sizeof(target) - 1);
		target[length < 0 ? 0 : length] = '\0';
		printf("%s\"%s\": ", comma, entry->d_name);
		print_string(target);
		comma = ", ";
	}
	if (directory)
		closedir(directory);
	putchar('}');
}

static void print_signals(void)
{
	struct sigaction action;
	sigset_t blocked;
	uint64_t ignored_mask = 0, blocked_mask = 0;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int i = 1; i < 32; i++) {
		if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			ignored_mask |= UINT64_C(1) << i;
		if (sigismember(&blocked, i) == 1)
			blocked_mask |= UINT64_C(1) << i;
	}
	print_number("signals_ignored", (long long)ignored_mask);
	print_number("signals_blocked", (long long)blocked_mask);
}

static void print_file(const char *key, const char *path)
{
	char content[4096] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, content, sizeof(content) - 1);

	content[length < 0 ? 0 : length] = '\0';
	content[strcspn(content, "\n")] = '\0';
	print_text(key, content);
	if (fd >= 0)
		close(fd);
}

static void print_clock(const char *key, clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	print_key(key);
	printf("%lld.%09ld", (long long)now.tv_sec, now.tv_nsec);
}

static int report(char **argv)
{
	char cwd[4096] = "";
	struct winsize size = { 0 };
	struct utsname name;
	int tty = -1, death = 0;

	print_links("fds", "/proc/self/fd");
	print_links("namespaces", "/proc/self/ns");
	print_list("args", argv);
	print_list("env", environ);
	print_text("cwd", getcwd(cwd, sizeof(cwd)) ? cwd : strerror(errno));
	print_ids();
	print_capabilities();
	print_number("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	print_number("seccomp", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
	print_number("securebits", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	print_number("dumpable", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	print_number("timer_slack_ns", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
	print_number("child_subreaper", prctl(PR_GET_CHILD_SUBREAPER, &death, 0, 0, 0) < 0 ? -1 : death);
	prctl(PR_GET_PDEATHSIG, &death, 0, 0, 0);
	print_number("parent_death_signal", death);
	print_scheduling();
	print_limits();
	print_signals();
	print_number("personality", personality(0xffffffff));
	print_number("umask", umask(0));
	print_file("oom_score_adj", "/proc/self/oom_score_adj");
	print_file("cgroup", "/proc/self/cgroup");
	print_file("label", "/proc/self/attr/current");
	uname(&name);
	print_text("hostname", name.nodename);
	print_text("domainname", name.domainname);
	print_text("machine", name.machine);
	print_clock("monotonic", CLOCK_MONOTONIC);
	print_clock("boottime", CLOCK_BOOTTIME);
	print_number("isatty", isatty(0) + 2 * isatty(1) + 4 * isatty(2));
	ioctl(0, TIOCGWINSZ, &size);
	print_key("terminal_size");
	printf("[%d, %d]", size.ws_row, size.ws_col);
	tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	print_number("controlling_terminal", tty >= 0);
	print_number("session_keyring", syscall(SYS_keyctl, 0, -3, 0));
	printf("\n}\n");
	return 0;
}

static int call(char **argv)
{
	long arg[7] = { 0 }, result;

	for (int i = 0; i < 7 && argv[i]; i++)
		arg[i] = argv[i][0] == '@' ? (long)(argv[i] + 1) : (long)strtoull(argv[i], NULL, 0);
	result = syscall(arg[0], arg[1], arg[2], arg[3], arg[4], arg[5], arg[6]);
	printf("%ld\n", result < 0 ? (long)-errno : result);
	return 0;
}

static _Noreturn void wait_for_signal(void)
{
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}

static int allocate(size_t bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 1;
	memset(memory, 1, bytes);
	wait_for_signal();
}

static int start_children(int wanted)
{
	int started = 0;

	for (int i = 0; i < wanted; i++) {
		pid_t pid = fork();

		if (pid == 0)
			for (;;)
				pause();
		started += pid > 0;
	}
	printf("%d\n", started);
	wait_for_signal();
}

static void *sleep_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static int start_threads(int wanted)
{
	int started = 0;

	for (int i = 0; i < wanted; i++) {
		pthread_t thread;

		started += pthread_create(&thread, NULL, sleep_for_ever, NULL) == 0;
	}
	printf("%d\n", started);
	wait_for_signal();
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	long number = argc > 2 ? atol(argv[2]) : 0;

	if (strcmp(verb, "report") == 0)
		return report(argv);
	if (strcmp(verb, "syscall") == 0)
		return call(argv + 2);
	if (strcmp(verb, "allocate") == 0)
		return allocate((size_t)number);
	if (strcmp(verb, "hold") == 0)
		wait_for_signal();
	if (strcmp(verb, "deaf") == 0 && signal(SIGTERM, SIG_IGN) != SIG_ERR)
		wait_for_signal();
	if (strcmp(verb, "fork") == 0)
		return start_children((int)number);
	if (strcmp(verb, "threads") == 0)
		return start_threads((int)number);
	if (strcmp(verb, "ioctl") == 0 && argc > 3) {
		int result = ioctl(open(argv[2], O_RDWR), strtoul(argv[3], NULL, 0), "");

		printf("%d\n", result < 0 ? -errno : result);
		return 0;
	}
	fprintf(stderr, "usage: helper report|syscall|allocate|hold|deaf|fork|threads|ioctl\n");
	return 2;
}
