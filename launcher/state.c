/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/str.h"
#include "launcher/host.h"
#include "launcher/run.h"
#include "launcher/service/record.h"
#include "profiles/spec.h"

/* For the end of a service whose record says already that it has ended. */
enum { ENDING_MS = 1000, ENDING_STEP_MS = 10 };

/* All that a service's directory may hold (launcher/service/record.h); NAME.new while it is written. */
static const char *const files[] = {
	"state.json",   "state.json.new",   "steps",    "steps.new",
	"profile.json", "profile.json.new", "counters", "control",
};

/* Only ours: a directory that someone else owns or can write to could hold planted state (CVE-2015-1331). */
static int open_run_dir(const char *path, struct error *err)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		error_set(err, errno, "create the state directory %s", path);
		return error_remedy(err, "its parent must exist and be writable");
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "open the state directory %s", path);
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH))) {
		error_set(err, EPERM, "use the state directory %s: it belongs to uid %u with mode %04o", path,
			  st.st_uid, st.st_mode & 07777u);
		return error_remedy(err, "remove it, or: chown %u %s; chmod 0700 %s", geteuid(), path, path);
	}
	return take_fd(&fd);
}

static int remove_dir(int run_dir, const char *name, int dir)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (unlinkat(dir, files[i], 0) < 0 && errno != ENOENT)
			return -errno;
	return unlinkat(run_dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

/* What was made for a start that then could not open or lock it. */
static int undo_dir(int run_dir, const char *name, bool made, int r)
{
	if (made)
		unlinkat(run_dir, name, AT_REMOVEDIR);
	return r;
}

/*
 * A service's record says that it has ended a moment before its lock is free: whoever reads that may start
 * the name again at once. Only who holds the lock and wrote that is waited for.
 */
static bool is_ending(int dir)
{
	struct error ignored = { 0 };
	struct record record;

	return record_read(dir, &record, &ignored) == 0 && record.status == RECORD_EXITED &&
	       (record_process_lives(&record.supervisor) || record_process_lives(&record.standby));
}

static int lock(int dir)
{
	int waited_ms = 0;

	while (flock(dir, LOCK_EX | LOCK_NB) < 0) {
		int code = errno;

		if (code != EWOULDBLOCK || waited_ms >= ENDING_MS || !is_ending(dir))
			return -code;
		poll(NULL, 0, ENDING_STEP_MS);
		waited_ms += ENDING_STEP_MS;
	}
	return 0;
}

/* The directory may be removed between our open and our lock: then the name leads elsewhere, and we try
 * again. */
static int lock_dir(int run_dir, const char *name, bool *ret_stale, struct error *err)
{
	for (int tries = 0; tries < 100; tries++) {
		_cleanup_fd_ int dir = -1;
		struct stat ours, named;
		int r;

		*ret_stale = mkdirat(run_dir, name, 0700) < 0;
		if (*ret_stale && errno != EEXIST)
			return error_set(err, errno, "create the state directory of %s", name);
		dir = openat(run_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (dir < 0 && errno == ENOENT)
			continue;
		if (dir < 0)
			return undo_dir(run_dir, name, !*ret_stale,
					error_set(err, errno, "open the state directory of %s", name));
		r = lock(dir);
		if (r < 0 && r != -EWOULDBLOCK)
			return undo_dir(run_dir, name, !*ret_stale,
					error_set(err, -r, "lock the state directory of %s", name));
		if (r < 0) {
			error_set(err, EBUSY, "start %s: a container of that name runs", name);
			return error_remedy(err, "stop it, or give this profile another \"name\"");
		}
		if (fstat(dir, &ours) == 0 && fstatat(run_dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
		    ours.st_ino == named.st_ino && ours.st_dev == named.st_dev)
			return take_fd(&dir);
	}
	return error_set(err, EAGAIN, "lock the state directory of %s", name);
}

static int clean_cgroup(const struct run *run)
{
	const struct cgroup_place *place = &run->host->place;
	char path[2 * CGROUP_PATH_MAX];
	_cleanup_fd_ int parent = -1, group = -1;
	int r = 0;

	/* One that was there before is another run's, with another run directory: not ours to kill. */
	if (!place->found || !run->proof->cgroup_ours)
		return 0;
	snprintf(path, sizeof(path), "%s%s", place->mount, place->parent);
	parent = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (parent < 0)
		return errno == ENOENT ? 0 : -errno;
	group = openat(parent, run->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (group < 0)
		return errno == ENOENT ? 0 : -errno;
	if (cgroup_populated(group) != 0)
		r = cgroup_kill(group);
	if (r == 0)
		r = cgroup_remove(parent, run->id);
	return r;
}

int state_open(struct run *run, struct error *err)
{
	_cleanup_fd_ int run_dir = open_run_dir(run->host->run_dir, err);
	bool stale = false;
	int r;

	if (run_dir < 0)
		return run_dir;
	run->ids_fd = openat(run_dir, ".ids", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (run->ids_fd < 0)
		return error_set(err, errno, "open %s/.ids", run->host->run_dir);
	run->state_fd = lock_dir(run_dir, run->spec->name, &stale, err);
	if (run->state_fd < 0)
		return run->state_fd;
	/* We hold the lock, so whatever is left of that name belongs to nobody. */
	run->proof->cgroup_ours = stale;
	r = clean_cgroup(run);
	run->proof->cgroup_ours = r < 0;
	return r < 0 ? error_set(err, -r, "clean up after a killed container called %s", run->spec->name) : 0;
}

int state_write_file(int dir, const char *name, const char *text, size_t size)
{
	char temporary[64];

	_cleanup_fd_ int fd = -1;
	int r;

	snprintf(temporary, sizeof(temporary), "%s.new", name);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, text, size);
	if (r < 0)
		return r;
	return renameat(dir, temporary, dir, name) < 0 ? -errno : 0;
}

int state_write(const struct run *run, const struct state_row *rows, size_t n_rows, struct error *err)
{
	char *table = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&table, &size);
	int r;

	if (!out)
		return error_set(err, ENOMEM, "format the table of restrictions");
	for (size_t i = 0; i < n_rows; i++) {
		char report[STEP_REPORT_MAX * 4];

		str_escape(report, sizeof(report), rows[i].report);
		fprintf(out, "%s\t%s\t%s\t%s\n", rows[i].step, rows[i].phase, rows[i].result, report);
	}
	if (fclose(out) != 0) {
		free(table);
		return error_set(err, ENOMEM, "format the table of restrictions");
	}
	r = state_write_file(run->state_fd, "steps", table, size);
	free(table);
	return r < 0 ? error_set(err, -r, "write the state of %s", run->spec->name) : 0;
}

int state_print_table(const char *run_dir, const char *name, FILE *out, struct error *err)
{
	char path[HOST_PATH_MAX + 128], text[32768], *save = NULL;
	ssize_t size;

	if (name[0] == '.' || strchr(name, '/'))
		return error_set(err, EINVAL, "look up a container called %s", name);
	snprintf(path, sizeof(path), "%s/%s/steps", run_dir, name);
	size = fd_read_file(AT_FDCWD, path, text, sizeof(text));
	if (size < 0) {
		error_set(err, (int)-size, "find a running container called %s", name);
		return error_remedy(err, "the table is kept while the container runs");
	}
	fprintf(out, "%-18s %-6s %-7s %s\n", "RESTRICTION", "PHASE", "RESULT", "WHAT THE KERNEL SAYS");
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *fields[4] = { line, NULL, NULL, NULL };

		for (int i = 1; i < 4 && fields[i - 1]; i++) {
			char *tab = strchr(fields[i - 1], '\t');

			if (!tab)
				break;
			*tab = '\0';
			fields[i] = tab + 1;
		}
		if (fields[3])
			fprintf(out, "%-18s %-6s %-7s %s\n", fields[0], fields[1], fields[2], fields[3]);
	}
	return 0;
}

int state_clean_run(struct run *run)
{
	int r = clean_cgroup(run);

	if (r == 0)
		run->proof->cgroup_ours = false;
	return r;
}

int state_clean(const struct run *run, bool keep)
{
	_cleanup_fd_ int run_dir = -1;
	int r = clean_cgroup(run);

	for (size_t i = 0; r == 0 && i < run->spec->n_listen && i < RUN_LISTEN_MAX; i++) {
		const char *address = run->spec->listen[i].address;

		if ((run->proof->listening & 1U << i) && address[0] == '/' && unlink(address) < 0 &&
		    errno != ENOENT)
			r = -errno;
	}
	/* The directory goes last: while it is there, the next start of the name knows that there is work
	 * left. */
	if (r < 0)
		return r;
	run_dir = open(run->host->run_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (run_dir < 0)
		return -errno;
	if (run->state_fd < 0)
		return 0;
	if (keep)
		r = unlinkat(run->state_fd, "control", 0) < 0 && errno != ENOENT ? -errno : 0;
	else
		r = remove_dir(run_dir, run->spec->name, run->state_fd);
	/* The lock belongs to the open file that supervisor and janitor share: released for both. */
	if (r == 0)
		flock(run->state_fd, LOCK_UN);
	return r;
}

int state_reclaim(struct run *run)
{
	_cleanup_fd_ int run_dir = open(run->host->run_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
			 dir = -1;
	struct stat ours, named;

	if (run_dir >= 0)
		dir = openat(run_dir, run->spec->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : -errno;
	if (flock(dir, LOCK_EX | LOCK_NB) < 0 || fstat(dir, &ours) < 0)
		return -errno;
	if (fstatat(run_dir, run->spec->name, &named, AT_SYMLINK_NOFOLLOW) < 0 || ours.st_ino != named.st_ino)
		return 0; /* the name is a newer start's */
	run->state_fd = take_fd(&dir);
	return state_clean(run, false);
}
