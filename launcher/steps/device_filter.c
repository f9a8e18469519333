/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device filter on the container's cgroup: the nodes of /dev and no other, whatever node turns up. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "cgroups/devices.h"
#include "launcher/host.h"
#include "launcher/run.h"
#include "launcher/steps/dev.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int rules_fill(const struct spec *spec, struct device_rule rules[RUN_DEVICES_MAX], struct error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < DEV_NODES; i++)
		rules[n++] = (struct device_rule){
			.major = dev_nodes[i].major, .minor = dev_nodes[i].minor, .read = true, .write = true
		};
	for (size_t i = 0; i < spec->n_devices && n < RUN_DEVICES_MAX; i++) {
		const struct spec_device *device = &spec->devices[i];
		struct stat st;

		if (stat(device->path, &st) < 0)
			return error_set(err, errno, "look at the device %s", device->path);
		if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
			return error_set(err, ENODEV, "give the container %s: not a device", device->path);
		rules[n++] = (struct device_rule){
			.block = S_ISBLK(st.st_mode),
			.major = major(st.st_rdev),
			.minor = minor(st.st_rdev),
			.read = device->read,
			.write = device->write,
		};
	}
	return (int)n;
}

static int device_filter_apply(const struct step *step, struct run *run, struct error *err)
{
	struct device_rule rules[RUN_DEVICES_MAX];
	struct bpf_insn insns[DEVICES_INSNS_MAX];
	_cleanup_fd_ int program = -1;
	int n, r;

	/* Only the initial namespace's root may load one; others rely on nodev and the user namespace. */
	if (run->cgroup_fd < 0 || !host_privileged(run->host))
		return STEP_ABSENT;
	n = rules_fill(step->spec, rules, err);
	if (n < 0)
		return n;
	n = devices_compile(rules, (size_t)n, insns);
	if (n < 0)
		return error_set(err, -n, "compile the device filter");
	program = devices_load(insns, (size_t)n, err);
	if (program < 0)
		return program;
	r = devices_attach(run->cgroup_fd, program, err);
	return r < 0 ? r : STEP_DONE;
}

static int device_filter_verify(const struct step *step, const struct run *run,
				const struct evidence *evidence, char report[STEP_REPORT_MAX],
				struct error *err)
{
	int n;

	(void)step, (void)evidence;
	if (run->cgroup_fd < 0 || !host_privileged(run->host)) {
		snprintf(report, STEP_REPORT_MAX,
			 "by nodev mounts and the user namespace (a filter needs root and a cgroup)");
		return STEP_ABSENT;
	}
	n = devices_attached(run->cgroup_fd);
	if (n < 1)
		return error_set(err, n < 0 ? -n : EBADE, "no device filter is on the cgroup");
	snprintf(report, STEP_REPORT_MAX, "BPF_PROG_QUERY: %d program on the cgroup", n);
	return STEP_DONE;
}

static void device_filter_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "%zu devices may be opened, none made", DEV_NODES + spec->n_devices);
}

const struct step_type step_device_filter = {
	.name = "device-filter",
	.blocks = "opening or making a device node of the host, wherever it lies",
	.source = "kernel admin-guide/cgroup-v2.rst, Device controller; bpf(2)",
	.phase = PHASE_HOST,
	.apply = device_filter_apply,
	.verify = device_filter_verify,
	.explain = device_filter_explain,
};
