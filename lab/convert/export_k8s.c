/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/export_k8s.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "lab/convert/losses.h"
#include "profiles/capabilities.h"
#include "profiles/json_print.h"
#include "profiles/spec.h"

/* A string of JSON is one of YAML, too, and can't be taken for a number or a date. */
static void print_text(FILE *out, const char *before, const char *text)
{
	fputs(before, out);
	json_print_string(out, text);
	fputc('\n', out);
}

/* RFC 1123: what names of pods may have. */
static void print_name(FILE *out, const char *before, const char *name)
{
	fputs(before, out);
	for (const char *c = name; *c; c++)
		fputc(*c == '_' || *c == '.' ? '-' : *c, out);
	fputc('\n', out);
}

static void print_metadata(const struct spec *spec, FILE *out)
{
	fputs("apiVersion: v1\nkind: Pod\nmetadata:\n", out);
	print_name(out, "  name: ", spec->name);
	if (spec->labels.n > 0)
		fputs("  labels:\n", out);
	for (size_t i = 0; i < spec->labels.n; i++) {
		fputs("    ", out);
		json_print_string(out, spec->labels.items[i].name);
		print_text(out, ": ", spec->labels.items[i].value);
	}
}

static void print_pod_security(const struct spec *spec, FILE *out)
{
	fputs("  securityContext:\n", out);
	fprintf(out, "    runAsNonRoot: %s\n", spec->user.uid ? "true" : "false");
	fprintf(out, "    runAsUser: %u\n    runAsGroup: %u\n", spec->user.uid, spec->user.gid);
	for (size_t i = 0; i < spec->user.n_groups; i++)
		fprintf(out, "%s    - %u\n", i ? "" : "    supplementalGroups:\n", spec->user.groups[i]);
	/* The claims and secrets of the pod are to be its own. */
	fprintf(out, "    fsGroup: %u\n", spec->user.gid);
	fputs("    seccompProfile:\n      type: RuntimeDefault\n", out);
	if (spec->apparmor && !str_equal(spec->apparmor, "unconfined"))
		print_text(out, "    appArmorProfile:\n      type: Localhost\n      localhostProfile: ",
			   spec->apparmor);
	if (spec->sysctls.n > 0)
		fputs("    sysctls:\n", out);
	for (size_t i = 0; i < spec->sysctls.n; i++) {
		print_text(out, "    - name: ", spec->sysctls.items[i].name);
		print_text(out, "      value: ", spec->sysctls.items[i].value);
	}
}

static void print_pod(const struct spec *spec, FILE *out)
{
	static const char *const policies[] = {
		[SPEC_RESTART_NO] = "Never",
		[SPEC_RESTART_ON_FAILURE] = "OnFailure",
		[SPEC_RESTART_ALWAYS] = "Always",
	};

	fputs("spec:\n  automountServiceAccountToken: false\n  enableServiceLinks: false\n", out);
	fputs("  hostUsers: false\n", out);
	if (spec->network == SPEC_NETWORK_HOST)
		fputs("  hostNetwork: true\n", out);
	if (!(spec->namespaces & SPEC_NS_PID))
		fputs("  hostPID: true\n", out);
	if (!(spec->namespaces & SPEC_NS_IPC))
		fputs("  hostIPC: true\n", out);
	if (spec->hostname && !strpbrk(spec->hostname, "._ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		print_text(out, "  hostname: ", spec->hostname);
	fprintf(out, "  restartPolicy: %s\n", policies[spec->restart.policy]);
	fprintf(out, "  terminationGracePeriodSeconds: %" PRIu64 "\n", (spec->stop_timeout_ms + 999) / 1000);
	if (spec->limits.runtime_ms)
		fprintf(out, "  activeDeadlineSeconds: %" PRIu64 "\n",
			(spec->limits.runtime_ms + 999) / 1000);
	print_pod_security(spec, out);
}

static void print_container_security(const struct spec *spec, FILE *out)
{
	fputs("    securityContext:\n", out);
	fprintf(out, "      allowPrivilegeEscalation: %s\n", spec->allow_setuid ? "true" : "false");
	fputs("      privileged: false\n      readOnlyRootFilesystem: true\n"
	      "      capabilities:\n        drop:\n        - ALL\n",
	      out);
	for (int number = 0, n = 0; number < 64; number++)
		if ((spec->capabilities & (UINT64_C(1) << number)) && capabilities_name(number))
			fprintf(out, "%s        - %s\n", n++ ? "" : "        add:\n",
				capabilities_name(number));
}

static bool is_set(uint64_t value)
{
	return value != SPEC_UNLIMITED && value != SPEC_UNSET;
}

static void print_resources(const struct spec_limits *limits, FILE *out)
{
	static const char *const kinds[] = { "limits", "requests" };

	if (limits->cpu_cores <= 0 && !is_set(limits->memory_bytes))
		return;
	fputs("    resources:\n", out);
	for (size_t i = 0; i < 2; i++) {
		fprintf(out, "      %s:\n", kinds[i]);
		if (limits->cpu_cores > 0)
			fprintf(out, "        cpu: %dm\n", (int)(limits->cpu_cores * 1000 + 0.5));
		if (is_set(limits->memory_bytes))
			fprintf(out, "        memory: \"%" PRIu64 "\"\n", limits->memory_bytes);
	}
}

static void print_probe(const struct spec_health *health, FILE *out)
{
	if (health->command.n == 0)
		return;
	fputs("    livenessProbe:\n      exec:\n        command:\n", out);
	for (size_t i = 0; i < health->command.n; i++)
		print_text(out, "        - ", health->command.items[i]);
	fprintf(out,
		"      periodSeconds: %" PRIu64 "\n      timeoutSeconds: %" PRIu64
		"\n      failureThreshold: %" PRIu64 "\n",
		(health->interval_ms + 999) / 1000, (health->timeout_ms + 999) / 1000, health->retries);
	if (health->start_period_ms)
		fprintf(out, "      initialDelaySeconds: %" PRIu64 "\n",
			(health->start_period_ms + 999) / 1000);
}

static void print_volume_mounts(const struct spec *spec, FILE *out)
{
	if (spec->n_mounts == 0 && spec->n_secrets == 0)
		return;
	fputs("    volumeMounts:\n", out);
	for (size_t i = 0; i < spec->n_mounts; i++) {
		fprintf(out, "    - name: mount-%zu\n", i);
		print_text(out, "      mountPath: ", spec->mounts[i].target);
		if (!spec->mounts[i].write)
			fputs("      readOnly: true\n", out);
	}
	if (spec->n_secrets > 0)
		fputs("    - name: secrets\n      mountPath: /run/secrets\n      readOnly: true\n", out);
}

static void print_container(const struct spec *spec, FILE *out)
{
	fputs("  containers:\n", out);
	print_name(out, "  - name: ", spec->name);
	fprintf(out, "    image: %s:latest\n", spec->name);
	print_text(out, "    command:\n    - ", spec->command.items[0]);
	if (spec->command.n > 1)
		fputs("    args:\n", out);
	for (size_t i = 1; i < spec->command.n; i++)
		print_text(out, "    - ", spec->command.items[i]);
	print_text(out, "    workingDir: ", spec->workdir);
	fputs("    env:\n", out);
	for (size_t i = 0; i < spec->env.n; i++) {
		print_text(out, "    - name: ", spec->env.items[i].name);
		print_text(out, "      value: ", spec->env.items[i].value);
	}
	if (spec->stdin_from == SPEC_STDIN_INHERIT)
		fputs("    stdin: true\n", out);
	print_container_security(spec, out);
	print_resources(&spec->limits, out);
	print_probe(&spec->health, out);
	print_volume_mounts(spec, out);
}

static void print_volumes(const struct spec *spec, FILE *out)
{
	if (spec->n_mounts == 0 && spec->n_secrets == 0)
		return;
	fputs("  volumes:\n", out);
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];

		fprintf(out, "  - name: mount-%zu\n", i);
		if (mount->type == SPEC_MOUNT_TMPFS) {
			fprintf(out,
				"    emptyDir:\n      medium: Memory\n      sizeLimit: \"%" PRIu64 "\"\n",
				mount->size_bytes);
			continue;
		}
		/* "restricted" allows no path of the host. */
		fprintf(out, "    persistentVolumeClaim:\n      claimName: claim-%zu-of-", i);
		print_name(out, "", spec->name);
	}
	if (spec->n_secrets == 0)
		return;
	fputs("  - name: secrets\n    secret:\n", out);
	print_name(out, "      secretName: ", spec->name);
	fputs("      defaultMode: 0440\n", out);
}

int export_k8s(const struct spec *spec, FILE *out, struct losses *losses, struct error *err)
{
	print_metadata(spec, out);
	print_pod(spec, out);
	print_container(spec, out);
	print_volumes(spec, out);
	return export_k8s_losses(spec, losses) < 0 ? error_set(err, ENOMEM, "write the pod") : 0;
}
