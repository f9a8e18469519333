/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/values.h"

#include <errno.h>
#include <signal.h>

#include "reading.h"

struct row {
	const char *text;
	int result;
	uint64_t value;
};

Test(values, parses_sizes)
{
	static const struct row rows[] = {
		{ "0B", 0, 0 },
		{ "1B", 0, 1 },
		{ "64MiB", 0, 64ULL << 20 },
		{ "10MB", 0, 10000000 },
		{ "1kB", 0, 1000 },
		{ "1KiB", 0, 1024 },
		{ "2GiB", 0, 2ULL << 30 },
		{ "2GB", 0, 2000000000 },
		{ "1TiB", 0, 1ULL << 40 },
		{ "1TB", 0, 1000000000000 },
		{ "007MiB", 0, 7ULL << 20 },
		{ "9223372036854775807B", 0, INT64_MAX },
		{ "9223372036854775808B", -ERANGE, 0 },
		{ "8388608TiB", -ERANGE, 0 },
		{ "18446744073709551617B", -ERANGE, 0 },
		{ "99999999999999999999999999999999TiB", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "64", -EINVAL, 0 },
		{ "64m", -EINVAL, 0 },
		{ "64KB", -EINVAL, 0 },
		{ "MiB", -EINVAL, 0 },
		{ "1.5MiB", -EINVAL, 0 },
		{ " 1MiB", -EINVAL, 0 },
		{ "1MiB ", -EINVAL, 0 },
		{ "+1MiB", -EINVAL, 0 },
		{ "-1MiB", -EINVAL, 0 },
		{ "0x1MiB", -EINVAL, 0 },
		{ "1MiB1MiB", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t value = 0;

		cr_expect(eq(int, values_parse_size(rows[i].text, &value), rows[i].result), "%s",
			  rows[i].text);
		cr_expect(eq(u64, value, rows[i].value), "%s", rows[i].text);
	}
}

Test(values, parses_durations)
{
	static const struct row rows[] = {
		{ "0s", 0, 0 },
		{ "1ms", 0, 1 },
		{ "30s", 0, 30000 },
		{ "5min", 0, 300000 },
		{ "1h30min", 0, 5400000 },
		{ "2d", 0, 172800000 },
		{ "1s500ms", 0, 1500 },
		{ "3650d", 0, 315360000000 },
		{ "3651d", -ERANGE, 0 },
		{ "99999999999999999999s", -ERANGE, 0 },
		{ "3650d1ms", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "30", -EINVAL, 0 },
		{ "5m", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ "1h30", -EINVAL, 0 },
		{ "1 s", -EINVAL, 0 },
		{ "-1s", -EINVAL, 0 },
		{ "1S", -EINVAL, 0 },
		{ "1.5s", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t value = 0;

		cr_expect(eq(int, values_parse_duration(rows[i].text, &value), rows[i].result), "%s",
			  rows[i].text);
		cr_expect(eq(u64, value, rows[i].value), "%s", rows[i].text);
	}
}

Test(values, parses_modes)
{
	static const struct row rows[] = {
		{ "0755", 0, 0755 },     { "0000", 0, 0 },      { "1777", 0, 01777 },
		{ "7777", 0, 07777 },    { "755", -EINVAL, 0 }, { "0788", -EINVAL, 0 },
		{ "00755", -EINVAL, 0 }, { "", -EINVAL, 0 },    { "u+rw", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		mode_t mode = 0;

		cr_expect(eq(int, values_parse_mode(rows[i].text, &mode), rows[i].result), "%s",
			  rows[i].text);
		cr_expect(eq(u64, mode, rows[i].value), "%s", rows[i].text);
	}
}

Test(values, parses_signals)
{
	static const char *const bad[] = { "",       "SIG",       "TERM",       "sigterm",     "SIGTERM ",
					   "15",     "SIGRTMIN+", "SIGRTMIN-1", "SIGRTMIN+99", "SIGRTMAX",
					   "SIGNONE" };

	cr_assert(eq(int, values_parse_signal("SIGTERM"), SIGTERM));
	cr_assert(eq(int, values_parse_signal("SIGKILL"), SIGKILL));
	cr_assert(eq(int, values_parse_signal("SIGHUP"), SIGHUP));
	cr_assert(eq(int, values_parse_signal("SIGSYS"), SIGSYS));
	cr_assert(eq(int, values_parse_signal("SIGRTMIN"), SIGRTMIN));
	cr_assert(eq(int, values_parse_signal("SIGRTMIN+3"), SIGRTMIN + 3));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect(eq(int, values_parse_signal(bad[i]), -EINVAL), "%s", bad[i]);
}

Test(values, normalises_paths)
{
	static const struct {
		const char *text, *path;
	} rows[] = {
		{ "/", "/" },           { "//", "/" },
		{ "/a", "/a" },         { "/a/", "/a" },
		{ "//a//b//", "/a/b" }, { "/./a/./b/.", "/a/b" },
		{ "/...", "/..." },     { "/a..b/..c", "/a..b/..c" },
		{ "/..", NULL },        { "/a/..", NULL },
		{ "/a/../b", NULL },    { "a", NULL },
		{ "", NULL },           { "./a", NULL },
		{ "/a\nb", NULL },      { "/a\x7f", NULL },
		{ "/\xc2\x85", NULL },  { "/\xc3\x85", "/\xc3\x85" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		struct findings findings = { 0 };
		const char *path = values_path(&findings, arena, "x", NULL, rows[i].text);

		if (rows[i].path) {
			cr_assert(path != NULL, "%s", rows[i].text);
			cr_expect(same_text(path, rows[i].path), "%s", rows[i].text);
		} else {
			cr_expect(path == NULL, "%s", rows[i].text);
			cr_expect(eq(sz, findings.n_errors, 1), "%s", rows[i].text);
		}
	}
}

Test(values, refuses_a_path_that_the_kernel_would_not_take)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct findings findings = { 0 };
	char path[4097];

	memset(path, 'a', 4096);
	path[0] = '/';
	path[4096] = '\0';
	cr_assert(values_path(&findings, arena, "x", NULL, path) == NULL);
	path[4095] = '\0';
	cr_assert(values_path(&findings, arena, "x", NULL, path) != NULL);
}
