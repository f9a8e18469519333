/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/observe_bundle.h"

#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "lab/learn/observe_filter.h"
#include "lab/learn/propose_places.h"
#include "profiles/capabilities.h"
#include "profiles/json_print.h"
#include "profiles/spec.h"

enum { ALL_IDS = 65536 };

/* Those whose use a call's arguments show (note_rights.c). The others would only hide refusals. */
static const int shown[] = {
	CAP_CHOWN, CAP_SETGID, CAP_SETUID, CAP_NET_BIND_SERVICE, CAP_NET_RAW, CAP_SYS_CHROOT, CAP_SYS_NICE,
};

uint64_t observe_bundle_capabilities(const struct spec *spec)
{
	uint64_t bits = spec->capabilities;

	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		bits |= UINT64_C(1) << shown[i];
	return bits;
}

static void write_strings(FILE *out, const struct spec_strings *strings)
{
	fputc('[', out);
	for (size_t i = 0; i < strings->n; i++) {
		fputs(i ? ", " : "", out);
		json_print_string(out, strings->items[i]);
	}
	fputc(']', out);
}

static void write_variable(FILE *out, const char *separator, const char *name, const char *value)
{
	char *text = NULL;

	if (asprintf(&text, "%s=%s", name, value) < 0)
		return;
	fputs(separator, out);
	json_print_string(out, text);
	free(text);
}

/* sd_listen_fds(3); the workload is its pid namespace's first process here. */
static void write_environment(const struct observe_bundle *bundle, FILE *out)
{
	const struct spec *spec = bundle->spec;
	char number[32];

	fputs(",\n\t\t\"env\": [", out);
	for (size_t i = 0; i < spec->env.n; i++)
		write_variable(out, i ? ", " : "", spec->env.items[i].name, spec->env.items[i].value);
	if (bundle->n_listen > 0) {
		snprintf(number, sizeof(number), "%zu", bundle->n_listen);
		write_variable(out, spec->env.n ? ", " : "", "LISTEN_FDS", number);
		write_variable(out, ", ", "LISTEN_PID", "1");
	}
	fputs("]", out);
}

static void write_capabilities(const struct observe_bundle *bundle, FILE *out)
{
	static const char *const sets[] = { "bounding", "effective", "permitted", "inheritable", "ambient" };
	uint64_t bits = observe_bundle_capabilities(bundle->spec);

	fputs(",\n\t\t\"capabilities\": {", out);
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		const char *separator = "";

		fprintf(out, "%s\"%s\": [", i ? ", " : "", sets[i]);
		for (int number = 0; number < 64; number++) {
			if (!(bits & (UINT64_C(1) << number)) || !capabilities_name(number))
				continue;
			fprintf(out, "%s\"CAP_%s\"", separator, capabilities_name(number));
			separator = ", ";
		}
		fputs("]", out);
	}
	fputs("}", out);
}

static void write_process(const struct observe_bundle *bundle, FILE *out)
{
	const struct spec *spec = bundle->spec;

	fprintf(out,
		"\t\"process\": {\"terminal\": false, \"user\": {\"uid\": %u, \"gid\": %u, \"umask\": %u",
		spec->user.uid, spec->user.gid, spec->umask);
	for (size_t i = 0; i < spec->user.n_groups && !bundle->ids->alone; i++)
		fprintf(out, "%s%u%s", i ? ", " : ", \"additionalGids\": [", spec->user.groups[i],
			i + 1 == spec->user.n_groups ? "]" : "");
	fputs("},\n\t\t\"args\": ", out);
	write_strings(out, &spec->command);
	write_environment(bundle, out);
	fputs(",\n\t\t\"cwd\": ", out);
	json_print_string(out, spec->workdir);
	write_capabilities(bundle, out);
	fprintf(out, ",\n\t\t\"noNewPrivileges\": %s},\n", spec->allow_setuid ? "false" : "true");
}

static void begin_mount(FILE *out, const char *target, const char *type, const char *source)
{
	fputs(",\n\t\t{\"destination\": ", out);
	json_print_string(out, target);
	fprintf(out, ", \"type\": \"%s\", \"source\": ", type);
	json_print_string(out, source);
	fputs(", \"options\": [", out);
}

/* As large as it gets: its size is to be learned. */
static void write_tmpfs(const struct observe_bundle *bundle, FILE *out, const char *target, mode_t mode)
{
	begin_mount(out, target, "tmpfs", "tmpfs");
	fprintf(out, "\"nosuid\", \"nodev\", \"mode=%o\", \"uid=%u\", \"gid=%u\"]}", mode, bundle->ids->uid,
		bundle->ids->gid);
}

static void write_bind(FILE *out, const struct spec_mount *mount)
{
	begin_mount(out, mount->target, "bind", mount->source);
	fprintf(out, "\"%s\", \"nosuid\", \"nodev\", \"%s\"%s%s]}", mount->recursive ? "rbind" : "bind",
		mount->write ? "rw" : "ro", mount->exec ? "" : ", \"noexec\"",
		mount->idmap ? ", \"idmap\"" : "");
}

static void write_own_bind(FILE *out, const char *target, const char *source)
{
	begin_mount(out, target, "bind", source);
	fputs("\"rbind\", \"nosuid\", \"nodev\", \"ro\"]}", out);
}

/*
 * The root takes what is written, but not the image's own parts: they will be read-only, and a
 * program that finds them writable does more than it will (Python writes its bytecode there).
 */
static void write_image_parts(const struct observe_bundle *bundle, FILE *out)
{
	size_t n;
	const char *const *parts = propose_places_image(&n);

	for (size_t i = 0; bundle->writable && i < n; i++) {
		char *source = NULL;
		struct stat st;

		if (asprintf(&source, "%s%s", bundle->image, parts[i]) < 0)
			continue;
		if (lstat(source, &st) == 0 && S_ISDIR(st.st_mode))
			write_own_bind(out, parts[i], source);
		free(source);
	}
}

static void write_secrets(const struct observe_bundle *bundle, FILE *out)
{
	if (bundle->spec->n_secrets == 0)
		return;
	write_own_bind(out, "/run/secrets", bundle->secrets);
}

static void write_mounts(const struct observe_bundle *bundle, FILE *out)
{
	const struct spec *spec = bundle->spec;

	fputs("\t\"mounts\": [\n\t\t{\"destination\": \"/dev\", \"type\": \"tmpfs\", \"source\": \"tmpfs\", "
	      "\"options\": [\"nosuid\", \"noexec\", \"mode=755\", \"size=64k\"]}",
	      out);
	write_image_parts(bundle, out);
	write_tmpfs(bundle, out, "/dev/shm", 01777);
	if (spec->proc != SPEC_PROC_NONE) {
		begin_mount(out, "/proc", "proc", "proc");
		fprintf(out, "\"nosuid\", \"nodev\", \"noexec\"%s]}",
			spec->proc == SPEC_PROC_OWN ? ", \"subset=pid\"" : "");
	}
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];

		if (mount->type == SPEC_MOUNT_TMPFS)
			write_tmpfs(bundle, out, mount->target, mount->mode);
		else
			write_bind(out, mount);
	}
	write_secrets(bundle, out);
	fputs("],\n", out);
}

static void write_map(FILE *out, const char *key, uint32_t own, uint32_t host, const struct observe_ids *ids)
{
	fprintf(out, ",\n\t\t\"%s\": [{\"containerID\": %u, \"hostID\": %u, \"size\": 1}", key, own, host);
	if (!ids->alone && own > 0)
		fprintf(out, ", {\"containerID\": 0, \"hostID\": %u, \"size\": %u}", ids->first_id,
			own < ALL_IDS ? own : ALL_IDS);
	if (!ids->alone && own + 1 < ALL_IDS)
		fprintf(out, ", {\"containerID\": %u, \"hostID\": %u, \"size\": %u}", own + 1,
			ids->first_id + own + 1, ALL_IDS - own - 1);
	fputs("]", out);
}

static void write_namespaces(const struct observe_bundle *bundle, FILE *out)
{
	const struct spec *spec = bundle->spec;

	fputs("\t\"linux\": {\n\t\t\"namespaces\": [{\"type\": \"user\"}, {\"type\": \"mount\"}, {\"type\": "
	      "\"pid\"}, {\"type\": \"ipc\"}, {\"type\": \"uts\"}",
	      out);
	if (spec->network == SPEC_NETWORK_JOIN) {
		fputs(", {\"type\": \"network\", \"path\": ", out);
		json_print_string(out, spec->network_netns);
		fputs("}", out);
	} else if (spec->network != SPEC_NETWORK_HOST) {
		fputs(", {\"type\": \"network\"}", out);
	}
	fputs("]", out);
}

void observe_bundle_write(const struct observe_bundle *bundle, FILE *out)
{
	const struct observe_ids *ids = bundle->ids;

	fputs("{\n\t\"ociVersion\": \"1.0.2\",\n\t\"root\": {\"path\": ", out);
	json_print_string(out, bundle->rootfs);
	fprintf(out, ", \"readonly\": %s},\n\t\"hostname\": ", bundle->writable ? "false" : "true");
	json_print_string(out, bundle->spec->hostname);
	fputs(",\n", out);
	write_process(bundle, out);
	write_mounts(bundle, out);
	write_namespaces(bundle, out);
	write_map(out, "uidMappings", ids->uid, ids->host_uid, ids);
	write_map(out, "gidMappings", ids->gid, ids->host_gid, ids);
	fputs(",\n\t\t\"seccomp\": ", out);
	observe_filter_write(bundle->filter, out);
	fputs("\n\t}\n}\n", out);
}
