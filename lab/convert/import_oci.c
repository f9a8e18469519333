/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/import_oci.h"

#include <errno.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/convert/draft.h"
#include "launcher/steps/mask_paths.h"
#include "profiles/capabilities.h"
#include "profiles/oci/oci_read.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void import_env(struct draft *draft, const struct spec_strings *env)
{
	for (size_t i = 0; i < env->n; i++) {
		const char *equals = strchr(env->items[i], '=');
		char *name;

		if (!equals) {
			draft_lost(draft, "process.env: \"%s\" is no variable", env->items[i]);
			continue;
		}
		name = arena_memdup(draft->arena, env->items[i], (size_t)(equals - env->items[i]));
		if (!name)
			draft->exhausted = true;
		else if (!str_equal(name, "PATH") || !str_equal(equals + 1, DEFAULT_PATH))
			draft_env(draft, name, equals + 1);
	}
}

static void import_user(struct draft *draft, const struct oci_user *user)
{
	struct json *object = draft_object(draft, draft->root, "user");
	char mode[16];

	draft_number(draft, object, "uid", user->uid);
	draft_number(draft, object, "gid", user->gid);
	for (size_t i = 0; i < user->n_groups; i++)
		draft_number(draft, draft_array(draft, object, "groups"), NULL, user->groups[i]);
	snprintf(mode, sizeof(mode), "%04o", (unsigned int)(user->umask_given ? user->umask : 0022));
	draft_string(draft, draft->root, "umask", mode);
}

static void import_capabilities(struct draft *draft, const struct oci_capabilities *sets)
{
	for (int number = 0; number < 64; number++) {
		const uint64_t bit = UINT64_C(1) << number;

		if ((sets->permitted | sets->effective) & bit && capabilities_name(number))
			draft_capability(draft, capabilities_name(number));
	}
	if (sets->bounding & ~(sets->permitted | sets->effective))
		draft_lost(draft,
			   "process.capabilities.bounding: what a set-user-id program could get: nothing "
			   "here gains more than the workload has");
}

static void import_process(struct draft *draft, const struct oci_process *process)
{
	draft_command(draft, process->args.items, process->args.n);
	import_env(draft, &process->env);
	if (process->cwd && !str_equal(process->cwd, "/"))
		draft_string(draft, draft->root, "workdir", process->cwd);
	import_user(draft, &process->user);
	import_capabilities(draft, &process->capabilities);
	if (!process->no_new_privileges)
		draft_bool(draft, draft->root, "allow_setuid", true);
	if (process->apparmor)
		draft_string(draft, draft->root, "apparmor", process->apparmor);
	if (process->selinux)
		draft_string(draft, draft->root, "selinux", process->selinux);
	if (process->terminal)
		draft_lost(draft, "process.terminal: a workload has no terminal; kapsel enter gives one");
	if (process->oom_score_adj_given)
		draft_lost(draft,
			   "process.oomScoreAdj: limits.memory decides, and kills the container as a whole");
	if (process->scheduler.given)
		draft_lost(draft, "process.scheduler: say it before: chrt(1)");
	if (process->io_priority.given)
		draft_lost(draft, "process.ioPriority: say it before: ionice(1)");
}

/* The root file system and /proc/sys are read-only anyway; what lies in a mount may not be. */
static bool is_written(const struct oci *oci, const char *path)
{
	bool written = false;

	for (size_t i = 0; i < oci->n_mounts; i++) {
		const struct oci_mount *mount = &oci->mounts[i];
		size_t length = strlen(mount->destination);
		const char *type = mount->type ? mount->type : "";

		if ((mount->flags.bind || str_equal(type, "tmpfs")) && str_starts(path, mount->destination) &&
		    (path[length] == '/' || path[length] == '\0'))
			written = !((mount->flags.attr_set | mount->flags.rec_attr_set) & MOUNT_ATTR_RDONLY);
	}
	return written;
}

/* kapsel shows nothing of /sys, and covers a list of its own below a full /proc. */
static bool is_hidden(const char *path)
{
	for (size_t i = 0; i < mask_paths_masked.n; i++)
		if (str_equal(path, mask_paths_masked.items[i]))
			return true;
	return str_starts(path, "/sys/");
}

static void import_rest(struct draft *draft, const struct oci *oci)
{
	static const char *const hooks[OCI_HOOK_KINDS] = {
		"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
	};

	for (size_t i = 0; i < OCI_HOOK_KINDS; i++)
		for (size_t j = 0; j < oci->hooks[i].n; j++)
			draft_lost(draft, "hooks.%s: %s: kapsel runs nothing on the host but events.exec",
				   hooks[i], oci->hooks[i].items[j].path);
	for (size_t i = 0; i < oci->annotations.n; i++)
		draft_lost(draft, "annotations: %s: it is for engines", oci->annotations.items[i].name);
	if (oci->domainname)
		draft_lost(draft, "domainname: kapsel sets the host name only");
	if (oci->n_net_devices > 0)
		draft_lost(draft, "linux.netDevices: kapsel moves no network devices");
	if (oci->personality_given)
		draft_lost(draft, "linux.personality: the workload has the usual one");
	if (oci->intel_rdt.given)
		draft_lost(draft, "linux.intelRdt: kapsel has no such limit");
	if (oci->memory_policy.given)
		draft_lost(draft, "linux.memoryPolicy: kapsel does not bind to memory nodes");
	if (oci->rootfs_propagation)
		draft_lost(draft, "linux.rootfsPropagation: mounts are always private");
	for (size_t i = 0; i < oci->masked_paths.n; i++)
		if (!is_hidden(oci->masked_paths.items[i]))
			draft_lost(
				draft,
				"linux.maskedPaths: %s: kapsel does not cover it; below /proc \"proc\": \"own\" hides all but processes, elsewhere mount an empty tmpfs",
				oci->masked_paths.items[i]);
	for (size_t i = 0; i < oci->readonly_paths.n; i++)
		if (is_written(oci, oci->readonly_paths.items[i]))
			draft_lost(draft, "linux.readonlyPaths: %s: bind it again, without \"write\"",
				   oci->readonly_paths.items[i]);
	for (size_t i = 0; i < oci->sysctls.n; i++)
		draft_string(draft, draft_object(draft, draft->root, "sysctls"), oci->sysctls.items[i].name,
			     oci->sysctls.items[i].value);
}

/* The bundle's directory and file, absolute. */
static int find(const char *path, char bundle[PATH_MAX], char file[PATH_MAX], struct error *err)
{
	struct stat st;
	char *slash;

	if (!realpath(path, bundle) || stat(bundle, &st) < 0)
		return error_set(err, errno, "open the bundle %s", path);
	if (S_ISDIR(st.st_mode)) {
		if (snprintf(file, PATH_MAX, "%s/config.json", bundle) >= PATH_MAX)
			return error_set(err, ENAMETOOLONG, "open the bundle %s", path);
		/* A fifo in a bundle would hold us for ever. */
		if (stat(file, &st) == 0 && !S_ISREG(st.st_mode))
			return error_set(err, EINVAL, "read %s: it is not a regular file", file);
		return 0;
	}
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "read %s: it is not a regular file", path);
	memcpy(file, bundle, PATH_MAX);
	slash = strrchr(bundle, '/');
	slash[slash == bundle] = '\0';
	return 0;
}

int import_oci(struct draft *draft, const char *path, struct error *err)
{
	char bundle[PATH_MAX] = "", file[PATH_MAX] = "";
	struct oci_warnings warnings = { 0 };
	struct oci *oci = arena_alloc(draft->arena, sizeof(*oci));
	int r = oci ? find(path, bundle, file, err) : error_set(err, ENOMEM, "read the bundle");

	if (r == 0)
		r = oci_read_file(bundle, file, draft->arena, oci, &warnings, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < warnings.n; i++)
		draft_lost(draft, "%s", warnings.items[i]);
	if (!draft->rootfs)
		draft->rootfs = oci->rootfs;
	draft_string(draft, draft->root, "rootfs", draft->rootfs);
	if (!oci->rootfs_readonly)
		draft_lost(draft,
			   "root.readonly false: the root file system is read-only: mount a tmpfs or a "
			   "bind where it writes");
	if (oci->process_given)
		import_process(draft, &oci->process);
	if (oci->hostname)
		draft_string(draft, draft->root, "hostname", oci->hostname);
	import_oci_mounts(draft, oci);
	import_oci_namespaces(draft, oci);
	import_oci_devices(draft, oci);
	import_oci_limits(draft, oci);
	import_oci_seccomp(draft, oci);
	import_rest(draft, oci);
	/* A runtime does not hold what is executed. */
	draft_add(draft, draft_array(draft, draft_object(draft, draft->root, "exec"), "allow"), "*");
	return draft->exhausted ? error_set(err, ENOMEM, "translate the bundle") : 0;
}
