/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The table of probes: what an attacker would try from inside, what the hardest default answers, which
 * layers stop it, and the keys of a profile that open it. The lab, the audit and the tests read this one
 * table; the attempts themselves are in lab/probe/, a program that knows no profile.
 *
 * An answer is an errno's name, a signal's name, "OK" (the attack worked) or "HELD" (it ran and gained
 * nothing); several are joined by "|" where kernels differ or two layers race to answer first.
 *
 * A layer is the name of a step of the launcher ("seccomp", "landlock"), as `kapsel explain --run` shows it,
 * or "kernel": what the kernel refuses everybody, or by a setting of the host; or "kapsel": what the launcher
 * and its verbs do outside.
 */
#include <stdbool.h>
#include <stddef.h>

#include "lab/text.h"

enum {
	PROBE_ATTACKS_MAX = 110
}; /* numbers above are no attacks: what the exercises of the lab need beside */

struct probe_opening {
	const char *title; /* unique per probe, and the same keys wherever it stands: "allow_ptrace" */
	const char *keys;  /* a JSON object, merged (RFC 7396, lists replaced) into the hardest profile */
	const char *answer;
};

/* Several layers that each stop the attack alone: with all of them open it works, with one closed it fails.
 */
struct probe_layer {
	const char *name; /* "capability" */
	const char *keys; /* what opens it; lists are added to those of the others */
};

struct probe_layers {
	const char *answer;               /* with all of them open: mostly "OK" */
	const char *common;               /* keys for all combinations, NULL: none */
	const struct probe_layer *layers; /* ends with a NULL name */
};

struct probe_row {
	int number;       /* of the table's row; attempts of one row share it */
	const char *name; /* of the attempt, unique: "mount-tmpfs" */
	struct text tries;
	const char *layers; /* who stops it, first to answer first: "seccomp capabilities landlock" */
	const char *strict; /* the answer under the hardest default with "@base", "@process" */
	const struct probe_opening *openings; /* ends with a NULL title; NULL: nothing opens it */
	const struct probe_layers *alone;     /* NULL: not shown layer by layer */
	/*
	 * Why the probe program makes no attempt: what the row is about shows outside only, or kapsel has no
	 * such thing. It never counts as passed; strict is "" then. NULL in all other rows.
	 */
	struct text elsewhere;
	bool works_bare; /* as root in new namespaces without kapsel it works on every kernel */
	bool heavy;      /* burns a resource: only by name, below limits */
	bool may_lack;   /* a kernel may not have what it attacks; harmless outside of any container, to find
			    that out */
	bool dangerous;  /* would harm a host on which nothing stops it: only in an outer sandbox */
};

/** probe_table() - Return: all rows, by number; *ret_n their number. */
const struct probe_row *probe_table(size_t *ret_n);

/** probe_table_find() - Return: the row of that name, or NULL. */
const struct probe_row *probe_table_find(const char *name);

/** probe_table_answers() - Return: whether @answer is one of @expected ("EACCES|EPERM"). */
bool probe_table_answers(const char *expected, const char *answer);
