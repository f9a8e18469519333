/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Catalogues of other people's requirements, and which rows answer them. The descriptions are ours: the
 * numbers are what leads to the published text.
 */
#include <stdio.h>

#include "lab/audit/checks.h"

struct assessment;

enum catalog_kind {
	CATALOG_BY_ROWS,
	CATALOG_ORGANISATIONAL, /* people decide or do it */
	CATALOG_IMAGE,          /* decided when the image is built or fetched */
	CATALOG_NOT_CHECKABLE,  /* nothing on this machine shows it */
};

struct catalog_item {
	const char *number; /* "A15", "5.11", "baseline:seccomp" */
	enum catalog_kind kind;
	const char *about;  /* in our words */
	const char *remark; /* why no row can answer it, or what the rows leave open; NULL: nothing to add */
};

struct catalog {
	const char *word; /* on the command line: "bsi" */
	const char *name;
	const struct catalog_item *items; /* ends with a number of NULL */
};

/** catalog_get() - Return: that catalogue. */
const struct catalog *catalog_get(enum checks_catalog which);

/** catalog_find() - Return: its number by its word, or -1. */
int catalog_find(const char *word);

/** catalog_kind_name() - Return: "checked", "organisational", "image build" or "not checkable by a program".
 */
const char *catalog_kind_name(enum catalog_kind kind);

/** catalog_verdict() - Return: "met", "partly met", "not met", or "not judged" for an item's rows. */
const char *catalog_verdict(const struct assessment *assessment, enum checks_catalog which,
			    const struct catalog_item *item);

/* The items, in files of their own. */
extern const struct catalog_item catalog_bsi[], catalog_cis[], catalog_nist[], catalog_pss[], catalog_owasp[];
