/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/merge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/keys.h"

/* The chain of files that are being read, from a parent back to the top. */
struct chain {
	const struct chain *above;
	dev_t dev;
	ino_t ino;
};

struct loader {
	const struct merge_options *options; /* NULL: a text without a directory */
	struct arena *arena;
	struct findings *findings;
	struct json *merged;
	size_t n_files;
};

static void remove_member(struct json *object, const struct json *gone)
{
	struct json *before = NULL;

	for (struct json *member = object->first; member != gone; member = member->next)
		before = member;
	if (before)
		before->next = gone->next;
	else
		object->first = gone->next;
	if (object->last == gone)
		object->last = before;
	object->n--;
}

int merge_apply(struct json *target, const struct json *patch, struct arena *arena)
{
	/* No need to search what is empty: makes copying a large object linear. */
	bool fresh = target->n == 0;

	for (const struct json *member = patch->first; member; member = member->next) {
		struct json *old = fresh ? NULL : json_get(target, member->name), *value;
		int r;

		if (member->type == JSON_NULL) {
			if (old)
				remove_member(target, old);
			continue;
		}
		if (old && old->type == JSON_OBJECT && member->type == JSON_OBJECT) {
			old->place = member->place;
			old->name_place = member->name_place;
			r = merge_apply(old, member, arena);
			if (r < 0)
				return r;
			continue;
		}
		value = old ? old : arena_alloc(arena, sizeof(*value));
		if (!value)
			return -ENOMEM;
		if (old) {
			struct json *next = old->next;

			*value = *member;
			value->next = next;
		} else {
			*value = *member;
			value->next = NULL;
			json_append(target, value);
		}
		if (member->type != JSON_OBJECT)
			continue;
		value->first = value->last = NULL;
		value->n = 0;
		r = merge_apply(value, member, arena);
		if (r < 0)
			return r;
	}
	return 0;
}

static void check_version(const struct json *tree, struct findings *findings)
{
	const struct json *version = json_get(tree, "kapsel");
	struct finding *finding;

	if (version && version->type == JSON_INTEGER && version->integer == 1)
		return;
	if (version && version->type == JSON_INTEGER) {
		finding = findings_add(findings, FINDING_ERROR, "E007", &version->place,
				       "profile format %s is not known", version->text);
		finding_help(finding, "this version reads format 1");
		return;
	}
	if (version && version->type != JSON_NULL)
		return; /* its type was complained about */
	finding = findings_add(findings, FINDING_ERROR, "E007", &tree->place, "\"kapsel\" is missing");
	finding_label(finding, "the version of the format stands in every file");
	finding_help(finding, "add \"kapsel\": 1");
}

/* Return: 0, -EINVAL without a tree, -ENOMEM. */
static int parse(struct loader *loader, const struct source *source, struct json **ret)
{
	int r = json_parse(source, JSON_COMMENTS, loader->arena, loader->findings, ret);

	if (r < 0)
		return r;
	check_version(*ret, loader->findings);
	keys_check(*ret, loader->findings);
	return 0;
}

static int refuse_extends(struct loader *loader, const struct json *extends, const char *why)
{
	findings_add(loader->findings, FINDING_ERROR, "E025", &extends->name_place, "%s", why);
	return -EINVAL;
}

static int load_file(struct loader *loader, const struct source_request *request, const char *file,
		     const struct chain *above, size_t level, const struct json *entry);

static bool climbs(const char *path)
{
	for (const char *part = path; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (str_starts(part, "..") && (part[2] == '/' || part[2] == '\0'))
			return true;
	}
	return false;
}

static int load_parent(struct loader *loader, const struct json *entry, const char *including,
		       const struct chain *above, size_t level)
{
	struct source_request request = { .dirfd = AT_FDCWD,
					  .included_from = &entry->place,
					  .check_owner = loader->options->check_owner };
	const char *slash = strrchr(including, '/'), *dir = loader->options->system_dir;
	struct finding *finding;
	int r;

	if (entry->text[0] == '/' || !slash)
		request.path = arena_strdup(loader->arena, entry->text);
	else
		request.path = arena_printf(loader->arena, "%.*s/%s", (int)(slash - including), including,
					    entry->text);
	if (!request.path)
		return -ENOMEM;
	request.name = request.path;
	r = load_file(loader, &request, request.path, above, level, entry);
	if (r != -ENOENT)
		return r;
	/* "../x" has no meaning below the directory of the system's profiles. */
	if (dir && entry->text[0] != '/' && !climbs(entry->text)) {
		request.path = arena_printf(loader->arena, "%s/%s", dir, entry->text);
		if (!request.path)
			return -ENOMEM;
		request.name = request.path;
		r = load_file(loader, &request, request.path, above, level, entry);
		if (r != -ENOENT)
			return r;
	}
	finding = findings_add(loader->findings, FINDING_ERROR, "E026", &entry->place,
			       "there is no profile \"%s\" to extend", entry->text);
	if (dir && entry->text[0] != '/')
		finding_help(finding, "looked beside this file and in %s", dir);
	return -EINVAL;
}

static int load_parents(struct loader *loader, const struct json *tree, const char *file,
			const struct chain *chain, size_t level)
{
	const struct json *extends = json_get(tree, "extends"), *entry;
	int r;

	if (!extends || !(extends->type & (JSON_STRING | JSON_ARRAY)))
		return 0;
	if (!loader->options)
		return refuse_extends(loader, extends, "a text without a file can't extend another profile");
	for (entry = extends->type == JSON_ARRAY ? extends->first : extends; entry;
	     entry = extends->type == JSON_ARRAY ? entry->next : NULL) {
		if (entry->type != JSON_STRING)
			continue;
		if (level == MERGE_LEVELS_MAX)
			return refuse_extends(loader, extends,
					      "profiles extend each other over more than 8 levels");
		if (entry->text[0] == '\0')
			return refuse_extends(loader, extends, "\"extends\" names no file");
		r = load_parent(loader, entry, file, chain, level + 1);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_chain(struct loader *loader, const struct chain *chain, const struct json *entry,
		       const char *file)
{
	const struct place *place = entry ? &entry->place : NULL;

	for (const struct chain *link = chain->above; link; link = link->above) {
		if (link->dev != chain->dev || link->ino != chain->ino)
			continue;
		findings_add(loader->findings, FINDING_ERROR, "E025", place, "\"%s\" extends itself", file);
		return -EINVAL;
	}
	/* Eight parents on each of eight levels would be millions of reads. */
	if (++loader->n_files <= MERGE_FILES_MAX)
		return 0;
	findings_add(loader->findings, FINDING_ERROR, "E025", place,
		     "more than %d files make up this profile", MERGE_FILES_MAX);
	return -EINVAL;
}

/* @file: its path for what it extends. Return: -ENOENT without a finding when it is not there. */
static int load_file(struct loader *loader, const struct source_request *request, const char *file,
		     const struct chain *above, size_t level, const struct json *entry)
{
	struct chain chain = { .above = above };
	struct source *source;
	struct json *tree;
	struct stat st;
	_cleanup_fd_ int fd = source_open(request, loader->findings, &st);
	int r;

	if (fd < 0)
		return fd;
	chain.dev = st.st_dev;
	chain.ino = st.st_ino;
	r = check_chain(loader, &chain, entry, file);
	if (r < 0)
		return r;
	r = source_read(fd, request, loader->arena, loader->findings, &source);
	if (r < 0)
		return r;
	r = parse(loader, source, &tree);
	if (r < 0)
		return r;
	r = load_parents(loader, tree, file, &chain, level);
	if (r < 0)
		return r;
	loader->merged->place = tree->place;
	return merge_apply(loader->merged, tree, loader->arena);
}

static int is_dropin(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 6 && str_equal(entry->d_name + length - 6, ".jsonc");
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_dropin(struct loader *loader, int dirfd, const char *dir, const char *name)
{
	struct source_request request = { .dirfd = dirfd,
					  .path = name,
					  .check_owner = loader->options->check_owner };
	const struct json *extends;
	struct source *source;
	struct json *tree;
	struct stat st;
	_cleanup_fd_ int fd = -1;
	int r;

	request.name = arena_printf(loader->arena, "%s/%s", dir, name);
	if (!request.name)
		return -ENOMEM;
	fd = source_open(&request, loader->findings, &st);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd; /* removed since the directory was read */
	r = source_read(fd, &request, loader->arena, loader->findings, &source);
	if (r < 0)
		return r;
	r = parse(loader, source, &tree);
	if (r < 0)
		return r;
	extends = json_get(tree, "extends");
	if (extends)
		return refuse_extends(loader, extends, "a drop-in can't extend another profile");
	return merge_apply(loader->merged, tree, loader->arena);
}

static int check_dropin_dir(struct loader *loader, int fd, const char *dir)
{
	struct finding *finding;
	struct stat st;

	if (fstat(fd, &st) == 0 && (!loader->options->check_owner || source_trusted(&st)))
		return 0;
	finding = findings_add(loader->findings, FINDING_ERROR, "E020", NULL,
			       "others can put files into \"%s\"", dir);
	finding_help(finding, "chown root '%s'; chmod go-w '%s'", dir, dir);
	return -EINVAL;
}

static int load_dropins(struct loader *loader, const char *path)
{
	char *dir = arena_printf(loader->arena, "%s.d", path);
	struct dirent **entries = NULL;
	_cleanup_fd_ int fd = -1;
	int n, r = 0;

	if (!dir)
		return -ENOMEM;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	n = fd < 0 ? -1 : 0;
	if (n == 0) {
		r = check_dropin_dir(loader, fd, dir);
		if (r < 0)
			return r;
		n = scandirat(fd, ".", &entries, is_dropin, compare_names);
	}
	if (n < 0) {
		findings_add(loader->findings, FINDING_ERROR, "E019", NULL,
			     "can't read the directory \"%s\": %s", dir, strerrordesc_np(errno));
		return -EINVAL;
	}
	for (int i = 0; i < n; i++) {
		if (r == 0 && i == MERGE_FILES_MAX) {
			findings_add(loader->findings, FINDING_ERROR, "E025", NULL,
				     "more than %d drop-ins in \"%s\"", MERGE_FILES_MAX, dir);
			r = -EINVAL;
		}
		if (r == 0)
			r = load_dropin(loader, fd, dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static struct json *empty_object(struct arena *arena)
{
	struct json *object = arena_alloc(arena, sizeof(*object));

	if (object)
		object->type = JSON_OBJECT;
	return object;
}

static void drop_extends(struct json *merged)
{
	const struct json *extends = json_get(merged, "extends");

	if (extends)
		remove_member(merged, extends);
}

int merge_load(const char *path, const struct merge_options *options, struct arena *arena,
	       struct findings *findings, struct json **ret)
{
	struct source_request request = {
		.dirfd = AT_FDCWD, .path = path, .name = path, .check_owner = options->check_owner
	};
	struct loader loader = {
		.options = options, .arena = arena, .findings = findings, .merged = empty_object(arena)
	};
	int r;

	if (!loader.merged)
		return -ENOMEM;
	r = load_file(&loader, &request, path, NULL, 0, NULL);
	if (r == -ENOENT) {
		findings_add(findings, FINDING_ERROR, "E019", NULL, "there is no profile \"%s\"", path);
		return -EINVAL;
	}
	if (r < 0)
		return r;
	r = load_dropins(&loader, path);
	if (r < 0)
		return r;
	drop_extends(loader.merged);
	*ret = loader.merged;
	return 0;
}

int merge_load_text(const struct source *source, struct arena *arena, struct findings *findings,
		    struct json **ret)
{
	struct loader loader = { .arena = arena, .findings = findings, .merged = empty_object(arena) };
	struct json *tree;
	int r;

	if (!loader.merged)
		return -ENOMEM;
	r = parse(&loader, source, &tree);
	if (r < 0)
		return r;
	r = load_parents(&loader, tree, source->name, NULL, 0);
	if (r < 0)
		return r;
	loader.merged->place = tree->place;
	r = merge_apply(loader.merged, tree, arena);
	if (r < 0)
		return r;
	*ret = loader.merged;
	return 0;
}
