/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/service_row.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "service_fixture.h"

TestSuite(service_row, .init = service_init, .fini = service_fini);

static struct service_row row;

static const char *age(uint64_t seconds)
{
	static char text[64];

	return service_row_age(seconds, text, sizeof(text));
}

Test(service_row, ages_are_rounded_as_docker_rounds_them)
{
	cr_assert(eq(str, age(0), "Less than a second"));
	cr_assert(eq(str, age(1), "1 second"));
	cr_assert(eq(str, age(59), "59 seconds"));
	cr_assert(eq(str, age(60), "About a minute"));
	cr_assert(eq(str, age(119), "About a minute"));
	cr_assert(eq(str, age(120), "2 minutes"));
	cr_assert(eq(str, age(3599), "59 minutes"));
	cr_assert(eq(str, age(3600), "About an hour"));
	cr_assert(eq(str, age(5400), "2 hours"));
	cr_assert(eq(str, age(47 * 3600), "47 hours"));
	cr_assert(eq(str, age(48 * 3600), "2 days"));
	cr_assert(eq(str, age(13 * 86400), "13 days"));
	cr_assert(eq(str, age(14 * 86400), "2 weeks"));
	cr_assert(eq(str, age(59 * 86400), "8 weeks"));
	cr_assert(eq(str, age(60 * 86400), "2 months"));
	cr_assert(eq(str, age(729 * 86400), "24 months"));
	cr_assert(eq(str, age(730 * 86400), "2 years"));
}

static const char *status_of(struct record *record, uint64_t seconds_later)
{
	record->ready = true;
	record->started_ns = record->created_ns;
	record->finished_ns = record->created_ns;
	service_row_fill(record, -1, record->created_ns + seconds_later * 1000000000, true, &row);
	return row.text[ROW_STATUS];
}

Test(service_row, status_is_in_dockers_words)
{
	struct record record = service_record("web");

	cr_assert(eq(str, status_of(&record, 130), "Up 2 minutes"));
	record.health = RECORD_HEALTH_STARTING;
	cr_assert(eq(str, status_of(&record, 5), "Up 5 seconds (health: starting)"));
	record.health = RECORD_HEALTHY;
	cr_assert(eq(str, status_of(&record, 5), "Up 5 seconds (healthy)"));
	record.health = RECORD_UNHEALTHY;
	cr_assert(eq(str, status_of(&record, 5), "Up 5 seconds (unhealthy)"));
	record.exit_status = 137;
	record.status = RECORD_EXITED;
	cr_assert(eq(str, status_of(&record, 200), "Exited (137) 3 minutes ago"));
	record.status = RECORD_RESTARTING;
	cr_assert(eq(str, status_of(&record, 2), "Restarting (137) 2 seconds ago"));
	record.status = RECORD_LOST;
	cr_assert(eq(str, status_of(&record, 2), "Lost: the supervisor was killed"));
	record.status = RECORD_STARTING;
	cr_assert(eq(str, status_of(&record, 2), "Starting"));
}

Test(service_row, says_when_it_is_not_ready_and_survives_a_clock_that_was_set_back)
{
	struct record record = service_record("web");

	record.started_ns = record.created_ns + 1;
	service_row_fill(&record, -1, record.created_ns - 5, true, &row);
	cr_assert(eq(str, row.text[ROW_STATUS], "Up Less than a second (not ready)"));
	cr_assert(eq(str, row.text[ROW_CREATED], "Less than a second ago"));
}

static const char *command(const char *text, bool truncate)
{
	struct record record = service_record("web");

	strcpy(record.command, text);
	service_row_fill(&record, -1, record.created_ns, truncate, &row);
	return row.text[ROW_COMMAND];
}

Test(service_row, id_and_command_are_short_unless_asked)
{
	cr_assert(eq(str, command("/bin/sh", true), "\"/bin/sh\""));
	cr_assert(eq(str, command("12345678901234567890", true), "\"12345678901234567890\""));
	cr_assert(eq(str, command("123456789012345678901", true), "\"1234567890123456789…\""));
	cr_assert(eq(str, command("123456789012345678901", false), "\"123456789012345678901\""));
	cr_assert(eq(str, command("üüüüüüüüüüüüüüüüüüüüü", true), "\"üüüüüüüüüüüüüüüüüüü…\""));
	cr_assert(eq(str, command("", true), "\"\""));
	cr_assert(eq(sz, strlen(row.text[ROW_ID]), 12));
	command("x", false);
	cr_assert(eq(sz, strlen(row.text[ROW_ID]), 64));
}

Test(service_row, ports_are_the_sockets_of_the_profile)
{
	const struct record record = service_record("web");
	_cleanup_fd_ int dir = service_write(&record);
	_cleanup_fd_ int fd = openat(dir, "profile.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	static const char text[] =
		"{\"listen\":{\"a\":{\"stream\":\"0.0.0.0:80\"},\"b\":{\"datagram\":\"[::1]:53\"},"
		"\"c\":{\"stream\":\"/run/x.sock\"},\"d\":{\"stream\":\"@x\"},\"e\":{\"fd\":3}}}";

	cr_assert(zero(int, fd_write_all(fd, text, sizeof(text) - 1)));
	service_row_fill(&record, dir, record.created_ns, true, &row);
	cr_assert(eq(str, row.text[ROW_PORTS], "0.0.0.0:80/tcp, [::1]:53/udp, /run/x.sock, @x"));
	cr_assert(zero(int, unlinkat(dir, "profile.json", 0)));
	service_row_fill(&record, dir, record.created_ns, true, &row);
	cr_assert(eq(str, row.text[ROW_PORTS], ""));
}

Test(service_row, what_is_not_known_is_empty)
{
	struct record record = service_record("web");

	service_row_fill(&record, -1, record.created_ns, true, &row);
	cr_assert(eq(str, row.text[ROW_EXIT], ""));
	cr_assert(eq(str, row.text[ROW_CREATED_AT], "2023-11-14T22:13:20.123456789Z"));
	record.status = RECORD_EXITED;
	record.finished_ns = 1;
	service_row_fill(&record, -1, record.created_ns, true, &row);
	cr_assert(eq(str, row.text[ROW_PID], ""));
	cr_assert(eq(str, row.text[ROW_EXIT], "0"));
}
