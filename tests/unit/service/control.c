/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/control.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "service_fixture.h"

TestSuite(control, .init = service_init, .fini = service_fini);

static struct control_request request;

/* A service "web" that listens; its socket. */
static int listening(void)
{
	const struct record record = service_record("web");
	_cleanup_fd_ int dir = service_write(&record);
	struct error err = { 0 };
	int sock = control_listen(dir, &err);

	cr_assert(ge(int, sock, 0), "%s", err.msg);
	return sock;
}

static int ask(const char *const *words, size_t n, const int *fds)
{
	struct error err = { 0 };
	int sock = control_connect(service_dir, "web", &err);

	cr_assert(ge(int, sock, 0), "%s", err.msg);
	cr_assert(zero(int, control_send(sock, words, n, fds, &err)), "%s", err.msg);
	return sock;
}

Test(control, a_request_arrives_word_by_word_and_is_answered)
{
	static const char *const words[] = { "update", "memory=1", "", "ü" };
	_cleanup_fd_ int server = listening(), client = ask(words, 4, NULL);
	_cleanup_fd_ int connection = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	struct error err = { 0 };
	int64_t number = 0;
	char text[32];

	cr_assert(zero(int, control_receive(connection, &request)));
	cr_assert(eq(sz, request.n, 4));
	cr_assert(eq(str, request.words[0], "update"));
	cr_assert(eq(str, request.words[2], ""));
	cr_assert(eq(str, request.words[3], "ü"));
	cr_assert(request.words[4] == NULL);
	cr_assert(eq(int, request.fds[0], -1));
	control_accept(connection, -137, "done");
	cr_assert(zero(int, control_answer(client, &number, text, sizeof(text), &err)), "%s", err.msg);
	cr_assert(eq(i64, number, -137));
	cr_assert(eq(str, text, "done"));
}

Test(control, a_refusal_brings_errno_message_and_remedy)
{
	static const char *const words[] = { "dance" };
	_cleanup_fd_ int server = listening(), client = ask(words, 1, NULL);
	_cleanup_fd_ int connection = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	struct error refusal = { 0 }, err = { 0 };

	cr_assert(zero(int, control_receive(connection, &request)));
	error_set(&refusal, EOPNOTSUPP, "do \"%s\"", request.words[0]);
	error_remedy(&refusal, "it is an older kapsel");
	strcpy(refusal.step, "control");
	control_refuse(connection, &refusal);
	cr_assert(eq(int, control_answer(client, NULL, NULL, 0, &err), -EOPNOTSUPP));
	cr_assert(eq(str, err.msg, "control: do \"dance\""));
	cr_assert(eq(str, err.remedy, "it is an older kapsel"));
}

Test(control, the_longest_refusal_comes_whole)
{
	static const char *const words[] = { "x" };
	_cleanup_fd_ int server = listening(), client = ask(words, 1, NULL);
	_cleanup_fd_ int connection = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	struct error refusal = { .code = EPERM }, err = { 0 };

	memset(refusal.msg, 'm', sizeof(refusal.msg) - 1);
	memset(refusal.remedy, 'r', sizeof(refusal.remedy) - 1);
	control_refuse(connection, &refusal);
	cr_assert(eq(int, control_answer(client, NULL, NULL, 0, &err), -EPERM));
	cr_assert(eq(str, err.msg, refusal.msg));
	cr_assert(eq(str, err.remedy, refusal.remedy));
}

Test(control, three_descriptors_travel_with_a_request)
{
	static const char *const words[] = { "enter", "sh" };
	_cleanup_fd_ int server = listening(), null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int fds[CONTROL_FDS] = { null, null, null };
	_cleanup_fd_ int client = ask(words, 2, fds), connection = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	struct stat st;

	cr_assert(zero(int, control_receive(connection, &request)));
	for (int i = 0; i < CONTROL_FDS; i++) {
		cr_assert(zero(int, fstat(request.fds[i], &st)));
		cr_assert(eq(u32, st.st_mode & S_IFMT, S_IFCHR));
		cr_assert(fcntl(request.fds[i], F_GETFD) & FD_CLOEXEC);
		close(request.fds[i]);
	}
	cr_assert(ge(int, client, 0));
}

/* Return: what control_receive() said; no descriptor of the packet may have stayed open. */
static int receive_raw(const void *data, size_t size, const int *fds, size_t n_fds)
{
	_cleanup_fd_ int server = listening(), client = control_connect(service_dir, "web", NULL);
	_cleanup_fd_ int connection = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	int before = dup(client), after, r;

	close(before);
	cr_assert(zero(int, fd_send(client, data, size, fds, n_fds)));
	r = control_receive(connection, &request);
	after = dup(client);
	close(after);
	cr_assert(eq(int, before, after), "a descriptor stayed open");
	return r;
}

Test(control, what_is_no_request_is_not_understood)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int fds[] = { null, null, null, null };
	static char many[CONTROL_WORDS_MAX + 1], large[CONTROL_PACKET_MAX + 1];

	cr_assert(eq(int, receive_raw("stop", 4, NULL, 0), -EPROTO));
	cr_assert(eq(int, receive_raw("enter", 6, fds, 1), -EPROTO));
	cr_assert(eq(int, receive_raw("enter", 6, fds, 4), -EPROTO));
	cr_assert(eq(int, receive_raw(many, sizeof(many), NULL, 0), -EPROTO));
	cr_assert(eq(int, receive_raw(large, sizeof(large), fds, 3), -EPROTO));
}

Test(control, the_end_of_a_connection_is_told_apart)
{
	_cleanup_fd_ int server = listening(), client = control_connect(service_dir, "web", NULL);
	_cleanup_fd_ int connection = accept4(server, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct error err = { 0 };

	cr_assert(eq(int, control_receive(connection, &request), -EAGAIN));
	fd_close(&client);
	cr_assert(eq(int, control_receive(connection, &request), -ECONNRESET));
	client = control_connect(service_dir, "web", NULL);
	fd_close(&connection);
	connection = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	fd_close(&connection);
	cr_assert(eq(int, control_answer(client, NULL, NULL, 0, &err), -EPIPE));
}

Test(control, another_user_is_refused_even_with_the_connection_in_hand)
{
	_cleanup_fd_ int server = listening(), connection = -1;
	pid_t pid;

	if (geteuid() != 0)
		cr_skip_test("needs root to be another user");
	/* As if somebody had opened the way up. */
	cr_assert(zero(int, chmod(service_dir, 0755)));
	pid = fork();
	if (pid == 0) {
		static const char *const words[] = { "stop" };
		int dir = record_open(service_dir, "web", NULL), sock;

		cr_assert(zero(int, fchmod(dir, 0755)));
		cr_assert(zero(int, fchmodat(dir, "control", 0666, 0)));
		sock = setresuid(-1, 65534, 0) == 0 ? control_connect(service_dir, "web", NULL) : -1;
		/* record_open() refuses another's directory; so this goes around it. */
		if (sock < 0) {
			struct {
				unsigned short family;
				char path[108];
			} address = { AF_UNIX, "" };

			snprintf(address.path, sizeof(address.path), "%s/web/control", service_dir);
			sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
			if (connect(sock, (const struct sockaddr *)&address, sizeof(address)) < 0)
				_exit(2);
		}
		_exit(control_send(sock, words, 1, NULL, NULL) < 0);
	}
	{
		int status;

		waitpid(pid, &status, 0);
		cr_assert(zero(int, status));
	}
	connection = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	cr_assert(eq(int, control_receive(connection, &request), -EPERM));
}

Test(control, the_socket_is_ours_alone_and_replaces_an_old_one)
{
	_cleanup_fd_ int first = listening(), dir = record_open(service_dir, "web", NULL), second = -1;
	struct error err = { 0 };
	struct stat st;

	second = control_listen(dir, &err);
	cr_assert(ge(int, second, 0), "%s", err.msg);
	cr_assert(ne(int, second, first));
	cr_assert(zero(int, fstatat(dir, "control", &st, AT_SYMLINK_NOFOLLOW)));
	cr_assert(eq(u32, st.st_mode & S_IFMT, S_IFSOCK));
	cr_assert(eq(u32, st.st_mode & 07777, 0600));
	cr_assert(ge(int, control_connect(service_dir, "web", &err), 0));
	cr_assert(ge(int, accept4(second, NULL, NULL, SOCK_CLOEXEC), 0));
}

Test(control, says_what_to_do_when_nobody_listens)
{
	int sock = listening();
	struct error err = { 0 };

	close(sock);
	cr_assert(eq(int, control_connect(service_dir, "web", &err), -ECONNREFUSED));
	cr_assert(eq(str, err.msg, "reach the supervisor of web"));
	cr_assert(eq(str, err.remedy, "it does not run: see \"kapsel ps --all\""));
}

Test(control, refuses_to_send_too_much)
{
	_cleanup_fd_ int server = listening(), client = control_connect(service_dir, "web", NULL);
	static char word[CONTROL_PACKET_MAX + 1];
	const char *words[CONTROL_WORDS_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = "x";
	cr_assert(eq(int, control_send(client, words, ARRAY_SIZE(words), NULL, NULL), -E2BIG));
	memset(word, 'x', sizeof(word) - 1);
	words[0] = word;
	cr_assert(eq(int, control_send(client, words, 1, NULL, NULL), -E2BIG));
	cr_assert(ge(int, server, 0));
}
