/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Driver journald, as its socket sees it; tests/systemd/logs has the real journald. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "launcher/logs/output_socket.h"
#include "tests/unit/logs/log_fixture.h"
#include "tests/unit/logs/log_receiver.h"

TestSuite(log_journald, .init = fixture_init, .fini = fixture_fini, .timeout = 60);

enum { PIECE = 16384 };

/* The value of a field, in a static buffer; NULL if it is not there, exactly once. */
static char *field(const char *message, size_t size, const char *name)
{
	static char value[RECEIVER_MAX];
	const char *at = message, *end = message + size;
	int found = 0;

	while (at < end) {
		const char *stop = at + strcspn(at, "=\n"), *from = stop + 1;
		uint64_t length = strcspn(from, "\n");
		bool here = (size_t)(stop - at) == strlen(name) && str_starts(at, name);

		if (*stop == '\n') {
			memcpy(&length, from, 8);
			from += 8;
		}
		cr_assert(from + length < end && from[length] == '\n', "a field of %s is not whole", message);
		if (here) {
			memcpy(value, from, length);
			value[length] = '\0';
			found++;
		}
		at = from + length + 1;
	}
	return found == 1 ? value : NULL;
}

static struct log_options *journal_options(void)
{
	static const struct spec_pair items[] = {
		{ "com.example.team", "a\nPRIORITY=0" },
		{ "_PID", "1" },
		{ "priority", "0" },
		{ "1st", "x" },
		{ "message", "forged" },
	};

	return FEEDER_OPTIONS(.driver = SPEC_LOG_JOURNALD, .socket = receiver_path, .name = "web",
			      .id = RECEIVER_ID, .image = "/srv/web", .tag = "t/1",
			      .attrs = { .items = items, .n = 5 });
}

Test(log_journald, gets_the_fields_of_dockers_driver)
{
	int sock = receiver_listen(SOCK_DGRAM);
	struct feeder f;
	char *message;
	size_t size;

	feeder_open(&f, journal_options());
	feeder_puts(&f, LOG_STDERR, "a\x01=b\xff\n");
	message = receiver_next(sock, &size);
	cr_expect(eq(str, field(message, size, "MESSAGE"), STR("a\x01=b\xff")));
	cr_expect(eq(str, field(message, size, "PRIORITY"), STR("3")));
	cr_expect(eq(str, field(message, size, "CONTAINER_ID"), STR("0123456789ab")));
	cr_expect(eq(str, field(message, size, "CONTAINER_ID_FULL"), STR(RECEIVER_ID)));
	cr_expect(eq(str, field(message, size, "CONTAINER_NAME"), STR("web")));
	cr_expect(eq(str, field(message, size, "CONTAINER_TAG"), STR("t/1")));
	cr_expect(eq(str, field(message, size, "SYSLOG_IDENTIFIER"), STR("t/1")));
	cr_expect(eq(str, field(message, size, "IMAGE_NAME"), STR("/srv/web")));
	cr_expect(eq(str, field(message, size, "COM_EXAMPLE_TEAM"), STR("a\nPRIORITY=0")));
	cr_expect(eq(str, field(message, size, "ST"), STR("x")));
	cr_expect(eq(str, field(message, size, "PID"), STR("1")));
	cr_expect(eq(str, field(message, size, "CONTAINER_LOG_ORDINAL"), STR("1")));
	cr_expect(eq(sz, strlen(field(message, size, "SYSLOG_TIMESTAMP")), 30));
	cr_expect(eq(sz, strlen(field(message, size, "CONTAINER_LOG_EPOCH")), 48));
	cr_expect(zero(ptr, field(message, size, "_PID")));
	cr_expect(zero(ptr, field(message, size, "CONTAINER_PARTIAL_ID")));
	feeder_close(&f);
	close(sock);
}

Test(log_journald, can_put_the_pieces_of_a_line_together)
{
	static char bytes[2 * PIECE + 6];
	const char *const last[] = { "false", "false", "true" };
	char *message, *text, ids[3][80], number[16];
	int sock = receiver_listen(SOCK_DGRAM);
	struct feeder f;
	size_t size;

	memset(bytes, 'x', sizeof(bytes));
	bytes[sizeof(bytes) - 1] = '\n';
	feeder_open(&f, journal_options());
	feeder_put(&f, LOG_STDOUT, bytes, sizeof(bytes));
	for (int i = 0; i < 3; i++) {
		message = receiver_next(sock, &size);
		text = field(message, size, "MESSAGE");
		cr_assert(ne(ptr, text, NULL));
		cr_expect(eq(sz, strlen(text), i < 2 ? PIECE : 5));
		text = field(message, size, "CONTAINER_PARTIAL_ID");
		cr_assert(ne(ptr, text, NULL));
		strcpy(ids[i], text);
		snprintf(number, sizeof(number), "%d", i + 1);
		cr_expect(eq(str, field(message, size, "CONTAINER_PARTIAL_ORDINAL"), number));
		cr_expect(eq(str, field(message, size, "CONTAINER_PARTIAL_LAST"), STR(last[i])));
		text = field(message, size, "CONTAINER_PARTIAL_MESSAGE");
		cr_expect(eq(int, text != NULL, i < 2));
	}
	cr_expect(eq(sz, strlen(ids[0]), 64));
	cr_expect(eq(str, ids[0], ids[1]));
	cr_expect(eq(str, ids[0], ids[2]));
	feeder_close(&f);
	close(sock);
}

Test(log_journald, gets_a_sealed_file_where_a_message_is_too_large)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
	static char bytes[300000];
	int pair[2], fd = -1;
	struct stat st;
	char byte;

	memset(bytes, 'y', sizeof(bytes));
	cr_assert(zero(int, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair)));
	cr_assert(zero(int, output_socket_send_sealed(pair[0], bytes, sizeof(bytes))));
	cr_expect(zero(long, fd_receive(pair[1], &byte, 1, &fd, 1)));
	cr_assert(ge(int, fd, 0));
	cr_expect(eq(int, fcntl(fd, F_GET_SEALS), seals));
	cr_assert(zero(int, fstat(fd, &st)));
	cr_expect(eq(long, st.st_size, (long)sizeof(bytes)));
	cr_expect(eq(long, pread(fd, &byte, 1, sizeof(bytes) - 1), 1));
	cr_expect(eq(int, byte, 'y'));
	close(fd);
}

Test(log_journald, a_standby_repeats_no_message_that_was_committed)
{
	int sock = receiver_listen(SOCK_DGRAM);
	struct log_options *options = journal_options();
	struct error err = { 0 };
	struct feeder f;
	size_t size;
	char *message;
	pid_t pid;
	int status;

	memset(&f, 0, sizeof(f));
	f.writer = log_writer_allocate(&err);
	cr_assert(ne(ptr, f.writer, NULL));
	log_writer_share(f.writer, true);
	cr_assert(zero(int, pipe2(f.pipes[0], O_CLOEXEC | O_NONBLOCK)));
	pid = fork();
	cr_assert(ge(int, pid, 0));
	if (pid == 0) {
		if (log_writer_open(f.writer, options, &err) < 0 ||
		    feeder_puts(&f, LOG_STDOUT, "one\ntwo\nbeg") != 11)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	cr_assert(eq(int, WTERMSIG(status), SIGKILL));
	cr_assert(zero(int, log_writer_adopt(f.writer, options, &err)), "%s", err.msg);
	feeder_puts(&f, LOG_STDOUT, "un\n");
	for (int i = 0; i < 3; i++) {
		static const char *const texts[] = { "one", "two", "begun" };
		char number[16];

		snprintf(number, sizeof(number), "%d", i + 1);
		message = receiver_next(sock, &size);
		cr_expect(eq(str, field(message, size, "MESSAGE"), STR(texts[i])));
		cr_expect(eq(str, field(message, size, "CONTAINER_LOG_ORDINAL"), number));
	}
	receiver_next(sock, &size);
	cr_expect(zero(sz, size));
	cr_expect(eq(u64, log_writer_bytes(f.writer), 14));
	close_writer(f.writer);
	close(sock);
}
