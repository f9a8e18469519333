/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/error.h"
#include "base/macro.h"
#include "lab/convert/export_oci.h"
#include "lab/convert/export_oci_parts.h"
#include "lab/convert/losses.h"
#include "profiles/spec.h"

/* What is lost with a key of the profile, if the profile writes it. */
static const struct loss_of_key written[] = {
	{ "log", "log: a runtime writes no log; whoever starts it gets the workload's output" },
	{ "restart", "restart: a runtime starts once; an engine or a service manager does it again" },
	{ "health", "health: a runtime checks nothing; give the command to the engine" },
	{ "listen", "listen: bind the sockets yourself and pass them on: LISTEN_FDS=N crun run …, "
		    "or runc run --preserve-fds N" },
	{ "secrets", "secrets: bind each file to /run/secrets/NAME from a tmpfs of yours" },
	{ "notify", "notify: crun and runc make a socket of their own if NOTIFY_SOCKET is set" },
	{ "watchdog", "watchdog: a runtime does not stay to watch" },
	{ "events", "events: ask the engine for its own" },
	{ "stop", "stop: the signal and the time are arguments of the runtime's kill" },
	{ "on_supervisor_death", "on_supervisor_death: a runtime leaves no supervisor behind" },
	{ "limits.runtime", "limits.runtime: a runtime ends nothing by itself; use timeout(1)" },
	{ "env_from_host", "env_from_host: the values are those of now" },
	{ "labels", "labels: a runtime has no use for them" },
};

static int add_rights(const struct spec *spec, struct losses *losses)
{
	const struct loss_if rows[] = {
		{ true, "Landlock: the runtime-spec has no word for it; files are held by mounts and modes "
			"alone" },
		{ spec_exec_once(spec), "exec: \"exec exactly once\": the runtime itself calls execve(2) "
					"behind the filter, so the workload may, too" },
		{ !spec_exec_once(spec) && !spec_exec_any(spec),
		  "exec.allow: the list is Landlock's; any program in the container can be executed" },
		{ !spec->allow_jit, "allow_jit: PR_SET_MDWE (Linux 6.3) is not set; the filter refuses the "
				    "calls" },
		{ !spec->allow_nested_namespaces, "allow_nested_namespaces: user.max_user_namespaces stays; "
						  "the filter refuses the calls" },
		{ true, "started means verified: a runtime does not read back what holds" },
		{ true, "on_violation: refused calls are not named to anybody" },
	};

	return losses_add_if(losses, rows, ARRAY_SIZE(rows));
}

static int add_files(const struct export_oci_parts *parts)
{
	const struct spec *spec = parts->spec;
	bool writable = false;

	for (size_t i = 0; i < spec->n_mounts; i++)
		writable = writable || spec->mounts[i].write;
	const struct loss_if rows[] = {
		{ true, "rootfs: nosuid and nodev of the root file system: mount it so yourself" },
		{ true, "/dev: the runtime puts tty, ptmx and a link to /proc/kcore into it, too" },
		{ writable, "mounts: nosymfollow of what can be written: crun 1.8 knows no such option" },
		{ spec->proc == SPEC_PROC_NONE, "proc: \"none\": the runtimes need a /proc; it shows the "
						"container's own processes only" },
		{ spec->proc == SPEC_PROC_OWN && export_oci_full_proc(spec),
		  "proc: \"own\": the runtimes set sysctls through the container's /proc, so that the "
		  "kernel's files are there, covered" },
		{ spec->umask != 0022, "umask: runc before 1.1 ignores it" },
	};

	return losses_add_if(parts->losses, rows, ARRAY_SIZE(rows));
}

static int add_process(const struct spec *spec, struct losses *losses)
{
	const struct loss_if rows[] = {
		{ spec->network == SPEC_NETWORK_NONE, "network: \"none\": the runtimes bring the loopback "
						      "interface up" },
		{ (spec->namespaces & SPEC_NS_TIME) != 0,
		  "time namespace: runc 1.1 refuses a bundle with one; add it for runtimes that know it" },
		{ spec->stdin_from == SPEC_STDIN_NULL, "stdin: redirect the runtime's from /dev/null" },
		{ spec->args_from_cli, "args_from_cli: a runtime takes no arguments" },
	};

	return losses_add_if(losses, rows, ARRAY_SIZE(rows));
}

int export_oci_losses(const struct export_oci_parts *parts, struct error *err)
{
	int r = add_rights(parts->spec, parts->losses);

	if (r == 0)
		r = add_files(parts);
	if (r == 0)
		r = add_process(parts->spec, parts->losses);
	if (r == 0)
		r = losses_add_keys(parts->losses, parts->spec->tree, written, ARRAY_SIZE(written));
	return r < 0 ? error_set(err, -r, "note what a bundle can't say") : 0;
}
