/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The drivers that send: what a receiver gets, and what happens when there is none. */
#include "launcher/logs/log_sink.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/unit/logs/log_fixture.h"
#include "tests/unit/logs/log_receiver.h"

TestSuite(log_sinks, .init = fixture_init, .fini = fixture_fini, .timeout = 60);

enum { PIECE = 16384 };

/* --- cri --------------------------------------------------------------------------- */

Test(log_sinks, cri_marks_what_goes_on_and_what_has_no_end)
{
	static const char *const expected[] = { " stdout F hello \"\x01\xff\"\n", " stderr F \n",
						" stderr P rest\n" };
	struct feeder f;
	char *text, *at;

	feeder_open(&f, FEEDER_OPTIONS(.driver = SPEC_LOG_CRI));
	feeder_puts(&f, LOG_STDOUT, "hello \"\x01\xff\"\n");
	feeder_puts(&f, LOG_STDERR, "\nrest");
	feeder_close(&f);
	text = at = slurp(fixture_log, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		cr_assert(gt(sz, strlen(at), 30));
		at += 30; /* the time */
		cr_assert(zero(int, strncmp(at, expected[i], strlen(expected[i]))), "%s", at);
		at += strlen(expected[i]);
	}
	cr_expect(eq(str, at, STR("")));
	free(text);
}

Test(log_sinks, cri_cuts_a_long_line_as_containerd_does)
{
	static char bytes[PIECE + 6];
	size_t size = 0;
	char *text, *second;
	struct feeder f;

	memset(bytes, 'x', sizeof(bytes));
	bytes[sizeof(bytes) - 1] = '\n';
	feeder_open(&f, FEEDER_OPTIONS(.driver = SPEC_LOG_CRI));
	feeder_put(&f, LOG_STDOUT, bytes, sizeof(bytes));
	feeder_close(&f);
	text = slurp(fixture_log, &size);
	cr_assert(eq(sz, size, 2 * 40 + PIECE + 5 + 2));
	second = text + 40 + PIECE + 1;
	cr_expect(eq(int, text[38], 'P'));
	cr_expect(eq(str, STR(second + 30), STR(" stdout F xxxxx\n")));
	cr_expect(zero(int, memcmp(text, second, 30)), "pieces share the line's time");
	free(text);
}

/* --- syslog ------------------------------------------------------------------------ */

static struct log_options *syslog_options(enum spec_syslog_format format)
{
	return FEEDER_OPTIONS(.driver = SPEC_LOG_SYSLOG, .syslog_address = receiver_address, .name = "web 1",
			      .syslog_facility = 3, .syslog_format = format);
}

Test(log_sinks, syslog_follows_rfc_5424)
{
	int sock = receiver_listen(SOCK_DGRAM), priority, pid, at = 0;
	char time[40], host[256], app[64], id[64], *message;
	struct feeder f;

	feeder_open(&f, syslog_options(SPEC_SYSLOG_RFC5424MICRO));
	feeder_puts(&f, LOG_STDOUT, "hello world\n");
	message = receiver_next(sock, NULL);
	cr_assert(eq(int,
		     sscanf(message, "<%d>1 %39s %255s %63s %d %63s - %n", &priority, time, host, app, &pid,
			    id, &at),
		     6));
	cr_expect(eq(int, priority, 3 * 8 + 6));
	cr_expect(eq(sz, strlen(time), 27)); /* 2016-10-06T00:17:09.669794Z */
	cr_expect(eq(int, time[26], 'Z'));
	cr_expect(eq(str, app, STR("web_1")));
	cr_expect(eq(str, id, STR("web_1")));
	cr_expect(eq(int, pid, getpid()));
	cr_expect(eq(str, message + at, STR("hello world")));
	feeder_puts(&f, LOG_STDERR, "bad\n");
	cr_expect(zero(int, strncmp(receiver_next(sock, NULL), "<27>1 ", 6)));
	feeder_close(&f);
	feeder_open(&f, syslog_options(SPEC_SYSLOG_RFC5424));
	feeder_puts(&f, LOG_STDOUT, "x\n");
	message = receiver_next(sock, NULL);
	cr_expect(eq(int, message[6 + 19], 'Z'), "no fraction in %s", message);
	feeder_close(&f);
	close(sock);
}

Test(log_sinks, syslog_follows_rfc_3164_and_names_the_host_only_over_the_network)
{
	char month[8], host[256], tag[64], *message, expected[64];
	int sock = receiver_listen(SOCK_DGRAM), day, second, at = 0;
	struct feeder f;

	snprintf(expected, sizeof(expected), "web_1[%d]:", getpid());
	feeder_open(&f, syslog_options(SPEC_SYSLOG_RFC3164));
	feeder_puts(&f, LOG_STDOUT, "hello\n");
	message = receiver_next(sock, NULL);
	cr_assert(
		eq(int, sscanf(message, "<30>%3s %d %*d:%*d:%d %63s %n", month, &day, &second, tag, &at), 4),
		"%s", message);
	cr_expect(eq(str, tag, expected));
	cr_expect(eq(str, message + at, STR("hello")));
	feeder_close(&f);
	close(sock);

	sock = receiver_listen_udp();
	feeder_open(&f, syslog_options(SPEC_SYSLOG_RFC3164));
	feeder_puts(&f, LOG_STDOUT, "hello\n");
	message = receiver_next(sock, NULL);
	cr_assert(eq(int,
		     sscanf(message, "<30>%3s %d %*d:%*d:%d %255s %63s %n", month, &day, &second, host, tag,
			    &at),
		     5),
		  "%s", message);
	cr_expect(eq(str, tag, expected));
	cr_expect(eq(str, message + at, STR("hello")));
	feeder_close(&f);
	close(sock);
}

Test(log_sinks, syslog_text_can_not_end_or_forge_a_message)
{
	const char hostile[] = "a\0b\r<0>1 - root su - - - c\x1b[2J\x7f\x80\xe2\x82\xac\n";
	int sock = receiver_listen(SOCK_STREAM), peer;
	struct feeder f;
	char *message;

	feeder_open(&f, syslog_options(SPEC_SYSLOG_RFC5424));
	peer = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
	feeder_put(&f, LOG_STDOUT, hostile, sizeof(hostile) - 1);
	message = strstr(receiver_next(peer, NULL), " - ");
	cr_assert(ne(ptr, message, NULL));
	cr_expect(eq(str, message + 3,
		     STR("a#000b#015<0>1 - root su - - - c#033[2J#177\xef\xbf\xbd\xe2\x82\xac\n")));
	feeder_close(&f);
	close(peer);
	close(sock);
}

Test(log_sinks, syslog_text_that_is_too_large_for_a_datagram_is_cut_at_a_character)
{
	static char bytes[9001], back[16384];
	int sock = receiver_listen_udp(), messages = 0;
	struct feeder f;
	size_t size, got = 0;

	for (size_t i = 0; i < 9000; i += 3)
		memcpy(bytes + i, "\xe2\x82\xac", 3);
	bytes[9000] = '\n';
	feeder_open(&f, syslog_options(SPEC_SYSLOG_RFC5424));
	feeder_put(&f, LOG_STDOUT, bytes, sizeof(bytes));
	for (char *message = receiver_next(sock, &size); size > 0; message = receiver_next(sock, &size)) {
		char *text = strstr(message, " - ") + 3;

		cr_expect(le(sz, size, 2048));
		cr_expect(zero(sz, strlen(text) % 3));
		memcpy(back + got, text, strlen(text));
		got += strlen(text);
		messages++;
	}
	cr_expect(eq(sz, got, 9000));
	cr_expect(zero(int, memcmp(back, bytes, 9000)));
	cr_expect(eq(int, messages, 5));
	feeder_close(&f);
	close(sock);
}

Test(log_sinks, refuses_an_address_that_it_does_not_understand)
{
	const char *const wrong[] = { "",
				      "udp://localhost:514",
				      "udp://127.0.0.1:0",
				      "udp://:514",
				      "udp://127.0.0.1:70000",
				      "tcp://127.0.0.1",
				      "unix://relative",
				      "udp://[::1",
				      "udp://127.0.0.1x",
				      "unixgram://" };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct log_options *options =
			FEEDER_OPTIONS(.driver = SPEC_LOG_SYSLOG, .syslog_address = wrong[i]);
		struct log_writer *writer = NULL;
		struct error err = { 0 };

		cr_expect(eq(int, open_writer(options, &writer, &err), -EINVAL), "%s", wrong[i]);
		cr_expect(ne(str, err.msg, STR("")), "%s", wrong[i]);
	}
}

/* --- receivers that are slow or away ----------------------------------------------- */

Test(log_sinks, says_at_the_start_that_nobody_listens)
{
	struct log_writer *writer = NULL;
	struct error err = { 0 };

	snprintf(receiver_path, sizeof(receiver_path), "%s/nobody", fixture_dir);
	cr_expect(eq(int,
		     open_writer(FEEDER_OPTIONS(.driver = SPEC_LOG_JOURNALD, .socket = receiver_path),
				 &writer, &err),
		     -ENOENT));
	cr_expect(ne(str, err.remedy, STR("")));
}

Test(log_sinks, blocks_when_a_receiver_is_slow_and_loses_nothing)
{
	int sock = receiver_listen(SOCK_DGRAM), next = 0;
	char text[32], *message;
	struct feeder f;
	size_t size;
	int fed = 0;

	feeder_open(&f, syslog_options(SPEC_SYSLOG_RFC5424));
	while (!log_writer_blocked(f.writer) && fed < 100000) {
		snprintf(text, sizeof(text), "line %d\n", fed++);
		feeder_puts(&f, LOG_STDOUT, text);
	}
	cr_assert(lt(int, fed, 100000), "no receiver's queue is that long");
	while (next < fed) {
		if (log_writer_stalled(f.writer))
			(void)!log_writer_flush(f.writer, &f.err);
		message = receiver_next(sock, &size);
		if (size == 0)
			continue;
		snprintf(text, sizeof(text), " - line %d", next++);
		cr_assert(ne(ptr, strstr(message, text), NULL), "%s, not%s", message, text);
	}
	cr_expect(zero(sz, log_writer_dropped(f.writer)));
	feeder_close(&f);
	close(sock);
}

Test(log_sinks, drops_and_counts_when_a_receiver_is_gone)
{
	struct log_options *options = syslog_options(SPEC_SYSLOG_RFC5424);
	static char line[10000];
	uint64_t fed = 0, told;
	struct feeder f;
	char *notice = NULL;
	int sock = receiver_listen(SOCK_DGRAM);
	size_t size;

	options->on_full = SPEC_FULL_DROP;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	feeder_open(&f, options);
	close(sock);
	for (; fed < 400000; fed += sizeof(line))
		cr_assert(eq(long, feeder_put(&f, LOG_STDOUT, line, sizeof(line)), (long)sizeof(line)));
	cr_expect(log_writer_stalled(f.writer) && !log_writer_blocked(f.writer));
	cr_assert(gt(u64, log_writer_dropped(f.writer), 0));
	sock = receiver_listen(SOCK_DGRAM);
	for (int i = 0; i < 2000 && !notice; i++) {
		if (log_writer_stalled(f.writer))
			(void)!log_writer_flush(f.writer, &f.err);
		notice = strstr(receiver_next(sock, &size), "kapsel: ");
	}
	cr_assert(ne(ptr, notice, NULL));
	cr_assert(eq(int, sscanf(notice, "kapsel: %lu bytes dropped", &told), 1));
	cr_expect(eq(u64, told, log_writer_dropped(f.writer)));
	cr_expect(eq(u64, log_writer_bytes(f.writer), fed));
	feeder_close(&f);
	close(sock);
}

Test(log_sinks, socket_introduces_itself_and_sends_json_lines)
{
	const struct spec_pair item = { "team", "a" };
	int sock = receiver_listen(SOCK_STREAM), peer;
	struct feeder f;
	char *line;

	feeder_open(&f, FEEDER_OPTIONS(.driver = SPEC_LOG_SOCKET, .socket = receiver_path, .name = "web",
				       .id = RECEIVER_ID, .image = "/srv/\"x",
				       .attrs = { .items = &item, .n = 1 }));
	peer = accept4(sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	feeder_puts(&f, LOG_STDOUT, "x\n");
	line = receiver_next(peer, NULL);
	cr_expect(zero(int, strncmp(line,
				    "KAPSEL-LOG 1 {\"name\":\"web\",\"id\":\"" RECEIVER_ID
				    "\",\"image\":\"/srv/\\\"x\"}\n{\"log\":\"x\\n\",\"stream\":\"stdout\","
				    "\"attrs\":{\"team\":\"a\"},\"time\":\"",
				    strlen("KAPSEL-LOG 1 {'name':'web','id':'" RECEIVER_ID
					   "','image':'/srv/\\'x'}\n") +
					    58)),
		  "%s", line);
	feeder_close(&f);
	close(peer);
	close(sock);
}

/* Reads what came; the begun line at the end of a connection is nothing. */
static int count_lines(int peer, int next)
{
	static char text[1 << 20];
	size_t used = 0;
	ssize_t got;
	char *line, *end;

	while ((got = recv(peer, text + used, sizeof(text) - 1 - used, 0)) > 0)
		used += (size_t)got;
	text[used] = '\0';
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		int number;

		if (str_starts(line, "KAPSEL-LOG 1 "))
			continue;
		cr_assert(eq(int, sscanf(line, "{\"log\":\"line %d", &number), 1), "%.60s", line);
		cr_assert(eq(int, number, next));
		next++;
	}
	return next;
}

Test(log_sinks, socket_goes_on_with_a_whole_line_after_the_receiver_came_back)
{
	static char line[6001];
	int sock = receiver_listen(SOCK_STREAM), peer, fed = 0, came = 0;
	struct feeder f;

	memset(line, 'x', sizeof(line) - 1);
	feeder_open(&f, FEEDER_OPTIONS(.driver = SPEC_LOG_SOCKET, .socket = receiver_path));
	peer = accept4(sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	while (!log_writer_blocked(f.writer)) {
		line[snprintf(line, sizeof(line), "line %d", fed++)] = 'x';
		line[sizeof(line) - 2] = '\n';
		feeder_put(&f, LOG_STDOUT, line, sizeof(line) - 1);
	}
	came = count_lines(peer, 0); /* the last one of these is torn in all likelihood */
	shutdown(peer, SHUT_RDWR);
	close(peer);
	for (int i = 0; i < 50 && log_writer_stalled(f.writer); i++)
		(void)!log_writer_flush(f.writer, &f.err);
	cr_assert(not(log_writer_stalled(f.writer)));
	peer = accept4(sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	cr_assert(ge(int, peer, 0));
	cr_expect(eq(int, count_lines(peer, came), fed));
	feeder_close(&f);
	close(peer);
	close(sock);
}
