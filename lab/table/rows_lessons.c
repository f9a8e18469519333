/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows 111 to 115: what a workload does by right or by mistake, for the exercises of the lab. */
#include "lab/table/rows.h"

#define TMPFS "\"mounts\": { \"/tmp\": { \"type\": \"tmpfs\", \"size\": \"2MiB\" } }"

/* Each is an array for one row, so that the braces stay those of an initialiser. */
static const struct probe_opening tmp[] = {
	{ "a tmpfs on /tmp", "{ " TMPFS " }", "OK" },
	{ 0 },
};

static const struct probe_opening for_others[] = {
	{ "a tmpfs on /tmp with umask 0022", "{ " TMPFS ", \"umask\": \"0022\" }", "OK" },
	{ 0 },
};

static const struct probe_opening chown_file[] = {
	{ "CHOWN, a tmpfs on /tmp and a wider id map",
	  "{ " TMPFS ", \"user\": { \"host_range\": 65536 }, \"capabilities\": [\"CHOWN\"],"
	  " \"syscalls\": { \"allow\": [\"@base\", \"@process\", \"@file-write\"] } }",
	  "OK" },
	{ 0 },
};

static const struct probe_opening secret[] = {
	{ "a password in env", "{ \"env\": { \"DB_PASSWORD\": \"geheim\" } }", "OK" },
	{ 0 },
};

static const struct probe_opening port_80[] = {
	{ "NET_BIND_SERVICE with network loopback and @socket-server",
	  "{ \"network\": \"loopback\", \"capabilities\": [\"NET_BIND_SERVICE\"],"
	  " \"syscalls\": { \"allow\": [\"@base\", \"@process\", \"@socket-server\"] } }",
	  "OK" },
	{ 0 },
};

const struct probe_row rows_lessons[] = {
	{ 111,
	  "create-in-tmp",
	  { "create a file in /tmp", "eine Datei in /tmp anlegen" },
	  "root-filesystem landlock",
	  "EROFS|EACCES|ENOENT",
	  .openings = tmp },
	{ 112,
	  "file-for-others",
	  { "create a file that others can read", "eine Datei anlegen, die andere lesen dürfen" },
	  "root-filesystem landlock",
	  "EROFS|EACCES|ENOENT",
	  .openings = for_others },
	{ 113,
	  "chown-file",
	  { "give a file to another user", "eine Datei einem anderen Benutzer geben" },
	  "root-filesystem landlock seccomp capabilities",
	  "EROFS|EACCES|ENOENT",
	  .openings = chown_file },
	{ 114,
	  "environ-secret",
	  { "find a secret in the environment", "ein Geheimnis in den Umgebungsvariablen finden" },
	  "kapsel",
	  "HELD",
	  .openings = secret },
	{ 115,
	  "bind-port-80",
	  { "bind port 80", "Port 80 belegen" },
	  "seccomp landlock capabilities",
	  "EPERM",
	  .openings = port_80 },
	{ 0 },
};
