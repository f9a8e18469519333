/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/processes/extra_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/evidence.h"
#include "launcher/faults.h"
#include "launcher/host.h"
#include "launcher/plan.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"

/* From outside, where we may look: the links of a process that is not dumpable are root's. */
static int look_at_namespace(const struct run *run, pid_t pid, const char *name, struct error *err)
{
	char path[64];
	struct stat own, init;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	if (stat(path, &own) < 0)
		return error_set(err, errno, "look at %s", path);
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)run->init_pid, name);
	if (stat(path, &init) < 0)
		return error_set(err, errno, "look at %s", path);
	if (own.st_dev != init.st_dev || own.st_ino != init.st_ino)
		return error_set(err, EBADE, "the further process is in another %s namespace", name);
	return 0;
}

/* In the container's namespaces, all of them. */
static int same_namespaces(const struct run *run, pid_t pid, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < RUN_NAMESPACES; i++) {
		const char *name = run_namespace_names[i];

		if (run->proof->extra_namespaces[i] != run->proof->namespaces[i])
			return error_set(err, EBADE, "the further process is in another %s namespace", name);
		if (host_privileged(run->host))
			r = look_at_namespace(run, pid, name, err);
	}
	return r;
}

static int read_cgroup(pid_t pid, char text[4096], struct error *err)
{
	char path[64];
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	got = fd_read_file(AT_FDCWD, path, text, 4096);
	return got < 0 ? error_set(err, (int)-got, "read %s", path) : 0;
}

/* In the container's cgroup: its limits count, and it ends with it. */
static int same_cgroup(const struct run *run, pid_t pid, struct error *err)
{
	char own[4096], init[4096];
	int r = read_cgroup(pid, own, err);

	if (r == 0)
		r = read_cgroup(run->init_pid, init, err);
	if (r == 0 && !str_equal(own, init))
		r = error_set(err, EBADE, "the further process is in another cgroup");
	return r;
}

/* What mounts, network and cgroup are was verified with the payload, and is the same for all. */
static bool is_of_process(const struct step_type *type)
{
	return type->phase >= PHASE_PRIV || type == &step_user_id;
}

static int ask_steps(const struct run *run, const struct evidence *evidence, struct error *err)
{
	char report[STEP_REPORT_MAX];

	for (size_t i = 0; i < run->plan->n_steps; i++) {
		const struct step *step = &run->plan->steps[i];
		int r;

		if (!is_of_process(step->type) || faults_skip_verify(step->type->name))
			continue;
		r = step->type->verify(step, run, evidence, report, err);
		if (r >= 0)
			continue;
		strncpy(err->step, step->type->name, sizeof(err->step) - 1);
		return r;
	}
	return 0;
}

int extra_verify(const struct run *run, int pidfd, struct error *err)
{
	struct evidence *evidence = malloc(sizeof(*evidence));
	struct run view = *run;
	int r;

	if (!evidence)
		return error_set(err, ENOMEM, "verify a further process");
	view.payload_pidfd = pidfd;
	r = evidence_read(&view, evidence, err);
	if (r == 0)
		r = same_namespaces(run, evidence->payload_pid, err);
	if (r == 0)
		r = same_cgroup(run, evidence->payload_pid, err);
	if (r == 0)
		r = ask_steps(&view, evidence, err);
	free(evidence);
	return r;
}
