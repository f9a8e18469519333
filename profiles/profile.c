/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/profile.h"

#include <errno.h>

#include "base/arena.h"
#include "profiles/merge.h"
#include "profiles/reader.h"
#include "profiles/spec_check.h"

static void read_topics(struct reader *reader)
{
	reader_identity(reader);
	reader_mounts(reader);
	reader_process(reader);
	reader_user(reader);
	reader_files(reader);
	reader_network(reader);
	reader_rights(reader);
	reader_sysctls(reader);
	reader_limits(reader);
	reader_log(reader);
	reader_service(reader);
}

static int read_tree(struct reader *reader, const struct spec **ret)
{
	if (reader->options->layer)
		reader_layer(reader);
	else
		read_topics(reader);
	if (reader->exhausted)
		return -ENOMEM;
	/* Judging a spec that is only half filled would invent conflicts. */
	if (reader->findings->n_errors == 0 && !reader->options->layer)
		spec_check(reader->spec, reader->findings);
	findings_sort(reader->findings);
	if (reader->findings->n_errors > 0)
		return -EINVAL;
	*ret = reader->spec;
	return 0;
}

static int read_merged(const struct json *tree, const char *file, const struct profile_options *options,
		       struct arena *arena, struct findings *findings, const struct spec **ret)
{
	struct reader reader = {
		.arena = arena, .findings = findings, .options = options, .root = tree, .file = file
	};

	reader.spec = arena_alloc(arena, sizeof(*reader.spec));
	if (!reader.spec)
		return -ENOMEM;
	reader.spec->file = arena_strdup(arena, file);
	if (!reader.spec->file)
		return -ENOMEM;
	reader.spec->tree = tree;
	return read_tree(&reader, ret);
}

int profile_read(const char *path, const struct profile_options *options, struct arena *arena,
		 struct findings *findings, const struct spec **ret)
{
	const struct merge_options merge = { .system_dir = options->system_dir,
					     .check_owner = options->check_owner };
	struct json *tree;
	int r = merge_load(path, &merge, arena, findings, &tree);

	if (r < 0) {
		findings_sort(findings);
		return r;
	}
	return read_merged(tree, path, options, arena, findings, ret);
}

int profile_read_text(const struct source *source, const struct profile_options *options, struct arena *arena,
		      struct findings *findings, const struct spec **ret)
{
	struct json *tree;
	int r = merge_load_text(source, arena, findings, &tree);

	if (r < 0) {
		findings_sort(findings);
		return r;
	}
	return read_merged(tree, source->name, options, arena, findings, ret);
}
