/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/controllers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroups/mounts.h"
#include "cgroups/text.h"

static const struct {
	const char *name;
	const char *v1_name;
	const char *keys;
} controllers[MOUNTS_CONTROLLERS] = {
	{ "cpuset", "cpuset", "limits.cpus" },
	{ "cpu", "cpu", "limits.cpu, limits.cpu_weight" },
	{ "io", "blkio", "limits.io" },
	{ "memory", "memory", "limits.memory, limits.memory_high, limits.swap" },
	{ "pids", "pids", "limits.pids" },
	{ "hugetlb", "hugetlb", "hugetlb" },
	{ "rdma", "rdma", "rdma" },
	{ "misc", "misc", "misc" },
};

static const char leaf[] = ".supervisor"; /* no profile can have that name */

static int find(unsigned int controller)
{
	for (int i = 0; i < MOUNTS_CONTROLLERS; i++)
		if (controller == 1U << i)
			return i;
	return -1;
}

const char *cgroup_controller_name(unsigned int controller)
{
	int i = find(controller);

	return i < 0 ? NULL : controllers[i].name;
}

static unsigned int parse_word(const char *word, size_t length)
{
	for (size_t i = 0; i < MOUNTS_CONTROLLERS; i++) {
		const char *names[] = { controllers[i].name, controllers[i].v1_name };

		for (size_t j = 0; j < ARRAY_SIZE(names); j++)
			if (strlen(names[j]) == length && memcmp(names[j], word, length) == 0)
				return 1U << i;
	}
	return 0;
}

unsigned int controllers_parse(const char *text, char separator)
{
	const char stop[] = { separator, '\n', '\0' };
	unsigned int set = 0;

	while (*text) {
		size_t length = strcspn(text, stop);

		set |= parse_word(text, length);
		text += length;
		text += *text != '\0';
	}
	return set;
}

void controllers_print(unsigned int set, const char *prefix, char *buffer, size_t size)
{
	size_t used = 0;

	snprintf(buffer, size, "none");
	for (size_t i = 0; i < MOUNTS_CONTROLLERS && used < size; i++)
		if (set & (1U << i))
			used += (size_t)snprintf(buffer + used, size - used, "%s%s%s", used ? " " : "",
						 prefix, controllers[i].name);
}

int controllers_read(int group_fd, const char *file, unsigned int *ret)
{
	char text[256];
	ssize_t size = text_read(group_fd, file, text, sizeof(text));

	if (size < 0)
		return (int)size;
	*ret = controllers_parse(text, ' ');
	return 0;
}

/* "memory (limits.memory, limits.swap), pids (limits.pids)" */
static void print_with_keys(unsigned int set, char *buffer, size_t size)
{
	size_t used = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < MOUNTS_CONTROLLERS && used < size; i++)
		if (set & (1U << i))
			used += (size_t)snprintf(buffer + used, size - used, "%s%s (for %s)",
						 used ? ", " : "", controllers[i].name, controllers[i].keys);
}

static int refuse_missing(const char *path, const struct cgroup_place *place, unsigned int missing,
			  unsigned int offered, struct error *err)
{
	char wanted[300], offers[CGROUP_VALUE_MAX];

	print_with_keys(missing, wanted, sizeof(wanted));
	controllers_print(offered, "", offers, sizeof(offers));
	error_set(err, EOPNOTSUPP, "switch on cgroup controller %s: group %s offers %s%s%s", wanted, path,
		  offers, place->reason[0] ? "; " : "", place->reason);
	return error_remedy(err, "%s",
			    place->remedy[0]
				    ? place->remedy
				    : "add Delegate=yes to the service or scope that the group belongs to");
}

static int refuse_busy(const char *path, struct error *err)
{
	error_set(err, EBUSY,
		  "switch on cgroup controllers in %s: it holds other processes, and a group "
		  "can't both hold processes and hand controllers down",
		  path);
	return error_remedy(
		err, "start with \"systemd-run --scope -p Delegate=yes kapsel ...\" (with --user if not "
		     "root), or add Delegate=yes and DelegateSubgroup=supervisor to the service");
}

enum occupants { NOBODY, ONLY_US, OTHERS };

/* The caller and its own children, such as the one that cleans up after it. */
enum { US_MAX = 4 };

struct inside {
	enum occupants who;
	pid_t us[US_MAX];
	size_t n;
};

/* A child can't end unnoticed between question and answer: its number stays taken until it is waited for. */
static bool is_ours(pid_t pid)
{
	siginfo_t info;

	return pid == getpid() ||
	       (pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0);
}

/*
 * Who is in the group. Only the true root of the hierarchy, which has no cgroup.type,
 * may hold processes and hand controllers down. 0 stands for a process outside of our
 * pid namespace.
 */
static struct inside look_inside(int group_fd)
{
	struct inside inside = { .who = NOBODY };
	char text[64], *save = NULL;
	ssize_t size;

	if (faccessat(group_fd, "cgroup.type", F_OK, 0) < 0)
		return inside;
	size = text_read(group_fd, "cgroup.procs", text, sizeof(text));
	if (size == 0)
		return inside;
	inside.who = size > 0 ? ONLY_US : OTHERS;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint32_t pid;

		if (inside.n == US_MAX || str_to_u32(line, &pid) < 0 || !is_ours((pid_t)pid)) {
			inside.who = OTHERS;
			break;
		}
		inside.us[inside.n++] = (pid_t)pid;
	}
	return inside;
}

static int move_us(int to_fd, const struct inside *inside)
{
	for (size_t i = 0; i < inside->n; i++) {
		char pid[16];
		int r;

		snprintf(pid, sizeof(pid), "%d", (int)inside->us[i]);
		r = fd_write_file(to_fd, "cgroup.procs", pid);
		if (r < 0 && r != -ESRCH) /* a child that has ended holds nothing */
			return r;
	}
	return 0;
}

/*
 * The caller and its children leave the group so that it holds no process. Nobody else: a
 * process that is somebody else's isn't ours to move.
 */
static int step_aside(int group_fd, const char *path, const struct inside *inside, struct error *err)
{
	_cleanup_fd_ int leaf_fd = -1;
	bool made;
	int r;

	made = mkdirat(group_fd, leaf, 0755) == 0;
	if (!made && errno != EEXIST)
		return error_set(err, errno, "make the cgroup %s/%s", path, leaf);
	leaf_fd = openat(group_fd, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = leaf_fd < 0 ? -errno : move_us(leaf_fd, inside);
	if (r < 0) {
		if (made)
			unlinkat(group_fd, leaf, AT_REMOVEDIR);
		return error_set(err, -r, "move into the cgroup %s/%s", path, leaf);
	}
	return 0;
}

/* Undo step_aside() after a refusal; what can't be undone is an empty leaf, which the next start reuses. */
static void step_back(int group_fd, const struct inside *inside)
{
	if (move_us(group_fd, inside) == 0)
		unlinkat(group_fd, leaf, AT_REMOVEDIR);
}

int controllers_enable(int group_fd, const char *path, const struct cgroup_place *place, unsigned int needed,
		       struct error *err)
{
	char words[CGROUP_VALUE_MAX];
	struct inside inside;
	unsigned int set = 0;
	int r;

	r = controllers_read(group_fd, "cgroup.subtree_control", &set);
	if (r < 0)
		return error_set(err, -r, "read cgroup.subtree_control of %s", path);
	needed &= ~set;
	if (needed == 0)
		return 0;
	r = controllers_read(group_fd, "cgroup.controllers", &set);
	if (r < 0)
		return error_set(err, -r, "read cgroup.controllers of %s", path);
	if (needed & ~set)
		return refuse_missing(path, place, needed & ~set, set, err);

	/*
	 * The kernel itself refuses only for some controllers. With the others (pids, cpu,
	 * cpuset) it lets the group hold processes, but then nothing may be started in the
	 * groups below ("domain invalid").
	 */
	inside = look_inside(group_fd);
	if (inside.who == OTHERS)
		return refuse_busy(path, err);
	if (inside.who == ONLY_US) {
		r = step_aside(group_fd, path, &inside, err);
		if (r < 0)
			return r;
	}
	controllers_print(needed, "+", words, sizeof(words));
	r = fd_write_file(group_fd, "cgroup.subtree_control", words);
	if (r < 0 && inside.who == ONLY_US)
		step_back(group_fd, &inside);
	if (r == -EBUSY)
		return refuse_busy(path, err);
	if (r < 0)
		return error_set(err, -r, "write \"%s\" to cgroup.subtree_control of %s", words, path);
	return 0;
}
