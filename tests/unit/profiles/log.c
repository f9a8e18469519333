/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the output goes: what is taken, what is refused and why. */
#include <syslog.h>

#include "reading.h"

#define TEN     "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct refusal bad_logs[] = {
	BAD("\"log\": { \"path\": \"x.log\" }", "E016@2:18", "\"log.path\" is not an absolute path"),
	BAD("\"log\": { \"driver\": \"splunk\" }", "E051@2:20", "\"log.driver\" can't be \"splunk\""),
	BAD("\"log\": { \"driver\": \"awslogs\" }", "E051@2:20", "\"log.driver\" can't be \"awslogs\""),
	BAD("\"log\": { \"driver\": \"gelf\" }", "E051@2:20", "\"log.driver\" can't be \"gelf\""),
	BAD("\"log\": { \"driver\": \"fluentd\" }", "E051@2:20", "\"log.driver\" can't be \"fluentd\""),
	BAD("\"log\": { \"driver\": \"gcplogs\" }", "E051@2:20", "\"log.driver\" can't be \"gcplogs\""),
	BAD("\"log\": { \"driver\": \"etwlogs\" }", "E051@2:20", "\"log.driver\" can't be \"etwlogs\""),
	BAD("\"log\": { \"driver\": \"logentries\" }", "E051@2:20", "\"log.driver\" can't be \"logentries\""),
	BAD("\"log\": { \"driver\": \"local\" }", "E051@2:20", "\"log.driver\" can't be \"local\""),
	BAD("\"log\": { \"driver\": \"gelf\", \"syslog_facility\": \"user\", \"path\": \"/x\" }", "E051@2:20",
	    "\"log.driver\" can't be \"gelf\""),
	BAD("\"log\": { \"driver\": \"journal\" }", "E014@2:20",
	    "unknown value \"journal\" of \"log.driver\""),
	BAD("\"log\": { \"driver\": \"journald\", \"path\": \"/l\" }", "E039@2:32",
	    "\"log.path\" has no meaning for the driver \"journald\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"path\": \"/l\" }", "E039@2:30",
	    "\"log.path\" has no meaning for the driver \"syslog\""),
	BAD("\"log\": { \"driver\": \"socket\", \"socket\": \"/s\", \"path\": \"/l\" }", "E039@2:46",
	    "\"log.path\" has no meaning for the driver \"socket\""),
	BAD("\"log\": { \"driver\": \"passthrough\", \"path\": \"/l\" }", "E039@2:35",
	    "\"log.path\" has no meaning for the driver \"passthrough\""),
	BAD("\"log\": { \"driver\": \"none\", \"path\": \"/l\" }", "E039@2:28",
	    "\"log.path\" has no meaning for the driver \"none\""),
	BAD("\"log\": { \"syslog_address\": \"udp://127.0.0.1:514\" }", "E039@2:10",
	    "\"log.syslog_address\" has no meaning for the driver \"json-file\""),
	BAD("\"log\": { \"syslog_facility\": \"daemon\" }", "E039@2:10",
	    "\"log.syslog_facility\" has no meaning for the driver \"json-file\""),
	BAD("\"log\": { \"driver\": \"journald\", \"syslog_format\": \"rfc5424\" }", "E039@2:32",
	    "\"log.syslog_format\" has no meaning for the driver \"journald\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_facility\": \"deamon\" }", "E014@2:49",
	    "unknown value \"deamon\" of \"log.syslog_facility\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_facility\": 3 }", "E004@2:49",
	    "\"log.syslog_facility\" can't be an integer"),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_format\": \"rfc5425\" }", "E014@2:47",
	    "unknown value \"rfc5425\" of \"log.syslog_format\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"\" }", "E052@2:48",
	    "can't send to \"\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"/dev/log\" }", "E052@2:48",
	    "can't send to \"/dev/log\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"unixgram://\" }", "E052@2:48",
	    "can't send to \"unixgram://\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"unix://dev/log\" }", "E052@2:48",
	    "can't send to \"unix://dev/log\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"unix:///\" }", "E052@2:48",
	    "can't send to \"unix:///\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"unix:///a/../b\" }", "E052@2:48",
	    "can't send to \"unix:///a/../b\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"unix:///a/..\" }", "E052@2:48",
	    "can't send to \"unix:///a/..\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"unix:///" HUNDRED "12345678\" }",
	    "E052@2:48", "can't send to \"unix:///" HUNDRED "12345678\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"udp://192.0.2.1\" }", "E052@2:48",
	    "can't send to \"udp://192.0.2.1\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"udp://192.0.2.1:0\" }", "E052@2:48",
	    "can't send to \"udp://192.0.2.1:0\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"udp://log.example:514\" }", "E052@2:48",
	    "can't send to \"udp://log.example:514\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"udp://::1:514\" }", "E052@2:48",
	    "can't send to \"udp://::1:514\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"udp://[::1]\" }", "E052@2:48",
	    "can't send to \"udp://[::1]\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"tcp://192.0.2.1:514\" }", "E052@2:48",
	    "can't send to \"tcp://192.0.2.1:514\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"tcp+tls://192.0.2.1:6514\" }",
	    "E052@2:48", "can't send to \"tcp+tls://192.0.2.1:6514\""),
	BAD("\"log\": { \"driver\": \"syslog\", \"syslog_address\": \"unix:///a\\nb\" }", "E015@2:48",
	    "control character in \"log.syslog_address\""),
	BAD("\"log\": { \"driver\": \"socket\" }", "E007@2:20", "\"log.socket\" is missing"),
	BAD("\"log\": { \"driver\": \"socket\", \"socket\": \"s\" }", "E016@2:40",
	    "\"log.socket\" is not an absolute path"),
	BAD("\"log\": { \"driver\": \"socket\", \"socket\": \"/" HUNDRED "1234567\" }", "E016@2:40",
	    "\"log.socket\" is longer than 107 bytes"),
	BAD("\"log\": { \"socket\": \"/s\" }", "E039@2:10",
	    "\"log.socket\" has no meaning for the driver \"json-file\""),
	BAD("\"log\": { \"driver\": \"cri\", \"socket\": \"/s\" }", "E039@2:27",
	    "\"log.socket\" has no meaning for the driver \"cri\""),
	BAD("\"log\": { \"labels\": [\"job\"] }", "E039@2:21", "there is no label \"job\""),
	BAD("\"log\": { \"env\": [\"JOB\"] }", "E039@2:18", "there is no variable \"JOB\""),
	BAD("\"log\": { \"max_files\": 0 }", "E011@2:23", "\"log.max_files\" is out of range"),
};

Test(log, refuses_each_mistake_with_code_place_and_reason)
{
	expect_refusals(bad_logs, ARRAY_SIZE(bad_logs));
}

Test(log, says_what_to_write_instead)
{
	static const struct helped rows[] = {
		{ PROFILE(", \"log\": { \"driver\": \"splunk\" }"),
		  "write \"json-file\", the default, and let a log shipper send it: docs/logging.md has tested "
		  "configurations" },
		{ PROFILE(", \"log\": { \"driver\": \"sysolg\" }"), "did you mean \"syslog\"?" },
		{ PROFILE(", \"log\": { \"driver\": \"syslog\", \"syslog_address\": \"tcp+tls://h:6514\" }"),
		  "let rsyslog on this host forward it, with a queue and TLS: leave the key out "
		  "(\"unixgram:///dev/log\") and give rsyslog an omfwd action" },
		{ PROFILE(", \"log\": { \"driver\": \"syslog\", \"syslog_address\": \"udp://192.0.2.1\" }"),
		  "add the port, which for syslog is 514: \"udp://192.0.2.1:514\"" },
		{ PROFILE(", \"log\": { \"driver\": \"syslog\", \"syslog_address\": \"/dev/log\" }"),
		  "write \"unixgram:///dev/log\"" },
		{ PROFILE(", \"log\": { \"driver\": \"syslog\", \"syslog_address\": \"udp://localhost:514\" }"),
		  "write \"udp://127.0.0.1:514\": names are not resolved" },
		{ PROFILE(", \"log\": { \"driver\": \"none\", \"path\": \"/x\" }"),
		  "remove it (null where a parent has it), or choose the driver \"json-file\" or \"cri\"" },
	};

	expect_help(rows, ARRAY_SIZE(rows));
}

Test(log, goes_by_default_to_a_file_that_rotates)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(""));
	const struct spec_log *log = &reading.spec->log;

	cr_assert(eq(int, log->driver, SPEC_LOG_JSON_FILE));
	cr_assert(log->path == NULL);
	cr_assert(eq(u64, log->max_size_bytes, 10000000));
	cr_assert(eq(u32, log->max_files, 3));
	cr_assert(log->compress);
	cr_assert(log->tag == NULL);
	cr_assert(zero(sz, log->labels.n + log->env.n));
	cr_assert(eq(int, log->on_full, SPEC_FULL_BLOCK));
	cr_assert(log->syslog_address == NULL);
	cr_assert(eq(u32, log->syslog_facility, 3));
	cr_assert(eq(int, log->syslog_format, SPEC_SYSLOG_RFC3164));
	cr_assert(log->socket == NULL);
}

Test(log, takes_what_is_written)
{
	_cleanup_reading_ struct reading reading = read_text(PROFILE(
		", \"labels\": { \"job\": \"x\" }, \"env\": { \"JOB\": \"y\" }, \"log\": { \"driver\": \"cri\", \"path\": \"/l/x.log\",\n"
		"\"max_size\": \"10MiB\", \"max_files\": 5, \"compress\": false, \"tag\": \"t\", \"labels\": [\"job\"], \"env\": [\"JOB\"],\n"
		"\"on_full\": \"drop\" }"));
	const struct spec_log *log = &reading.spec->log;

	cr_assert(eq(int, reading.result, 0));
	cr_assert(eq(int, log->driver, SPEC_LOG_CRI));
	cr_assert(same_text(log->path, "/l/x.log"));
	cr_assert(eq(u64, log->max_size_bytes, 10ULL << 20));
	cr_assert(eq(u32, log->max_files, 5));
	cr_assert(not(log->compress));
	cr_assert(same_text(log->tag, "t"));
	cr_assert(same_text(log->labels.items[0], "job"));
	cr_assert(same_text(log->env.items[0], "JOB"));
	cr_assert(eq(int, log->on_full, SPEC_FULL_DROP));
}

Test(log, knows_each_driver)
{
	static const struct {
		const char *text;
		enum spec_log_driver driver;
	} rows[] = {
		{ PROFILE(", \"log\": { \"driver\": \"json-file\" }"), SPEC_LOG_JSON_FILE },
		{ PROFILE(", \"log\": { \"driver\": \"journald\" }"), SPEC_LOG_JOURNALD },
		{ PROFILE(", \"log\": { \"driver\": \"syslog\" }"), SPEC_LOG_SYSLOG },
		{ PROFILE(", \"log\": { \"driver\": \"cri\" }"), SPEC_LOG_CRI },
		{ PROFILE(", \"log\": { \"driver\": \"socket\", \"socket\": \"/s\" }"), SPEC_LOG_SOCKET },
		{ PROFILE(", \"log\": { \"driver\": \"passthrough\" }"), SPEC_LOG_PASSTHROUGH },
		{ PROFILE(", \"log\": { \"driver\": \"none\" }"), SPEC_LOG_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_reading_ struct reading reading = read_text(rows[i].text);

		cr_assert(eq(int, reading.result, 0), "%s", rows[i].text);
		cr_expect(zero(sz, reading.findings.n), "%s", rows[i].text);
		cr_expect(eq(int, reading.spec->log.driver, rows[i].driver), "%s", rows[i].text);
	}
}

Test(log, normalises_the_path_of_a_socket)
{
	_cleanup_reading_ struct reading reading =
		read_text(PROFILE(", \"log\": { \"driver\": \"socket\", \"socket\": \"/run//x/./s\" }"));

	cr_assert(same_text(reading.spec->log.socket, "/run/x/s"));
}

Test(log, takes_the_address_and_the_format_of_syslog)
{
	static const char *const addresses[] = { "unixgram:///dev/log", "unix:///run/x.sock",
						 "udp://192.0.2.1:514", "udp://[2001:db8::1]:65535" };
	char text[512];

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		snprintf(text, sizeof(text),
			 PROFILE(", \"log\": { \"driver\": \"syslog\", \"syslog_address\": \"%s\", "
				 "\"syslog_facility\": \"user\", \"syslog_format\": \"rfc3164\" }"),
			 addresses[i]);
		_cleanup_reading_ struct reading reading = read_text(text);

		cr_assert(eq(int, reading.result, 0), "%s", text);
		cr_expect(same_text(reading.spec->log.syslog_address, addresses[i]));
		cr_expect(eq(u32, reading.spec->log.syslog_facility, 1));
		cr_expect(eq(int, reading.spec->log.syslog_format, SPEC_SYSLOG_RFC3164));
	}
}

/* The numbers of syslog(3) are stable: they travel in the first bytes of each message. */
Test(log, counts_facilities_as_syslog_does)
{
	static const struct {
		const char *word;
		unsigned int facility;
	} rows[] = {
		{ "kern", LOG_KERN },     { "user", LOG_USER },         { "mail", LOG_MAIL },
		{ "daemon", LOG_DAEMON }, { "auth", LOG_AUTH },         { "syslog", LOG_SYSLOG },
		{ "lpr", LOG_LPR },       { "news", LOG_NEWS },         { "uucp", LOG_UUCP },
		{ "cron", LOG_CRON },     { "authpriv", LOG_AUTHPRIV }, { "ftp", LOG_FTP },
		{ "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 },     { "local2", LOG_LOCAL2 },
		{ "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 },     { "local5", LOG_LOCAL5 },
		{ "local6", LOG_LOCAL6 }, { "local7", LOG_LOCAL7 },
	};
	char text[512];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(text, sizeof(text),
			 PROFILE(", \"log\": { \"driver\": \"syslog\", \"syslog_facility\": \"%s\" }"),
			 rows[i].word);
		_cleanup_reading_ struct reading reading = read_text(text);

		cr_assert(eq(int, reading.result, 0), "%s", text);
		cr_expect(eq(u32, reading.spec->log.syslog_facility, rows[i].facility >> 3), "%s", text);
	}
}
