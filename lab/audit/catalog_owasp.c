/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OWASP Docker Security Cheat Sheet, by the numbers of its rules. */
#include <stddef.h>

#include "lab/audit/catalog.h"

const struct catalog_item catalog_owasp[] = {
	{ "0", CATALOG_BY_ROWS, "Host and runtime are up to date",
	  "only settings of the kernel are seen; which versions are out, is not known here" },
	{ "1", CATALOG_BY_ROWS, "The engine's socket is not in reach", NULL },
	{ "2", CATALOG_BY_ROWS, "It runs as a user", NULL },
	{ "3", CATALOG_BY_ROWS, "Only needed capabilities", NULL },
	{ "4", CATALOG_BY_ROWS, "No way to more privileges", NULL },
	{ "5", CATALOG_BY_ROWS, "Containers do not reach each other unasked", NULL },
	{ "5a", CATALOG_BY_ROWS, "Published ports do not bypass the firewall",
	  "a port that an engine forwards belongs to the engine's proxy" },
	{ "6", CATALOG_BY_ROWS, "A security module and a filter of system calls are on", NULL },
	{ "7", CATALOG_BY_ROWS, "Resources are limited", NULL },
	{ "8", CATALOG_BY_ROWS, "File systems are read-only", NULL },
	{ "9", CATALOG_IMAGE, "Images are scanned before they are used", "a scanner in the build does it" },
	{ "10", CATALOG_BY_ROWS, "Logging is on", "the engine's own log level does not show" },
	{ "11", CATALOG_BY_ROWS, "The engine runs without root",
	  "judged by what the container is on the host" },
	{ "12", CATALOG_BY_ROWS, "Secrets are files", NULL },
	{ "13", CATALOG_IMAGE, "The supply chain is secured",
	  "digest, signature and list of parts belong to the image" },
	{ 0 },
};
