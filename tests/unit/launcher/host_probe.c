/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/macro.h"
#include "launcher/host.h"
#include "launcher/host_value.h"

Test(host, parses_the_kernels_release)
{
	const char *const bad[] = {
		"", "6", "6.", ".1", "x6.1", "6-1", "6 .1", "99999999999.1", "6.99999999999"
	};
	unsigned int major = 0, minor = 0;

	cr_assert(zero(int, host_parse_release("6.18.44-fc-v657", &major, &minor)));
	cr_assert(eq(uint, major, 6));
	cr_assert(eq(uint, minor, 18));
	cr_assert(zero(int, host_parse_release("7.0-rc1", &major, &minor)));
	cr_assert(eq(uint, major, 7));
	cr_assert(eq(uint, minor, 0));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert(eq(int, host_parse_release(bad[i], &major, &minor), -EINVAL), "\"%s\"", bad[i]);
}

Test(host, probes_this_machine)
{
	struct host host;
	struct error err = { 0 };

	cr_assert(zero(int, host_probe(&host, &err)), "%s", err.msg);
	cr_assert(ge(uint, host.kernel_major, 4));
	cr_assert(eq(u32, host.euid, geteuid()));
	cr_assert(eq(u32, host.egid, getegid()));
	cr_assert(eq(chr, host.run_dir[0], '/'));
	cr_assert(eq(chr, host.log_dir[0], '/'));
	cr_assert(host.place.found || host.place.reason[0] != '\0');
	if (geteuid() == 0) {
		cr_assert(eq(str, host.run_dir, "/run/kapsel"));
		cr_assert(eq(str, host.cache_dir, "/var/cache/kapsel"));
	}
}

/* As another user with this environment, in a child. Return: exit status of @body. */
static int as_user(int (*body)(const struct host *host))
{
	struct error err = { 0 };
	struct host host;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (geteuid() == 0 &&
		    (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0))
			_exit(100);
		_exit(host_probe(&host, &err) < 0 ? 101 : body(&host));
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 102;
}

static int has_xdg_dirs(const struct host *host)
{
	return strcmp(host->run_dir, "/x/run/kapsel") || strcmp(host->log_dir, "/x/state/kapsel/log") ||
	       strcmp(host->cache_dir, "/x/cache/kapsel");
}

static int has_home_dirs(const struct host *host)
{
	return strncmp(host->run_dir, "/run/user/", 10) ||
	       strcmp(host->log_dir, "/home/ada/.local/state/kapsel/log") ||
	       strcmp(host->cache_dir, "/home/ada/.cache/kapsel");
}

static int has_no_home(const struct host *host)
{
	return strncmp(host->log_dir, "/run/user/", 10) ||
	       strcmp(host->log_dir + strlen(host->log_dir) - 4, "/log") || strcmp(host->cache_dir, "");
}

static int is_unprivileged(const struct host *host)
{
	return host_privileged(host) || host->cap_effective != 0 || host->euid == 0;
}

Test(host, follows_a_users_environment)
{
	setenv("XDG_RUNTIME_DIR", "/x/run", 1);
	setenv("XDG_STATE_HOME", "/x/state", 1);
	setenv("XDG_CACHE_HOME", "/x/cache", 1);
	cr_assert(zero(int, as_user(has_xdg_dirs)));
	cr_assert(zero(int, as_user(is_unprivileged)));
}

Test(host, ignores_relative_and_endless_paths_of_the_environment)
{
	char endless[2 * HOST_PATH_MAX];

	memset(endless, '/', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	setenv("XDG_RUNTIME_DIR", "run", 1);
	setenv("XDG_STATE_HOME", endless, 1);
	setenv("XDG_CACHE_HOME", "", 1);
	setenv("HOME", "/home/ada", 1);
	cr_assert(zero(int, as_user(has_home_dirs)));
}

Test(host, does_without_a_home)
{
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_CACHE_HOME");
	unsetenv("HOME");
	cr_assert(zero(int, as_user(has_no_home)));
}

Test(host, knows_privilege_by_its_capabilities)
{
	struct host host = { .cap_effective = UINT64_MAX };

	cr_assert(host_privileged(&host));
	host.cap_effective &= ~(UINT64_C(1) << 21);
	cr_assert(not(host_privileged(&host)), "root without SYS_ADMIN");
	host.cap_effective = UINT64_MAX;
	host.euid = 1000;
	cr_assert(not(host_privileged(&host)));
}

Test(host_value, reads_first_lines_and_numbers)
{
	char text[64];

	cr_assert(host_value_text("/proc/sys/kernel/ostype", text, sizeof(text)));
	cr_assert(eq(str, text, "Linux"));
	cr_assert(not(host_value_text("/proc/sys/kernel/no-such-setting", text, sizeof(text))));
	cr_assert(eq(str, text, ""));
	cr_assert(gt(i64, host_value_number("/proc/sys/kernel/pid_max", -1), 100));
	cr_assert(eq(i64, host_value_number("/proc/sys/kernel/ostype", -7), -7));
	cr_assert(eq(i64, host_value_number("/proc/sys/kernel/no-such-setting", -7), -7));
}

Test(host, probes_all_of_this_machine)
{
	struct host_details details;
	struct error err = { 0 };
	int status;
	pid_t pid = fork();

	/* In a child: it must neither leave children nor set a filter. */
	if (pid == 0) {
		if (host_probe_all(&details, &err) < 0)
			_exit(1);
		if (waitpid(-1, &status, WNOHANG) != -1 || errno != ECHILD)
			_exit(2);
		if (!details.openat2 || !details.clone3 || !details.open_tree || !details.mount_setattr)
			_exit(3);
		_exit(details.core_pattern[0] == '\0' ? 4 : 0);
	}
	waitpid(pid, &status, 0);
	cr_assert(zero(int, status));
}
