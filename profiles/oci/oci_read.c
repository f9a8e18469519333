/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/oci/oci_read.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/str.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/oci/parse.h"

/* Return: behind a number without leading zeros, NULL if there is none. */
static const char *skip_number(const char *text)
{
	if (!isdigit((unsigned char)*text) || (text[0] == '0' && isdigit((unsigned char)text[1])))
		return NULL;
	while (isdigit((unsigned char)*text))
		text++;
	return text;
}

/* Identifiers of letters, digits and hyphens with dots between. Return: behind them, NULL if one is empty. */
static const char *skip_identifiers(const char *text)
{
	for (;;) {
		const char *start = text;

		while (isalnum((unsigned char)*text) || *text == '-')
			text++;
		if (text == start)
			return NULL;
		if (*text != '.')
			return text;
		text++;
	}
}

/* semver.org 2.0.0: "1.0.2-rc5+dev". */
static bool is_version(const char *text)
{
	for (int i = 0; i < 3; i++) {
		text = skip_number(text);
		if (!text || (i < 2 && *text++ != '.'))
			return false;
	}
	if (*text == '-')
		text = skip_identifiers(text + 1);
	if (text && *text == '+')
		text = skip_identifiers(text + 1);
	return text && *text == '\0';
}

static void parse_version(struct oci_reader *reader, const struct json *config, struct oci *ret)
{
	const struct json *version = oci_value_need(reader, config, "ociVersion", JSON_STRING);

	if (!version)
		return;
	if (!is_version(version->text))
		oci_value_fail(reader, version, NULL, "\"%.100s\" is not a version like \"1.3.0\"",
			       version->text);
	else if (!str_starts(version->text, "1."))
		oci_value_fail(reader, version, NULL,
			       "version \"%.100s\" of the runtime-spec is not supported, 1.x.y are",
			       version->text);
	ret->version = version->text;
}

/* Until 1.3 a pids limit of 0 meant none, and engines of that time send it so. */
static void apply_version(struct oci *oci)
{
	static const char *const before[] = { "1.0.", "1.1.", "1.2." };

	for (size_t i = 0; i < ARRAY_SIZE(before); i++)
		if (str_starts(oci->version, before[i]) && oci->resources.pids_limit == 0)
			oci->resources.pids_limit = -1;
}

static void parse_root(struct oci_reader *reader, const struct json *config, struct oci *ret)
{
	const struct json *root = oci_value_need(reader, config, "root", JSON_OBJECT);
	const struct json *path = oci_value_need(reader, root, "path", JSON_STRING);

	if (!path)
		return;
	if (!*path->text)
		oci_value_fail(reader, path, NULL, "is empty");
	ret->rootfs = path->text[0] == '/' ? path->text
					   : arena_printf(reader->arena, "%s/%s", reader->bundle, path->text);
	if (!ret->rootfs)
		oci_value_exhausted(reader);
	ret->rootfs_readonly = oci_value_bool(reader, root, "readonly");
}

static void parse_config(struct oci_reader *reader, struct oci *ret)
{
	const struct json *config = reader->root;
	const struct json *process = oci_value_object(reader, config, "process");

	parse_version(reader, config, ret);
	parse_root(reader, config, ret);
	ret->process_given = process != NULL;
	if (process)
		oci_parse_process(reader, process, &ret->process);
	ret->hostname = oci_value_text(reader, config, "hostname");
	ret->domainname = oci_value_text(reader, config, "domainname");
	oci_parse_mounts(reader, config, ret);
	oci_parse_hooks(reader, oci_value_object(reader, config, "hooks"), ret);
	ret->annotations = oci_value_pairs(reader, config, "annotations");
	oci_parse_linux(reader, oci_value_object(reader, config, "linux"), ret);
	if (reader->failed)
		return;
	apply_version(ret);
	oci_parse_check(reader, ret);
}

/* One line of what json_parse() found: the first error. */
static int report_syntax(const struct findings *findings, const char *file, struct error *err)
{
	const struct finding *finding = &findings->items[0];
	struct source_position position = source_position(&finding->place);

	error_set(err, EINVAL, "%.400s:%zu:%zu: %s%s%s", file, position.line, position.column,
		  finding->message, finding->beside[0] ? " " : "", finding->beside);
	if (finding->help[0])
		error_remedy(err, "%s", finding->help);
	return -EINVAL;
}

static int parse_text(const char *file, const char *text, size_t size, struct oci_reader *reader)
{
	struct source *source = arena_alloc(reader->arena, sizeof(*source));
	struct findings findings;
	struct json *root = NULL;
	int r;

	if (size > OCI_FILE_MAX)
		return error_set(reader->err, EFBIG, "%.400s is larger than %d bytes", file, OCI_FILE_MAX);
	if (source) {
		source->name = arena_strdup(reader->arena, file);
		source->text = arena_memdup(reader->arena, text, size);
		source->size = size;
	}
	if (!source || !source->name || !source->text)
		return error_set(reader->err, ENOMEM, "read %.400s", file);
	findings.n = findings.n_errors = findings.n_left_out = 0;
	r = json_parse(source, JSON_LENIENT, reader->arena, &findings, &root);
	if (r == -EINVAL)
		return report_syntax(&findings, file, reader->err);
	if (r < 0)
		return error_set(reader->err, -r, "read %.400s", file);
	reader->root = root;
	return 0;
}

int oci_read_text(const char *bundle, const char *file, const char *text, size_t size, struct arena *arena,
		  struct oci *ret, struct oci_warnings *warnings, struct error *err)
{
	struct oci_reader reader = { .arena = arena, .err = err, .warnings = warnings };
	struct oci oci = { 0 };
	int r;

	if (warnings)
		warnings->n = 0;
	reader.bundle = arena_strdup(arena, bundle);
	if (!reader.bundle)
		return error_set(err, ENOMEM, "read %.400s", file);
	r = parse_text(file, text, size, &reader);
	if (r < 0)
		return r;
	oci.bundle = reader.bundle;
	parse_config(&reader, &oci);
	if (!reader.failed)
		*ret = oci;
	return reader.failed;
}

/* Return: bytes read, or -errno; *ret_text belongs to @arena. */
static ssize_t read_whole(const char *file, struct arena *arena, char **ret_text, struct error *err)
{
	_cleanup_fd_ int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t room, size = 0;
	struct stat st;
	char *text;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "open %.400s", file);
	/* A pipe has no size; what grows while it is read gets no more room than it first had. */
	room = S_ISREG(st.st_mode) && st.st_size < OCI_FILE_MAX ? (size_t)st.st_size + 1 : OCI_FILE_MAX + 1;
	text = arena_alloc(arena, room);
	if (!text)
		return error_set(err, ENOMEM, "read %.400s", file);
	while (size < room) {
		ssize_t got = read(fd, text + size, room - size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(err, errno, "read %.400s", file);
		if (got == 0)
			break;
		size += (size_t)got;
	}
	if (size > OCI_FILE_MAX)
		return error_set(err, EFBIG, "%.400s is larger than %d bytes", file, OCI_FILE_MAX);
	if (size == room)
		return error_set(err, EAGAIN, "%.400s grows while it is read", file);
	*ret_text = text;
	return (ssize_t)size;
}

int oci_read_file(const char *bundle, const char *file, struct arena *arena, struct oci *ret,
		  struct oci_warnings *warnings, struct error *err)
{
	char *text = NULL;
	ssize_t size = read_whole(file, arena, &text, err);

	if (size < 0)
		return (int)size;
	return oci_read_text(bundle, file, text, (size_t)size, arena, ret, warnings, err);
}

int oci_read_process(const char *file, const char *text, size_t size, struct arena *arena,
		     struct oci_process *ret, struct oci_warnings *warnings, struct error *err)
{
	struct oci_reader reader = { .arena = arena, .err = err, .warnings = warnings };
	struct oci_process process = { 0 };
	int r;

	if (warnings)
		warnings->n = 0;
	r = parse_text(file, text, size, &reader);
	if (r < 0)
		return r;
	oci_parse_process(&reader, reader.root, &process);
	if (!reader.failed)
		*ret = process;
	return reader.failed;
}

int oci_read_resources(const char *file, const char *text, size_t size, struct arena *arena,
		       struct oci_resources *ret, struct error *err)
{
	struct oci_reader reader = { .arena = arena, .err = err };
	struct oci_resources resources;
	int r = parse_text(file, text, size, &reader);

	if (r < 0)
		return r;
	oci_parse_resources(&reader, reader.root, &resources);
	if (!reader.failed)
		*ret = resources;
	return reader.failed;
}

const char *oci_annotation(const struct oci *oci, const char *name)
{
	for (size_t i = 0; i < oci->annotations.n; i++)
		if (str_equal(oci->annotations.items[i].name, name))
			return oci->annotations.items[i].value;
	return NULL;
}
