/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/reader.h"

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* Whether @text is made of [A-Za-z0-9] and @extra, starts and ends with a letter or digit, at most @max long.
 */
static bool is_label(const char *text, const char *extra, bool upper, size_t max)
{
	size_t length = strlen(text);

	if (length == 0 || length > max || !isalnum((unsigned char)text[0]) ||
	    !isalnum((unsigned char)text[length - 1]))
		return false;
	for (; *text; text++)
		if ((!isalnum((unsigned char)*text) && !strchr(extra, *text)) ||
		    (!upper && isupper((unsigned char)*text)))
			return false;
	return true;
}

static const char *name_from_file(struct reader *reader)
{
	static const char *const endings[] = { ".kapsel.jsonc", ".jsonc", ".json" };
	const char *slash = strrchr(reader->file, '/');
	const char *base = slash ? slash + 1 : reader->file;
	size_t length = strlen(base);
	const char *name;

	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		size_t ending = strlen(endings[i]);

		if (length > ending && str_equal(base + length - ending, endings[i])) {
			length -= ending;
			break;
		}
	}
	name = arena_memdup(reader->arena, base, length);
	if (!name)
		reader->exhausted = true;
	return name;
}

static void read_name(struct reader *reader)
{
	const struct json *written = reader_get(reader->root, "name");
	const char *name = written ? reader_string(reader, reader->root, "name") : name_from_file(reader);
	struct finding *finding;

	if (!name)
		return;
	if (!is_label(name, "_.-", false, 64)) {
		finding = reader_error(reader, "E018", written ? &written->place : &reader->root->place,
				       "\"%s\" can't be the name of a container", name);
		finding_label(finding, written ? "" : "the file's name, since there is no \"name\"");
		finding_help(finding, "a name has 1 to 64 of a-z 0-9 _ . - and starts and ends with a letter "
				      "or digit");
	}
	reader->spec->name = name;
}

static int compare_pairs(const void *a, const void *b)
{
	const struct spec_pair *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static void read_labels(struct reader *reader)
{
	const struct json *labels = reader_get(reader->root, "labels");
	struct spec_pair *pairs;
	size_t n = 0;

	if (!labels || labels->type != JSON_OBJECT)
		return;
	pairs = reader_alloc(reader, labels->n, sizeof(*pairs));
	if (!pairs)
		return;
	for (const struct json *label = labels->first; label; label = label->next) {
		if (label->name[0] == '\0')
			reader_error(reader, "E018", &label->name_place, "a label needs a name");
		if (!values_plain(reader->findings, "the name of a label", &label->name_place, label->name) ||
		    label->type != JSON_STRING ||
		    !values_plain(reader->findings, "the value of a label", &label->place, label->text))
			continue;
		pairs[n++] = (struct spec_pair){ .name = label->name, .value = label->text };
	}
	qsort(pairs, n, sizeof(*pairs), compare_pairs);
	reader->spec->labels = (struct spec_pairs){ .items = pairs, .n = n };
}

void reader_identity(struct reader *reader)
{
	struct spec *spec = reader->spec;
	const struct json *hostname = reader_get(reader->root, "hostname");
	struct finding *finding;

	read_name(reader);
	read_labels(reader);
	spec->description = reader_string(reader, reader->root, "description");
	spec->hostname = hostname ? reader_string(reader, reader->root, "hostname") : spec->name;
	if (hostname && spec->hostname && !is_label(spec->hostname, "_.-", true, 64)) {
		finding = reader_error(reader, "E018", &hostname->place, "\"%s\" can't be a host name",
				       spec->hostname);
		finding_help(finding,
			     "a host name has 1 to 64 of a-z A-Z 0-9 _ . - and starts and ends with a "
			     "letter or digit");
	}
}

static void check_program(struct reader *reader, const struct json *program)
{
	struct finding *finding;

	if (program->text[0] != '/') {
		finding = reader_error(reader, "E032", &program->place, "\"%s\" is not an absolute path",
				       program->text);
		finding_label(finding, "the program to start");
		finding_help(finding,
			     "write where it is in the container, like \"/usr/bin/%s\": there is no shell "
			     "that would search for it",
			     strchr(program->text, '/') || !program->text[0] ? "x" : program->text);
		return;
	}
	values_path(reader->findings, reader->arena, "the program to start", &program->place, program->text);
}

static size_t count_arguments(const struct reader *reader)
{
	size_t n = 0;

	while (reader->options->arguments && reader->options->arguments[n])
		n++;
	return n;
}

static void read_command(struct reader *reader)
{
	const struct json *command = reader_get(reader->root, "command");
	size_t n_extra = count_arguments(reader);
	struct spec *spec = reader->spec;
	const char **argv;
	size_t n = 0;

	spec->args_from_cli = reader_bool(reader, reader->root, "args_from_cli");
	if (n_extra > 0 && !spec->args_from_cli)
		finding_help(
			reader_error(reader, "E033", NULL, "the profile takes no arguments after \"--\""),
			"\"args_from_cli\": true in the profile would append them");
	if (!command) {
		finding_help(reader_error(reader, "E007", &reader->root->place, "\"command\" is missing"),
			     "add the program to start, like \"command\": [\"/usr/bin/x\"]");
		return;
	}
	if (command->type != JSON_ARRAY)
		return;
	if (!command->first) {
		reader_error(reader, "E032", &command->place, "\"command\" is empty");
		return;
	}
	argv = reader_alloc(reader, command->n + n_extra + 1, sizeof(*argv));
	if (!argv)
		return;
	for (const struct json *item = command->first; item; item = item->next) {
		if (item->type != JSON_STRING)
			continue;
		if (item == command->first)
			check_program(reader, item);
		argv[n++] = item->text;
	}
	for (size_t i = 0; i < n_extra && spec->args_from_cli; i++)
		argv[n++] = reader->options->arguments[i];
	spec->command = (struct spec_strings){ .items = argv, .n = n };
}

/* What the launcher sets itself, or what would load code into the workload by the caller's choice. */
static bool check_variable(struct reader *reader, const struct place *place, const char *name, bool from_host)
{
	static const struct {
		const char *name, *key;
	} launcher[] = {
		{ "LISTEN_FDS", "listen" },      { "LISTEN_PID", "listen" },
		{ "LISTEN_FDNAMES", "listen" },  { "NOTIFY_SOCKET", "notify" },
		{ "WATCHDOG_USEC", "watchdog" }, { "WATCHDOG_PID", "watchdog" },
	};
	static const char *const loader[] = { "GCONV_PATH",   "GETCONF_DIR",       "LOCPATH",
					      "NLSPATH",      "MALLOC_",           "GLIBC_TUNABLES",
					      "BASH_ENV",     "PYTHONPATH",        "PERL5LIB",
					      "NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "RUBYOPT" };
	struct finding *finding;

	if (name[0] == '\0' || strchr(name, '=')) {
		reader_error(reader, "E031", place,
			     name[0] ? "the name of a variable can't contain \"=\""
				     : "a variable needs a name");
		return false;
	}
	if (!values_plain(reader->findings, "the name of a variable", place, name))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(launcher); i++) {
		if (str_equal(name, launcher[i].name)) {
			finding = reader_error(reader, "E031", place, "\"%s\" is set by the launcher", name);
			finding_help(finding, "it comes from \"%s\"", launcher[i].key);
			return false;
		}
	}
	if (!from_host)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(loader) || str_starts(name, "LD_"); i++) {
		if (i < ARRAY_SIZE(loader) && !str_starts(name, loader[i]) && !str_starts(name, "LD_"))
			continue;
		finding = reader_error(reader, "E031", place, "\"%s\" can't come from the caller", name);
		finding_help(finding,
			     "it decides which code is loaded; write its value into \"env\" if it is needed");
		return false;
	}
	return true;
}

static void set_variable(struct spec_pair *pairs, size_t *n, const char *name, const char *value)
{
	size_t i = 0;

	while (i < *n && !str_equal(pairs[i].name, name))
		i++;
	pairs[i] = (struct spec_pair){ .name = name, .value = value };
	if (i == *n)
		(*n)++;
}

static void read_env(struct reader *reader)
{
	const struct json *env = reader_get(reader->root, "env");
	const struct json *host = reader_get(reader->root, "env_from_host");
	struct spec_pair *pairs;
	size_t n = 0;

	env = env && env->type == JSON_OBJECT ? env : NULL;
	host = host && host->type == JSON_ARRAY ? host : NULL;
	pairs = reader_alloc(reader, (env ? env->n : 0) + (host ? host->n : 0) + 1, sizeof(*pairs));
	if (!pairs)
		return;
	set_variable(pairs, &n, "PATH", default_path);
	for (const struct json *item = host ? host->first : NULL; item; item = item->next) {
		const char *value;

		if (item->type != JSON_STRING || !check_variable(reader, &item->place, item->text, true))
			continue;
		value = getenv(item->text);
		value = value ? arena_strdup(reader->arena, value) : NULL;
		if (value)
			set_variable(pairs, &n, item->text, value);
	}
	for (const struct json *item = env ? env->first : NULL; item; item = item->next)
		if (check_variable(reader, &item->name_place, item->name, false) && item->type == JSON_STRING)
			set_variable(pairs, &n, item->name, item->text);
	reader->spec->env = (struct spec_pairs){ .items = pairs, .n = n };
}

void reader_process(struct reader *reader)
{
	static const char *const stdin_words[] = {
		[SPEC_STDIN_NULL] = "null", [SPEC_STDIN_INHERIT] = "inherit", NULL
	};
	static const char *const missing_words[] = {
		[SPEC_MISSING_FAIL] = "fail", [SPEC_MISSING_WARN] = "warn", NULL
	};
	const struct json *stop = reader_get(reader->root, "stop"),
			  *stop_signal = reader_get(stop, "stop.signal");
	struct spec *spec = reader->spec;

	read_command(reader);
	read_env(reader);
	spec->workdir = reader_path(reader, reader->root, "workdir");
	spec->umask = reader_mode(reader, reader->root, "umask");
	spec->stdin_from = reader_word(reader, reader->root, "stdin", stdin_words);
	spec->terminal = reader_bool(reader, reader->root, "terminal");
	spec->on_missing = reader_word(reader, reader->root, "on_missing", missing_words);
	spec->stop_signal = values_parse_signal("SIGTERM");
	if (stop_signal)
		values_signal(reader->findings, stop_signal, &spec->stop_signal);
	spec->stop_timeout_ms = reader_duration(reader, stop, "stop.timeout");
}

static void check_ids(struct reader *reader, const struct json *user)
{
	const struct spec_user *ids = &reader->spec->user;
	const struct json *range = reader_get(user, "user.host_range");
	const struct place *place = range ? &range->place : user ? &user->place : NULL;

	if (ids->host_range > 1 && (ids->uid >= ids->host_range || ids->gid >= ids->host_range)) {
		struct finding *finding =
			reader_error(reader, "E034", place, "uid %u and gid %u are not among the ids inside",
				     ids->uid, ids->gid);

		finding_label(finding, "maps the ids 0 to %u", ids->host_range - 1);
		finding_help(finding, "choose ids below %u, or a \"host_range\" above them", ids->host_range);
	}
	if (!ids->host_id_auto && (uint64_t)ids->host_id + ids->host_range > UINT32_MAX)
		reader_error(reader, "E034", place, "the range of host ids ends above 4294967294");
}

static void read_groups(struct reader *reader, const struct json *user)
{
	const struct json *groups = reader_get(user, "user.groups");
	struct spec_user *ids = &reader->spec->user;
	gid_t *list;

	if (!groups || groups->type != JSON_ARRAY)
		return;
	if (groups->n > 64) {
		reader_error(reader, "E034", &groups->place, "more than 64 supplementary groups");
		return;
	}
	list = reader_alloc(reader, groups->n, sizeof(*list));
	if (!list)
		return;
	for (const struct json *item = groups->first; item; item = item->next) {
		gid_t gid = (gid_t)item->integer;
		struct finding *finding;

		if (item->type != JSON_INTEGER)
			continue;
		if (ids->host_range == 1 ? gid != ids->gid : gid >= ids->host_range) {
			finding = reader_error(reader, "E034", &item->place, "group %u does not exist inside",
					       gid);
			finding_help(finding, "\"host_range\": %u or more would map it",
				     gid < 65536 ? gid + 1 : 65536);
			continue;
		}
		list[ids->n_groups++] = gid;
	}
	ids->groups = list;
}

void reader_user(struct reader *reader)
{
	const struct json *user = reader_get(reader->root, "user");
	const struct json *host_id = reader_get(user, "user.host_id");
	struct spec_user *ids = &reader->spec->user;

	ids->uid = (uid_t)reader_integer(reader, user, "user.uid");
	ids->gid = (gid_t)reader_integer(reader, user, "user.gid");
	ids->host_range = (uint32_t)reader_integer(reader, user, "user.host_range");
	ids->host_id_auto = !host_id || host_id->type != JSON_INTEGER;
	if (!ids->host_id_auto)
		ids->host_id = (uint32_t)reader_integer(reader, user, "user.host_id");
	if (ids->host_range == 0)
		return; /* out of range, which was complained about */
	check_ids(reader, user);
	read_groups(reader, user);
}
