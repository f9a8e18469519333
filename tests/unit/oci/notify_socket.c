/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/notify_socket.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/state.h"
#include "tests/unit/base/scratch.h"

static struct arena *arena;
static struct scratch scratch; /* <root>/<id> */
static struct oci oci;
static struct oci_state state = { .id = "web" };

static void set_up(void)
{
	arena = arena_new();
	scratch = scratch_new();
	unsetenv("NOTIFY_SOCKET");
}

static void tear_down(void)
{
	scratch_free(&scratch);
	arena_free(arena);
}

TestSuite(notify_socket, .init = set_up, .fini = tear_down);

static int prepare(const char *manager, struct error *err)
{
	if (manager)
		setenv("NOTIFY_SOCKET", manager, 1);
	return notify_socket_prepare(&oci, &state, scratch.fd, "/run/kapsel-oci", arena, err);
}

static char *filtered(const char *message)
{
	static char text[NOTIFY_SOCKET_MESSAGE_MAX + 64];

	notify_socket_filter(message, strlen(message), 99, text);
	return text;
}

Test(notify_socket, changes_nothing_without_a_manager)
{
	struct error err = { 0 };

	cr_assert(zero(int, prepare(NULL, &err)));
	cr_assert(zero(int, prepare("", &err)));
	cr_assert(zero(sz, oci.n_mounts));
	cr_assert(zero(sz, oci.process.env.n));
	cr_assert(eq(ptr, state.notify_socket, NULL));
	cr_assert(not(notify_socket_wanted(&state)));
}

Test(notify_socket, adds_a_read_only_mount_behind_the_others_and_the_variable)
{
	const struct oci_mount mounts[] = { { .destination = "/run" } };
	const char *const env[] = { "PATH=/bin", NULL };
	struct error err = { 0 };

	oci = (struct oci){ .mounts = mounts, .n_mounts = 1, .process.env = { .items = env, .n = 1 } };
	cr_assert(zero(int, prepare("/run/systemd/notify", &err)), "%s", err.msg);
	cr_assert(eq(sz, oci.n_mounts, 2));
	cr_assert(eq(str, oci.mounts[0].destination, "/run"));
	cr_assert(eq(str, oci.mounts[1].destination, "/run/notify"));
	cr_assert(eq(str, oci.mounts[1].source, "/run/kapsel-oci/web/notify"));
	cr_assert(oci.mounts[1].flags.bind);
	cr_assert(eq(u64, oci.mounts[1].flags.attr_set,
		     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
	cr_assert(eq(sz, oci.process.env.n, 2));
	cr_assert(eq(str, oci.process.env.items[1], "NOTIFY_SOCKET=/run/notify/notify.sock"));
	cr_assert(eq(ptr, oci.process.env.items[2], NULL));
	cr_assert(eq(str, state.notify_socket, "/run/systemd/notify"));
	cr_assert(notify_socket_wanted(&state));
}

Test(notify_socket, leaves_it_to_an_engine_that_does_it_itself)
{
	const struct oci_mount mounts[] = { { .destination = "/run/notify" } };
	const char *const env[] = { "NOTIFY_SOCKET=/run/notify/notify.sock", NULL };
	struct error err = { 0 };

	oci = (struct oci){ .process.env = { .items = env, .n = 1 } };
	cr_assert(zero(int, prepare("/run/systemd/notify", &err)));
	cr_assert(zero(sz, oci.n_mounts));
	oci = (struct oci){ .mounts = mounts, .n_mounts = 1 };
	cr_assert(zero(int, prepare("/run/systemd/notify", &err)));
	cr_assert(eq(sz, oci.n_mounts, 1));
	cr_assert(eq(ptr, state.notify_socket, NULL));
}

Test(notify_socket, refuses_what_is_no_address)
{
	static const char *const bad[] = { "relative", "/", "@", "vsock:2:1" };
	char too_long[200];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error err = { 0 };

		cr_assert(eq(int, prepare(bad[i], &err), -EINVAL), "%s", bad[i]);
		cr_assert(ne(ptr, strstr(err.msg, bad[i]), NULL));
	}
	memset(too_long, '/', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = '\0';
	cr_assert(eq(int, prepare(too_long, NULL), -EINVAL));
	cr_assert(zero(sz, oci.n_mounts));
}

Test(notify_socket, is_not_waited_for_by_a_start_without_a_manager)
{
	struct error err = { 0 };

	cr_assert(zero(int, prepare("/run/systemd/notify", &err)));
	unsetenv("NOTIFY_SOCKET");
	cr_assert(not(notify_socket_wanted(&state)));
}

Test(notify_socket, names_the_hosts_pid_when_the_container_is_ready)
{
	cr_assert(eq(str, filtered("READY=1"), "READY=1\nMAINPID=99\n"));
	cr_assert(eq(str, filtered("STATUS=up\nREADY=1\n"), "STATUS=up\nREADY=1\nMAINPID=99\n"));
	cr_assert(eq(str, filtered("STATUS=coming"), "STATUS=coming\n"));
}

Test(notify_socket, passes_nothing_on_that_changes_the_manager)
{
	static const char *const bad[] = { "MAINPID=1",
					   "FDSTORE=1",
					   "NOTIFYACCESS=all",
					   "BARRIER=1",
					   "X_OTHER=1",
					   "WATCHDOG=trigger",
					   "READY=0",
					   "READY=1x",
					   "ready=1",
					   "STATUS=",
					   "FDSTOREREMOVE=1",
					   "MAINPIDFDID=3",
					   "",
					   "\n\n",
					   "RESTART_RESET=1" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert(eq(str, filtered(bad[i]), ""), "%s", bad[i]);
	cr_assert(eq(str, filtered("MAINPID=1\nREADY=1\nMAINPID=2"), "READY=1\nMAINPID=99\n"));
}

Test(notify_socket, drops_lines_with_nuls_and_messages_that_are_too_long)
{
	char text[NOTIFY_SOCKET_MESSAGE_MAX + 64], large[NOTIFY_SOCKET_MESSAGE_MAX + 1];

	cr_assert(notify_socket_filter("STATUS=a\0MAINPID=1\nREADY=1", 26, 99, text));
	cr_assert(eq(str, text, "READY=1\nMAINPID=99\n"));
	memset(large, 'x', sizeof(large));
	memcpy(large, "READY=1\nSTATUS=", 15);
	cr_assert(not(notify_socket_filter(large, sizeof(large), 99, text)));
	cr_assert(eq(str, text, ""));
	cr_assert(notify_socket_filter(large, sizeof(large) - 1, 99, text));
}

static int bound(const char *path, bool abstract)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct timeval timeout = { .tv_sec = 10 };

	snprintf(address.sun_path + abstract, sizeof(address.sun_path) - 1, "%s", path);
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	cr_assert(zero(int, bind(sock, (struct sockaddr *)&address,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract +
					     strlen(path) + !abstract))));
	return sock;
}

static void send_to_container_socket(const char *text)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify/notify.sock", scratch.path);
	cr_assert(zero(int, connect(sock, (struct sockaddr *)&address, sizeof(address))));
	cr_assert(eq(long, send(sock, text, strlen(text), 0), (long)strlen(text)));
	close(sock);
}

static int listening(const char *manager)
{
	struct error err = { 0 };
	int sock;

	cr_assert(zero(int, prepare(manager, &err)), "%s", err.msg);
	sock = notify_socket_listen(scratch.fd, &err);
	cr_assert(ge(int, sock, 0), "%s", err.msg);
	return sock;
}

static char *heard(int manager)
{
	static char text[NOTIFY_SOCKET_MESSAGE_MAX + 64];
	ssize_t got = recv(manager, text, sizeof(text) - 1, 0);

	cr_assert(gt(long, got, 0));
	text[got] = '\0';
	return text;
}

Test(notify_socket, forwards_to_the_manager)
{
	char path[128];
	struct error err = { 0 };
	int manager, sock;

	snprintf(path, sizeof(path), "%s/manager", scratch.path);
	manager = bound(path, false);
	sock = listening(path);
	cr_assert(zero(int, notify_socket_forward(sock, 99, &err)));
	send_to_container_socket("STATUS=half\nMAINPID=1");
	cr_assert(zero(int, notify_socket_forward(sock, 99, &err)), "%s", err.msg);
	cr_assert(eq(str, heard(manager), "STATUS=half\n"));
	send_to_container_socket("FDSTORE=1");
	send_to_container_socket("READY=1");
	cr_assert(eq(int, notify_socket_forward(sock, 99, &err), 1), "%s", err.msg);
	cr_assert(eq(str, heard(manager), "READY=1\nMAINPID=99\n"));
	notify_socket_close(scratch.fd, sock);
	cr_assert(eq(int, faccessat(scratch.fd, "notify/notify.sock", F_OK, 0), -1));
	close(manager);
}

Test(notify_socket, reaches_a_manager_in_the_abstract_namespace)
{
	char name[128];
	struct error err = { 0 };
	int manager, sock;

	snprintf(name, sizeof(name), "@kapsel-test-%d", (int)getpid());
	manager = bound(name + 1, true);
	sock = listening(name);
	send_to_container_socket("READY=1");
	cr_assert(eq(int, notify_socket_forward(sock, 99, &err), 1), "%s", err.msg);
	cr_assert(eq(str, heard(manager), "READY=1\nMAINPID=99\n"));
	close(sock), close(manager);
}

Test(notify_socket, says_which_manager_is_gone)
{
	struct error err = { 0 };
	int sock = listening("/nowhere/manager");

	send_to_container_socket("READY=1");
	cr_assert(eq(int, notify_socket_forward(sock, 99, &err), -ENOENT));
	cr_assert(ne(ptr, strstr(err.msg, "/nowhere/manager"), NULL));
	close(sock);
}

Test(notify_socket, lets_any_user_of_the_container_send)
{
	struct stat directory, sock_stat;
	int sock = listening("/nowhere/manager");

	cr_assert(zero(int, fstatat(scratch.fd, "notify", &directory, 0)));
	cr_assert(zero(int, fstatat(scratch.fd, "notify/notify.sock", &sock_stat, 0)));
	cr_assert(eq(u32, directory.st_mode & 07777, 0755));
	cr_assert(eq(u32, sock_stat.st_mode & 07777, 0777));
	close(sock);
}

static pid_t child_that(bool sends)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (!sends)
			_exit(0);
		send_to_container_socket("READY=1");
		for (;;)
			pause();
	}
	return pid;
}

Test(notify_socket, waits_until_the_container_is_ready_and_the_manager_has_read_it, .timeout = 30)
{
	char path[128], said[256] = "";
	int manager, sock, told[2];
	struct error err = { 0 };
	pid_t child, waiter;

	snprintf(path, sizeof(path), "%s/manager", scratch.path);
	manager = bound(path, false);
	sock = listening(path);
	cr_assert(zero(int, pipe(told)));
	child = child_that(true);
	waiter = fork();
	if (waiter == 0)
		_exit(notify_socket_wait(sock, pidfd_open(child, 0), child, &err) == 0 &&
				      write(told[1], "over", 4) == 4
			      ? 0
			      : 1);
	cr_assert(ne(ptr, strstr(heard(manager), "READY=1\nMAINPID="), NULL));
	usleep(50000);
	cr_assert(zero(int, fcntl(told[0], F_SETFL, O_NONBLOCK)));
	cr_assert(eq(long, read(told[0], said, sizeof(said)), -1), "left before the barrier was read");
	cr_assert(eq(str, heard(manager), "BARRIER=1")); /* and its descriptor is dropped: read */
	cr_assert(zero(int, fcntl(told[0], F_SETFL, 0)));
	cr_assert(eq(long, read(told[0], said, sizeof(said)), 4));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0), waitpid(waiter, NULL, 0);
	close(manager), close(sock);
}

Test(notify_socket, does_not_wait_for_a_container_that_has_ended, .timeout = 30)
{
	int sock = listening("/nowhere/manager"), pidfd;
	struct error err = { 0 };
	pid_t child = child_that(false);

	pidfd = pidfd_open(child, 0);
	cr_assert(zero(int, notify_socket_wait(sock, pidfd, child, &err)), "%s", err.msg);
	waitpid(child, NULL, 0);
	close(pidfd), close(sock);
}
