/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/sd_notify.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/fd.h"
#include "tests/unit/base/scratch.h"
#include "tests/unit/systemd/forked.h"

static struct scratch scratch;
static char path[128];
static int manager = -1;

static void set_up(void)
{
	scratch = scratch_new();
	snprintf(path, sizeof(path), "%s/notify", scratch.path);
	manager = forked_socket(path, SOCK_DGRAM);
	setenv("NOTIFY_SOCKET", path, 1);
}

static void tear_down(void)
{
	fd_close(&manager);
	scratch_free(&scratch);
}

TestSuite(sd_notify, .init = set_up, .fini = tear_down);

/* The next datagram; "" if there is none. */
static char *heard(void)
{
	static char text[4096];
	ssize_t size = recv(manager, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[size > 0 ? size : 0] = '\0';
	return text;
}

Test(sd_notify, tells_each_thing_in_one_datagram)
{
	sd_notify_take();
	sd_notify_ready("running");
	cr_assert(eq(str, heard(), "READY=1\nSTATUS=running"));
	sd_notify_ready(NULL);
	cr_assert(eq(str, heard(), "READY=1"));
	sd_notify_status("healthy, 2 restarts");
	cr_assert(eq(str, heard(), "STATUS=healthy, 2 restarts"));
	sd_notify_stopping();
	cr_assert(eq(str, heard(), "STOPPING=1"));
	sd_notify_extend(5000000);
	cr_assert(eq(str, heard(), "EXTEND_TIMEOUT_USEC=5000000"));
	sd_notify_main_pid(77);
	cr_assert(eq(str, heard(), "MAINPID=77"));
	sd_notify_watchdog();
	cr_assert(eq(str, heard(), "WATCHDOG=1"));
	sd_notify_error(ENOENT, 127);
	cr_assert(eq(str, heard(), "ERRNO=2\nEXIT_STATUS=127"));
	sd_notify_error(0, 143);
	cr_assert(eq(str, heard(), "EXIT_STATUS=143"));
	cr_assert(eq(str, heard(), ""));
}

Test(sd_notify, speaks_to_an_abstract_name)
{
	_cleanup_fd_ int sock = -1;
	char text[32] = "", name[64];

	snprintf(name, sizeof(name), "@kapsel-notify-%d", (int)getpid());
	sock = forked_socket(name, SOCK_DGRAM);
	setenv("NOTIFY_SOCKET", name, 1);
	sd_notify_take();
	sd_notify_stopping();
	cr_assert(gt(int, (int)recv(sock, text, sizeof(text) - 1, MSG_DONTWAIT), 0));
	cr_assert(eq(str, text, "STOPPING=1"));
}

Test(sd_notify, lets_no_text_begin_another_assignment)
{
	sd_notify_take();
	sd_notify_status("ends\nMAINPID=1\xff");
	cr_assert(eq(str, heard(), "STATUS=ends\\x0aMAINPID=1\\xff"));
}

Test(sd_notify, removes_all_of_the_manager_from_the_environment)
{
	const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC",  "WATCHDOG_PID",  "LISTEN_PID",
				      "LISTEN_FDS",    "LISTEN_FDNAMES", "LISTEN_PIDFDID" };

	for (size_t i = 1; i < ARRAY_SIZE(names); i++)
		setenv(names[i], "1", 1);
	sd_notify_take();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		cr_assert(eq(ptr, getenv(names[i]), NULL), "%s", names[i]);
	sd_notify_stopping();
	cr_assert(eq(str, heard(), "STOPPING=1"), "and still knows where it is");
}

Test(sd_notify, says_nothing_without_a_manager)
{
	unsetenv("NOTIFY_SOCKET");
	sd_notify_take();
	sd_notify_ready("running");
	cr_assert(eq(str, heard(), ""));
	cr_assert(zero(u64, sd_notify_watchdog_ms()));
}

Test(sd_notify, takes_no_address_of_another_kind)
{
	_cleanup_fd_ int null = open("/dev/null", O_WRONLY | O_CLOEXEC), saved = dup(STDERR_FILENO);
	const char *const others[] = { "vsock:2:1234", "relative", "@", "/" };

	dup2(null, STDERR_FILENO);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		setenv("NOTIFY_SOCKET", others[i], 1);
		setenv("WATCHDOG_USEC", "1000000", 1);
		sd_notify_take();
		cr_assert(zero(u64, sd_notify_watchdog_ms()), "%s", others[i]);
		sd_notify_ready(NULL);
	}
	dup2(saved, STDERR_FILENO);
	cr_assert(eq(str, heard(), ""));
}

static uint64_t watchdog_ms(const char *usec, const char *pid)
{
	setenv("NOTIFY_SOCKET", path, 1);
	setenv("WATCHDOG_USEC", usec, 1);
	if (pid)
		setenv("WATCHDOG_PID", pid, 1);
	else
		unsetenv("WATCHDOG_PID");
	sd_notify_take();
	return sd_notify_watchdog_ms();
}

Test(sd_notify, pings_twice_as_often_as_is_asked_for)
{
	char own[16];

	snprintf(own, sizeof(own), "%d", (int)getpid());
	cr_assert(eq(u64, watchdog_ms("30000000", NULL), 15000));
	cr_assert(eq(u64, watchdog_ms("30000000", own), 15000));
	cr_assert(eq(u64, watchdog_ms("30000000", "1"), 0), "another process is watched");
	cr_assert(eq(u64, watchdog_ms("30000000", "x"), 0));
	cr_assert(eq(u64, watchdog_ms("1000", NULL), 1));
	cr_assert(eq(u64, watchdog_ms("0", NULL), 0));
	cr_assert(eq(u64, watchdog_ms("-5", NULL), 0));
	cr_assert(eq(u64, watchdog_ms("18446744073709551615", NULL), 0));
}

/* A manager that reads nothing: neither status nor watchdog may stop the supervisor. */
Test(sd_notify, waits_for_nobody_with_status_and_watchdog, .timeout = 20)
{
	struct timeval began, ended;

	sd_notify_take();
	gettimeofday(&began, NULL);
	for (int i = 0; i < 5000; i++) {
		sd_notify_status("again");
		sd_notify_watchdog();
	}
	gettimeofday(&ended, NULL);
	cr_assert(lt(int, (int)(ended.tv_sec - began.tv_sec), 5));
	sd_notify_ready(NULL); /* gives up after a while */
}

Test(sd_notify, hears_a_gone_manager_as_silence)
{
	sd_notify_take();
	fd_close(&manager);
	unlink(path);
	sd_notify_ready("running");
	manager = forked_socket(path, SOCK_DGRAM);
	sd_notify_stopping();
	cr_assert(eq(str, heard(), "STOPPING=1"), "a new one at the same place is told");
}
