/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of a cgroup, in the directory that the input describes (directory.h): numbers for stats, metrics
 * and ends, and what a setting reads back as. The workload's own groups are below; a group may vanish at any
 * moment, so that any file may be missing or cut. What is printed must be JSON.
 */
#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "cgroups/container.h"
#include "cgroups/controllers.h"
#include "cgroups/usage.h"
#include "cgroups/verify.h"
#include "launcher/oci/rdt_schemata.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/oci/oci.h"
#include "profiles/source.h"
#include "tests/fuzz/directory.h"

static void stats(struct arena *arena)
{
	struct error err = { 0 };
	struct findings findings = { 0 };
	struct json *tree = NULL;
	char *text = cgroup_stats_json(directory_fd(), arena, &err);
	struct source source = { .name = "stats", .text = text, .size = text ? strlen(text) : 0 };

	demand((text == NULL) == (err.msg[0] != '\0'));
	if (text && json_parse(&source, JSON_LENIENT, arena, &findings, &tree) < 0) {
		fprintf(stderr, "%s\n", text);
		abort();
	}
}

static void numbers(void)
{
	struct usage usage;
	struct cgroup_end end;
	unsigned int controllers;
	uint64_t set;

	usage_read(directory_fd(), USAGE_ALL, &usage);
	set = usage_working_set(&usage);
	demand(set == USAGE_ABSENT || set <= usage.memory_current_bytes);
	cgroup_end_read(directory_fd(), &end);
	(void)cgroup_populated(directory_fd());
	(void)cgroup_container_frozen(directory_fd());
	if (controllers_read(directory_fd(), "cgroup.controllers", &controllers) == 0) {
		char words[256];

		controllers_print(controllers, "+", words, sizeof(words));
		demand(controllers_parse(words, ' ') == 0 || words[0] == '+');
	}
}

/* "wanted" has lines "FILE VALUE": as if they had been written. */
static void read_back(void)
{
	static const char *const files[] = { "memory.max",  "memory.high", "memory.swap.max", "cpu.max",
					     "cpuset.cpus", "io.max",      "pids.max" };
	static struct cgroup_limits limits;
	struct error err = { 0 };
	char *text = directory_text("wanted"), *rest = text, *line;

	limits.n = 0;
	while (text && limits.n < CGROUP_SETTINGS_MAX && (line = strsep(&rest, "\n"))) {
		for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
			size_t length = strlen(files[i]);

			if (strncmp(line, files[i], length) != 0 || line[length] != ' ' ||
			    strlen(line + length + 1) >= CGROUP_VALUE_MAX)
				continue;
			limits.items[limits.n] = (struct cgroup_setting){ .file = files[i],
									  .key = "limits.x",
									  .optional = i == 2 };
			strcpy(limits.items[limits.n++].value, line + length + 1);
			break;
		}
	}
	demand((cgroup_verify(directory_fd(), &limits, &err) < 0) == (err.msg[0] != '\0'));
	free(text);
}

/* "schemata" as resctrl shows it, against what a config asks for. */
static void shares(struct arena *arena)
{
	char *l3 = directory_text("l3"), *mb = directory_text("mb");
	const struct oci_intel_rdt config = { .l3_cache_schema = l3, .mem_bw_schema = mb };
	struct error err = { 0 };

	demand(rdt_schemata_combine(&config, arena) != NULL);
	if (rdt_schemata_given(&config) && rdt_schemata_compare(&config, directory_path(), arena, &err) < 0)
		demand(err.msg[0] != '\0');
	free(l3);
	free(mb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	pid_t *pids;
	size_t n;

	directory_fill(data, size);
	demand(arena != NULL);
	stats(arena);
	numbers();
	read_back();
	shares(arena);
	if (cgroup_container_procs(directory_fd(), arena, &pids, &n, &err) == 0)
		for (size_t i = 1; i < n; i++)
			demand(pids[i - 1] <= pids[i]);
	return 0;
}
