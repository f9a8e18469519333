/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/un.h>

#include "base/str.h"
#include "profiles/reader.h"

static const char *const drivers[] = {
	[SPEC_LOG_JSON_FILE] = "json-file", [SPEC_LOG_JOURNALD] = "journald",
	[SPEC_LOG_SYSLOG] = "syslog",       [SPEC_LOG_CRI] = "cri",
	[SPEC_LOG_SOCKET] = "socket",       [SPEC_LOG_PASSTHROUGH] = "passthrough",
	[SPEC_LOG_NONE] = "none",           NULL
};

static bool check_log_label(struct reader *reader, const struct json *item)
{
	struct finding *finding;

	if (json_get(reader_get(reader->root, "labels"), item->text))
		return true;
	finding = reader_error(reader, "E039", &item->place, "there is no label \"%s\"", item->text);
	finding_help(finding, "\"labels\" holds the labels that lines can carry");
	return false;
}

static bool check_log_variable(struct reader *reader, const struct json *item)
{
	const struct json *host = reader_get(reader->root, "env_from_host");
	struct finding *finding;

	if (str_equal(item->text, "PATH") || json_get(reader_get(reader->root, "env"), item->text))
		return true;
	for (const struct json *name = host && host->type == JSON_ARRAY ? host->first : NULL; name;
	     name = name->next)
		if (name->type == JSON_STRING && str_equal(name->text, item->text))
			return true;
	finding = reader_error(reader, "E039", &item->place, "there is no variable \"%s\"", item->text);
	finding_help(finding, "it has to stand in \"env\" or \"env_from_host\"");
	return false;
}

/* Return: what is wrong with the path of a local syslog socket, NULL when nothing is. */
static const char *path_problem(const char *path)
{
	const size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path);

	if (path[0] != '/')
		return "expected an absolute path after \"//\"";
	if (path[1] == '\0')
		return "expected the path of a socket after \"//\"";
	if (strstr(path, "/../") || (strlen(path) >= 3 && str_equal(path + strlen(path) - 3, "/..")))
		return "the path contains \"..\"";
	return strlen(path) < room ? NULL : "a socket's path has at most 107 bytes";
}

/* "unixgram:///dev/log", "unix:///run/x", "udp://192.0.2.1:514". */
static const char *syslog_problem(const char *address)
{
	if (str_starts(address, "unixgram://"))
		return path_problem(address + strlen("unixgram://"));
	if (str_starts(address, "unix://"))
		return path_problem(address + strlen("unix://"));
	if (str_starts(address, "udp://"))
		return values_inet_problem(address + strlen("udp://"));
	return "expected unixgram:///PATH, unix:///PATH or udp://ADDRESS:PORT";
}

static void explain_syslog(struct finding *finding, const char *address)
{
	const char *host = address + strlen("udp://");

	if (str_starts(address, "tcp://") || str_starts(address, "tcp+tls://"))
		finding_help(finding,
			     "let rsyslog on this host forward it, with a queue and TLS: leave the key out "
			     "(\"unixgram:///dev/log\") and give rsyslog an omfwd action");
	else if (address[0] == '/')
		finding_help(finding, "write \"unixgram://%s\"", address);
	else if (!str_starts(address, "udp://"))
		finding_help(finding, "examples: \"unixgram:///dev/log\", \"udp://192.0.2.1:514\"");
	else if (str_starts(host, "localhost"))
		finding_help(finding, "write \"udp://127.0.0.1:514\": names are not resolved");
	else if (!strchr(host, ':'))
		finding_help(finding, "add the port, which for syslog is 514: \"%s:514\"", address);
	else
		finding_help(finding, "write \"udp://192.0.2.1:514\" or \"udp://[::1]:514\": names are not "
				      "resolved");
}

static const char *read_address(struct reader *reader, const struct json *log)
{
	const struct json *written = reader_get(log, "log.syslog_address");
	const char *address = reader_string(reader, log, "log.syslog_address");
	const char *problem = address ? syslog_problem(address) : NULL;
	struct finding *finding;

	if (!problem)
		return address;
	finding = reader_error(reader, "E052", &written->place, "can't send to \"%s\"", address);
	finding_label(finding, "%s", str_starts(address, "tcp") ? "TCP is not spoken" : problem);
	explain_syslog(finding, address);
	return NULL;
}

/* The table has the words in the order of syslog(3), without the four numbers that have no name there. */
static unsigned int read_facility(struct reader *reader, const struct json *log)
{
	enum { FTP = 11, NAMELESS = 4 };
	static const char *const words[] = { "kern",   "user",   "mail",   "daemon", "auth",     "syslog",
					     "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
					     "local0", "local1", "local2", "local3", "local4",   "local5",
					     "local6", "local7", NULL };
	unsigned int word = reader_word(reader, log, "log.syslog_facility", words);

	return word <= FTP ? word : word + NAMELESS;
}

/* A key that the driver would pass over promises something that is not done. */
static void refuse_useless(struct reader *reader, const struct json *log, const char *key, const char *needs)
{
	const struct json *written = json_get(log, key);

	if (written)
		finding_help(reader_error(reader, "E039", &written->name_place,
					  "\"log.%s\" has no meaning for the driver \"%s\"", key,
					  drivers[reader->spec->log.driver]),
			     "remove it (null where a parent has it), or choose the driver %s", needs);
}

static void check_driver(struct reader *reader, const struct json *log)
{
	const struct json *driver = reader_get(log, "log.driver");
	const struct spec_log *ret = &reader->spec->log;

	/* What another driver needs can only be said of one that is known. */
	if (driver &&
	    (driver->type != JSON_STRING || !keys_has_word(keys_find("log.driver")->words, driver->text)))
		return;
	if (ret->driver != SPEC_LOG_JSON_FILE && ret->driver != SPEC_LOG_CRI)
		refuse_useless(reader, log, "path", "\"json-file\" or \"cri\"");
	if (ret->driver != SPEC_LOG_SYSLOG) {
		refuse_useless(reader, log, "syslog_address", "\"syslog\"");
		refuse_useless(reader, log, "syslog_facility", "\"syslog\"");
		refuse_useless(reader, log, "syslog_format", "\"syslog\"");
	}
	if (ret->driver != SPEC_LOG_SOCKET)
		refuse_useless(reader, log, "socket", "\"socket\"");
	else if (!json_get(log, "socket"))
		finding_help(reader_error(reader, "E007", &driver->place, "\"log.socket\" is missing"),
			     "add the socket that the collector listens on, like "
			     "\"socket\": \"/run/collector.sock\"");
}

void reader_log(struct reader *reader)
{
	static const char *const full_words[] = {
		[SPEC_FULL_BLOCK] = "block", [SPEC_FULL_DROP] = "drop", NULL
	};
	static const char *const formats[] = { [SPEC_SYSLOG_RFC5424MICRO] = "rfc5424micro",
					       [SPEC_SYSLOG_RFC5424] = "rfc5424",
					       [SPEC_SYSLOG_RFC3164] = "rfc3164",
					       NULL };
	const struct json *log = reader_get(reader->root, "log");
	struct spec_log *ret = &reader->spec->log;

	ret->driver = reader_word(reader, log, "log.driver", drivers);
	ret->path = reader_path(reader, log, "log.path");
	ret->max_size_bytes = reader_size(reader, log, "log.max_size");
	ret->max_files = (unsigned int)reader_integer(reader, log, "log.max_files");
	ret->compress = reader_bool(reader, log, "log.compress");
	ret->tag = reader_string(reader, log, "log.tag");
	ret->labels = reader_strings(reader, log, "log.labels", check_log_label);
	ret->env = reader_strings(reader, log, "log.env", check_log_variable);
	ret->on_full = reader_word(reader, log, "log.on_full", full_words);
	ret->syslog_address = read_address(reader, log);
	ret->syslog_facility = read_facility(reader, log);
	ret->syslog_format = reader_word(reader, log, "log.syslog_format", formats);
	ret->socket = reader_socket(reader, log, "log.socket");
	check_driver(reader, log);
}
