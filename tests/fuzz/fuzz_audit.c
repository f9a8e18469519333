/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `audit` reads of a hostile process: proc/42 in the directory that the input describes (directory.h),
 * its descriptors as lines of the file "fds", proc/self and proc/1, the group's files below cgroups, the
 * accounts in "passwd", and "steps", which the launcher wrote. "profile" is merged over a hard one. Whatever
 * stands there, all rows are judged, and what is printed is harmless.
 */
#include "base/arena.h"
#include "base/error.h"
#include "lab/audit/assessment.h"
#include "lab/audit/audit_print.h"
#include "lab/audit/checks.h"
#include "lab/audit/facts.h"
#include "launcher/commands/vocabulary.h"
#include "profiles/profile.h"
#include "tests/fuzz/directory.h"

static const char fallback[] =
	"{ \"kapsel\": 1, \"name\": \"box\", \"rootfs\": \"/srv/box\", \"command\": [\"/bin/box\"] }";

static const struct spec *read_profile(const char *text, struct arena *arena)
{
	static struct vocabulary vocabulary;
	static struct findings findings;
	const struct profile_options options = { .vocabulary = &vocabulary };
	struct source *source = arena_alloc(arena, sizeof(*source));
	const struct spec *spec = NULL;

	demand(source != NULL);
	if (!vocabulary.n_syscalls)
		vocabulary_fill(&vocabulary);
	findings = (struct findings){ 0 };
	*source = (struct source){ .name = "box", .text = arena_strdup(arena, text), .size = strlen(text) };
	return profile_read_text(source, &options, arena, &findings, &spec) == 0 ? spec : NULL;
}

static void print(const struct assessment *assessment)
{
	struct printed printed;
	struct audit_print how = { .narrow = assessment->n % 2, .threshold = 50, .catalog = -1 };

	audit_print_table(printed_begin(&printed), assessment, &how);
	printed_end(&printed, false);
	/* One of the five catalogues is enough for each input: they are slow. */
	how.catalog = (int)((assessment->declared.badness + assessment->effective.badness) % CATALOGS);
	audit_print_catalog(printed_begin(&printed), assessment, &how);
	printed_end(&printed, false);
	audit_print_json(printed_begin(&printed), assessment, &how);
	printed_end(&printed, true);
}

static void judge(const struct audit_declared *declared, const struct facts *facts, const char *kind)
{
	static struct assessment assessment;

	assessment = (struct assessment){ 0 };
	assessment_make(declared, facts, &assessment);
	demand(assessment.n > 0 && assessment.n <= ASSESSMENT_ROWS_MAX);
	for (size_t i = 0; i < assessment.n; i++) {
		const struct result *result = &assessment.results[i];

		demand(result->declared.badness <= result->check->range &&
		       result->effective.badness <= result->check->range);
		demand(facts || result->effective.state == OPINION_NONE);
	}
	demand(assessment_score(&assessment)->tenths <= 100);
	assessment.kind = kind;
	assessment.name = facts ? facts->command : "box";
	assessment.pid = facts ? facts->pid : 0;
	print(&assessment);
}

/* Below the links of its descriptors nothing is opened: they lead anywhere. */
static void make_links(void)
{
	char target[8];

	directory_links("fds", "proc/42/fd");
	if (readlinkat(directory_fd(), "proc/42/fdinfo", target, sizeof(target)) >= 0)
		unlinkat(directory_fd(), "proc/42/fdinfo", 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char proc[128], cgroups[128], passwd[128], *steps, *profile;
	const struct facts_source source = { proc, cgroups, "/", passwd };
	struct audit_declared declared = { .passwd = passwd, .file_mode = 0666, .root_fd = -1 };
	static struct facts facts;
	struct error err = { 0 };

	demand(arena != NULL);
	directory_fill(data, size);
	make_links();
	snprintf(proc, sizeof(proc), "%s/proc", directory_path());
	snprintf(cgroups, sizeof(cgroups), "%s/cgroups", directory_path());
	snprintf(passwd, sizeof(passwd), "%s/passwd", directory_path());
	profile = directory_text("profile");
	declared.spec = read_profile(profile ? profile : fallback, arena);
	free(profile);
	if (declared.spec)
		judge(&declared, NULL, "profile");
	if (facts_read(&source, 42, arena, &facts, &err) < 0) {
		demand(err.msg[0] != '\0');
		return 0;
	}
	judge(NULL, &facts, "process");
	steps = directory_text("steps");
	if (steps && declared.spec) {
		facts.declared = &declared;
		facts_take_steps(&facts, steps);
		judge(&declared, &facts, "container");
	}
	free(steps);
	return 0;
}
