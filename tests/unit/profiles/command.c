/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/commands/command.h"

#include <sys/mman.h>

#include "reading.h"

static const struct command_option options[] = {
	{ "json", 'j', NULL, "as JSON" },
	{ "output", 'o', "FILE", "where to" },
	{ "quiet", 'q', NULL, "less" },
	{ 0 },
};

static const struct command command = {
	.name = "try",
	.usage = "[OPTIONS] THING...",
	.summary = "Tries things.",
	.example = "kapsel try it",
	.options = options,
};

struct call {
	struct command_parse parse;
	int result, status;
	char *output; /* what went to stdout and stderr */
};

static void call_end(struct call *call)
{
	free(call->output);
}
#define _cleanup_call_ _cleanup_(call_end)

/* Runs the parser with both outputs in a file, since it prints like a program. */
static struct call call(char **argv)
{
	struct call call = { .status = -1, .output = calloc(1, 4096) };
	int argc = 0, out = dup(1), err = dup(2), fd = memfd_create("output", MFD_CLOEXEC);

	while (argv[argc])
		argc++;
	fflush(stdout);
	dup2(fd, 1);
	dup2(fd, 2);
	call.result = command_parse(&command, argc, argv, &call.parse, &call.status);
	fflush(stdout);
	dup2(out, 1);
	dup2(err, 2);
	cr_assert(pread(fd, call.output, 4095, 0) >= 0);
	close(out);
	close(err);
	close(fd);
	return call;
}

#define ARGV(...) ((char *[]){ mutable_text("try"), __VA_ARGS__, NULL })
#define A(text)   mutable_text(text)

Test(command, mixes_options_and_operands_until_two_dashes)
{
	_cleanup_call_ struct call c = call(ARGV(A("a"), A("--json"), A("b"), A("--output=x"), A("-q"),
						 A("-"), A("--"), A("--json"), A("c")));

	cr_assert(zero(int, c.result));
	cr_assert(eq(int, c.parse.n_operands, 3));
	cr_assert(same_text(c.parse.operands[0], "a"));
	cr_assert(same_text(c.parse.operands[1], "b"));
	cr_assert(same_text(c.parse.operands[2], "-"));
	cr_assert(same_text(command_given(&command, &c.parse, "json"), ""));
	cr_assert(same_text(command_given(&command, &c.parse, "output"), "x"));
	cr_assert(same_text(command_given(&command, &c.parse, "quiet"), ""));
	cr_assert(same_text(c.parse.after[0], "--json"));
	cr_assert(same_text(c.parse.after[1], "c"));
	cr_assert(c.parse.after[2] == NULL);
}

Test(command, takes_values_in_every_form)
{
	static const char *const forms[][3] = {
		{ "--output", "x" }, { "--output=x" }, { "-o", "x" }, { "-ox" }, { "-qox" }
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		char *argv[] = { A("try"), A(forms[i][0]), forms[i][1] ? A(forms[i][1]) : NULL, NULL };
		_cleanup_call_ struct call c = call(argv);

		cr_assert(zero(int, c.result), "%s", forms[i][0]);
		cr_assert(same_text(command_given(&command, &c.parse, "output"), "x"));
		cr_assert(zero(int, c.parse.n_operands));
		cr_assert(c.parse.after == NULL);
	}
}

Test(command, knows_what_was_not_given)
{
	_cleanup_call_ struct call c = call(ARGV(A("x")));

	cr_assert(command_given(&command, &c.parse, "json") == NULL);
	cr_assert(command_given(&command, &c.parse, "nonsense") == NULL);
}

Test(command, has_nothing_after_two_dashes_at_the_end)
{
	_cleanup_call_ struct call c = call(ARGV(A("x"), A("--")));

	cr_assert(c.parse.after != NULL);
	cr_assert(c.parse.after[0] == NULL);
}

Test(command, refuses_mistakes_with_the_nearest_option)
{
	static const struct {
		const char *a, *b, *says;
	} mistakes[] = {
		{ "--jsn", NULL, "unknown option --jsn; did you mean --json?\n" },
		{ "--hepl", NULL, "unknown option --hepl; did you mean --help?\n" },
		{ "--xyzzy=1", NULL, "unknown option --xyzzy\n" },
		{ "--json=1", NULL, "option --json takes no value\n" },
		{ "--output", NULL, "option --output needs FILE\n" },
		{ "-o", NULL, "option --output needs FILE\n" },
		{ "-x", NULL, "unknown option -x\n" },
		{ "--output=a", "--output=b", "option --output stands twice\n" },
		{ "--a\033b", NULL, "unknown option --a\\x1bb\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		char *argv[] = { A("try"), A(mistakes[i].a), mistakes[i].b ? A(mistakes[i].b) : NULL, NULL };
		_cleanup_call_ struct call c = call(argv);

		cr_expect(eq(int, c.result, 1), "%s", mistakes[i].a);
		cr_expect(eq(int, c.status, STATUS_USAGE), "%s", mistakes[i].a);
		cr_expect(strstr(c.output, mistakes[i].says) != NULL, "%s: %s", mistakes[i].a, c.output);
		cr_expect(strstr(c.output, "try --help") != NULL);
	}
}

Test(command, prints_help_with_the_example_first)
{
	_cleanup_call_ struct call c = call(ARGV(A("x"), A("-h")));

	cr_assert(eq(int, c.result, 1));
	cr_assert(eq(int, c.status, STATUS_OK));
	cr_assert(str_starts(c.output, "Example: kapsel try it\n"), "%s", c.output);
	cr_assert(strstr(c.output, "  -o, --output FILE") != NULL);
	cr_assert(strstr(c.output, "  -h, --help") != NULL);
}

Test(command, colours_only_a_terminal_that_wants_it)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	cr_assert(not(command_color(fd)));
	close(fd);
	fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		cr_skip_test("there is no /dev/ptmx");
	cr_assert(command_color(fd));
	setenv("NO_COLOR", "1", 1);
	cr_assert(not(command_color(fd)));
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	cr_assert(not(command_color(fd)));
	close(fd);
}
