/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/layer.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "launcher/commands/vocabulary.h"
#include "launcher/host.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/json_print.h"
#include "profiles/oci/oci.h"
#include "profiles/oci/oci_read.h"
#include "profiles/profile.h"
#include "profiles/source.h"

#define PREFIX      "org.kapsel."
#define KEPT_NAME   "layer.jsonc"
#define SYSTEM_DIR  "/etc/kapsel/profiles"
#define FILE_ENDING ".kapsel.jsonc"

enum { NAME_LENGTH_MAX = 64 };

static bool is_plain(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > NAME_LENGTH_MAX || name[0] == '.' || strstr(name, ".."))
		return false;
	for (; *name; name++)
		if (!isascii((unsigned char)*name) ||
		    (!isalnum((unsigned char)*name) && !strchr("_.-", *name)))
			return false;
	return true;
}

/* Return: 0 with the name, NULL without the annotation; -EINVAL. */
static int find_name(const struct oci *oci, const char **ret, struct error *err)
{
	const char *name = oci_annotation(oci, OCI_LAYER_ANNOTATION);

	for (size_t i = 0; i < oci->annotations.n; i++) {
		const char *annotation = oci->annotations.items[i].name;

		if (!str_starts(annotation, PREFIX) || str_equal(annotation, OCI_LAYER_ANNOTATION))
			continue;
		error_set(err, EINVAL, "understand the annotation %s", annotation);
		return error_remedy(err, OCI_LAYER_ANNOTATION " is the only one that kapsel knows");
	}
	if (name && !is_plain(name)) {
		error_set(err, EINVAL, "use the profile \"%s\" of the annotation " OCI_LAYER_ANNOTATION,
			  name);
		return error_remedy(
			err,
			"a name has letters, digits and _ . - and is no path: the files stand in " SYSTEM_DIR);
	}
	*ret = name;
	return 0;
}

/* One line: the first mistake; `message` has its place. */
static int report(const char *name, const struct findings *findings, int r, struct error *err)
{
	const struct finding *finding = NULL;
	struct source_position at;

	for (size_t i = 0; i < findings->n && !finding; i++)
		if (findings->items[i].severity == FINDING_ERROR)
			finding = &findings->items[i];
	if (!finding)
		return error_set(err, -r, "read the profile \"%s\"", name);
	at = source_position(&finding->place);
	if (at.line > 0)
		error_set(err, EINVAL, "read the profile \"%s\": %s:%zu:%zu: %s", name,
			  finding->place.source->name, at.line, at.column, finding->message);
	else
		error_set(err, EINVAL, "read the profile \"%s\": %s", name, finding->message);
	return finding->help[0] ? error_remedy(err, "%s", finding->help) : -EINVAL;
}

/* @path, or with @source a text that was read already. */
static int read_profile(const char *name, const char *path, const struct source *source, struct arena *arena,
			const struct oci_layer **ret, struct error *err)
{
	struct vocabulary vocabulary;
	const struct profile_options options = {
		.vocabulary = &vocabulary,
		.system_dir = KAPSEL_PROFILE_DIR,
		.check_owner = true,
		.layer = true,
	};
	struct findings *findings = arena_alloc(arena, sizeof(*findings));
	struct oci_layer *layer = arena_alloc(arena, sizeof(*layer));
	int r;

	if (!findings || !layer)
		return error_set(err, ENOMEM, "read the profile \"%s\"", name);
	vocabulary_fill(&vocabulary);
	if (source)
		r = profile_read_text(source, &options, arena, findings, &layer->spec);
	else
		r = profile_read(path, &options, arena, findings, &layer->spec);
	if (r < 0)
		return report(name, findings, r, err);
	layer->name = name;
	layer->places_listed = json_get(layer->spec->tree, "mounts") != NULL;
	*ret = layer;
	return 0;
}

int oci_layer_read_from(const char *const *dirs, const struct oci *oci, struct arena *arena,
			const struct oci_layer **ret, struct error *err)
{
	const char *name;
	int r = find_name(oci, &name, err);

	*ret = NULL;
	if (r < 0 || !name)
		return r;
	for (size_t i = 0; dirs[i]; i++) {
		const char *path = arena_printf(arena, "%s/%s" FILE_ENDING, dirs[i], name);

		if (!path)
			return error_set(err, ENOMEM, "read the profile \"%s\"", name);
		if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
		    (errno == ENOENT || errno == ENOTDIR))
			continue;
		return read_profile(name, path, NULL, arena, ret, err);
	}
	/* Our own words: "no such file" would be taken for a missing command. */
	error_set(err, EINVAL, "find the profile \"%s\" of the annotation " OCI_LAYER_ANNOTATION, name);
	return error_remedy(err, "it would be %s/%s" FILE_ENDING, dirs[0], name);
}

int oci_layer_read(const struct oci *oci, struct arena *arena, const struct oci_layer **ret,
		   struct error *err)
{
	static const char *const dirs[] = { SYSTEM_DIR, KAPSEL_PROFILE_DIR, NULL };

	return oci_layer_read_from(dirs, oci, arena, ret, err);
}

static int write_copy(const struct json *tree, int state_fd)
{
	_cleanup_fd_ int fd = openat(state_fd, KEPT_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char *text = NULL;
	size_t size = 0;
	FILE *out = fd < 0 ? NULL : open_memstream(&text, &size);
	bool whole;
	int r;

	if (!out)
		return -errno;
	json_print_value(out, tree, 0);
	whole = !ferror(out);
	whole = fclose(out) == 0 && whole;
	r = whole ? fd_write_all(fd, text, size) : -ENOMEM;
	free(text);
	return r;
}

int oci_layer_keep(const struct oci_layer *layer, int state_fd, struct error *err)
{
	int r = layer ? write_copy(layer->spec->tree, state_fd) : 0;

	return r < 0 ? error_set(err, -r, "keep a copy of the profile in the state directory") : 0;
}

int oci_layer_kept(const struct oci *oci, int state_fd, struct arena *arena, const struct oci_layer **ret,
		   struct error *err)
{
	const struct source_request request = {
		.dirfd = state_fd, .path = KEPT_NAME, .name = KEPT_NAME, .check_owner = true
	};
	struct findings *findings = arena_alloc(arena, sizeof(*findings));
	_cleanup_fd_ int fd = -1;
	struct source *source;
	struct stat st;
	const char *name;
	int r = find_name(oci, &name, err);

	*ret = NULL;
	if (r < 0 || !name)
		return r;
	fd = findings ? source_open(&request, findings, &st) : -ENOMEM;
	if (fd == -ENOENT)
		return error_set(err, EINVAL, "find the copy of the profile \"%s\" that create made", name);
	r = fd < 0 ? fd : source_read(fd, &request, arena, findings, &source);
	if (r < 0 && findings)
		return report(name, findings, r, err);
	if (r < 0)
		return error_set(err, -r, "read the profile \"%s\"", name);
	return read_profile(name, NULL, source, arena, ret, err);
}

int oci_layer_apply(const struct oci_layer *layer, struct host *host, struct oci *oci, struct spec *spec,
		    struct error *err)
{
	struct oci_capabilities *caps = &oci->process.capabilities;
	uint64_t keep;

	if (!layer)
		return 0;
	if (host->landlock_abi < 1) {
		error_set(err, ENOTSUP, "use the profile \"%s\": this kernel has no Landlock", layer->name);
		return error_remedy(err, "boot with lsm=landlock,… (kernel 5.13 or newer)");
	}
	host->mdwe = prctl(PR_GET_MDWE, 0, 0, 0, 0) >= 0;
	keep = layer->spec->capabilities;
	caps->bounding &= keep;
	caps->permitted &= keep;
	caps->effective &= keep;
	caps->inheritable &= keep;
	caps->ambient &= keep;
	/* Landlock and filters need it, and a setuid program would get round the capabilities. */
	oci->process.no_new_privileges = true;
	spec->allow_setuid = false;
	spec->capabilities &= keep;
	spec->allow_jit = layer->spec->allow_jit;
	return 0;
}

int oci_layer_wanted(const struct spec *spec)
{
	return oci_annotation(spec->oci, OCI_LAYER_ANNOTATION) != NULL;
}
