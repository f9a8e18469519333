/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Which process applies a step, and what that process still holds. The order of
 * the values is the order of privilege loss; plan_check() proves that a plan
 * never goes back.
 *
 * HOST   supervisor, before clone3: the caller's rights, heap and files.
 *        Must leave nothing to compute later: BPF compiled, fds open, maps formatted.
 * MAP    supervisor, while init waits: writes id maps, limits, shares the namespaces' fds.
 *        Mustn't read anything that the container can write.
 * MOUNT  init: capabilities in its own user namespace only, and still the old root.
 *        Mustn't allocate, log, or resolve a name twice.
 * PRIV   init: the new root only. Drops the capabilities, sets no_new_privs.
 * SEAL   payload: nothing left. Mustn't do more than Landlock, seccomp and execveat.
 */
enum phase {
	PHASE_HOST,
	PHASE_MAP,
	PHASE_MOUNT,
	PHASE_PRIV,
	PHASE_SEAL,
};

/** phase_name() - Return: "host", "map", "mount", "priv" or "seal". */
const char *phase_name(enum phase phase);
