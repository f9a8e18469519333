/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/unit.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "launcher/service/unit_text.h"
#include "profiles/json.h"
#include "profiles/spec.h"

/* What kapsel needs at the end after stop.timeout: to kill, to drain the log, to clean up. */
enum { STOP_MARGIN_MS = 10000 };

/* How long the supervisor may need to end a workload whose own watchdog struck, and to start it again. */
enum { WATCHDOG_MARGIN_MS = 30000 };

/* What root needs for starting containers, less all that it does not (capabilities(7)). */
#define UNIT_CAPABILITIES                                                                                    \
	"CAP_SYS_ADMIN CAP_SETUID CAP_SETGID CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER "     \
	"CAP_SYS_PTRACE CAP_SYS_RESOURCE CAP_NET_BIND_SERVICE"

/* A path of the host that the service uses. */
struct use {
	const char *path;
	enum { USE_READ, USE_WRITE, USE_WRITE_BESIDE } how; /* BESIDE: files in its directory */
};

bool unit_name_allowed(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_.-:", name[i]))
			return false;
	return length > 0 && length < UNIT_NAME_MAX && name[0] != '.' && name[0] != '-';
}

static const char *credential_name(const struct unit *unit, size_t i)
{
	const struct json *secrets = json_get(unit->spec->tree, "secrets");
	const struct json *credential =
		json_get(json_get(secrets, unit->spec->secrets[i].name), "credential");

	return credential && credential->type == JSON_STRING ? credential->text : NULL;
}

/* The @i-th path that must be there at the start; path NULL behind the last one. */
static struct use use_at(const struct unit *unit, size_t i)
{
	const struct spec *spec = unit->spec;
	const char *const single[] = { unit->profile,
				       spec->rootfs,
				       spec->network_netns,
				       spec->log.path,
				       spec->log.socket,
				       spec->events.socket,
				       spec->events.exec.n ? spec->events.exec.items[0] : NULL };

	if (i < ARRAY_SIZE(single))
		return (struct use){ single[i] && single[i][0] == '/' ? single[i] : "",
				     i == 3 ? USE_WRITE_BESIDE : USE_READ };
	i -= ARRAY_SIZE(single);
	if (i < spec->n_mounts) {
		const struct spec_mount *mount = &spec->mounts[i];

		return (struct use){ mount->type == SPEC_MOUNT_BIND ? mount->source : "",
				     mount->write ? USE_WRITE : USE_READ };
	}
	i -= spec->n_mounts;
	if (i < spec->n_secrets)
		return (struct use){ credential_name(unit, i) ? "" : spec->secrets[i].source, USE_READ };
	return (struct use){ NULL, USE_READ };
}

static bool is_below(const char *path, const char *dir)
{
	size_t length = strlen(dir);

	return strncmp(path, dir, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static bool uses_any(const struct unit *unit, const char *const *dirs)
{
	struct use use = use_at(unit, 0);

	for (size_t i = 0; use.path; use = use_at(unit, ++i))
		for (const char *const *dir = dirs; *dir; dir++)
			if (use.path[0] && is_below(use.path, *dir))
				return true;
	return false;
}

static int refuse(const char *what, const char *text, struct error *err)
{
	error_set(err, EINVAL, "write the %s \"%.300s\" into a unit file", what, text);
	return error_remedy(err, "units hold UTF-8 without control characters, and here %s",
			    "no space or backslash at the end: choose another name");
}

int unit_check(const struct unit *unit, struct error *err)
{
	const struct spec *spec = unit->spec;
	struct use use = use_at(unit, 0);

	if (!unit_text_allowed(unit->program))
		return refuse("path", unit->program, err);
	for (size_t i = 0; use.path; use = use_at(unit, ++i))
		if (use.path[0] && !unit_text_allowed(use.path))
			return refuse("path", use.path, err);
	for (size_t i = 0; i < spec->n_listen; i++) {
		if (!unit_text_bare_allowed(spec->listen[i].address))
			return refuse("address", spec->listen[i].address, err);
		if (!unit_text_bare_allowed(spec->listen[i].name))
			return refuse("name", spec->listen[i].name, err);
	}
	for (size_t i = 0; i < spec->n_secrets; i++) {
		const char *name = credential_name(unit, i);

		if (name && (!unit_text_bare_allowed(name) || strchr(name, ':')))
			return refuse("credential", name, err);
	}
	return 0;
}

static void print_paths(const struct unit *unit, FILE *out)
{
	struct use use = use_at(unit, 0);

	for (size_t i = 0; use.path; use = use_at(unit, ++i)) {
		if (!use.path[0])
			continue;
		fputs("RequiresMountsFor=", out);
		unit_text_quoted(out, use.path);
		fputc('\n', out);
	}
}

static void print_unit_section(const struct unit *unit, FILE *out)
{
	const struct spec *spec = unit->spec;

	fputs("# SPDX-License-Identifier: LGPL-2.1-or-later\n# Made by \"kapsel generate systemd\" from ",
	      out);
	unit_text_words(out, unit->profile);
	fputs("\n[Unit]\nDescription=", out);
	unit_text_words(out, spec->description && spec->description[0] ? spec->description : spec->name);
	fputs("\nDocumentation=man:kapsel(1)\n", out);
	if (spec->network == SPEC_NETWORK_HOST)
		fputs("Wants=network-online.target\nAfter=network-online.target\n", out);
	else
		fputs("After=network.target\n", out);
	fputs("After=apparmor.service\n", out);
	print_paths(unit, out);
	for (size_t i = 0; i < spec->n_listen; i++) {
		fputs("Requires=", out);
		unit_print_socket_name(unit, i, out);
		fputc('\n', out);
	}
}

static void print_duration(const char *name, uint64_t ms, uint64_t margin_ms, FILE *out)
{
	if (ms >= UINT64_MAX / 4)
		fprintf(out, "%s=infinity\n", name);
	else if ((ms + margin_ms) % 1000)
		fprintf(out, "%s=%" PRIu64 "ms\n", name, ms + margin_ms);
	else
		fprintf(out, "%s=%" PRIu64 "s\n", name, (ms + margin_ms) / 1000);
}

static void print_process(const struct unit *unit, FILE *out)
{
	const struct spec *spec = unit->spec;

	fputs("\n[Service]\nType=notify\nNotifyAccess=main\nExecStart=", out);
	unit_text_argument(out, unit->program);
	fputs(" run ", out);
	unit_text_argument(out, unit->profile);
	fputc('\n', out);
	for (size_t i = 0; i < spec->n_listen; i++) {
		fputs("Sockets=", out);
		unit_print_socket_name(unit, i, out);
		fputc('\n', out);
	}
	/* kapsel itself restarts the workload: only its own death is left to systemd. */
	fprintf(out, "Restart=%s\n", spec->restart.policy == SPEC_RESTART_NO ? "no" : "on-abnormal");
	if (spec->restart.policy != SPEC_RESTART_NO)
		fputs("RestartSec=1s\n", out);
	fprintf(out, "SuccessExitStatus=%d\n", 128 + spec->stop_signal);
	fputs("KillMode=mixed\n", out);
	print_duration("TimeoutStopSec", spec->stop_timeout_ms, STOP_MARGIN_MS, out);
	if (spec->watchdog_ms)
		print_duration("WatchdogSec", spec->watchdog_ms + spec->stop_timeout_ms, WATCHDOG_MARGIN_MS,
			       out);
}

static void print_groups(FILE *out)
{
	fputs("\nSlice=kapsel.slice\nDelegate=yes\nOOMPolicy=continue\nTasksMax=infinity\n"
	      "RuntimeDirectory=kapsel\nRuntimeDirectoryMode=0700\nRuntimeDirectoryPreserve=yes\n"
	      "CacheDirectory=kapsel\nCacheDirectoryMode=0700\n",
	      out);
}

static bool is_known(const struct unit *unit, size_t i)
{
	const char *name = credential_name(unit, i);

	for (size_t j = 0; name && j < i; j++) {
		const char *other = credential_name(unit, j);

		if (other && str_equal(name, other))
			return true;
	}
	return false;
}

static void print_credentials(const struct unit *unit, FILE *out)
{
	for (size_t i = 0; i < unit->spec->n_secrets; i++) {
		const char *name = credential_name(unit, i);

		if (!name || is_known(unit, i))
			continue;
		fputs("LoadCredential=", out);
		unit_text_bare(out, name);
		fputs(":/etc/credstore/", out);
		unit_text_bare(out, name);
		fputc('\n', out);
	}
}

static void print_environment(const struct unit *unit, FILE *out)
{
	const struct json *names = json_get(unit->spec->tree, "env_from_host");

	for (const struct json *name = names ? names->first : NULL; name; name = name->next) {
		const char *value = name->type == JSON_STRING ? getenv(name->text) : NULL;
		char text[4096];

		if (name->type != JSON_STRING)
			continue;
		if (!value || (value[0] && !unit_text_allowed(value)) ||
		    snprintf(text, sizeof(text), "%s=%s", name->text, value) >= (int)sizeof(text)) {
			fprintf(out, "#Environment=%s=\n", name->text);
			continue;
		}
		fputs("Environment=", out);
		unit_text_quoted(out, text);
		fputc('\n', out);
	}
}

/*
 * What does not get in the way of making namespaces and mounts, and leaves nothing behind in the workload: a
 * filter of system calls would be inherited, and cost it time with each call.
 */
static void print_hardening(const struct unit *unit, FILE *out)
{
	static const char *const homes[] = { "/home", "/root", "/run/user", NULL };
	static const char *const temporary[] = { "/tmp", "/var/tmp", NULL };
	struct use use = use_at(unit, 0);

	/* LogsDirectory= would take the directory's group away, whose members may read the logs. */
	fputs("\nProtectSystem=strict\nReadWritePaths=-/var/log/kapsel\n", out);
	for (size_t i = 0; use.path; use = use_at(unit, ++i)) {
		char path[PATH_MAX];
		int length = (int)strlen(use.path);

		if (use.how == USE_READ || !use.path[0])
			continue;
		if (use.how == USE_WRITE_BESIDE)
			length = (int)(strrchr(use.path, '/') - use.path);
		/* "-": that a source is missing is kapsel's to say, which says it better. */
		snprintf(path, sizeof(path), "-%.*s", length, use.path);
		fputs("ReadWritePaths=", out);
		unit_text_quoted(out, path);
		fputc('\n', out);
	}
	fprintf(out, "ProtectHome=%s\n", uses_any(unit, homes) ? "read-only" : "yes");
	if (!uses_any(unit, temporary))
		fputs("PrivateTmp=yes\n", out);
	if (!unit->spec->allow_setuid)
		fputs("NoNewPrivileges=yes\n", out);
	fputs("CapabilityBoundingSet=" UNIT_CAPABILITIES "\nUMask=0077\n", out);
}

void unit_print_service(const struct unit *unit, FILE *out)
{
	print_unit_section(unit, out);
	print_process(unit, out);
	print_groups(out);
	print_credentials(unit, out);
	print_environment(unit, out);
	print_hardening(unit, out);
	fputs("\n[Install]\nWantedBy=multi-user.target\n", out);
}

void unit_print_socket_name(const struct unit *unit, size_t entry, FILE *out)
{
	fputs(unit->name, out);
	if (unit->spec->n_listen > 1) {
		fputc('-', out);
		unit_text_name(out, unit->spec->listen[entry].name);
	}
	fputs(".socket", out);
}

void unit_print_socket(const struct unit *unit, size_t entry, FILE *out)
{
	const struct spec_listen *listen = &unit->spec->listen[entry];

	fputs("[Unit]\nDescription=Socket ", out);
	unit_text_words(out, listen->name);
	fprintf(out, " of %s.service\n\n[Socket]\n%s=", unit->name,
		listen->datagram ? "ListenDatagram" : "ListenStream");
	unit_text_bare(out, listen->address);
	fputs("\nFileDescriptorName=", out);
	unit_text_bare(out, listen->name);
	fprintf(out, "\nService=%s.service\n", unit->name);
	if (!listen->datagram)
		fprintf(out, "Backlog=%d\n", listen->backlog);
	if (listen->address[0] == '/')
		fputs("SocketMode=0660\nRemoveOnStop=yes\n", out); /* as when kapsel binds it */
	fputs("\n[Install]\nWantedBy=sockets.target\n", out);
}

static void warn(FILE *out, const char *text)
{
	fprintf(out, "kapsel: note: %s\n", text);
}

void unit_warn(const struct unit *unit, FILE *out)
{
	const struct spec *spec = unit->spec;
	const struct json *host = json_get(spec->tree, "env_from_host");

	if (spec->restart.policy != SPEC_RESTART_NO)
		warn(out,
		     "restarts of the workload are kapsel's (\"restart\"); the unit's Restart=on-abnormal is "
		     "for kapsel's own death: with Restart=always both would restart it");
	if (spec->on_supervisor_death == SPEC_ORPHAN_ADOPT)
		warn(out,
		     "\"on_supervisor_death\": \"adopt\" has no effect: systemd ends a unit with its main "
		     "process, and starts it again");
	if (spec->stdin_from == SPEC_STDIN_INHERIT || spec->terminal)
		warn(out, "a unit has no terminal: stdin is /dev/null");
	if (spec->args_from_cli)
		warn(out,
		     "the unit gives no arguments (\"args_from_cli\"): add them to ExecStart= behind \"--\"");
	if (host && host->n > 0)
		warn(out, "the values of \"env_from_host\" can be read by everybody who can read the unit: "
			  "for what is secret use \"secrets\"");
	if (spec->n_listen > 0)
		warn(out, "enable the socket units, too: they keep the addresses over restarts");
}
