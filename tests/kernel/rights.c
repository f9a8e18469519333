/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps that take rights away, each with the attack that it stops and without. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "launcher/host.h"
#include "launcher/steps/procfs.h"
#include "launcher/steps/steps.h"
#include "tests/kernel/sandbox.h"

/* An attack: returns 0 if it succeeded, an errno if not. */
typedef int attack_function(void);

static int attack_userns(void)
{
	return unshare(CLONE_NEWUSER) < 0 ? errno : 0;
}

static int attack_rwx(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? errno : 0;
}

static int attack_hostname(void)
{
	return sethostname("taken", 5) < 0 ? errno : 0;
}

static int attack_bounding(void)
{
	return prctl(PR_CAPBSET_READ, CAP_NET_ADMIN, 0, 0, 0) == 1 ? 0 : EPERM;
}

static int attack_raise_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 1000;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? errno : 0;
}

static int attack_umask(void)
{
	int fd = open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	struct stat st;
	int r = fd < 0 || fstat(fd, &st) < 0 ? errno : st.st_mode & 0066 ? 0 : EPERM;

	close(fd);
	return r;
}

static int attack_new_privs(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? 0 : EPERM;
}

static int attack_dumpable(void)
{
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1 ? 0 : EPERM;
}

static int before_and_after(struct sandbox *s, const struct step_type *type, attack_function *attack,
			    int wanted, struct error *err)
{
	pid_t pid;
	int r, status[2] = { 0, 0 };
	int pipes[2];

	/* First in a child of its own: the attack may change what the step finds. */
	if (pipe(pipes) < 0)
		return error_set(err, errno, "create a pipe");
	pid = fork();
	if (pid == 0) {
		status[0] = attack();
		_exit(write(pipes[1], status, sizeof(status[0])) < 0);
	}
	if (pid < 0 || read(pipes[0], &status[0], sizeof(status[0])) != sizeof(status[0]))
		return error_set(err, EIO, "attack without the step");
	r = sandbox_apply(s, type, NULL, err);
	if (r < 0)
		return r;
	status[1] = attack();
	if (status[0] != 0)
		return error_set(err, EBADE, "without %s the attack ends with %s", type->name,
				 error_name(status[0]));
	if (status[1] != wanted)
		return error_set(err, EBADE, "with %s the attack ends with %s", type->name,
				 status[1] ? error_name(status[1]) : "success");
	return 0;
}

static int nested(struct sandbox *s, struct error *err)
{
	int r = procfs_open(&s->run, err);

	return r < 0 ? r : before_and_after(s, &step_nested_namespaces, attack_userns, ENOSPC, err);
}

static int memory(struct sandbox *s, struct error *err)
{
	if (!s->host->mdwe)
		return 0; /* before 6.3 seccomp does it: unit-seccomp shows that */
	return before_and_after(s, &step_memory_execution, attack_rwx, EACCES, err);
}

static int capabilities(struct sandbox *s, struct error *err)
{
	return before_and_after(s, &step_capabilities, attack_hostname, EPERM, err);
}

static int bounding(struct sandbox *s, struct error *err)
{
	return before_and_after(s, &step_capabilities, attack_bounding, EPERM, err);
}

static int limits(struct sandbox *s, struct error *err)
{
	return before_and_after(s, &step_rlimits, attack_raise_limit, EINVAL, err);
}

static int mask(struct sandbox *s, struct error *err)
{
	umask(0);
	return before_and_after(s, &step_umask, attack_umask, EPERM, err);
}

static int privs(struct sandbox *s, struct error *err)
{
	return before_and_after(s, &step_no_new_privs, attack_new_privs, EPERM, err);
}

static int dumpable(struct sandbox *s, struct error *err)
{
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return before_and_after(s, &step_undumpable, attack_dumpable, EPERM, err);
}

static int hostname(struct sandbox *s, struct error *err)
{
	struct utsname before, after;
	int r = uname(&before) < 0 ? -errno : sandbox_apply(s, &step_hostname, NULL, err);

	if (r < 0)
		return r;
	uname(&after);
	if (strcmp(before.nodename, "inside") == 0 || strcmp(after.nodename, "inside") != 0)
		return error_set(err, EBADE, "the host name was %s and is %s", before.nodename,
				 after.nodename);
	return 0;
}

static int loopback_flags(void)
{
	_cleanup_fd_ int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo" };

	return ioctl(sock, SIOCGIFFLAGS, &request) < 0 ? -1 : request.ifr_flags & IFF_UP;
}

static int network(struct sandbox *s, struct error *err)
{
	int r = sandbox_apply(s, &step_loopback, NULL, err);

	if (r == 0 && loopback_flags() != 0)
		return error_set(err, EBADE, "lo is up with network none");
	s->spec.network = SPEC_NETWORK_LOOPBACK;
	if (r == 0)
		r = sandbox_apply(s, &step_loopback, NULL, err);
	return r == 0 && loopback_flags() != IFF_UP
		       ? error_set(err, EBADE, "lo is down with network loopback")
		       : r;
}

static int keyring(struct sandbox *s, struct error *err)
{
	long before = sys_keyctl(KEYCTL_GET_KEYRING_ID, (unsigned long)KEY_SPEC_SESSION_KEYRING, 0);
	int r = sandbox_apply(s, &step_keyring, NULL, err);
	long after = sys_keyctl(KEYCTL_GET_KEYRING_ID, (unsigned long)KEY_SPEC_SESSION_KEYRING, 0);

	if (r == STEP_ABSENT)
		return 0;
	return r == 0 && before == after ? error_set(err, EBADE, "the session keyring is still %lx", before)
					 : r;
}

static int sysctl_read_back(struct sandbox *s, struct error *err)
{
	static const struct spec_pair good[] = { { "net.ipv4.ip_unprivileged_port_start", "80" } };
	static const struct spec_pair absent[] = { { "net.no.such_thing", "1" } };
	int r = procfs_open(&s->run, err);

	s->spec.sysctls = (struct spec_pairs){ good, 1 };
	if (r == 0)
		r = sandbox_apply(s, &step_sysctls, NULL, err);
	if (r < 0)
		return r;
	s->spec.sysctls = (struct spec_pairs){ absent, 1 };
	r = sandbox_apply(s, &step_sysctls, NULL, err);
	if (r != -ENOENT || s->proof.sysctls != 1)
		return error_set(err, EBADE, "an unknown sysctl ends with %d", r);
	*err = (struct error){ 0 };
	return 0;
}

static int user_id(struct sandbox *s, struct error *err)
{
	struct stat shadow;

	(void)s;
	if (getuid() != 65532 || getgid() != 65532)
		return error_set(err, EBADE, "uid %u, gid %u", getuid(), getgid());
	if (open("/etc/shadow", O_RDONLY | O_CLOEXEC) >= 0)
		return error_set(err, EBADE, "/etc/shadow can be read");
	return stat("/etc/shadow", &shadow) < 0 ? error_set(err, errno, "find /etc/shadow") : 0;
}

SANDBOXED(nested_namespaces, end_at_zero, nested)
SANDBOXED(memory_execution, refuses_memory_that_is_written_and_executed, memory)
SANDBOXED(capabilities, are_gone, capabilities)
SANDBOXED(capabilities, leave_the_bounding_set, bounding)
SANDBOXED(rlimits, can_not_be_raised, limits)
SANDBOXED(umask, keeps_new_files_private, mask)
SANDBOXED(no_new_privs, is_on, privs)
SANDBOXED(undumpable, takes_effect, dumpable)
SANDBOXED(hostname, is_the_containers_own, hostname)
SANDBOXED(network, is_down_or_only_loopback, network)
SANDBOXED(keyring, is_another, keyring)
SANDBOXED(sysctls, are_read_back_and_unknown_ones_refused, sysctl_read_back)
SANDBOXED(user_id, owns_nothing_of_the_host, user_id)
