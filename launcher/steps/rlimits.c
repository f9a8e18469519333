/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits of a single process: hard and soft alike, so that none can be raised again. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/macro.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

enum { ROWS = 5 };

struct row {
	__rlimit_resource_t resource;
	const char *key;  /* profile key */
	const char *line; /* of /proc/<pid>/limits */
	uint64_t value;
};

static void fill(const struct spec *spec, struct row rows[ROWS])
{
	const struct spec_limits *limits = &spec->limits;

	rows[0] = (struct row){ RLIMIT_NOFILE, "open_files", "Max open files", limits->open_files };
	rows[1] = (struct row){ RLIMIT_FSIZE, "file_size", "Max file size", limits->file_size_bytes };
	/*
	 * 0 stops core files only: with a pipe in core_pattern the kernel still runs the host's
	 * helper as root on the workload's data. 1 is the value that stops both (core(5)).
	 */
	rows[2] = (struct row){ RLIMIT_CORE, "core", "Max core file size",
				limits->core_bytes ? limits->core_bytes : 1 };
	rows[3] = (struct row){ RLIMIT_STACK, "stack", "Max stack size", limits->stack_bytes };
	rows[4] = (struct row){ RLIMIT_MEMLOCK, "locked_memory", "Max locked memory",
				limits->locked_memory_bytes };
}

static rlim_t to_rlim(uint64_t value)
{
	return value == SPEC_UNLIMITED ? RLIM_INFINITY : value;
}

static int rlimits_prepare(const struct step *step, struct run *run, struct error *err)
{
	struct row rows[ROWS];
	struct rlimit now;

	(void)run;
	fill(step->spec, rows);
	for (size_t i = 0; i < ROWS; i++) {
		if (getrlimit(rows[i].resource, &now) < 0)
			return error_set(err, errno, "read the present limit of %s", rows[i].key);
		if (to_rlim(rows[i].value) <= now.rlim_max || run->host == NULL)
			continue;
		error_set(err, EPERM,
			  "raise limits.%s to %" PRIu64 " above this process's hard limit of %" PRIu64,
			  rows[i].key, rows[i].value, (uint64_t)now.rlim_max);
		return error_remedy(
			err,
			"raise the caller's limit (ulimit -H, LimitNOFILE= and the like), or lower limits.%s",
			rows[i].key);
	}
	return 0;
}

static int rlimits_apply(const struct step *step, struct run *run, struct error *err)
{
	struct row rows[ROWS];

	(void)run;
	fill(step->spec, rows);
	for (size_t i = 0; i < ROWS; i++) {
		struct rlimit limit = { to_rlim(rows[i].value), to_rlim(rows[i].value) };

		if (setrlimit(rows[i].resource, &limit) < 0)
			return error_set(err, errno, "set limits.%s to %" PRIu64, rows[i].key, rows[i].value);
	}
	return STEP_DONE;
}

static int line_holds(const char *text, const struct row *row)
{
	const char *line = strstr(text, row->line);
	char wanted[32], soft[32], hard[32];

	if (!line || sscanf(line + strlen(row->line), " %31s %31s", soft, hard) != 2)
		return 0;
	if (row->value == SPEC_UNLIMITED)
		snprintf(wanted, sizeof(wanted), "unlimited");
	else
		snprintf(wanted, sizeof(wanted), "%" PRIu64, row->value);
	return strcmp(soft, wanted) == 0 && strcmp(hard, wanted) == 0;
}

static int rlimits_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			  char report[STEP_REPORT_MAX], struct error *err)
{
	struct row rows[ROWS];
	size_t used = 0;

	(void)run;
	fill(step->spec, rows);
	for (size_t i = 0; i < ROWS; i++) {
		if (!line_holds(evidence->limits, &rows[i]))
			return error_set(err, EBADE, "the kernel has another \"%s\"", rows[i].line);
		if (rows[i].value == SPEC_UNLIMITED)
			used += (size_t)snprintf(report + used, STEP_REPORT_MAX - used, "%s%s unlimited",
						 i ? " " : "", rows[i].key);
		else
			used += (size_t)snprintf(report + used, STEP_REPORT_MAX - used, "%s%s %" PRIu64,
						 i ? " " : "", rows[i].key, rows[i].value);
	}
	return STEP_DONE;
}

static void rlimits_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	struct row rows[ROWS];

	(void)step;
	fill(spec, rows);
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].value == SPEC_UNLIMITED)
			fprintf(out, "%s%s unlimited", i ? ", " : "", rows[i].key);
		else
			fprintf(out, "%s%s %" PRIu64, i ? ", " : "", rows[i].key, rows[i].value);
	}
}

const struct step_type step_rlimits = {
	.name = "rlimits",
	.blocks = "using up descriptors, file space, locked memory; core dumps that run a helper on the host",
	.source = "setrlimit(2), core(5)",
	.phase = PHASE_PRIV,
	.prepare = rlimits_prepare,
	.apply = rlimits_apply,
	.verify = rlimits_verify,
	.explain = rlimits_explain,
};
