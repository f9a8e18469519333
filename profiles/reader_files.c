/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/reader.h"

static bool is_file_name(const char *name)
{
	return name[0] && strlen(name) <= NAME_MAX && !strchr(name, '/') && !str_equal(name, ".") &&
	       !str_equal(name, "..");
}

/* systemd.exec(5): credentials of a service are files in a directory that only it can read. */
static const char *credential_path(struct reader *reader, const struct json *credential)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY"), *path;
	struct finding *finding;

	if (!values_plain(reader->findings, "the name of a credential", &credential->place, credential->text))
		return NULL;
	if (!is_file_name(credential->text)) {
		reader_error(reader, "E036", &credential->place, "\"%s\" can't be the name of a credential",
			     credential->text);
		return NULL;
	}
	if (!directory || directory[0] != '/') {
		finding = reader_error(reader, "E036", &credential->place,
				       "there are no credentials: CREDENTIALS_DIRECTORY is not set");
		finding_help(finding,
			     "start kapsel from a systemd unit with LoadCredential=%s:…, or use \"source\"",
			     credential->text);
		return NULL;
	}
	path = arena_printf(reader->arena, "%s/%s", directory, credential->text);
	if (!path)
		reader->exhausted = true;
	return path;
}

static void read_secret(struct reader *reader, const struct json *object, struct spec_secret *secret)
{
	const struct json *source = json_get(object, "source"), *credential = json_get(object, "credential");

	secret->name = object->name;
	secret->mode = reader_mode(reader, object, "secrets.*.mode");
	if (values_plain(reader->findings, "the name of a secret", &object->name_place, object->name) &&
	    !is_file_name(object->name))
		finding_label(reader_error(reader, "E036", &object->name_place,
					   "\"%s\" can't be the name of a secret", object->name),
			      "must be a file name: it becomes /run/secrets/NAME");
	if (!source == !credential) {
		finding_help(reader_error(reader, "E036", &object->place,
					  "a secret needs %s \"source\" %s \"credential\"",
					  source ? "either" : "a", source ? "or" : "or a"),
			     "add \"source\": \"/path/on/the/host\"");
		return;
	}
	if (source)
		secret->source = reader_path(reader, object, "secrets.*.source");
	else if (credential->type == JSON_STRING)
		secret->source = credential_path(reader, credential);
}

static int compare_secrets(const void *a, const void *b)
{
	const struct spec_secret *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static void read_secrets(struct reader *reader)
{
	const struct json *secrets = reader_get(reader->root, "secrets");
	struct spec_secret *list;
	size_t n = 0;

	if (!secrets || secrets->type != JSON_OBJECT)
		return;
	list = reader_alloc(reader, secrets->n, sizeof(*list));
	if (!list)
		return;
	for (const struct json *secret = secrets->first; secret; secret = secret->next)
		if (secret->type == JSON_OBJECT)
			read_secret(reader, secret, &list[n++]);
	qsort(list, n, sizeof(*list), compare_secrets);
	reader->spec->secrets = list;
	reader->spec->n_secrets = n;
}

static bool check_device(struct reader *reader, const struct json *device, const char *path)
{
	/* Through each of these the memory of the machine can be read or written. */
	static const char *const never[] = { "/dev/mem", "/dev/kmem", "/dev/port", "/dev/nvram" };
	struct finding *finding;

	if (!str_starts(path, "/dev/")) {
		finding = reader_error(reader, "E035", &device->name_place, "\"%s\" is not below /dev", path);
		finding_help(finding, "files and directories go into \"mounts\"");
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		if (!str_equal(path, never[i]))
			continue;
		finding = reader_error(reader, "E035", &device->name_place,
				       "%s is never given to a container", path);
		finding_label(finding, "opens the memory of the whole machine");
		return false;
	}
	return true;
}

static int compare_devices(const void *a, const void *b)
{
	const struct spec_device *left = a, *right = b;

	return strcmp(left->path, right->path);
}

static void read_devices(struct reader *reader)
{
	const struct json *devices = reader_get(reader->root, "devices");
	struct spec_device *list;
	size_t n = 0;

	if (!devices || devices->type != JSON_OBJECT)
		return;
	list = reader_alloc(reader, devices->n, sizeof(*list));
	if (!list)
		return;
	for (const struct json *device = devices->first; device; device = device->next) {
		size_t n_errors = reader->findings->n_errors;
		const char *path = values_path(reader->findings, reader->arena, "the device",
					       &device->name_place, device->name);

		if (!path && reader->findings->n_errors == n_errors)
			reader->exhausted = true;
		if (!path || !check_device(reader, device, path) || device->type != JSON_STRING)
			continue;
		list[n].path = path;
		list[n].read = strchr(device->text, 'r') != NULL;
		list[n].write = strchr(device->text, 'w') != NULL;
		n++;
	}
	qsort(list, n, sizeof(*list), compare_devices);
	for (size_t i = 1; i < n; i++)
		if (str_equal(list[i - 1].path, list[i].path))
			reader_error(reader, "E035", &devices->name_place, "%s is given twice", list[i].path);
	reader->spec->devices = list;
	reader->spec->n_devices = n;
}

void reader_files(struct reader *reader)
{
	static const char *const proc_words[] = {
		[SPEC_PROC_OWN] = "own", [SPEC_PROC_NONE] = "none", [SPEC_PROC_FULL] = "full", NULL
	};

	read_secrets(reader);
	read_devices(reader);
	reader->spec->proc = reader_word(reader, reader->root, "proc", proc_words);
}
