/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Restart, health check, notification, watchdog, events: what is taken, what is refused and why. */
#include "reading.h"

#define TEN     "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct refusal bad_services[] = {
	BAD("\"restart\": \"always\"", "E004@2:12", "\"restart\" can't be a string"),
	BAD("\"restart\": { \"policy\": \"unless-stopped\" }", "E014@2:24",
	    "unknown value \"unless-stopped\" of \"restart.policy\""),
	BAD("\"restart\": { \"max\": 3 }", "E007@2:12", "\"restart.policy\" is missing"),
	BAD("\"restart\": { \"delay\": \"1s\", \"max\": 3 }", "E007@2:12", "\"restart.policy\" is missing"),
	BAD("\"restart\": { \"policy\": \"always\", \"max\": 0 }", "E011@2:41",
	    "\"restart.max\" is out of range"),
	BAD("\"restart\": { \"policy\": \"always\", \"max\": 1000001 }", "E011@2:41",
	    "\"restart.max\" is out of range"),
	BAD("\"restart\": { \"policy\": \"always\", \"max\": \"10\" }", "E014@2:41",
	    "unknown value \"10\" of \"restart.max\""),
	BAD("\"restart\": { \"policy\": \"always\", \"delay\": \"0s\" }", "E011@2:43",
	    "\"restart.delay\" is out of range"),
	BAD("\"restart\": { \"policy\": \"always\", \"delay\": \"61s\" }", "E011@2:43",
	    "\"restart.delay\" is out of range"),
	BAD("\"restart\": { \"policy\": \"always\", \"delay\": 5 }", "E004@2:43",
	    "\"restart.delay\" can't be an integer"),
	BAD("\"restart\": { \"policy\": \"always\", \"retries\": 5 }", "E003@2:34",
	    "unknown key \"retries\""),
	BAD("\"health\": {}", "E007@2:11", "\"health.command\" is missing"),
	BAD("\"health\": { \"interval\": \"10s\" }", "E007@2:11", "\"health.command\" is missing"),
	BAD("\"health\": { \"command\": null }", "E007@2:11", "\"health.command\" is missing"),
	BAD("\"health\": { \"command\": [] }", "E032@2:24", "\"health.command\" is empty"),
	BAD("\"health\": { \"command\": \"/c\" }", "E004@2:24", "\"health.command\" can't be a string"),
	BAD("\"health\": { \"command\": [\"c\"] }", "E032@2:25", "\"c\" is not an absolute path"),
	BAD("\"health\": { \"command\": [\"/a/../c\"] }", "E016@2:25",
	    "the program to start contains \"..\""),
	BAD("\"health\": { \"command\": [\"/c\"], \"interval\": \"99ms\" }", "E011@2:44",
	    "\"health.interval\" is out of range"),
	BAD("\"health\": { \"command\": [\"/c\"], \"interval\": \"2d\" }", "E011@2:44",
	    "\"health.interval\" is out of range"),
	BAD("\"health\": { \"command\": [\"/c\"], \"timeout\": \"0s\" }", "E011@2:43",
	    "\"health.timeout\" is out of range"),
	BAD("\"health\": { \"command\": [\"/c\"], \"timeout\": \"61min\" }", "E011@2:43",
	    "\"health.timeout\" is out of range"),
	BAD("\"health\": { \"command\": [\"/c\"], \"start_period\": \"25h\" }", "E011@2:48",
	    "\"health.start_period\" is out of range"),
	BAD("\"health\": { \"command\": [\"/c\"], \"start_period\": \"\" }", "E010@2:48",
	    "\"\" is not a time"),
	BAD("\"health\": { \"command\": [\"/c\"], \"retries\": 0 }", "E011@2:43",
	    "\"health.retries\" is out of range"),
	BAD("\"health\": { \"command\": [\"/c\"], \"retries\": 101 }", "E011@2:43",
	    "\"health.retries\" is out of range"),
	BAD("\"health\": { \"command\": [\"/c\"], \"on_failure\": \"kill\" }", "E014@2:46",
	    "unknown value \"kill\" of \"health.on_failure\""),
	BAD("\"notify\": \"true\"", "E004@2:11", "\"notify\" can't be a string"),
	BAD("\"watchdog\": \"1s\"", "E039@2:1", "\"watchdog\" needs \"notify\": true"),
	BAD("\"notify\": false, \"watchdog\": \"1s\"", "E039@2:18", "\"watchdog\" needs \"notify\": true"),
	BAD("\"notify\": true, \"watchdog\": \"99ms\"", "E011@2:29", "\"watchdog\" is out of range"),
	BAD("\"notify\": true, \"watchdog\": \"2d\"", "E011@2:29", "\"watchdog\" is out of range"),
	BAD("\"env\": { \"NOTIFY_SOCKET\": \"/x\" }", "E031@2:10",
	    "\"NOTIFY_SOCKET\" is set by the launcher"),
	BAD("\"env\": { \"WATCHDOG_USEC\": \"1\" }", "E031@2:10", "\"WATCHDOG_USEC\" is set by the launcher"),
	BAD("\"on_supervisor_death\": \"kill\"", "E014@2:24",
	    "unknown value \"kill\" of \"on_supervisor_death\""),
	BAD("\"events\": { \"exec\": [] }", "E032@2:21", "\"events.exec\" is empty"),
	BAD("\"events\": { \"exec\": [\"x\"] }", "E032@2:22", "\"x\" is not an absolute path"),
	BAD("\"events\": { \"exec\": [1] }", "E004@2:22", "\"events.exec\" can't contain an integer"),
	BAD("\"events\": { \"socket\": \"@x\" }", "E016@2:23", "\"events.socket\" is not an absolute path"),
	BAD("\"events\": { \"socket\": \"/" HUNDRED "1234567\" }", "E016@2:23",
	    "\"events.socket\" is longer than 107 bytes"),
	BAD("\"events\": { \"url\": \"http://x\" }", "E003@2:13", "unknown key \"url\""),
};

Test(service, refuses_each_mistake_with_code_place_and_reason)
{
	expect_refusals(bad_services, ARRAY_SIZE(bad_services));
}

Test(service, says_what_to_write_instead)
{
	static const struct helped rows[] = {
		{ PROFILE(", \"env\": { \"WATCHDOG_PID\": \"1\" }"), "it comes from \"watchdog\"" },
		{ PROFILE(", \"events\": { \"exec\": [\"notify-send\"] }"),
		  "write where it is in the host: there is no shell that would search for it" },
	};

	expect_help(rows, ARRAY_SIZE(rows));
}

Test(service, says_which_times_are_taken)
{
	static const struct {
		const char *text, *label;
	} rows[] = {
		{ PROFILE(", \"limits\": { \"runtime\": \"0s\" }"),
		  "must be longer than nothing, at most ten years" },
		{ PROFILE(", \"stop\": { \"timeout\": \"9999d\" }"),
		  "must be 0s or longer, at most ten years" },
		{ PROFILE(", \"restart\": { \"policy\": \"always\", \"delay\": \"1h\" }"),
		  "must be 10ms to 1min" },
		{ PROFILE(", \"health\": { \"command\": [\"/c\"], \"timeout\": \"9999d\" }"),
		  "must be 100ms to 1h" },
		{ PROFILE(", \"health\": { \"command\": [\"/c\"], \"start_period\": \"30h\" }"),
		  "must be 0s to 1d" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_reading_ struct reading reading = read_text(rows[i].text);

		cr_assert(eq(sz, reading.findings.n, 1), "%s", rows[i].text);
		cr_expect(same_text(reading.findings.items[0].code, "E011"), "%s", rows[i].text);
		cr_expect(same_text(reading.findings.items[0].label, rows[i].label), "%s", rows[i].text);
	}
}

Test(service, is_by_default_not_restarted_checked_or_told_about)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(""));
	const struct spec *spec = reading.spec;

	cr_assert(eq(int, spec->restart.policy, SPEC_RESTART_NO));
	cr_assert(eq(u64, spec->restart.max, 10));
	cr_assert(eq(u64, spec->restart.delay_ms, 100));
	cr_assert(zero(sz, spec->health.command.n));
	cr_assert(not(spec->notify));
	cr_assert(zero(u64, spec->watchdog_ms));
	cr_assert(eq(int, spec->on_supervisor_death, SPEC_ORPHAN_END));
	cr_assert(zero(sz, spec->events.exec.n));
	cr_assert(spec->events.socket == NULL);
}

Test(service, is_checked_every_thirty_seconds_with_three_tries)
{
	_cleanup_reading_ struct reading reading =
		read_text(PROFILE(", \"health\": { \"command\": [\"/c\"] }"));
	const struct spec_health *health = &reading.spec->health;

	cr_assert(eq(int, reading.result, 0));
	cr_assert(eq(sz, health->command.n, 1));
	cr_assert(health->command.items[1] == NULL);
	cr_assert(eq(u64, health->interval_ms, 30000));
	cr_assert(eq(u64, health->timeout_ms, 30000));
	cr_assert(zero(u64, health->start_period_ms));
	cr_assert(eq(u64, health->retries, 3));
	cr_assert(eq(int, health->on_failure, SPEC_HEALTH_RESTART));
}

Test(service, gets_its_defaults_back_with_null)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(
		", \"restart\": null, \"health\": null, \"notify\": null, \"watchdog\": null,\n"
		"\"on_supervisor_death\": null, \"events\": { \"exec\": null, \"socket\": null },\n"
		"\"log\": { \"driver\": null, \"syslog_address\": null, \"socket\": null, \"path\": null }"));

	cr_assert(eq(int, reading.result, 0));
	cr_assert(zero(sz, reading.findings.n));
	cr_assert(eq(int, reading.spec->restart.policy, SPEC_RESTART_NO));
	cr_assert(zero(sz, reading.spec->health.command.n));
	cr_assert(eq(int, reading.spec->log.driver, SPEC_LOG_JSON_FILE));
}

Test(service, takes_what_is_written)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(
		", \"restart\": { \"policy\": \"on-failure\", \"max\": \"unlimited\", \"delay\": \"10ms\" },\n"
		"\"health\": { \"command\": [\"/bin/check\", \"-x\\n\"], \"interval\": \"100ms\", \"timeout\": \"1h\",\n"
		"\"start_period\": \"1d\", \"retries\": 100, \"on_failure\": \"report\" }, \"notify\": true, \"watchdog\": \"100ms\",\n"
		"\"on_supervisor_death\": \"adopt\", \"events\": { \"exec\": [\"/bin/e\", \"a b\"], \"socket\": \"/run//e\" }"));
	const struct spec *spec = reading.spec;

	cr_assert(eq(int, reading.result, 0));
	cr_assert(zero(sz, reading.findings.n));
	cr_assert(eq(int, spec->restart.policy, SPEC_RESTART_ON_FAILURE));
	cr_assert(eq(u64, spec->restart.max, SPEC_UNLIMITED));
	cr_assert(eq(u64, spec->restart.delay_ms, 10));
	cr_assert(eq(sz, spec->health.command.n, 2));
	cr_assert(same_text(spec->health.command.items[1], "-x\n"));
	cr_assert(spec->health.command.items[2] == NULL);
	cr_assert(eq(u64, spec->health.interval_ms, 100));
	cr_assert(eq(u64, spec->health.timeout_ms, 3600000));
	cr_assert(eq(u64, spec->health.start_period_ms, 86400000));
	cr_assert(eq(u64, spec->health.retries, 100));
	cr_assert(eq(int, spec->health.on_failure, SPEC_HEALTH_REPORT));
	cr_assert(spec->notify);
	cr_assert(eq(u64, spec->watchdog_ms, 100));
	cr_assert(eq(int, spec->on_supervisor_death, SPEC_ORPHAN_ADOPT));
	cr_assert(eq(sz, spec->events.exec.n, 2));
	cr_assert(spec->events.exec.items[2] == NULL);
	cr_assert(same_text(spec->events.socket, "/run/e"));
}

Test(service, keeps_the_details_of_a_restart_that_is_switched_off)
{
	_cleanup_reading_ struct reading reading =
		read_text(PROFILE(", \"restart\": { \"policy\": \"no\", \"max\": 5, \"delay\": \"1min\" }"));

	cr_assert(eq(int, reading.result, 0));
	cr_assert(eq(int, reading.spec->restart.policy, SPEC_RESTART_NO));
	cr_assert(eq(u64, reading.spec->restart.delay_ms, 60000));
}

Test(service, passes_merging_key_by_key)
{
	char directory[32];

	enter_directory(directory);
	write_file(
		"base.kapsel.jsonc",
		PROFILE(", \"restart\": { \"policy\": \"always\", \"max\": 3 }, \"notify\": true, \"watchdog\": \"5s\",\n"
			"\"health\": { \"command\": [\"/c\", \"x\"], \"interval\": \"1min\" },\n"
			"\"log\": { \"driver\": \"syslog\", \"syslog_facility\": \"user\" }"));
	write_file(
		"web.kapsel.jsonc",
		"{ \"kapsel\": 1, \"extends\": \"base.kapsel.jsonc\", \"restart\": { \"max\": 7 }, \"watchdog\": null,\n"
		"\"health\": { \"command\": [\"/d\"] },\n"
		"\"log\": { \"driver\": \"none\", \"syslog_facility\": null } }");
	_cleanup_reading_ struct reading reading = read_file_with("web.kapsel.jsonc", NULL, false);
	_cleanup_free_ char *got = printed(&reading.findings);

	leave_directory(directory);
	cr_assert(eq(int, reading.result, 0), "%s", got);
	cr_assert(eq(int, reading.spec->restart.policy, SPEC_RESTART_ALWAYS));
	cr_assert(eq(u64, reading.spec->restart.max, 7));
	cr_assert(zero(u64, reading.spec->watchdog_ms));
	cr_assert(eq(sz, reading.spec->health.command.n, 1));
	cr_assert(eq(u64, reading.spec->health.interval_ms, 60000));
	cr_assert(eq(int, reading.spec->log.driver, SPEC_LOG_NONE));
}

/* The engine restarts, checks and logs; a layer that says something about it would be believed in. */
Test(service, has_no_meaning_in_a_layer)
{
	static const char *const keys[] = {
		"\"restart\": { \"policy\": \"always\" }",
		"\"health\": { \"command\": [\"/c\"] }",
		"\"notify\": true",
		"\"watchdog\": \"1s\"",
		"\"on_supervisor_death\": \"end\"",
		"\"events\": { \"exec\": [\"/e\"] }",
		"\"log\": { \"driver\": \"journald\" }",
	};
	const struct profile_options options = { .vocabulary = reading_vocabulary(), .layer = true };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		struct findings findings = { 0 };
		const struct spec *spec = NULL;
		struct source source;
		char text[256];

		snprintf(text, sizeof(text), "{ \"kapsel\": 1, %s }", keys[i]);
		source = reading_source("layer.kapsel.jsonc", text);
		cr_expect(eq(int, profile_read_text(&source, &options, arena, &findings, &spec), -22), "%s",
			  text);
		cr_expect(eq(sz, findings.n, 1), "%s", text);
		cr_expect(same_text(first_finding(&findings), "E039@1:16"), "%s", text);
		cr_expect(strstr(findings.items[0].message, "has no meaning in a layer") != NULL, "%s", text);
	}
}
