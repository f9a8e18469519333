/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kubernetes Pod Security Standards: they have no numbers, so these names of controls are ours. */
#include <stddef.h>

#include "lab/audit/catalog.h"

const struct catalog_item catalog_pss[] = {
	{ "baseline:host-namespaces", CATALOG_BY_ROWS, "No network, processes or IPC of the host", NULL },
	{ "baseline:privileged", CATALOG_BY_ROWS, "Not privileged", NULL },
	{ "baseline:capabilities", CATALOG_BY_ROWS, "No capability beyond an engine's usual set",
	  "judged by what it holds: NET_RAW, which engines give unasked, counts" },
	{ "baseline:host-path", CATALOG_BY_ROWS, "No path of the host is mounted", NULL },
	{ "baseline:host-ports", CATALOG_BY_ROWS, "No port of the host", NULL },
	{ "baseline:host-probes", CATALOG_NOT_CHECKABLE, "Probes do not name another host",
	  "a field of pods; kapsel's checks are commands in the container" },
	{ "baseline:apparmor", CATALOG_BY_ROWS, "AppArmor is not switched off", NULL },
	{ "baseline:selinux", CATALOG_BY_ROWS, "SELinux's type is one for containers",
	  "any label but an unconfined one counts" },
	{ "baseline:proc-mount", CATALOG_BY_ROWS, "/proc is masked", NULL },
	{ "baseline:seccomp", CATALOG_BY_ROWS, "The filter of system calls is not switched off", NULL },
	{ "baseline:sysctls", CATALOG_BY_ROWS, "Only safe settings are changed", NULL },
	{ "restricted:volumes", CATALOG_BY_ROWS, "Volumes are of safe kinds", NULL },
	{ "restricted:privilege-escalation", CATALOG_BY_ROWS, "No way to more privileges", NULL },
	{ "restricted:run-as-non-root", CATALOG_BY_ROWS, "Not root", NULL },
	{ "restricted:run-as-user", CATALOG_BY_ROWS, "The user is not 0", NULL },
	{ "restricted:seccomp", CATALOG_BY_ROWS, "A filter of system calls is on", NULL },
	{ "restricted:capabilities", CATALOG_BY_ROWS, "All capabilities dropped but the one for low ports",
	  NULL },
	{ 0 },
};
