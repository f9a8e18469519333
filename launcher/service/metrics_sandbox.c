/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/metrics_sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/close_range.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "launcher/steps/landlock.h"

enum { PROCESSOR_S = 5 };

/* The bounding set can only be emptied by who may: without CAP_SETPCAP it is out of reach anyway, since
 * nothing can be executed any more. */
static int drop_capabilities(struct error *err)
{
	if (capng_get_caps_process() < 0)
		return error_set(err, EIO, "read the own capabilities");
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP)) {
		capng_clear(CAPNG_SELECT_BOTH);
		if (capng_apply(CAPNG_SELECT_BOUNDS) < 0)
			return error_set(err, EPERM, "empty the bounding set");
	}
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT) < 0)
		return error_set(err, EPERM, "drop the capabilities");
	return 0;
}

static int drop_files(struct error *err)
{
	const int abi = sys_landlock_abi();
	const struct sys_landlock_ruleset attr = {
		.handled_access_fs = landlock_known(abi),
		.handled_access_net = LANDLOCK_BIND_TCP | LANDLOCK_CONNECT_TCP,
		.scoped = LANDLOCK_SCOPE_ABSTRACT | LANDLOCK_SCOPE_SIGNALS,
	};
	_cleanup_fd_ int ruleset = -1;

	if (abi < 1) {
		error_set(err, EOPNOTSUPP, "answer strangers without Landlock");
		return error_remedy(err, "boot with \"lsm=landlock,...\" on the kernel command line, or let "
					 "node_exporter serve what --textfile writes");
	}
	ruleset = sys_landlock_create(&attr, abi);
	if (ruleset < 0 || sys_landlock_restrict(ruleset) < 0)
		return error_set(err, errno, "close all files with Landlock");
	return 0;
}

static int set_limits(struct error *err)
{
	static const struct {
		__rlimit_resource_t resource;
		rlim_t limit;
	} limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_MEMLOCK, 0 },
		{ RLIMIT_MSGQUEUE, 0 },
		{ RLIMIT_NOFILE, STDERR_FILENO + 1 }, /* poll(2) takes no more than that many */
		{ RLIMIT_CPU, PROCESSOR_S },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct rlimit limit = { limits[i].limit, limits[i].limit };

		if (setrlimit(limits[i].resource, &limit) < 0)
			return error_set(err, errno, "limit the own resources");
	}
	return 0;
}

/* However slowly somebody reads what we write: at most that long. */
static int set_end(struct error *err)
{
	sigset_t all;

	sigemptyset(&all);
	if (signal(SIGALRM, SIG_DFL) == SIG_ERR || sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return error_set(err, errno, "set the time of the own end");
	alarm(METRICS_SANDBOX_LIFE_S);
	return 0;
}

int metrics_sandbox_rights(struct error *err)
{
	int r;

	if (close_range(STDERR_FILENO + 1, ~0U, 0) < 0)
		return error_set(err, errno, "close all descriptors");
	r = set_end(err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(err, errno, "set no_new_privs");
	r = drop_capabilities(err); /* the library reads /proc for it */
	if (r == 0)
		r = drop_files(err);
	return r < 0 ? r : set_limits(err);
}

int metrics_sandbox_calls(struct error *err)
{
	/* restart_syscall: poll goes on by it after SIGSTOP and SIGCONT. sigaltstack: the last thing that a
	 * build with the address sanitizer does. */
	static const char *const calls[] = {
		"read",       "write",           "poll",         "ppoll",         "shutdown",    "close",
		"exit_group", "restart_syscall", "rt_sigreturn", "clock_gettime", "sigaltstack",
	};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = filter ? seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(calls); i++) {
		int number = seccomp_syscall_resolve_name(calls[i]);

		if (number < 0)
			continue; /* poll is not on every architecture */
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	if (r == 0)
		r = seccomp_load(filter);
	/* The process may not free memory any more, and does not need to. */
	if (r < 0)
		return error_set(err, -r, "load the system call filter");
	return 0;
}
