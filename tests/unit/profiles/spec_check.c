/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/spec_check.h"

#include "reading.h"

/* Valid profiles, each with the one warning that it gets and its place. */
static const struct {
	const char *text, *where;
} rows[] = {
	{ PROFILE(",\n\"syscalls\": { \"allow\": [\"@docker-default\"] }"), "W101@2:24" },
	{ PROFILE(",\n\"capabilities\": [\"CHOWN\"]"), "W102@2:17" },
	{ PROFILE(",\n\"allow_setuid\": true"), "W103@2:17" },
	{ PROFILE(",\n\"allow_jit\": true"), "W103@2:14" },
	{ PROFILE(",\n\"allow_nested_namespaces\": true"), "W103@2:28" },
	{ PROFILE(",\n\"allow_ptrace\": true"), "W103@2:17" },
	{ PROFILE(",\n\"share_host\": [\"pid\"]"), "W104@2:16" },
	{ PROFILE(",\n\"share_host\": [\"ipc\"]"), "W104@2:16" },
	{ PROFILE(",\n\"share_host\": [\"uts\"]"), "W104@2:16" },
	{ PROFILE(",\n\"share_host\": [\"cgroup\"]"), "W104@2:16" },
	{ PROFILE(",\n\"share_host\": [\"time\"]"), "W104@2:16" },
	{ PROFILE(",\n\"share_host\": [\"net\"]"), "W105@2:15" },
	{ PROFILE(",\n\"network\": \"host\""), "W105@2:12" },
	{ PROFILE(",\n\"limits\": { \"memory\": \"unlimited\" }"), "W106@2:23" },
	{ PROFILE(",\n\"limits\": { \"swap\": \"unlimited\" }"), "W106@2:21" },
	{ PROFILE(",\n\"limits\": { \"cpu\": \"unlimited\" }"), "W106@2:20" },
	{ PROFILE(",\n\"limits\": { \"pids\": \"unlimited\" }"), "W106@2:21" },
	{ PROFILE(",\n\"limits\": { \"open_files\": \"unlimited\" }"), "W106@2:27" },
	{ PROFILE(",\n\"limits\": { \"file_size\": \"unlimited\" }"), "W106@2:26" },
	{ PROFILE(",\n\"limits\": { \"core\": \"unlimited\" }"), "W106@2:21" },
	{ PROFILE(",\n\"limits\": { \"stack\": \"unlimited\" }"), "W106@2:22" },
	{ PROFILE(",\n\"limits\": { \"locked_memory\": \"unlimited\" }"), "W106@2:30" },
	{ PROFILE(",\n\"log\": { \"max_size\": \"unlimited\" }"), "W106@2:22" },
	{ PROFILE(",\n\"on_missing\": \"warn\""), "W107@2:15" },
	{ PROFILE(",\n\"env\": { \"DB_PASSWORD\": \"x\" }"), "W108@2:10" },
	{ PROFILE(",\n\"env\": { \"api_token\": \"x\" }"), "W108@2:10" },
	{ PROFILE(",\n\"env\": { \"AWS_SECRET_ACCESS_KEY\": \"x\" }"), "W108@2:10" },
	{ PROFILE(",\n\"syscalls\": { \"on_violation\": \"errno\" }"), "W109@2:31" },
	{ PROFILE(",\n\"syscalls\": { \"on_violation\": \"log\" }"), "W109@2:31" },
	{ PROFILE(",\n\"exec\": { \"allow\": [\"/bin/sh\"] }"), "W110@2:20" },
	{ PROFILE(",\n\"proc\": \"full\""), "W111@2:9" },
	{ PROFILE(",\n\"mounts\": { \"/t\": { \"type\": \"tmpfs\", \"size\": 4096, \"exec\": true } }"),
	  "W112@2:13" },
	{ PROFILE(",\n\"apparmor\": \"unconfined\""), "W113@2:13" },
	{ PROFILE(",\n\"devices\": { \"/dev/fuse\": \"r\" }"), "W114@2:12" },
};

Test(spec_check, warns_about_each_opening_at_its_place)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_reading_ struct reading reading = read_text(rows[i].text);

		cr_expect(eq(int, reading.result, 0), "%s", rows[i].text);
		cr_expect(eq(sz, reading.findings.n, 1), "%s", rows[i].text);
		cr_expect(zero(sz, reading.findings.n_errors), "%s", rows[i].text);
		cr_expect(same_text(first_finding(&reading.findings), rows[i].where), "%s", rows[i].text);
	}
}

Test(spec_check, is_quiet_about_what_is_hard)
{
	static const char *const texts[] = {
		PROFILE(""),
		PROFILE(", \"network\": \"loopback\", \"proc\": \"none\""),
		PROFILE(", \"env\": { \"PASSWORD\": \"\", \"MONKEY\": \"x\" }"),
		PROFILE(", \"listen\": { \"a\": { \"stream\": \"0.0.0.0:80\" } }"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_reading_ struct reading reading = read_text(texts[i]);

		cr_expect(zero(sz, reading.findings.n), "%s", texts[i]);
	}
}

Test(spec_check, warns_once_where_swap_follows_memory)
{
	_cleanup_reading_ struct reading reading =
		read_text(PROFILE(", \"limits\": { \"memory\": \"unlimited\" }"));

	cr_assert(eq(u64, reading.spec->limits.swap_bytes, SPEC_UNLIMITED));
	cr_assert(eq(sz, reading.findings.n, 1));
}

Test(spec_check, refuses_fewer_descriptors_than_sockets)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(
		", \"limits\": { \"open_files\": 8 }, \"listen\": { \"a\": { \"stream\": \"@a\" }, \"b\": { \"stream\": \"@b\" },"
		"\"c\": { \"stream\": \"@c\" }, \"d\": { \"stream\": \"@d\" }, \"e\": { \"stream\": \"@e\" }, \"f\": { \"stream\": \"@f\" } }"));

	cr_assert(eq(int, reading.result, -22));
	cr_assert(has_code(&reading.findings, "E039"));
}

Test(spec_check, judges_a_spec_without_a_tree)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(", \"network\": \"host\""));
	struct findings findings = { 0 };
	struct spec spec = *reading.spec;

	spec.tree = NULL;
	spec_check(&spec, &findings);
	cr_assert(eq(sz, findings.n, 1));
	cr_assert(findings.items[0].place.source == NULL);
}
