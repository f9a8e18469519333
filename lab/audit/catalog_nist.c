/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NIST SP 800-190 (2017), countermeasures of chapter 4. */
#include <stddef.h>

#include "lab/audit/catalog.h"

const struct catalog_item catalog_nist[] = {
	{ "4.1.1", CATALOG_IMAGE, "Images have no known vulnerabilities",
	  "a scanner with a database finds them" },
	{ "4.1.2", CATALOG_BY_ROWS, "Images are configured safely",
	  "all of the tree: kapsel audit --rootfs" },
	{ "4.1.3", CATALOG_IMAGE, "Images hold no malware", "a scanner of that kind finds it" },
	{ "4.1.4", CATALOG_BY_ROWS, "No secrets lie open", "keys left over in files: kapsel audit --rootfs" },
	{ "4.1.5", CATALOG_IMAGE, "Only trusted images are used", "checked when the image is fetched" },
	{ "4.2", CATALOG_ORGANISATIONAL, "Registries are safe", "kapsel talks to none" },
	{ "4.3", CATALOG_ORGANISATIONAL, "The orchestrator is safe (but for 4.3.3)", "kapsel is none" },
	{ "4.3.3", CATALOG_BY_ROWS, "Traffic between containers is separated", NULL },
	{ "4.3.4", CATALOG_ORGANISATIONAL, "Workloads of unlike sensitivity are kept apart",
	  "people know which is which" },
	{ "4.4.1", CATALOG_NOT_CHECKABLE, "The runtime has no known vulnerabilities",
	  "the list of them is not on this machine" },
	{ "4.4.2", CATALOG_BY_ROWS, "Network access is bounded", NULL },
	{ "4.4.3", CATALOG_BY_ROWS, "The runtime is configured safely", NULL },
	{ "4.4.4", CATALOG_BY_ROWS, "A flaw of the application is contained", NULL },
	{ "4.4.5", CATALOG_BY_ROWS, "No container runs that nobody knows of",
	  "seen one by one; kapsel ps lists those with a profile" },
	{ "4.5.1", CATALOG_BY_ROWS, "The host's attack surface is small",
	  "kapsel doctor shows the host; what else it runs is not judged" },
	{ "4.5.2", CATALOG_BY_ROWS, "The shared kernel is defended",
	  "it stays shared: only a virtual machine is a kernel of its own" },
	{ "4.5.3", CATALOG_NOT_CHECKABLE, "The host's own software is up to date",
	  "the host's package manager knows" },
	{ "4.5.4", CATALOG_BY_ROWS, "Users have only the rights that they need",
	  "a program sees who can write the profile and reach an engine" },
	{ "4.5.5", CATALOG_BY_ROWS, "The host's files can not be tampered with", NULL },
	{ "4.6", CATALOG_NOT_CHECKABLE, "Trust begins in hardware",
	  "measured boot ends before the first container" },
	{ 0 },
};
