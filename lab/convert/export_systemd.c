/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/export_systemd.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/convert/losses.h"
#include "launcher/service/unit_text.h"
#include "profiles/spec.h"

enum { CPU_WEIGHT_DEFAULT = 100 };

static int refuse(const char *what, const char *text, struct error *err)
{
	error_set(err, EINVAL, "write the %s \"%.200s\" into a unit file", what, text);
	return error_remedy(err, "units hold UTF-8 without control characters");
}

static int check_texts(const struct spec *spec, struct error *err)
{
	if (!unit_text_allowed(spec->rootfs))
		return refuse("path", spec->rootfs, err);
	for (size_t i = 0; i < spec->command.n; i++)
		if (spec->command.items[i][0] && !unit_text_allowed(spec->command.items[i]))
			return refuse("argument", spec->command.items[i], err);
	for (size_t i = 0; i < spec->env.n; i++)
		if (spec->env.items[i].value[0] && !unit_text_allowed(spec->env.items[i].value))
			return refuse("variable", spec->env.items[i].name, err);
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];

		if (!unit_text_allowed(mount->target) || strpbrk(mount->target, ": \"\\"))
			return refuse("path", mount->target, err);
		if (mount->type == SPEC_MOUNT_BIND &&
		    (!unit_text_allowed(mount->source) || strpbrk(mount->source, ": \"\\")))
			return refuse("path", mount->source, err);
	}
	return 0;
}

static void print_time(FILE *out, const char *key, uint64_t ms)
{
	fprintf(out, "%s=%" PRIu64 "ms\n", key, ms);
}

static void print_command(const struct spec *spec, FILE *out)
{
	fprintf(out, "Type=%s\nExecStart=", spec->notify ? "notify" : "exec");
	for (size_t i = 0; i < spec->command.n; i++) {
		fputs(i ? " " : "", out);
		unit_text_argument(out, spec->command.items[i]);
	}
	fputs("\nRootDirectory=", out);
	unit_text_bare(out, spec->rootfs);
	fputs("\nWorkingDirectory=", out);
	unit_text_bare(out, spec->workdir);
	fprintf(out, "\nUser=%u\nGroup=%u\n", spec->user.uid, spec->user.gid);
	for (size_t i = 0; i < spec->user.n_groups; i++)
		fprintf(out, "SupplementaryGroups=%u\n", spec->user.groups[i]);
	fprintf(out, "UMask=%04o\n", (unsigned int)spec->umask);
}

static int print_environment(const struct spec *spec, struct arena *arena, FILE *out)
{
	for (size_t i = 0; i < spec->env.n; i++) {
		const char *text =
			arena_printf(arena, "%s=%s", spec->env.items[i].name, spec->env.items[i].value);

		if (!text)
			return -ENOMEM;
		fputs("Environment=", out);
		unit_text_quoted(out, text);
		fputc('\n', out);
	}
	for (size_t i = 0; i < spec->n_secrets; i++) {
		fputs("LoadCredential=", out);
		unit_text_bare(out, spec->secrets[i].name);
		fputc(':', out);
		unit_text_bare(out, spec->secrets[i].source);
		fputc('\n', out);
	}
	return 0;
}

static void print_life(const struct spec *spec, FILE *out)
{
	static const char *const policies[] = {
		[SPEC_RESTART_NO] = "no",
		[SPEC_RESTART_ON_FAILURE] = "on-failure",
		[SPEC_RESTART_ALWAYS] = "always",
	};
	const char *signal_name = sigabbrev_np(spec->stop_signal);

	fprintf(out, "\nRestart=%s\n", policies[spec->restart.policy]);
	if (spec->restart.policy != SPEC_RESTART_NO)
		print_time(out, "RestartSec", spec->restart.delay_ms);
	if (signal_name)
		fprintf(out, "KillSignal=SIG%s\n", signal_name);
	print_time(out, "TimeoutStopSec", spec->stop_timeout_ms);
	if (spec->watchdog_ms)
		print_time(out, "WatchdogSec", spec->watchdog_ms);
	if (spec->limits.runtime_ms)
		print_time(out, "RuntimeMaxSec", spec->limits.runtime_ms);
	fputs(spec->log.driver == SPEC_LOG_NONE ? "StandardOutput=null\nStandardError=null\n"
						: "StandardOutput=journal\nStandardError=journal\n",
	      out);
}

static void print_limit(FILE *out, const char *key, uint64_t value)
{
	if (value == SPEC_UNSET)
		return;
	if (value == SPEC_UNLIMITED)
		fprintf(out, "%s=infinity\n", key);
	else
		fprintf(out, "%s=%" PRIu64 "\n", key, value);
}

static void print_io(const struct spec_limits *limits, FILE *out)
{
	for (size_t i = 0; i < limits->n_io; i++) {
		const struct spec_io_limit *io = &limits->io[i];
		const struct {
			const char *key;
			uint64_t value;
		} rows[] = { { "IOReadBandwidthMax", io->read_bps },
			     { "IOWriteBandwidthMax", io->write_bps },
			     { "IOReadIOPSMax", io->read_iops },
			     { "IOWriteIOPSMax", io->write_iops } };

		for (size_t j = 0; j < ARRAY_SIZE(rows); j++)
			if (rows[j].value != SPEC_UNSET && rows[j].value != SPEC_UNLIMITED &&
			    io->device[0] == '/')
				fprintf(out, "%s=%s %" PRIu64 "\n", rows[j].key, io->device, rows[j].value);
	}
}

static void print_limits(const struct spec_limits *limits, FILE *out)
{
	fputc('\n', out);
	print_limit(out, "MemoryMax", limits->memory_bytes);
	print_limit(out, "MemoryHigh", limits->memory_high_bytes);
	print_limit(out, "MemorySwapMax", limits->swap_bytes);
	print_limit(out, "TasksMax", limits->pids);
	if (limits->cpu_cores > 0)
		fprintf(out, "CPUQuota=%d%%\n", (int)(limits->cpu_cores * 100 + 0.5));
	if (limits->cpu_weight != CPU_WEIGHT_DEFAULT)
		fprintf(out, "CPUWeight=%" PRIu32 "\n", limits->cpu_weight);
	if (limits->cpus)
		fprintf(out, "AllowedCPUs=%s\n", limits->cpus);
	print_io(limits, out);
	print_limit(out, "LimitNOFILE", limits->open_files);
	print_limit(out, "LimitFSIZE", limits->file_size_bytes);
	/* 1, not 0: that alone keeps a piped core handler away, too (core(5)). */
	print_limit(out, "LimitCORE", limits->core_bytes ? limits->core_bytes : 1);
	print_limit(out, "LimitSTACK", limits->stack_bytes);
	print_limit(out, "LimitMEMLOCK", limits->locked_memory_bytes);
	fputs("OOMPolicy=kill\n", out);
}

int export_systemd(const struct spec *spec, FILE *out, struct losses *losses, struct error *err)
{
	int r = check_texts(spec, err);

	if (r < 0)
		return r;
	fputs("[Unit]\nDescription=", out);
	unit_text_words(out, spec->description && spec->description[0] ? spec->description : spec->name);
	fputc('\n', out);
	if (spec->restart.policy != SPEC_RESTART_NO && spec->restart.max != SPEC_UNLIMITED)
		fprintf(out, "StartLimitIntervalSec=1h\nStartLimitBurst=%" PRIu64 "\n",
			spec->restart.max + 1);
	fputs("\n[Service]\n", out);
	print_command(spec, out);
	r = print_environment(spec, losses->arena, out);
	if (r < 0)
		return error_set(err, ENOMEM, "write the unit");
	print_life(spec, out);
	print_limits(&spec->limits, out);
	r = export_systemd_sandbox(spec, out, losses, err);
	fputs("\n[Install]\nWantedBy=multi-user.target\n", out);
	if (r == 0 && export_systemd_losses(spec, losses) < 0)
		r = error_set(err, ENOMEM, "write the unit");
	return r;
}
