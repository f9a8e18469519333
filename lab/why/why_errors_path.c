/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors about a path: what stands there, which mount it is on, and what that mount closes. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "base/str.h"
#include "lab/why/why_advice.h"
#include "lab/why/why_errors.h"
#include "profiles/spec.h"

/* The directory that a tmpfs at this path would be mounted on: its own where it has none but "/". */
static const char *directory_of(struct why *why, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? why_text(why, "%s", path) : why_text(why, "%.*s", (int)(slash - path), path);
}

/* The mount as it is written, with one more member. */
static const char *mount_line(struct why *why, const struct spec_mount *mount, const char *member)
{
	char size[32];

	if (mount->type == SPEC_MOUNT_BIND)
		return why_text(why, "\"mounts\": { %s: { \"type\": \"bind\", \"source\": %s, %s } }",
				why_json(why, mount->target), why_json(why, mount->source), member);
	return why_text(why, "\"mounts\": { %s: { \"type\": \"tmpfs\", \"size\": \"%s\", %s } }",
			why_json(why, mount->target), why_size(mount->size_bytes, size, sizeof(size)),
			member);
}

/* --- EROFS ----------------------------------------------------------------------- */

static void describe_root(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	const char *directory = directory_of(why, found->path);

	cause->reason = "the root file system is always read-only: what is to be written needs a mount";
	cause->line = why_text(why, "\"mounts\": { %s: { \"type\": \"tmpfs\", \"size\": \"16MiB\" } }",
			       why_json(why, directory ? directory : ""));
	cause->exposes = why_advice_exposes("mounts.tmpfs");
	cause->advice = "what has to outlive the run goes into a bind mount with \"write\": true";
	if (directory && why_path_hides(why->spec, directory))
		cause->advice = why_text(
			why,
			"the image has files in %s, which it would hide: let the program write into a "
			"directory of its own",
			directory);
}

static bool describe_read_only(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	const struct spec_mount *mount = found->place.mount;

	cause->id = "read-only";
	cause->what = found->has_path ? why_text(why, "it could not write %s", found->path)
				      : "it could not write a file";
	if (!found->has_path || !why->spec) {
		cause->reason =
			"the root file system is always read-only, mounts are unless they say \"write\"";
		cause->line = "\"mounts\": { \"/PATH\": { \"type\": \"tmpfs\", \"size\": \"16MiB\" } }";
		cause->exposes = why_advice_exposes("mounts.tmpfs");
		return true;
	}
	if (found->place.place == WHY_PATH_ROOT) {
		describe_root(why, found, cause);
		return true;
	}
	if (mount) {
		cause->reason = why_text(why, "the mount %s is read-only", mount->target);
		cause->line = mount_line(why, mount, "\"write\": true");
		cause->exposes =
			why_advice_exposes(mount->type == SPEC_MOUNT_BIND ? "mounts.write" : "mounts.size");
		return true;
	}
	cause->reason =
		found->place.place == WHY_PATH_SECRETS
			? "secrets are read-only: a workload has no reason to change them"
			: "/proc, /sys and /dev are read-only: there kernel settings would be changed";
	cause->advice = found->place.place == WHY_PATH_PROC
				? "a setting of its own namespaces is written in \"sysctls\""
				: "let the program write to a tmpfs instead";
	return true;
}

/* --- ENOSPC ---------------------------------------------------------------------- */

/* The one tmpfs that it can only have been; NULL: there are several. */
static const struct spec_mount *only_tmpfs(const struct spec *spec)
{
	const struct spec_mount *found = NULL;

	for (size_t i = 0; spec && i < spec->n_mounts; i++) {
		if (spec->mounts[i].type != SPEC_MOUNT_TMPFS)
			continue;
		if (found)
			return NULL;
		found = &spec->mounts[i];
	}
	return found;
}

static bool describe_space(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	const struct spec_mount *mount =
		found->has_path && found->place.mount ? found->place.mount : only_tmpfs(why->spec);
	char size[32], raised[32];

	cause->id = "no-space";
	if (!mount) {
		cause->what = "the disk or tmpfs that it wrote to is full";
		cause->reason =
			"a tmpfs holds what \"size\" and \"inodes\" say; a bind mount is as full as the host's disk";
		cause->line = "\"mounts\": { \"/PATH\": { \"type\": \"tmpfs\", \"size\": \"…\" } }";
		cause->exposes = why_advice_exposes("mounts.size");
		return true;
	}
	if (mount->type == SPEC_MOUNT_BIND) {
		cause->what = why_text(why, "the disk of the host behind %s is full", mount->target);
		cause->reason = why_text(why, "it is the host's %s", mount->source);
		cause->advice = why_text(why, "make room there: df %s", mount->source);
		return true;
	}
	cause->what = why_text(why, "the tmpfs %s is full", mount->target);
	cause->reason = why_text(why, "its \"size\" is %s, and it may hold %s files",
				 why_size(mount->size_bytes, size, sizeof(size)),
				 mount->inodes < SPEC_UNSET ? why_text(why, "%" PRIu64, mount->inodes)
							    : "one for each 4 KiB of that");
	cause->line = why_text(why, "\"mounts\": { %s: { \"type\": \"tmpfs\", \"size\": \"%s\" } }",
			       why_json(why, mount->target),
			       why_size(mount->size_bytes * 2, raised, sizeof(raised)));
	cause->exposes = why_advice_exposes("mounts.size");
	return true;
}

/* --- ENOENT, ENOEXEC -------------------------------------------------------------- */

static void describe_bad_program(struct why *why, const struct why_error_found *found,
				 struct why_cause *cause)
{
	cause->id = "program";
	cause->what = why_text(why, "%s is there, but can't be executed", found->path);
	cause->reason = why_text(why, "%s", found->place.problem);
	cause->advice =
		"install what is missing in the image, or use an image of this machine's architecture";
}

static bool describe_missing_in_place(struct why *why, const struct why_error_found *found,
				      struct why_cause *cause)
{
	const struct spec_mount *mount = found->place.mount;

	switch (found->place.place) {
	case WHY_PATH_PROC:
		cause->reason =
			"/proc has the container's own processes only (\"proc\": \"own\", or \"none\")";
		cause->line = "\"proc\": \"full\"";
		cause->exposes = why_advice_exposes("proc");
		return true;
	case WHY_PATH_SYS:
		cause->reason = "/sys is never mounted: it is the host's hardware";
		cause->advice = "let the program do without; a single file can be mounted with \"mounts\"";
		return true;
	case WHY_PATH_DEV:
		cause->reason = "/dev has null, zero, full, random and urandom, and what \"devices\" names";
		cause->line = why_text(why, "\"devices\": { %s: \"rw\" }", why_json(why, found->path));
		cause->exposes = why_advice_exposes("devices");
		return true;
	case WHY_PATH_SECRETS:
		cause->reason = "the profile has no secret of that name";
		cause->line = "\"secrets\": { \"NAME\": { \"source\": \"/etc/kapsel/secrets/NAME\" } }";
		cause->exposes = "that one file";
		return true;
	case WHY_PATH_TMPFS:
		cause->reason = why_text(why, "the tmpfs %s is empty when a run begins", mount->target);
		cause->advice = "let the program make it, or mount a directory of the host there";
		return true;
	case WHY_PATH_BIND:
		cause->reason = why_text(why, "it is missing below the host's %s, which is mounted on %s",
					 mount->source, mount->target);
		return true;
	case WHY_PATH_ROOT:
		break;
	}
	cause->reason = why_text(why, "the root file system %s does not have it", why->spec->rootfs);
	cause->line = why_text(why, "\"mounts\": { %s: { \"type\": \"bind\", \"source\": %s } }",
			       why_json(why, found->path), why_json(why, found->path));
	cause->exposes = why_advice_exposes("mounts.bind");
	cause->advice = "better: put it into the image";
	return true;
}

static bool describe_missing(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	if (!found->has_path || !why->spec)
		return false;
	if (found->place.known && found->place.error == 0 && found->place.problem[0]) {
		describe_bad_program(why, found, cause);
		return true;
	}
	/* It is there by now: the line may speak of another moment, or of a part of the path. */
	if (found->place.known && found->place.error != ENOENT && found->place.error != ENOTDIR)
		return false;
	cause->id = "missing";
	cause->what = why_text(why, "it did not find %s", found->path);
	return describe_missing_in_place(why, found, cause);
}

/* --- EACCES, EPERM ---------------------------------------------------------------- */

static bool speaks_of(const struct why_error_found *found, const char *word)
{
	return strcasestr(found->line->text, word) != NULL;
}

static bool is_allowed_program(const struct spec *spec, const char *path)
{
	for (size_t i = 0; i < spec->exec_allow.n; i++)
		if (str_equal(spec->exec_allow.items[i], "*") || str_equal(spec->exec_allow.items[i], path))
			return true;
	return false;
}

/* A program that may not be executed: by its mount, its mode, or the list of Landlock. */
static bool describe_exec(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	const struct spec_mount *mount = found->place.mount;
	bool known = found->place.known && found->place.error == 0;

	if (mount && !mount->exec) {
		cause->id = "noexec";
		cause->what = why_text(why, "it could not execute %s", found->path);
		cause->reason = why_text(why, "the mount %s is noexec", mount->target);
		cause->line = mount_line(why, mount, "\"exec\": true");
		cause->exposes = why_advice_exposes("mounts.exec");
		return true;
	}
	if (!known || !S_ISREG(found->place.mode))
		return false;
	if (!(found->place.mode & 0111)) {
		cause->id = "mode";
		cause->what = why_text(why, "it could not execute %s", found->path);
		cause->reason = why_text(why, "the file has mode %04o: nobody may execute it",
					 found->place.mode & 07777u);
		cause->advice = why_text(why, "chmod a+rx it in %s", why->spec->rootfs);
		return true;
	}
	if (is_allowed_program(why->spec, found->path))
		return false;
	cause->id = "exec-list";
	cause->what = why_text(why, "it could not execute %s", found->path);
	cause->reason =
		"it is not in \"exec.allow\": Landlock refuses to execute what the profile does not name";
	cause->line = why_text(why, "\"exec\": { \"allow\": [..., %s] }", why_json(why, found->path));
	cause->exposes = why_advice_exposes("exec");
	return true;
}

/* Who sees the file how: an id of the host beyond the map owns nothing inside. */
static bool describe_mode(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	const struct spec *spec = why->spec;

	cause->id = "permission";
	cause->what = why_text(why, "it may not use %s", found->path);
	if (found->place.known && found->place.error == 0) {
		cause->reason = why_text(
			why,
			"on the host it belongs to uid %u, gid %u and has mode %04o; the workload is uid %u "
			"inside, an unprivileged id of the host's outside",
			found->place.uid, found->place.gid, found->place.mode & 07777u, spec->user.uid);
		cause->advice =
			found->place.place == WHY_PATH_BIND
				? "\"idmap\": true in that mount shifts owners into the container; or change the mode"
				: "change the mode in the image: chmod a+rX";
		return true;
	}
	if (found->place.place == WHY_PATH_TMPFS) {
		cause->reason = why_text(
			why,
			"the tmpfs %s has mode %04o and belongs to the workload's id; Landlock opens "
			"only paths of the profile",
			found->place.mount->target, found->place.mount->mode);
		return true;
	}
	/* What is not there is no file of that name: the word meant something else. */
	if (found->place.known)
		return false;
	cause->reason =
		"the kernel's permission check said no: owner and mode, or a path that the profile does not open";
	return true;
}

/* Rights of root that a line names by the call that needs them. */
static const char *capability_of(const struct why_error_found *found)
{
	static const struct {
		const char *word, *capability;
	} words[] = {
		{ "chown", "CHOWN" },   { "setgroups", "SETGID" },      { "initgroups", "SETGID" },
		{ "setgid", "SETGID" }, { "setuid", "SETUID" },         { "setpriority", "SYS_NICE" },
		{ "nice", "SYS_NICE" }, { "bind", "NET_BIND_SERVICE" }, { "chroot", "SYS_CHROOT" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (speaks_of(found, words[i].word))
			return words[i].capability;
	return NULL;
}

static bool describe_capability(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	const char *capability = capability_of(found);

	if (!capability)
		return false;
	cause->id = "capability";
	cause->what = "it was refused something that needs a part of root's power";
	cause->reason = why_text(why, "its line speaks of what needs CAP_%s, and the profile gives %s",
				 capability, why->spec && why->spec->capabilities ? "others" : "none");
	if (str_equal(capability, "NET_BIND_SERVICE")) {
		cause->line = "\"listen\": { \"main\": { \"stream\": \"0.0.0.0:PORT\" } }";
		cause->exposes = why_advice_exposes("listen");
		cause->advice = "or let it bind a port of 1024 and above";
		return true;
	}
	cause->line = why_text(why, "\"capabilities\": [\"%s\"]", capability);
	cause->exposes = why_advice_exposes("capabilities");
	cause->advice =
		"better: start it as the right user, \"user\": { \"uid\": … }, so that it need not change ids";
	return true;
}

/* A shell that could not execute something, and not one that could not open it for a redirection. */
static bool speaks_of_execution(const struct why_error_found *found)
{
	const struct why_path *place = &found->place;

	if (speaks_of(found, "create") || speaks_of(found, "open") || speaks_of(found, "writ"))
		return false;
	if (speaks_of(found, "exec") || speaks_of(found, "sh: "))
		return true;
	return place->known && place->error == 0 && S_ISREG(place->mode) && (place->mode & 0111);
}

static bool describe_denied(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	bool placed = found->has_path && why->spec;

	if (placed && speaks_of_execution(found) && describe_exec(why, found, cause))
		return true;
	/* Landlock answers so, before there is a network that could. */
	if (speaks_of(found, "connect"))
		return why_errors_network(why, found, cause);
	return describe_capability(why, found, cause) || (placed && describe_mode(why, found, cause));
}

static bool describe_format(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	if (!found->has_path)
		return false;
	if (why->spec && found->place.problem[0]) {
		describe_bad_program(why, found, cause);
		return true;
	}
	if (found->error->number != ENOEXEC)
		return false;
	cause->id = "program";
	cause->what = why_text(why, "%s can't be executed", found->path);
	cause->reason = "it is no program that this kernel knows: of another machine, or a text without #!";
	return true;
}

bool why_errors_path(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	switch (found->error->number) {
	case EROFS:
		return describe_read_only(why, found, cause);
	case ENOSPC:
		return describe_space(why, found, cause);
	case ENOENT:
		return describe_missing(why, found, cause);
	case ENOEXEC:
		return describe_format(why, found, cause);
	case EACCES:
	case EPERM:
		return describe_denied(why, found, cause);
	default:
		return false;
	}
}
