/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/record.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "service_fixture.h"

TestSuite(record, .init = service_init, .fini = service_fini);

static struct record full_record(void)
{
	struct record record = service_record("web");

	record.status = RECORD_RESTARTING;
	record.standby = record_process_of(getppid());
	record.init = (struct record_process){ .pid = 77, .starttime = 12345678901234 };
	record.payload_pid = 78;
	record.detached = record.remove = record.oom_killed = record.ready = true;
	record.started_ns = UINT64_C(1700000001000000000);
	record.finished_ns = UINT64_C(1700000002000000001);
	record.restarts = 3;
	record.exit_status = 137;
	record.health = RECORD_UNHEALTHY;
	record.health_failures = 2;
	record.memory_bytes = 64 << 20;
	record.pids = 0;
	record.cpu_cores = 1.5;
	strcpy(record.reason, "out of memory: peak 64.0 MiB");
	strcpy(record.health_output, "line one\nline \"two\"\t\\");
	strcpy(record.status_text, "grüße ☃");
	strcpy(record.profile, "/etc/kapsel/web.kapsel.jsonc");
	strcpy(record.command, "/bin/httpd -f");
	strcpy(record.rootfs, "/srv/web");
	strcpy(record.cgroup, "/sys/fs/cgroup/kapsel/web");
	strcpy(record.log_driver, "json-file");
	strcpy(record.log_path, "/var/log/kapsel/web/web-json.log");
	strcpy(record.events_path, "/var/log/kapsel/web/web-events.jsonl");
	strcpy(record.labels, "tier=front,team=a");
	strcpy(record.user, "65532:65532");
	strcpy(record.network, "loopback");
	return record;
}

Test(record, reads_what_was_written)
{
	const struct record record = full_record();
	_cleanup_fd_ int dir = service_write(&record);
	struct error err = { 0 };
	struct record back;

	memset(&back, 0xff, sizeof(back));
	cr_assert(zero(int, record_read(dir, &back, &err)), "%s", err.msg);
	cr_assert(eq(str, back.name, "web"));
	cr_assert(eq(str, back.id, record.id));
	cr_assert(eq(str, back.boot_id, record.boot_id));
	cr_assert(eq(int, back.status, RECORD_RESTARTING));
	cr_assert(zero(int, memcmp(&back.supervisor, &record.supervisor, sizeof(back.supervisor))));
	cr_assert(zero(int, memcmp(&back.standby, &record.standby, sizeof(back.standby))));
	cr_assert(eq(int, back.init.pid, 77));
	cr_assert(eq(u64, back.init.starttime, 12345678901234));
	cr_assert(eq(int, back.payload_pid, 78));
	cr_assert(back.detached && back.remove && back.oom_killed && back.ready && !back.by_launcher);
	cr_assert(eq(u64, back.created_ns, record.created_ns));
	cr_assert(eq(u64, back.started_ns, record.started_ns));
	cr_assert(eq(u64, back.finished_ns, record.finished_ns));
	cr_assert(eq(u64, back.restarts, 3));
	cr_assert(eq(int, back.exit_status, 137));
	cr_assert(eq(int, back.health, RECORD_UNHEALTHY));
	cr_assert(eq(u64, back.health_failures, 2));
	cr_assert(eq(u64, back.memory_bytes, 64 << 20));
	cr_assert(zero(u64, back.pids));
	cr_assert(ieee_ulp_eq(dbl, back.cpu_cores, 1.5, 1));
	cr_assert(eq(str, back.reason, "out of memory: peak 64.0 MiB"));
	cr_assert(eq(str, back.health_output, "line one\nline \"two\"\t\\"));
	cr_assert(eq(str, back.status_text, "grüße ☃"));
	cr_assert(eq(str, back.profile, "/etc/kapsel/web.kapsel.jsonc"));
	cr_assert(eq(str, back.command, "/bin/httpd -f"));
	cr_assert(eq(str, back.rootfs, "/srv/web"));
	cr_assert(eq(str, back.cgroup, "/sys/fs/cgroup/kapsel/web"));
	cr_assert(eq(str, back.log_driver, "json-file"));
	cr_assert(eq(str, back.log_path, "/var/log/kapsel/web/web-json.log"));
	cr_assert(eq(str, back.events_path, "/var/log/kapsel/web/web-events.jsonl"));
	cr_assert(eq(str, back.labels, "tier=front,team=a"));
	cr_assert(eq(str, back.user, "65532:65532"));
	cr_assert(eq(str, back.network, "loopback"));
}

Test(record, writes_null_for_what_is_not_there_and_times_with_nine_digits)
{
	const struct record record = service_record("web");
	_cleanup_fd_ int dir = service_write(&record);
	char text[16384];

	cr_assert(gt(long, fd_read_file(dir, "state.json", text, sizeof(text)), 0));
	cr_assert(strstr(text, "\"created\":\"2023-11-14T22:13:20.123456789Z\"") != NULL, "%s", text);
	cr_assert(strstr(text, "\"finished\":null") != NULL);
	cr_assert(strstr(text, "\"exit_status\":null") != NULL);
	cr_assert(strstr(text, "\"standby\":null") != NULL);
	cr_assert(strstr(text, "\"memory_bytes\":null") != NULL);
	cr_assert(strstr(text, "\"pids\":null") != NULL);
	cr_assert(strstr(text, "\"cpu_cores\":null") != NULL);
}

Test(record, no_limit_comes_back_as_no_limit)
{
	const struct record record = service_record("web");
	_cleanup_fd_ int dir = service_write(&record);
	struct record back;

	cr_assert(zero(int, record_read(dir, &back, NULL)));
	cr_assert(eq(u64, back.memory_bytes, UINT64_MAX));
	cr_assert(eq(u64, back.pids, UINT64_MAX));
	cr_assert(zero(u64, back.finished_ns));
}

Test(record, appears_whole_with_mode_0600_and_leaves_no_other_file)
{
	struct record record = service_record("web");
	_cleanup_fd_ int dir = service_write(&record);
	struct stat st;

	record.status = RECORD_EXITED;
	cr_assert(zero(int, record_write(dir, &record, NULL)));
	cr_assert(zero(int, fstatat(dir, "state.json", &st, AT_SYMLINK_NOFOLLOW)));
	cr_assert(eq(u32, st.st_mode & 07777, 0600));
	cr_assert(lt(int, faccessat(dir, "state.json.new", F_OK, 0), 0));
}

Test(record, refuses_to_write_lost)
{
	struct record record = service_record("web");
	_cleanup_fd_ int dir = service_write(&record);
	struct error err = { 0 };

	record.status = RECORD_LOST;
	cr_assert(eq(int, record_write(dir, &record, &err), -EINVAL));
}

Test(record, bytes_that_are_no_text_do_no_harm)
{
	struct record record = service_record("web");
	_cleanup_fd_ int dir = -1;
	struct record back;

	strcpy(record.status_text, "a\x1b[31m\xff\xc3");
	memset(record.command, 0xff, sizeof(record.command) - 1); /* grows threefold */
	dir = service_write(&record);
	cr_assert(zero(int, record_read(dir, &back, NULL)));
	cr_assert(eq(str, back.status_text, "a\x1b[31m\uFFFD\uFFFD"));
	cr_assert(eq(sz, strlen(back.command), (RECORD_TEXT_MAX - 1) / 3 * 3));
}

Test(record, says_so_when_there_is_none)
{
	const struct record record = service_record("web");
	_cleanup_fd_ int dir = service_write(&record);
	struct error err = { 0 };
	struct record back;

	cr_assert(zero(int, unlinkat(dir, "state.json", 0)));
	cr_assert(eq(int, record_read(dir, &back, &err), -ENOENT));
	cr_assert(eq(str, err.msg, ""));
}

#define HEAD "{\"name\":\"web\",\"id\":\"abcd\",\"boot_id\":\"x\",\"supervisor\":null,"

Test(record, accepts_what_a_newer_kapsel_adds)
{
	_cleanup_fd_ int dir = service_spill("web", HEAD "\"status\":\"exited\",\"colour\":{\"of\":[1,2]}}");
	struct error err = { 0 };
	struct record back;

	cr_assert(zero(int, record_read(dir, &back, &err)), "%s", err.msg);
	cr_assert(eq(int, back.status, RECORD_EXITED));
	cr_assert(eq(u64, back.memory_bytes, UINT64_MAX));
}

static void refuses(const char *text, const char *why)
{
	_cleanup_fd_ int dir = service_spill("web", text);
	struct error err = { 0 };
	struct record back;

	cr_assert(eq(int, record_read(dir, &back, &err), -EINVAL), "%s", text);
	cr_assert(strstr(err.msg, why) != NULL, "%s: %s", text, err.msg);
}

Test(record, refuses_what_is_not_a_record)
{
	refuses("", "read state.json");
	refuses("[]", "read state.json");
	refuses("{\"name\":\"web\"}", "\"id\" is missing");
	refuses(HEAD "\"status\":\"dancing\"}", "\"status\"");
	refuses(HEAD "\"status\":\"lost\"}", "\"status\"");
	refuses(HEAD "\"status\":\"exited\",\"restarts\":\"3\"}", "\"restarts\"");
	refuses(HEAD "\"status\":\"exited\",\"restarts\":-1}", "\"restarts\"");
	refuses(HEAD "\"status\":\"exited\",\"created\":\"yesterday\"}", "\"created\"");
	refuses(HEAD "\"status\":\"exited\",\"created\":1700000000}", "\"created\"");
	refuses(HEAD "\"status\":\"exited\",\"detached\":1}", "\"detached\"");
	refuses(HEAD "\"status\":\"exited\",\"init\":7}", "\"init\"");
	refuses(HEAD "\"status\":\"exited\",\"init\":{\"pid\":-7,\"starttime\":1}}", "\"init\"");
	refuses(HEAD "\"status\":\"exited\",\"payload_pid\":4294967297}", "\"payload_pid\"");
	refuses(HEAD "\"status\":\"exited\",\"health\":\"ill\"}", "\"health\"");
	refuses(HEAD "\"status\":\"exited\",\"cpu_cores\":-1}", "\"cpu_cores\"");
	refuses(HEAD "\"status\":\"exited\",\"rootfs\":null,\"command\":[\"a\"]}", "\"command\"");
}

Test(record, a_link_is_not_followed)
{
	const struct record record = service_record("web");
	_cleanup_fd_ int dir = service_write(&record);
	struct record back;

	cr_assert(zero(int, renameat(dir, "state.json", dir, "other")));
	cr_assert(zero(int, symlinkat("other", dir, "state.json")));
	cr_assert(eq(int, record_read(dir, &back, NULL), -ELOOP));
}

Test(record, is_lost_when_its_supervisor_is_gone)
{
	struct record record = service_record("web");
	_cleanup_fd_ int dir = -1;
	pid_t pid = fork();
	struct record back;

	if (pid == 0)
		pause();
	record.supervisor = record_process_of(pid);
	cr_assert(eq(int, record.supervisor.pid, pid));
	dir = service_write(&record);
	cr_assert(zero(int, record_read(dir, &back, NULL)));
	cr_assert(eq(int, back.status, RECORD_RUNNING));
	cr_assert(record_alive(&back));

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_assert(zero(int, record_read(dir, &back, NULL)));
	cr_assert(eq(int, back.status, RECORD_LOST));
	cr_assert(not(record_alive(&back)));
}

Test(record, a_standby_keeps_it_from_being_lost)
{
	struct record record = service_record("web");
	_cleanup_fd_ int dir = -1;
	struct record back;

	record.standby = record.supervisor;
	record.supervisor.starttime++; /* the number now is somebody else's */
	dir = service_write(&record);
	cr_assert(zero(int, record_read(dir, &back, NULL)));
	cr_assert(eq(int, back.status, RECORD_RUNNING));
}

Test(record, is_lost_after_a_boot_although_the_numbers_are_in_use)
{
	struct record record = service_record("web");
	_cleanup_fd_ int dir = -1;
	struct record back;

	record.boot_id[0] ^= 1;
	dir = service_write(&record);
	cr_assert(zero(int, record_read(dir, &back, NULL)));
	cr_assert(eq(int, back.status, RECORD_LOST));
}

Test(record, an_ended_one_needs_no_supervisor)
{
	struct record record = service_record("web");
	_cleanup_fd_ int dir = -1;
	struct record back;

	record.status = RECORD_EXITED;
	record.supervisor.starttime++;
	dir = service_write(&record);
	cr_assert(zero(int, record_read(dir, &back, NULL)));
	cr_assert(eq(int, back.status, RECORD_EXITED));
}

Test(record, a_zombie_does_not_live)
{
	pid_t pid = fork();
	struct record_process process;

	if (pid == 0)
		pause();
	process = record_process_of(pid);
	cr_assert(record_process_lives(&process));
	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	cr_assert(not(record_process_lives(&process)));
	waitpid(pid, NULL, 0);
}

Test(record, nobody_is_no_process)
{
	cr_assert(zero(int, record_process_of(0).pid));
	cr_assert(zero(int, record_process_of(-1).pid));
	cr_assert(not(record_process_lives(&(struct record_process){ 0 })));
}
