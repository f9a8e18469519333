/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `why` reads of a service whose workload was hostile, in the directory that the input describes
 * (directory.h): its events and the last lines of its log below log/web, its record below run/web, its
 * profile "profile", its image "root". Whatever they say, causes come out of it, each with a text, that do
 * nothing to the terminal.
 */
#include "base/arena.h"
#include "base/error.h"
#include "lab/why/why.h"
#include "lab/why/why_end.h"
#include "lab/why/why_log.h"
#include "lab/why/why_path.h"
#include "lab/why/why_print.h"
#include "launcher/commands/vocabulary.h"
#include "launcher/host.h"
#include "profiles/profile.h"
#include "tests/fuzz/directory.h"

enum { MOUNTS_MAX = 16 };

/* The image and what is mounted are the directory's own, whatever the profile says: nothing else is read. */
static const struct spec *read_profile(struct arena *arena, const char *root)
{
	static struct vocabulary vocabulary;
	static struct findings findings;
	const struct profile_options options = { .vocabulary = &vocabulary };
	struct source *source = arena_alloc(arena, sizeof(*source));
	struct spec *mine = arena_alloc(arena, sizeof(*mine));
	struct spec_mount *mounts = arena_array(arena, MOUNTS_MAX, sizeof(*mounts));
	const struct spec *spec = NULL;
	char *text = directory_text("profile");

	demand(source && mine && mounts);
	vocabulary_fill(&vocabulary);
	findings = (struct findings){ 0 };
	if (text) {
		*source = (struct source){ .name = "web",
					   .text = arena_strdup(arena, text),
					   .size = strlen(text) };
		(void)!profile_read_text(source, &options, arena, &findings, &spec);
	}
	free(text);
	if (!spec || spec->n_mounts > MOUNTS_MAX)
		return NULL;
	*mine = *spec;
	mine->rootfs = root;
	mine->mounts = mounts;
	for (size_t i = 0; i < spec->n_mounts; i++) {
		mounts[i] = spec->mounts[i];
		mounts[i].source = mounts[i].source ? root : NULL;
	}
	return mine;
}

/* What the launcher suggested itself, when it refused a call. */
static bool is_launchers(const struct why *why, const char *line)
{
	for (size_t i = 0; i < why->end->n_denials; i++)
		if (why->end->denials[i].opens[0] && strstr(line, why->end->denials[i].opens))
			return true;
	return false;
}

/* The line for the profile is one member: no path of the workload's closes its own quotes and adds keys. */
static void check_line(const struct why *why, const char *line)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *text = arena_printf(arena, "{%s}", line);
	const struct source source = { .name = "line", .text = text, .size = strlen(text) };
	static struct findings findings;
	struct json *tree = NULL;

	/* An ellipsis stands for what the reader has to choose. */
	if (strstr(line, "\u2026") || strstr(line, "[..., ") || is_launchers(why, line))
		return;
	findings.n = findings.n_errors = 0;
	if (json_parse(&source, JSON_LENIENT, arena, &findings, &tree) < 0 || tree->n != 1) {
		fprintf(stderr, "%s\n", text);
		abort();
	}
}

static void explain(struct why *why)
{
	struct printed printed;

	demand(why_causes_find(why) == 0);
	demand(why->n <= WHY_CAUSES_MAX);
	for (size_t i = 0; i < why->n; i++) {
		demand(why->causes[i].id && why->causes[i].n_evidence <= WHY_EVIDENCE_MAX);
		demand(i == 0 || why->causes[i - 1].certain || !why->causes[i].certain);
		for (size_t j = 0; j < why->causes[i].n_evidence; j++)
			demand(why->causes[i].evidence[j] != NULL);
		if (why->causes[i].line)
			check_line(why, why->causes[i].line);
	}
	why_print_text(printed_begin(&printed), why);
	printed_end(&printed, false);
	why_print_json(printed_begin(&printed), why);
	printed_end(&printed, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	static struct host host;
	static struct why_log log;
	static struct why_end end;
	struct error err = { 0 };
	char root[128], path[128];
	struct why why;

	demand(arena != NULL);
	directory_fill(data, size);
	snprintf(host.run_dir, sizeof(host.run_dir), "%s/run", directory_path());
	snprintf(host.log_dir, sizeof(host.log_dir), "%s/log", directory_path());
	snprintf(root, sizeof(root), "%s/root", directory_path());
	if (why_end_read(&host, "web", arena, &end, &err) < 0) {
		demand(err.msg[0] != '\0');
		return 0;
	}
	why = (struct why){ .arena = arena, .end = &end, .log = &log, .spec = read_profile(arena, root) };
	log.n = 0;
	snprintf(path, sizeof(path), "%s/log/web/web-json.log", directory_path());
	if (why_log_read(path, end.log_since_ns, end.log_until_ns, arena, &log, &err) < 0)
		demand(err.msg[0] != '\0');
	demand(log.n <= WHY_LOG_LINES_MAX);
	for (size_t i = 0; i < log.n; i++)
		demand(strlen(log.lines[i].text) == log.lines[i].size);
	explain(&why);
	if (why.spec)
		(void)why_path_hides(why.spec, "/data");
	return 0;
}
