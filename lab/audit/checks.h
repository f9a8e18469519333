/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The table of checks. One row is one question, judged twice: of what the profile declares and of what the
 * kernel says of the running process. The sums, the table that is printed, the catalogues and the
 * documentation are loops over it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct facts;
struct spec;

enum checks_catalog {
	CATALOG_BSI,   /* BSI IT-Grundschutz SYS.1.6, edition 2023 */
	CATALOG_CIS,   /* CIS Docker Benchmark, section 5 */
	CATALOG_NIST,  /* NIST SP 800-190, chapter 4 */
	CATALOG_PSS,   /* Kubernetes Pod Security Standards */
	CATALOG_OWASP, /* OWASP Docker Security Cheat Sheet */
	CATALOGS,
};

/* A profile, and what the host knows about it. */
struct audit_declared {
	const struct spec *spec;
	const char *passwd;     /* accounts of the host, "/etc/passwd" */
	int file_error;         /* the profile's file: 0, or why it was not looked at */
	unsigned int file_mode; /* permission bits */
	int root_fd;            /* of the root file system; -1: not there on this machine */
};

enum opinion_state {
	OPINION_NONE, /* nobody was asked */
	OPINION_JUDGED,
	OPINION_NOT_APPLICABLE,
	OPINION_NOT_READABLE,
};

struct opinion {
	enum opinion_state state;
	unsigned int badness; /* 0: as hard as can be, up to the row's range */
	bool measured;        /* amount says something */
	uint64_t amount;      /* what can be compared with the other side, however good it is */
	char value[40];       /* in a word or two, for the table */
	char evidence[256];   /* what was read where, or why it can't be judged */
};

struct check {
	const char *id;
	unsigned int weight;
	unsigned int range; /* the worst badness */
	const char *title;  /* what is so when all is well */
	const char *key;    /* of a profile; NULL: not to be changed by one */
	const char *where;  /* the live evidence */
	void (*declared)(const struct check *check, const struct audit_declared *declared,
			 struct opinion *ret);
	void (*effective)(const struct check *check, const struct facts *facts, struct opinion *ret);
	const char *serves[CATALOGS]; /* numbers of items, separated by spaces; NULL: none */
	uint64_t argument;            /* for functions that several rows share */
	const char *words;
	const char *step; /* the launcher's step that verified it at the start */
};

/** checks_topics() - Return: number of topics, each with a table of its own. */
size_t checks_topics(void);

/** checks_topic() - Return: the rows of topic @i, *ret_n of them, and its *ret_title. */
const struct check *checks_topic(size_t i, size_t *ret_n, const char **ret_title);

/** checks_find() - Return: the row of that id, or NULL. */
const struct check *checks_find(const char *id);

/** checks_serves() - Return: whether the row serves the item @number of the catalogue. */
bool checks_serves(const struct check *check, enum checks_catalog catalog, const char *number);

/* Used by the tables. */

/** opinion_judge() - set a judgement: badness and the word for the table. */
void opinion_judge(struct opinion *ret, unsigned int badness, const char *format, ...) _printf_(3, 4);

/** opinion_amount() - set what the other side must say as well. */
void opinion_amount(struct opinion *ret, uint64_t amount);

/** opinion_evidence() - set what was read where. */
void opinion_evidence(struct opinion *ret, const char *format, ...) _printf_(2, 3);

/** opinion_skip() - say that the row does not apply, and why. */
void opinion_skip(struct opinion *ret, const char *format, ...) _printf_(2, 3);

/** opinion_unreadable() - say that it could not be read: @errnum, or 0 for what can't be seen from outside.
 */
void opinion_unreadable(struct opinion *ret, int errnum, const char *what);

/** opinion_always() - for `declared`: kapsel does this for every profile. */
void opinion_always(const struct check *check, const struct audit_declared *declared, struct opinion *ret);

/**
 * opinion_by_step() - for `effective` of what the kernel tells only to the process itself: the launcher
 * read it back when it started the container; of other processes it is not readable
 */
void opinion_by_step(const struct check *check, const struct facts *facts, struct opinion *ret);

/* The tables, by topic; each ends with an id of NULL. */
extern const struct check checks_identity[], checks_capabilities[], checks_kernel[], checks_calls[],
	checks_isolation[], checks_network[], checks_mounts[], checks_proc[], checks_limits[],
	checks_secrets[], checks_service[];
