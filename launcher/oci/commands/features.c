/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this build can do, whatever the host can (runtime-spec features.md, features-linux.md). */
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "launcher/oci/commands/command.h"
#include "launcher/oci/commands/features.h"
#include "launcher/oci/commands/output.h"
#include "launcher/oci/hooks.h"
#include "profiles/capabilities.h"
#include "profiles/json_print.h"
#include "profiles/oci/mount_options.h"
#include "seccomp/oci_filter.h"

static const char *const namespaces[] = { "cgroup", "ipc",  "mount", "network", "pid",
					  "time",   "user", "uts",   NULL };

static const char *const memory_modes[] = {
	"MPOL_DEFAULT",        "MPOL_PREFERRED",           "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_LOCAL",
	"MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE", NULL
};

static const char *const memory_flags[] = { "MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES",
					    "MPOL_F_STATIC_NODES", NULL };

/* Annotations that make a container more powerful than its config says; a trailing "." is a prefix. */
static const char *const unsafe_annotations[] = { "org.systemd.property.", NULL };

static void print_strings(FILE *out, const char *name, const char *const *items)
{
	fprintf(out, "\"%s\":[", name);
	for (size_t i = 0; items && items[i]; i++) {
		fputs(i > 0 ? "," : "", out);
		json_print_string(out, items[i]);
	}
	fputs("]", out);
}

static void print_hooks(FILE *out)
{
	const char *names[OCI_HOOK_KINDS + 1] = { NULL };

	for (unsigned int kind = 0; kind < OCI_HOOK_KINDS; kind++)
		names[kind] = oci_hook_kind_name((enum oci_hook_kind)kind);
	print_strings(out, "hooks", names);
}

static void print_capabilities(FILE *out)
{
	const char *const *names;
	size_t n;

	names = capabilities_all(&n);
	fputs("\"capabilities\":[", out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s\"CAP_%s\"", i > 0 ? "," : "", names[i]);
	fputs("]", out);
}

static void print_seccomp(FILE *out, struct arena *arena)
{
	fputs("\"seccomp\":{\"enabled\":true,", out);
	print_strings(out, "actions", oci_filter_actions());
	fputc(',', out);
	print_strings(out, "operators", oci_filter_operators());
	fputc(',', out);
	print_strings(out, "archs", oci_filter_architectures());
	fputc(',', out);
	print_strings(out, "knownFlags", oci_filter_flags());
	fputc(',', out);
	print_strings(out, "supportedFlags", oci_filter_supported_flags(arena));
	fputs("},", out);
}

static void print_linux(FILE *out, struct arena *arena)
{
	const char *systemd = features_systemd ? "true" : "false";

	fputs("\"linux\":{", out);
	print_strings(out, "namespaces", namespaces);
	fputc(',', out);
	print_capabilities(out);
	fprintf(out,
		",\"cgroup\":{\"v1\":false,\"v2\":true,\"systemd\":%s,\"systemdUser\":%s,\"rdma\":true},",
		systemd, systemd);
	print_seccomp(out, arena);
	fputs("\"apparmor\":{\"enabled\":true},\"selinux\":{\"enabled\":true},", out);
	fputs("\"intelRdt\":{\"enabled\":true,\"schemata\":true,\"monitoring\":true},", out);
	fputs("\"memoryPolicy\":{", out);
	print_strings(out, "modes", memory_modes);
	fputc(',', out);
	print_strings(out, "flags", memory_flags);
	fputs("},\"mountExtensions\":{\"idmap\":{\"enabled\":true}},\"netDevices\":{\"enabled\":true}}", out);
}

static void print_features(FILE *out, struct arena *arena)
{
	const struct scmp_version *seccomp = seccomp_version();

	fputs("{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"1.3.0\",", out);
	print_hooks(out);
	fputc(',', out);
	print_strings(out, "mountOptions", mount_options_names());
	fputc(',', out);
	print_linux(out, arena);
	fputs(",\"annotations\":{", out);
	if (seccomp)
		fprintf(out, "\"io.github.seccomp.libseccomp.version\":\"%u.%u.%u\",", seccomp->major,
			seccomp->minor, seccomp->micro);
	fputs("\"org.kapsel.version\":\"" KAPSEL_VERSION "\"},", out);
	print_strings(out, "potentiallyUnsafeConfigAnnotations", unsafe_annotations);
	fputc('}', out);
}

static int run(const struct oci_globals *globals, const struct oci_command *command, int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct oci_parse parse;
	struct error err = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *out;
	int status;

	if (oci_command_parse(globals, command, argc, argv, &parse, &status))
		return status;
	out = arena ? open_memstream(&text, &size) : NULL;
	if (out)
		print_features(out, arena);
	if (!out || fclose(out) != 0) {
		error_set(&err, ENOMEM, "print the features");
		free(text);
		return oci_report(globals, &err);
	}
	output_json(stdout, text);
	free(text);
	return output_end(globals);
}

const struct oci_command oci_command_features = {
	.name = "features",
	.summary = "Prints what this build can do, as JSON.",
	.stateless = true,
	.failure = 1,
	.run = run,
};
