/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/commands/command.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "tests/unit/base/scratch.h"

/* What the report left behind. */
struct told {
	char log[16384], plain[16384];
	int status;
};

static struct error make_error(const char *step, const char *msg, const char *remedy)
{
	struct error err = { .code = ENOENT };

	snprintf(err.step, sizeof(err.step), "%s", step);
	snprintf(err.msg, sizeof(err.msg), "%s", msg);
	snprintf(err.remedy, sizeof(err.remedy), "%s", remedy);
	return err;
}

static void tell(const struct scratch *scratch, bool json, const struct error *err, struct told *ret)
{
	char log[128];
	struct oci_globals globals = { .log = log, .log_json = json };
	int saved = dup(STDERR_FILENO), plain;

	snprintf(log, sizeof(log), "%s/log", scratch->path);
	scratch_file(scratch, "plain", "");
	plain = openat(scratch->fd, "plain", O_WRONLY | O_APPEND | O_CLOEXEC);
	cr_assert(ge(int, dup2(plain, STDERR_FILENO), 0));
	ret->status = oci_report(&globals, err);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(plain);
	cr_assert(ge(i64, fd_read_file(scratch->fd, "log", ret->log, sizeof(ret->log)), 0));
	cr_assert(ge(i64, fd_read_file(scratch->fd, "plain", ret->plain, sizeof(ret->plain)), 0));
}

static struct json *parse(const char *text, struct arena *arena)
{
	static struct source source;
	static struct findings findings;
	struct json *root = NULL;

	source = (struct source){ .name = "log", .text = text, .size = strlen(text) };
	cr_assert(zero(int, json_parse(&source, JSON_STRICT, arena, &findings, &root)), "%s", text);
	return root;
}

Test(oci_report, writes_one_object_with_level_message_and_time)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = make_error("root", "open \"/x\"\nand /y", "make it");
	struct told told;
	struct json *root;
	regex_t time;

	tell(&scratch, true, &err, &told);
	root = parse(told.log, arena);
	cr_assert(eq(sz, root->n, 3));
	cr_assert(eq(str, json_get(root, "level")->text, "error"));
	cr_assert(eq(str, json_get(root, "msg")->text, "root: open \"/x\"\nand /y: ENOENT: make it"));
	cr_assert(zero(int, regcomp(&time, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
				    REG_EXTENDED | REG_NOSUB)));
	cr_assert(zero(int, regexec(&time, json_get(root, "time")->text, 0, NULL, 0)));
	regfree(&time);
	cr_assert(eq(ptr, strchr(told.log, '\n'), told.log + strlen(told.log) - 1), "one line: %s", told.log);
	cr_assert(eq(int, told.status, 1));
}

Test(oci_report, writes_one_plain_line_to_stderr_the_message_first)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct error err = make_error("", "open \033[31m/x\n", "");
	struct told told;

	tell(&scratch, true, &err, &told);
	cr_assert(eq(str, told.plain, "open \\x1b[31m/x\\x0a: ENOENT\n"));
}

/* Engines search messages for these words to tell that the command is missing. */
Test(oci_report, leaves_the_words_of_the_c_library_out)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct error err = make_error("root", "open /x", "");
	struct told told;

	tell(&scratch, true, &err, &told);
	cr_assert(eq(ptr, strcasestr(told.log, "no such file"), NULL));
	cr_assert(eq(ptr, strcasestr(told.plain, "no such file"), NULL));
}

Test(oci_report, keeps_a_hostile_message_inside_its_string)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = make_error("", "x\",\"level\":\"info\xff\x01\\", "");
	struct told told;
	struct json *root;

	tell(&scratch, true, &err, &told);
	root = parse(told.log, arena);
	cr_assert(eq(sz, root->n, 3));
	cr_assert(eq(str, json_get(root, "level")->text, "error"));
}

Test(oci_report, fits_the_longest_error)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { .code = EPERM };
	struct told told;
	const char *text;

	memset(err.step, 's', sizeof(err.step) - 1);
	memset(err.msg, '\001', sizeof(err.msg) - 1);
	memset(err.remedy, 'r', sizeof(err.remedy) - 1);
	tell(&scratch, true, &err, &told);
	text = json_get(parse(told.log, arena), "msg")->text;
	cr_assert(eq(int, text[strlen(text) - 1], 'r'));
	cr_assert(eq(int, told.plain[strlen(told.plain) - 2], 'r'), "the end is missing on stderr");
}

Test(oci_report, appends_text_lines_when_asked_for_text)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct error err = make_error("", "open \"x\"", "");
	struct told told;

	scratch_file(&scratch, "log", "before\n");
	tell(&scratch, false, &err, &told);
	cr_assert(str_starts(told.log, "before\ntime=\""));
	cr_assert(ne(ptr, strstr(told.log, "\" level=error msg=\"open \\\"x\\\": ENOENT\"\n"), NULL));
}
