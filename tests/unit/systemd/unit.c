/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/unit.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/source.h"
#include "profiles/spec.h"

static const struct spec_listen two[] = {
	{ .name = "http", .address = "0.0.0.0:80", .fd = 3, .backlog = 64 },
	{ .name = "ctl/%", .address = "/run/100%.sock", .datagram = true, .fd = 4 },
};
static struct spec spec;
static struct unit unit = { .spec = &spec,
			    .name = "kapsel-web",
			    .program = "/usr/bin/kapsel",
			    .profile = "/etc/kapsel/web.kapsel.jsonc" };
static struct arena *arena;
static struct findings findings;

static void set_up(void)
{
	arena = arena_new();
	spec = (struct spec){
		.name = "web", .rootfs = "/srv/web", .stop_signal = SIGTERM, .stop_timeout_ms = 10000
	};
}

static void tear_down(void)
{
	arena_free(arena);
}

TestSuite(unit, .init = set_up, .fini = tear_down);

/* Of the profile's text only what a spec does not keep is read from its tree. */
static void tree(const char *text)
{
	struct source *source = arena_alloc(arena, sizeof(*source));
	struct json *root = NULL;

	*source = (struct source){ .name = "test", .text = text, .size = strlen(text) };
	cr_assert(zero(int, json_parse(source, JSON_STRICT, arena, &findings, &root)));
	spec.tree = root;
}

static char *keep(char *buffer)
{
	char *text = arena_strdup(arena, buffer);

	free(buffer);
	return text;
}

static char *service(void)
{
	char *buffer = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&buffer, &size);

	unit_print_service(&unit, out);
	fclose(out);
	return keep(buffer);
}

static char *socket_unit(size_t entry)
{
	char *buffer = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&buffer, &size);

	unit_print_socket(&unit, entry, out);
	fclose(out);
	return keep(buffer);
}

static char *warnings(void)
{
	char *buffer = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&buffer, &size);

	unit_warn(&unit, out);
	fclose(out);
	return keep(buffer);
}

static bool has_line(const char *text, const char *line)
{
	size_t length = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && at[length] == '\n')
			return true;
	return false;
}

#define assert_line(text, line) cr_assert(has_line(text, line), "no line %s in\n%s", line, text)
#define assert_none(text, part) cr_assert(eq(ptr, strstr(text, part), NULL), "%s in\n%s", part, text)

Test(unit, runs_the_profile_and_waits_for_its_word)
{
	char *text = service();

	assert_line(text, "Type=notify");
	assert_line(text, "NotifyAccess=main");
	assert_line(text, "ExecStart=\"/usr/bin/kapsel\" run \"/etc/kapsel/web.kapsel.jsonc\"");
	assert_line(text, "Delegate=yes");
	assert_line(text, "KillMode=mixed");
	assert_line(text, "OOMPolicy=continue");
	assert_line(text, "Slice=kapsel.slice");
	assert_line(text, "RuntimeDirectoryPreserve=yes");
	assert_line(text, "RequiresMountsFor=\"/srv/web\"");
	assert_none(text, "Sockets=");
	assert_none(text, "LoadCredential");
	assert_none(text, "WatchdogSec");
}

Test(unit, gives_the_workload_time_to_stop)
{
	assert_line(service(), "TimeoutStopSec=20s");
	spec.stop_timeout_ms = 2500;
	assert_line(service(), "TimeoutStopSec=12500ms");
	spec.stop_timeout_ms = SPEC_UNLIMITED;
	assert_line(service(), "TimeoutStopSec=infinity");
}

Test(unit, takes_the_stop_signal_for_success)
{
	assert_line(service(), "SuccessExitStatus=143");
	spec.stop_signal = SIGQUIT;
	assert_line(service(), "SuccessExitStatus=131");
}

Test(unit, leaves_restarts_of_the_workload_to_kapsel)
{
	assert_line(service(), "Restart=no");
	assert_none(warnings(), "Restart=");
	spec.restart.policy = SPEC_RESTART_ALWAYS;
	assert_line(service(), "Restart=on-abnormal");
	cr_assert(ne(ptr, strstr(warnings(), "Restart=on-abnormal"), NULL));
}

Test(unit, says_what_does_nothing_below_systemd)
{
	spec.on_supervisor_death = SPEC_ORPHAN_ADOPT;
	spec.stdin_from = SPEC_STDIN_INHERIT;
	spec.args_from_cli = true;
	cr_assert(ne(ptr, strstr(warnings(), "adopt"), NULL));
	cr_assert(ne(ptr, strstr(warnings(), "/dev/null"), NULL));
	cr_assert(ne(ptr, strstr(warnings(), "args_from_cli"), NULL));
}

Test(unit, watches_kapsel_where_kapsel_watches_the_workload)
{
	spec.watchdog_ms = 20000;
	assert_line(service(), "WatchdogSec=60s");
}

Test(unit, opens_only_the_paths_that_are_written)
{
	const struct spec_mount mounts[] = {
		{ .target = "/data", .source = "/srv/my data%", .write = true },
		{ .target = "/etc/x", .source = "/srv/conf" },
		{ .target = "/tmp", .type = SPEC_MOUNT_TMPFS, .write = true },
	};
	char *text;

	spec.mounts = mounts;
	spec.n_mounts = 3;
	spec.log.path = "/srv/log/web.log";
	text = service();
	assert_line(text, "ProtectSystem=strict");
	assert_line(text, "ReadWritePaths=\"-/srv/my data%%\"");
	assert_line(text, "ReadWritePaths=\"-/srv/log\"");
	assert_line(text, "RequiresMountsFor=\"/srv/conf\"");
	assert_none(text, "ReadWritePaths=\"-/srv/conf");
	assert_none(text, "RequiresMountsFor=\"\"");
}

Test(unit, hides_homes_and_tmp_unless_the_profile_uses_them)
{
	assert_line(service(), "ProtectHome=yes");
	assert_line(service(), "PrivateTmp=yes");
	spec.rootfs = "/home/ann/root";
	assert_line(service(), "ProtectHome=read-only");
	spec.rootfs = "/tmpfoo/root";
	assert_line(service(), "PrivateTmp=yes");
	spec.rootfs = "/tmp/root";
	assert_none(service(), "PrivateTmp");
}

Test(unit, allows_setuid_programs_only_where_the_profile_does)
{
	assert_line(service(), "NoNewPrivileges=yes");
	spec.allow_setuid = true;
	assert_none(service(), "NoNewPrivileges");
}

Test(unit, loads_each_credential_once)
{
	const struct spec_secret secrets[] = {
		{ .name = "a", .source = "/run/credentials/db" },
		{ .name = "b", .source = "/run/credentials/db" },
		{ .name = "c", .source = "/srv/secret" },
	};
	char *text, *first;

	tree("{\"secrets\": {\"a\": {\"credential\": \"db\"}, \"b\": {\"credential\": \"db\"},"
	     " \"c\": {\"source\": \"/srv/secret\"}}}");
	spec.secrets = secrets;
	spec.n_secrets = 3;
	text = service();
	assert_line(text, "LoadCredential=db:/etc/credstore/db");
	first = strstr(text, "LoadCredential=");
	cr_assert(eq(ptr, strstr(first + 1, "LoadCredential="), NULL));
	assert_line(text, "RequiresMountsFor=\"/srv/secret\"");
	assert_none(text, "/run/credentials");
}

Test(unit, writes_the_values_of_host_variables)
{
	tree("{\"env_from_host\": [\"KAPSEL_A\", \"KAPSEL_B\", \"KAPSEL_C\"]}");
	setenv("KAPSEL_A", "50% \"off\" $HOME", 1);
	setenv("KAPSEL_B", "two\nlines", 1);
	unsetenv("KAPSEL_C");
	assert_line(service(), "Environment=\"KAPSEL_A=50%% \\\"off\\\" $HOME\"");
	assert_line(service(), "#Environment=KAPSEL_B=");
	assert_line(service(), "#Environment=KAPSEL_C=");
	cr_assert(ne(ptr, strstr(warnings(), "env_from_host"), NULL));
}

Test(unit, has_a_socket_unit_for_each_entry)
{
	char *text;

	spec.listen = two;
	spec.n_listen = 2;
	text = service();
	assert_line(text, "Sockets=kapsel-web-http.socket");
	assert_line(text, "Requires=kapsel-web-http.socket");
	assert_line(text, "Sockets=kapsel-web-ctl\\x2f\\x25.socket");
	text = socket_unit(0);
	assert_line(text, "ListenStream=0.0.0.0:80");
	assert_line(text, "FileDescriptorName=http");
	assert_line(text, "Service=kapsel-web.service");
	assert_line(text, "Backlog=64");
	assert_none(text, "SocketMode");
	text = socket_unit(1);
	assert_line(text, "ListenDatagram=/run/100%%.sock");
	assert_line(text, "FileDescriptorName=ctl/%%");
	assert_line(text, "SocketMode=0660");
	assert_none(text, "Backlog");
}

Test(unit, names_a_single_socket_unit_like_the_service)
{
	spec.listen = two;
	spec.n_listen = 1;
	assert_line(service(), "Sockets=kapsel-web.socket");
}

Test(unit, keeps_a_description_on_its_line)
{
	spec.description = "Web\n[Service]\nUser=nobody 100%\\";
	assert_line(service(), "Description=Web [Service] User=nobody 100%% ");
}

Test(unit, refuses_what_no_unit_can_say)
{
	struct error err = { 0 };
	const struct spec_listen bad = { .name = "x", .address = "/run/x\\", .fd = 3 };

	cr_assert(zero(int, unit_check(&unit, &err)));
	spec.rootfs = "/srv/a\nb";
	cr_assert(eq(int, unit_check(&unit, &err), -EINVAL));
	cr_assert(ne(ptr, strstr(err.msg, "write the path"), NULL), "%s", err.msg);
	spec.rootfs = "/srv/web";
	spec.listen = &bad;
	spec.n_listen = 1;
	cr_assert(eq(int, unit_check(&unit, &err), -EINVAL));
	cr_assert(ne(ptr, strstr(err.msg, "write the address"), NULL), "%s", err.msg);
}

Test(unit, knows_names_of_units)
{
	cr_assert(unit_name_allowed("kapsel-web"));
	cr_assert(unit_name_allowed("a.b_c:d"));
	cr_assert(not(unit_name_allowed("")));
	cr_assert(not(unit_name_allowed("a/b")));
	cr_assert(not(unit_name_allowed("a b")));
	cr_assert(not(unit_name_allowed("a@b")));
	cr_assert(not(unit_name_allowed("a%b")));
	cr_assert(not(unit_name_allowed(".a")));
}
