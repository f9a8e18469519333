/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/why/why.h"
#include "lab/why/why_advice.h"
#include "lab/why/why_print.h"
#include "profiles/spec.h"
#include "why_fixture.h"

TestSuite(why_explain, .init = why_init, .fini = why_fini);

static const struct spec_mount mounts[] = {
	{ .target = "/cache",
	  .type = SPEC_MOUNT_TMPFS,
	  .write = true,
	  .size_bytes = 1 << 20,
	  .inodes = SPEC_UNSET },
	{ .target = "/srv", .type = SPEC_MOUNT_BIND, .source = "/nothere" },
};

static struct spec make_spec(void)
{
	struct spec spec = { .rootfs = why_dir, .workdir = "/", .mounts = mounts, .n_mounts = 2 };

	spec.limits.file_size_bytes = 1 << 20;
	spec.limits.open_files = 100;
	spec.limits.pids = 10;
	spec.limits.memory_bytes = SPEC_UNLIMITED;
	return spec;
}

static struct why explain(const char *line)
{
	static struct why_end end;
	static struct spec spec;

	end = why_plain_end(1);
	spec = make_spec();
	return why_of(&end, &spec, &line, 1);
}

/* line of the log, kind, what the profile's line begins with */
static const char *const told[][3] = {
	{ "x: /etc/a/b: Read-only file system", "read-only",
	  "\"mounts\": { \"/etc/a\": { \"type\": \"tmpfs\"" },
	{ "OSError: [Errno 30] read-only file system: '/srv/x'", "read-only",
	  "\"mounts\": { \"/srv\": { \"type\": \"bind\", \"source\": \"/nothere\", \"write\": true } }" },
	{ "write failed: Read-only file system", "read-only", "\"mounts\"" },
	{ "write: No space left on device", "no-space",
	  "\"mounts\": { \"/cache\": { \"type\": \"tmpfs\", \"size\": \"2MiB\"" },
	{ "accept: Too many open files", "open-files", "\"limits\": { \"open_files\": 200 }" },
	{ "fork: Resource temporarily unavailable", "pids", "\"limits\": { \"pids\": 20 }" },
	{ "copy: File too large", "file-size", "\"limits\": { \"file_size\": \"2MiB\" }" },
	{ "mlock: Cannot allocate memory", "memory", "\"limits\": { \"locked_memory\"" },
	{ "open /sys/class: No such file or directory", "missing", "" },
	{ "open /proc/stat: No such file or directory", "missing", "\"proc\": \"full\"" },
	{ "open /dev/fuse: No such file or directory", "missing", "\"devices\": { \"/dev/fuse\": \"rw\" }" },
	{ "app: error while loading shared libraries: libx.so.1: cannot open shared object file: No such file or directory",
	  "library", "" },
	{ "curl: (6) Could not resolve host: example.org", "network", "\"network\"" },
	{ "connect: Network is unreachable", "network", "\"network\"" },
	{ "bind: Cannot assign requested address", "network", "\"listen\"" },
	{ "bind() to 0.0.0.0:80 failed (13: Permission denied)", "capability", "\"listen\"" },
	{ "chown(/var/run, 33): Operation not permitted", "capability", "\"capabilities\": [\"CHOWN\"]" },
	{ "connect to /srv/s.sock: Permission denied", "network", "\"network\"" },
};

Test(why_explain, texts_of_the_log_become_likely_causes_with_their_line)
{
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		struct why why = explain(told[i][0]);
		const struct why_cause *cause = why_the(&why, told[i][1]);

		cr_expect(cause->what && !cause->certain && cause->reason && cause->n_evidence > 0, "%s",
			  told[i][0]);
		cr_expect(told[i][2][0]
				  ? cause->line && strncmp(cause->line, told[i][2], strlen(told[i][2])) == 0
				  : !cause->line,
			  "%s: %s", told[i][0], cause->line ? cause->line : "no line");
		cr_expect(cause->exposes || !cause->line, "%s: exposes what?", told[i][0]);
	}
}

Test(why_explain, everyday_lines_are_no_causes)
{
	static const char *const lines[] = {
		"read: Resource temporarily unavailable", "all is well", "",
		"404 GET /x: not found in cache",         "Permission",  "user bob: Permission denied",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_expect(zero(sz, explain(lines[i]).n), "%s", lines[i]);
}

Test(why_explain, the_same_text_many_times_is_one_cause)
{
	static const char *lines[50];
	const struct why_end end = why_plain_end(1);
	const struct spec spec = make_spec();
	struct why why;

	for (size_t i = 0; i < 50; i++)
		lines[i] = "x: /etc/a: Read-only file system";
	why = why_of(&end, &spec, lines, 50);
	cr_assert(eq(sz, why.n, 1));
	cr_assert(eq(sz, why.causes[0].n_evidence, WHY_EVIDENCE_MAX));
}

Test(why_explain, what_the_kernel_said_comes_before_what_the_log_says)
{
	static const char *const lines[] = { "x: /etc/a: Read-only file system" };
	struct why_end end = why_plain_end(1);
	struct why why;

	end.denials[end.n_denials++] = (struct why_end_denial){ "mkdir", "mkdir(): no", "EPERM", "", 1 };
	end.oom_kills = 2;
	end.memory_limit = 1 << 20;
	why = why_of(&end, NULL, lines, 1);
	cr_assert(eq(sz, why.n, 3));
	cr_assert(why.causes[0].certain && why.causes[1].certain && !why.causes[2].certain);
	cr_assert(
		eq(str, why_the(&why, "out-of-memory-child")->line, "\"limits\": { \"memory\": \"2MiB\" }"));
}

Test(why_explain, a_text_whose_call_was_refused_is_evidence_and_no_cause)
{
	static const char *const lines[] = { "mkdir: /etc/a: Operation not permitted" };
	struct why_end end = why_plain_end(1);
	struct why why;

	end.denials[end.n_denials++] = (struct why_end_denial){ "mkdir", "mkdir(): no", "EPERM", "", 1 };
	why = why_of(&end, NULL, lines, 1);
	cr_assert(eq(sz, why.n, 1));
	cr_assert(eq(sz, why.causes[0].n_evidence, 2));
}

Test(why_explain, an_end_that_was_asked_for_is_not_blamed_on_old_lines)
{
	static const char *const lines[] = { "x: /etc/a: Read-only file system" };
	struct why_end end = why_plain_end(143);
	struct why why;

	end.signal = "SIGTERM";
	end.stop_by = "control";
	why = why_of(&end, NULL, lines, 1);
	cr_assert(eq(sz, why.n, 1));
	cr_assert(eq(str, why.causes[0].id, "stop"));
}

Test(why_explain, no_more_causes_than_there_is_room_for)
{
	struct why_end end = why_plain_end(1);

	for (size_t i = 0; i < WHY_END_DENIALS_MAX; i++)
		end.denials[end.n_denials++] =
			(struct why_end_denial){ "mkdir", "mkdir(): no", "EPERM", "", 1 };
	cr_assert(le(sz, why_of(&end, NULL, NULL, 0).n, WHY_CAUSES_MAX));
}

Test(why_explain, a_long_line_is_cut_between_characters)
{
	char line[4000];
	struct why why;

	for (size_t i = 0; i + 2 < sizeof(line); i += 2)
		memcpy(line + i, "\xc3\xa4", 2);
	memcpy(line + 2000, " /etc/a: Read-only file system ", 31);
	line[sizeof(line) - 2] = '\0';
	why = explain(line);
	cr_assert(lt(sz, strlen(why_the(&why, "read-only")->evidence[0]), 420));
	cr_assert(strstr(why_the(&why, "read-only")->evidence[0], "\xe2\x80\xa6\xc3\xa4") != NULL);
}

static char *print(void (*how)(FILE *, const struct why *), const struct why *why)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert(out != NULL);
	how(out, why);
	fclose(out);
	return text;
}

Test(why_explain, nothing_of_the_workload_reaches_a_terminal_raw)
{
	static const char *const lines[] = { "\x1b[2J\x9b /etc/a\x07: Read-only file system \xff" };
	struct why_end end = why_plain_end(1);
	struct why why;
	char *text;

	end.health_output = end.reason = end.name = end.remedy = "\x1b]0;x\x07";
	end.stop_by = "health";
	why = why_of(&end, NULL, lines, 1);
	text = print(why_print_text, &why);
	cr_assert(strpbrk(text, "\x1b\x07\x9b\xff") == NULL, "%s", text);
	free(text);
	text = print(why_print_json, &why);
	cr_assert(strpbrk(text, "\x1b\x07\x9b\xff") == NULL, "%s", text);
	free(text);
}

Test(why_explain, each_line_of_the_launcher_has_what_it_exposes)
{
	static const char *const lines[] = {
		"\"syscalls\": { \"allow\": [\"@base\", \"@file-write\"] }",
		"\"syscalls\": { \"allow\": [..., \"mount\"] }",
		"\"allow_ptrace\": true",
		"\"allow_jit\": true",
		"\"allow_nested_namespaces\": true",
		"\"exec\": { \"allow\": [\"*\"] }",
		"\"capabilities\": [\"NET_RAW\"]",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_expect(why_advice_of_line(lines[i]) != NULL, "%s", lines[i]);
	cr_assert(why_advice_of_line("no line") == NULL);
	cr_assert(why_advice_of_line(NULL) == NULL);
}
