/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/audit/rootfs_print.h"

#include <inttypes.h>
#include <limits.h>

#include "base/str.h"
#include "lab/audit/assessment.h"
#include "lab/audit/audit_print.h"
#include "lab/audit/rootfs.h"
#include "profiles/json_print.h"

enum { PATHS_SHOWN = 5, PATH_SHOWN_MAX = 1024 };

static void print_paths(FILE *out, const struct rootfs *rootfs, enum rootfs_kind kind, bool all)
{
	size_t n = rootfs->found[kind].n, shown = all || n <= PATHS_SHOWN ? n : PATHS_SHOWN;

	for (size_t i = 0; i < shown; i++) {
		const struct rootfs_finding *finding = &rootfs->found[kind].items[i];
		char path[PATH_SHOWN_MAX], note[4 * sizeof(finding->note)];

		str_escape(path, sizeof(path), finding->path);
		str_escape(note, sizeof(note), finding->note);
		fprintf(out, "          %s%s%s%s\n", path, *note ? "  (" : "", note, *note ? ")" : "");
	}
	if (shown < n)
		fprintf(out, "          and %zu more: --all\n", n - shown);
}

void rootfs_print_table(FILE *out, const struct rootfs *rootfs, int threshold, bool all)
{
	unsigned int score = rootfs_score(rootfs);
	char text[PATH_SHOWN_MAX], number[8];

	str_escape(text, sizeof(text), rootfs->path);
	fprintf(out, "Audit of root file system %s: %" PRIu64 " files in %" PRIu64 " directories\n\n", text,
		rootfs->n_files, rootfs->n_dirs);
	fprintf(out, "  %-44s %7s %7s  %s\n", "WHAT", "FOUND", "WEIGHT", "WHY, AND WHERE");
	for (int kind = 0; kind < ROOTFS_KINDS; kind++) {
		const struct rootfs_type *type = rootfs_type_of((enum rootfs_kind)kind);
		size_t n = rootfs->found[kind].n;

		fprintf(out, "%c %-44s %7zu %7u%s%s\n", n ? '-' : '+', type->title, n, type->weight,
			n ? "  " : "", n ? type->why : "");
		print_paths(out, rootfs, (enum rootfs_kind)kind, all);
	}
	fputs("\n", out);
	if (rootfs->n_unreadable) {
		str_escape(text, sizeof(text), rootfs->first_unreadable);
		fprintf(out, "Not read: %" PRIu64 " directories or files, the first is %s. Run as root.\n",
			rootfs->n_unreadable, text);
	}
	if (rootfs->n_other)
		fprintf(out, "Left out: %" PRIu64 " directories on other file systems.\n", rootfs->n_other);
	fprintf(out, "Score      %4s of 10  %s\n", audit_print_score(score, number), assessment_word(score));
	if (threshold >= 0)
		fprintf(out, "Threshold  %4s: %s\n", audit_print_score((unsigned int)threshold, number),
			score < (unsigned int)threshold ? "missed" : "reached");
}

static void print_kind_json(FILE *out, const struct rootfs *rootfs, enum rootfs_kind kind)
{
	const struct rootfs_type *type = rootfs_type_of(kind);
	const char *separator = "";

	fprintf(out, "\t\t{\"id\": \"%s\", \"title\": ", type->id);
	json_print_string(out, type->title);
	fputs(", \"why\": ", out);
	json_print_string(out, type->why);
	fputs(", \"catalogues\": ", out);
	json_print_string(out, type->serves);
	fprintf(out, ", \"weight\": %u, \"found\": %zu, \"paths\": [", type->weight, rootfs->found[kind].n);
	for (size_t i = 0; i < rootfs->found[kind].n; i++, separator = ", ") {
		fprintf(out, "%s{\"path\": ", separator);
		json_print_string(out, rootfs->found[kind].items[i].path);
		fputs(", \"note\": ", out);
		json_print_string(out, rootfs->found[kind].items[i].note);
		fputs("}", out);
	}
	fputs("]}", out);
}

void rootfs_print_json(FILE *out, const struct rootfs *rootfs, int threshold)
{
	unsigned int score = rootfs_score(rootfs);
	char number[8];

	fputs("{\n\t\"subject\": {\"kind\": \"rootfs\", \"name\": ", out);
	json_print_string(out, rootfs->path);
	fprintf(out, "},\n\t\"score\": %s,\n\t\"verdict\": \"%s\",\n", audit_print_score(score, number),
		assessment_word(score));
	if (threshold >= 0)
		fprintf(out, "\t\"threshold\": %s,\n", audit_print_score((unsigned int)threshold, number));
	fprintf(out,
		"\t\"files\": %" PRIu64 ",\n\t\"directories\": %" PRIu64 ",\n\t\"unreadable\": %" PRIu64
		",\n\t\"other_file_systems\": %" PRIu64 ",\n\t\"checks\": [\n",
		rootfs->n_files, rootfs->n_dirs, rootfs->n_unreadable, rootfs->n_other);
	for (int kind = 0; kind < ROOTFS_KINDS; kind++) {
		fputs(kind ? ",\n" : "", out);
		print_kind_json(out, rootfs, (enum rootfs_kind)kind);
	}
	fputs("\n\t]\n}\n", out);
}
