/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/export_oci.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/convert/export_oci_parts.h"
#include "lab/convert/export_oci_seccomp.h"
#include "lab/convert/losses.h"
#include "lab/convert/writer.h"
#include "profiles/capabilities.h"
#include "profiles/spec.h"

static void write_user(struct writer *writer, const struct spec *spec)
{
	writer_open(writer, "user", '{');
	writer_number(writer, "uid", spec->user.uid);
	writer_number(writer, "gid", spec->user.gid);
	writer_number(writer, "umask", spec->umask);
	if (spec->user.n_groups > 0) {
		writer_open_flat(writer, "additionalGids", '[');
		for (size_t i = 0; i < spec->user.n_groups; i++)
			writer_number(writer, NULL, spec->user.groups[i]);
		writer_close(writer, ']');
	}
	writer_close(writer, '}');
}

static void write_capabilities(struct writer *writer, uint64_t capabilities)
{
	static const char *const sets[] = { "bounding", "effective", "permitted", "inheritable", "ambient" };

	writer_open(writer, "capabilities", '{');
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		writer_open_flat(writer, sets[i], '[');
		for (int number = 0; number < 64; number++) {
			const char *name = capabilities_name(number);
			char text[64];

			if (!name || !(capabilities & (UINT64_C(1) << number)))
				continue;
			snprintf(text, sizeof(text), "CAP_%s", name);
			writer_string(writer, NULL, text);
		}
		writer_close(writer, ']');
	}
	writer_close(writer, '}');
}

static void write_rlimits(struct writer *writer, const struct spec_limits *limits)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{ "RLIMIT_NOFILE", limits->open_files },
		{ "RLIMIT_FSIZE", limits->file_size_bytes },
		/* 1, not 0: that alone keeps the host's piped core handler away, too (core(5)). */
		{ "RLIMIT_CORE", limits->core_bytes ? limits->core_bytes : 1 },
		{ "RLIMIT_STACK", limits->stack_bytes },
		{ "RLIMIT_MEMLOCK", limits->locked_memory_bytes },
	};

	writer_open(writer, "rlimits", '[');
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t value = rows[i].value == SPEC_UNLIMITED ? RLIM_INFINITY : rows[i].value;

		writer_open_flat(writer, NULL, '{');
		writer_string(writer, "type", rows[i].name);
		writer_unsigned(writer, "hard", value);
		writer_unsigned(writer, "soft", value);
		writer_close(writer, '}');
	}
	writer_close(writer, ']');
}

static int write_process(struct writer *writer, const struct spec *spec, struct arena *arena)
{
	writer_open(writer, "process", '{');
	writer_bool(writer, "terminal", spec->terminal);
	write_user(writer, spec);
	writer_strings(writer, "args", spec->command.items, spec->command.n);
	writer_open(writer, "env", '[');
	for (size_t i = 0; i < spec->env.n; i++) {
		const char *variable =
			arena_printf(arena, "%s=%s", spec->env.items[i].name, spec->env.items[i].value);

		if (!variable)
			return -ENOMEM;
		writer_string(writer, NULL, variable);
	}
	writer_close(writer, ']');
	writer_string(writer, "cwd", spec->workdir);
	write_capabilities(writer, spec->capabilities);
	write_rlimits(writer, &spec->limits);
	writer_bool(writer, "noNewPrivileges", !spec->allow_setuid);
	if (spec->apparmor)
		writer_string(writer, "apparmorProfile", spec->apparmor);
	if (spec->selinux)
		writer_string(writer, "selinuxLabel", spec->selinux);
	writer_close(writer, '}');
	return 0;
}

static int write_linux(const struct export_oci_parts *parts, struct error *err)
{
	int r;

	writer_open(parts->writer, "linux", '{');
	export_oci_namespaces(parts);
	r = export_oci_id_maps(parts, err);
	if (r == 0)
		r = export_oci_resources(parts, err);
	if (r == 0)
		r = export_oci_devices(parts, err);
	export_oci_sysctls(parts);
	export_oci_proc_paths(parts);
	if (r == 0)
		r = export_oci_seccomp(parts->spec, parts->losses->arena, parts->writer, err);
	writer_close(parts->writer, '}');
	return r;
}

int export_oci(const struct spec *spec, const struct export_oci_options *options, FILE *out,
	       struct losses *losses, struct error *err)
{
	struct writer writer = { .out = out };
	const struct export_oci_parts parts = { spec, options, &writer, losses };
	int r;

	writer_open(&writer, NULL, '{');
	writer_string(&writer, "ociVersion", "1.0.2");
	if (write_process(&writer, spec, losses->arena) < 0)
		return error_set(err, ENOMEM, "write config.json");
	writer_open(&writer, "root", '{');
	writer_string(&writer, "path", spec->rootfs);
	writer_bool(&writer, "readonly", true);
	writer_close(&writer, '}');
	if (spec->namespaces & SPEC_NS_UTS)
		writer_string(&writer, "hostname", spec->hostname);
	r = export_oci_mounts(&parts, err);
	if (r == 0)
		r = write_linux(&parts, err);
	writer_close(&writer, '}');
	if (r == 0)
		r = export_oci_losses(&parts, err);
	if (r == 0 && (fflush(out) == EOF || ferror(out)))
		r = error_set(err, errno, "write config.json");
	return r;
}
