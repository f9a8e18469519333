/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/audit/subject.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroups/mounts.h"
#include "lab/audit/assessment.h"
#include "lab/audit/facts.h"
#include "launcher/commands/vocabulary.h"
#include "launcher/host.h"
#include "launcher/service/record.h"
#include "profiles/findings.h"
#include "profiles/profile.h"
#include "profiles/source.h"

enum { FILE_MAX_BYTES = 1024 * 1024 };

#define PASSWD "/etc/passwd"

/* The file that people edit, and the root file system where it is here. */
static struct audit_declared look_around(const struct spec *spec, const char *path, int root)
{
	struct audit_declared declared = { .spec = spec, .passwd = PASSWD, .root_fd = root };
	struct stat st;

	if (stat(path, &st) < 0)
		declared.file_error = errno;
	else
		declared.file_mode = st.st_mode & 07777;
	return declared;
}

static int open_root(const struct spec *spec)
{
	return open(spec->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void subject_profile(const struct spec *spec, const char *path, struct assessment *ret)
{
	_cleanup_fd_ int root = open_root(spec);
	const struct audit_declared declared = look_around(spec, path, root);

	assessment_make(&declared, NULL, ret);
	ret->kind = "profile";
	ret->name = path;
}

/* A process that ends, or whose number is given to another one, is noticed: the handle stays with the first.
 */
static int open_process(pid_t pid, struct error *err)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0 && errno == ESRCH)
		return error_set(err, ESRCH, "find process %d", (int)pid);
	if (fd < 0 && errno == EINVAL) {
		error_set(err, EINVAL, "audit process %d", (int)pid);
		return error_remedy(err,
				    "it is a thread, or no number of a process: name the process itself");
	}
	return fd < 0 ? error_set(err, errno, "open process %d", (int)pid) : fd;
}

static bool ended(int pidfd)
{
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) > 0;
}

static int read_facts(pid_t pid, int pidfd, struct arena *arena, struct facts **ret, struct error *err)
{
	struct facts *facts = arena_alloc(arena, sizeof(*facts));
	struct mounts *mounts = arena_alloc(arena, sizeof(*mounts));
	struct facts_source source = { .proc = "/proc", .passwd = PASSWD };
	int r;

	if (!facts || !mounts)
		return error_set(err, ENOMEM, "audit process %d", (int)pid);
	if (mounts_read(mounts) == 0 && mounts->n_v2 > 0) {
		source.cgroups = mounts->v2[0].path;
		source.cgroup_root = mounts->v2[0].root;
	}
	r = facts_read(&source, pid, arena, facts, err);
	if (ended(pidfd)) {
		error_set(err, ESRCH, "audit process %d: it ended meanwhile", (int)pid);
		return error_remedy(err, "audit it while it runs");
	}
	/* pidfd_open() found it, so it is there. */
	if (r == -ESRCH)
		return error_remedy(err, "/proc hides it from this user (hidepid): run as root");
	*ret = facts;
	return r;
}

int subject_process(pid_t pid, struct arena *arena, struct assessment *ret, struct error *err)
{
	_cleanup_fd_ int pidfd = open_process(pid, err);
	struct facts *facts = NULL;
	int r;

	if (pidfd < 0)
		return pidfd;
	r = read_facts(pid, pidfd, arena, &facts, err);
	if (r < 0)
		return r;
	assessment_make(NULL, facts, ret);
	ret->kind = "process";
	ret->name = facts->command;
	ret->pid = pid;
	return 0;
}

static int read_stored(int dir, const char *name, struct arena *arena, char **ret, size_t *ret_size,
		       struct error *err)
{
	char *text = arena_alloc(arena, FILE_MAX_BYTES);
	ssize_t size = text ? fd_read_file(dir, name, text, FILE_MAX_BYTES) : -ENOMEM;

	if (size < 0)
		return error_set(err, (int)-size, "read %s of the container", name);
	*ret = text;
	*ret_size = (size_t)size;
	return 0;
}

static int read_spec(int dir, struct arena *arena, const struct spec **ret, struct error *err)
{
	struct findings *findings = arena_alloc(arena, sizeof(*findings));
	struct source *source = arena_alloc(arena, sizeof(*source));
	struct vocabulary vocabulary;
	struct profile_options options = { .vocabulary = &vocabulary };
	char *text;
	size_t size;
	int r;

	if (!findings || !source)
		return error_set(err, ENOMEM, "read the container's profile");
	r = read_stored(dir, "profile.json", arena, &text, &size, err);
	if (r < 0)
		return r;
	vocabulary_fill(&vocabulary);
	*source = (struct source){ .name = "profile.json", .text = text, .size = size };
	r = profile_read_text(source, &options, arena, findings, ret);
	if (r < 0)
		return error_set(err, -r, "understand the container's profile: %s",
				 findings->n ? findings->items[0].message : "no reason given");
	return 0;
}

static int find_running(const struct host *host, const char *which, struct record *ret, struct error *err)
{
	int r = record_find(host->run_dir, which, ret, err);

	if (r < 0)
		return r;
	if (ret->status == RECORD_RUNNING && ret->payload_pid > 0)
		return 0;
	error_set(err, ESRCH, "audit the container %s: it is %s", ret->name, record_status_name(ret->status));
	return error_remedy(err, "start it, or audit its profile: kapsel audit %s",
			    ret->profile[0] ? ret->profile : "FILE");
}

/* Whether the record still speaks of the same process: a restart in between gives another one. */
static bool same_run(const struct host *host, const struct record *record)
{
	struct record now;

	return record_find(host->run_dir, record->id, &now, NULL) == 0 &&
	       now.payload_pid == record->payload_pid && now.status == RECORD_RUNNING;
}

/* What is stored of the run whose process is held by @pidfd, and what the kernel says of it. */
static int assess(int dir, const struct record *record, int pidfd, struct arena *arena,
		  struct assessment *ret, struct error *err)
{
	const struct spec *spec = NULL;
	struct audit_declared declared;
	struct facts *facts = NULL;
	_cleanup_fd_ int root = -1;
	char *steps = NULL;
	size_t size;
	int r;

	r = read_spec(dir, arena, &spec, err);
	if (r == 0)
		r = read_facts(record->payload_pid, pidfd, arena, &facts, err);
	if (r == 0)
		r = read_stored(dir, "steps", arena, &steps, &size, err);
	if (r < 0)
		return r;
	root = open_root(spec);
	declared = look_around(spec, record->profile, root);
	facts->declared = &declared;
	facts_take_steps(facts, steps);
	assessment_make(&declared, facts, ret);
	facts->declared = NULL;
	return 0;
}

int subject_container(const struct host *host, const char *which, struct arena *arena, struct assessment *ret,
		      struct error *err)
{
	struct record *record = arena_alloc(arena, sizeof(*record));
	_cleanup_fd_ int dir = -1, pidfd = -1;
	int r;

	if (!record)
		return error_set(err, ENOMEM, "audit %s", which);
	r = find_running(host, which, record, err);
	if (r < 0)
		return r;
	pidfd = open_process(record->payload_pid, err);
	if (pidfd < 0)
		return pidfd;
	if (!same_run(host, record))
		return error_set(err, ESRCH, "audit the container %s: it ended meanwhile", record->name);
	dir = record_open(host->run_dir, record->name, err);
	r = dir < 0 ? dir : assess(dir, record, pidfd, arena, ret, err);
	ret->kind = "container";
	ret->name = record->name;
	ret->pid = record->payload_pid;
	return r;
}
