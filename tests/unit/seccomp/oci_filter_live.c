/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's word on OCI filters: loaded into a forked child. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "oci_fixture.h"
#include "text.h"

enum { CHILD_FAILED = 99, TIMEOUT_MS = 20000 };

/* Return: the exit status, or 1000 plus the signal that ended it. */
static int end_of(pid_t pid)
{
	int status;

	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int load(const struct oci_filter *filter)
{
	struct error err = { 0 };
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		_exit(CHILD_FAILED);
	r = oci_filter_load(filter, &err);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", err.msg, error_name(-r));
		_exit(CHILD_FAILED);
	}
	return r;
}

/* Load it and make a call that does not exist in the rest of the child; exit with its errno. */
static int run_under(const struct oci_seccomp *seccomp, int (*body)(void))
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct oci_filter filter;
	pid_t pid;

	oci_fixture_build(seccomp, arena, &filter);
	pid = fork();
	cr_assert(ge(int, pid, 0));
	if (pid == 0) {
		load(&filter);
		_exit(body());
	}
	return end_of(pid);
}

static int call_keyctl(void)
{
	return syscall(SYS_keyctl, 9999, 0, 0, 0, 0) < 0 ? errno : 0;
}

static int answer_to_keyctl(uint32_t action, bool given, uint32_t errnum)
{
	const struct oci_seccomp_rule rule = { NAMES("keyctl"), action, given, errnum };
	const struct oci_seccomp seccomp = { .default_action = SECCOMP_RET_ALLOW,
					     .rules = &rule,
					     .n_rules = 1 };

	return run_under(&seccomp, call_keyctl);
}

Test(oci_filter_live, every_action_does_what_it_says)
{
	cr_assert(eq(int, answer_to_keyctl(SECCOMP_RET_ERRNO, false, 0), EPERM));
	cr_assert(eq(int, answer_to_keyctl(SECCOMP_RET_ERRNO, true, ENOTTY), ENOTTY));
	cr_assert(eq(int, answer_to_keyctl(SECCOMP_RET_ERRNO, true, 0), 0));
	cr_assert(eq(int, answer_to_keyctl(SECCOMP_RET_KILL_PROCESS, false, 0), 1000 + SIGSYS));
	cr_assert(eq(int, answer_to_keyctl(SECCOMP_RET_KILL_THREAD, false, 0), 1000 + SIGSYS));
	cr_assert(eq(int, answer_to_keyctl(SECCOMP_RET_TRAP, false, 0), 1000 + SIGSYS));
	/* Nobody traces it. */
	cr_assert(eq(int, answer_to_keyctl(SECCOMP_RET_TRACE, false, 0), ENOSYS));
	/* The call happens: EOPNOTSUPP from the kernel itself, EPERM or ENOSYS where a host filters it. */
	cr_assert(eq(int, answer_to_keyctl(SECCOMP_RET_LOG, false, 0), call_keyctl()));
}

static void on_sigsys(int signal _unused_, siginfo_t *info, void *context _unused_)
{
	_exit(info->si_syscall == SYS_keyctl && info->si_code == 1 /* SYS_SECCOMP */ ? 42 : 43);
}

static int catch_keyctl(void)
{
	const struct sigaction action = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };

	sigaction(SIGSYS, &action, NULL);
	return call_keyctl();
}

Test(oci_filter_live, a_trap_is_a_signal_that_can_be_caught)
{
	const struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ALLOW,
		RULES({ NAMES("keyctl"), SECCOMP_RET_TRAP }),
	};

	cr_assert(eq(int, run_under(&seccomp, catch_keyctl), 42));
}

static int under_docker(void)
{
	if (syscall(SYS_keyctl, 9999, 0, 0, 0, 0) != -1 || errno != EPERM)
		return 1;
	if (syscall(SYS_clone3, NULL, 0) != -1 || errno != ENOSYS)
		return 2;
	if (syscall(900) != -1 || errno != ENOSYS)
		return 3;
	if (socket(AF_VSOCK, SOCK_STREAM, 0) != -1 || errno != EPERM)
		return 4;
	if (syscall(SYS_unshare, 0x10000000) != -1 || errno != EPERM)
		return 5;
	if (syscall(SYS_getppid) <= 0 || access("/", F_OK) < 0)
		return 6;
	execl("/bin/true", "true", NULL);
	return 7;
}

Test(oci_filter_live, programs_run_under_what_engines_give_by_default)
{
	struct oci_seccomp seccomp;

	oci_fixture_docker(&seccomp);
	seccomp.flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW |
			SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	cr_assert(eq(int, run_under(&seccomp, under_docker), 0));
}

Test(oci_filter_live, no_filter_is_no_error)
{
	const struct oci_filter none = { 0 };
	struct error err = { 0 };

	cr_assert(eq(int, oci_filter_load(&none, &err), 0));
}

Test(oci_filter_live, without_rights_the_error_says_what_to_set)
{
	const struct oci_seccomp seccomp = { .default_action = SECCOMP_RET_ALLOW };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct oci_filter filter;
	pid_t pid;

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		cr_skip_test("this process has no_new_privs already");
	oci_fixture_build(&seccomp, arena, &filter);
	pid = fork();
	cr_assert(ge(int, pid, 0));
	if (pid == 0) {
		struct error err = { 0 };

		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(CHILD_FAILED);
		if (oci_filter_load(&filter, &err) != -EACCES)
			_exit(1);
		_exit(strstr(err.remedy, "noNewPrivileges") ? 0 : 2);
	}
	cr_assert(eq(int, end_of(pid), 0));
}

/* --- the listener ------------------------------------------------------- */

static char dir[] = "/tmp/kapsel-agent-XXXXXX";

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(lt(sz, strlen(path), sizeof(address.sun_path)));
	strcpy(address.sun_path, path);
	cr_assert(eq(int, bind(sock, (const struct sockaddr *)&address, sizeof(address)), 0));
	cr_assert(eq(int, listen(sock, 4), 0));
	return sock;
}

static void wait_for_input(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	cr_assert(eq(int, poll(&poll_fd, 1, TIMEOUT_MS), 1), "nothing comes");
}

/* As an agent would: mkdirat answers 7777, others go on. */
static void answer_one(int listener)
{
	struct seccomp_notif request = { 0 };
	struct seccomp_notif_resp response = { 0 };

	wait_for_input(listener);
	cr_assert(eq(int, ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request), 0));
	cr_assert(eq(int, request.data.nr, SYS_mkdirat));
	response.id = request.id;
	response.val = 77;
	cr_assert(eq(int, ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response), 0));
}

/* What stays outside gets the listener from the one that loads the filter, over a socket. */
static pid_t start_held(const struct oci_filter *filter, int *ret_listener)
{
	_cleanup_fd_ int ours = -1, theirs = -1;
	int sockets[2], listener = -1;
	char byte;
	pid_t pid;

	cr_assert(eq(int, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0));
	ours = sockets[0];
	theirs = sockets[1];
	pid = fork();
	cr_assert(ge(int, pid, 0));
	if (pid == 0) {
		listener = load(filter);
		if (fd_send(theirs, "x", 1, &listener, 1) < 0)
			_exit(CHILD_FAILED);
		close(listener);
		_exit((int)syscall(SYS_mkdirat, AT_FDCWD, "/nonexistent/x", 0));
	}
	wait_for_input(ours);
	cr_assert(eq(int, (int)fd_receive(ours, &byte, 1, ret_listener, 1), 1));
	cr_assert(ge(int, *ret_listener, 0));
	return pid;
}

static void receive_state(int sock, const char *expected, int *ret_fd)
{
	_cleanup_fd_ int connection = -1;
	char message[4096] = "";
	int fds[2];
	ssize_t size;

	wait_for_input(sock);
	connection = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
	cr_assert(ge(int, connection, 0));
	wait_for_input(connection);
	size = fd_receive(connection, message, sizeof(message) - 1, fds, 2);
	cr_assert(gt(long, size, 0));
	cr_assert(eq(str, message, text(expected)));
	cr_assert(ge(int, fds[0], 0));
	cr_assert(eq(int, fds[1], -1));
	/* One state a connection, then it is closed. */
	cr_assert(eq(long, fd_receive(connection, message, sizeof(message), fds + 1, 1), 0));
	*ret_fd = fds[0];
}

static void remove_dir(const char *socket_path)
{
	unlink(socket_path);
	rmdir(dir);
}

Test(oci_filter_live, the_agent_decides_about_calls)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_fd_ int sock = -1, listener = -1, received = -1;
	char path[64];
	struct oci_seccomp seccomp = {
		.default_action = SECCOMP_RET_ALLOW,
		.listener_path = path,
		.listener_metadata = "a \"b\"\n",
		.flags = SECCOMP_FILTER_FLAG_TSYNC,
		RULES({ NAMES("mkdirat"), SECCOMP_RET_USER_NOTIF }),
	};
	struct oci_filter filter;
	struct error err = { 0 };
	pid_t pid;
	int r;

	cr_assert(ne(ptr, mkdtemp(dir), NULL));
	snprintf(path, sizeof(path), "%s/agent", dir);
	sock = listen_at(path);
	oci_fixture_build(&seccomp, arena, &filter);
	pid = start_held(&filter, &listener);
	r = oci_filter_send_listener(&seccomp, "1.2.0", listener, 4711, "{\"id\":\"c\",\"pid\":4711}", arena,
				     &err);
	cr_assert(eq(int, r, 0), "%s", err.msg);
	receive_state(sock,
		      "{\"ociVersion\":\"1.2.0\",\"fds\":[\"seccompFd\"],\"pid\":4711,"
		      "\"metadata\":\"a \\\"b\\\"\\n\",\"state\":{\"id\":\"c\",\"pid\":4711}}",
		      &received);
	fd_close(&listener);
	answer_one(received);
	cr_assert(eq(int, end_of(pid), 77));
	remove_dir(path);
}

Test(oci_filter_live, without_metadata_none_is_sent)
{
	const struct oci_seccomp seccomp = { .listener_path = "/tmp/kapsel-agent-plain" };
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_fd_ int sock = -1, received = -1;
	struct error err = { 0 };

	unlink(seccomp.listener_path);
	sock = listen_at(seccomp.listener_path);
	cr_assert(eq(int, oci_filter_send_listener(&seccomp, "1.0.2", 0, 1, "{}", arena, &err), 0), "%s",
		  err.msg);
	receive_state(sock, "{\"ociVersion\":\"1.0.2\",\"fds\":[\"seccompFd\"],\"pid\":1,\"state\":{}}",
		      &received);
	unlink(seccomp.listener_path);
}

/* Bind takes 108 bytes only: through a link to the directory. The runtime gets the long one. */
Test(oci_filter_live, the_path_of_the_listener_may_be_long)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_fd_ int sock = -1, received = -1;
	char part[128], deep[512], path[600], shorter[80], link[64];
	struct oci_seccomp seccomp = { .listener_path = path };
	struct error err = { 0 };

	cr_assert(ne(ptr, mkdtemp(dir), NULL));
	memset(part, 'd', 120);
	part[120] = '\0';
	snprintf(deep, sizeof(deep), "%s/%s", dir, part);
	cr_assert(eq(int, mkdir(deep, 0700), 0));
	snprintf(link, sizeof(link), "%s/l", dir);
	cr_assert(eq(int, symlink(deep, link), 0));
	snprintf(shorter, sizeof(shorter), "%s/agent", link);
	snprintf(path, sizeof(path), "%s/agent", deep);
	sock = listen_at(shorter);
	cr_assert(eq(int, oci_filter_send_listener(&seccomp, "1.0.2", 0, 1, "{}", arena, &err), 0), "%s",
		  err.msg);
	receive_state(sock, "{\"ociVersion\":\"1.0.2\",\"fds\":[\"seccompFd\"],\"pid\":1,\"state\":{}}",
		      &received);
	unlink(path);
	unlink(link);
	rmdir(deep);
	rmdir(dir);
}

Test(oci_filter_live, an_agent_that_is_not_there_is_an_error_that_names_the_path)
{
	char path[300] = "/tmp/kapsel-agent-none";
	const struct oci_seccomp seccomp = { .listener_path = path };
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };

	unlink(path);
	cr_assert(eq(int, oci_filter_send_listener(&seccomp, "1.0.2", 0, 1, "{}", arena, &err), -ENOENT));
	cr_assert(eq(str, err.msg, "connect to linux.seccomp.listenerPath /tmp/kapsel-agent-none"));
	cr_assert(ne(str, err.remedy, ""));
	memset(path + 4, 'x', 250);
	cr_assert(eq(int, oci_filter_send_listener(&seccomp, "1.0.2", 0, 1, "{}", arena, &err), -ENOENT));
}
