/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>

#include "base/macro.h"
#include "lab/convert/export_k8s.h"
#include "lab/convert/losses.h"
#include "profiles/spec.h"

#define RESTRICTED "; the Pod Security Standard \"restricted\" refuses the pod"

static int add_written(const struct spec *spec, struct losses *losses)
{
	static const struct loss_of_key written[] = {
		{ "log", "log: the kubelet takes it" },
		{ "listen",
		  "listen: a pod gets no bound sockets: the program binds its port, and a Service finds it" },
		{ "secrets", "secrets: make a Secret of the pod's name with the same keys" },
		{ "notify", "notify: a readinessProbe is the nearest" },
		{ "watchdog", "watchdog: a livenessProbe is the nearest" },
		{ "events", "events: ask the API server for them" },
		{ "restart.max", "restart.max: the kubelet tries for ever, with a growing wait" },
		{ "devices", "devices: a device plugin gives them" },
		{ "limits.io", "limits.io: a pod has no such limit" },
		{ "limits.cpus", "limits.cpus: the kubelet's CPU manager decides" },
		{ "limits.cpu_weight", "limits.cpu_weight: it follows from the CPU requests" },
		{ "limits.memory_high", "limits.memory_high: a pod has no such limit" },
		{ "stop.signal", "stop.signal: it is the image's STOPSIGNAL" },
		{ "umask", "umask: it is the image's, or the program's" },
		{ "env_from_host", "env_from_host: the values are those of now" },
		{ "selinux", "selinux: write its parts into seLinuxOptions" },
	};

	return losses_add_keys(losses, spec->tree, written, ARRAY_SIZE(written));
}

static int add_mounts(const struct spec *spec, struct losses *losses)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->n_mounts; i++)
		if (spec->mounts[i].type == SPEC_MOUNT_BIND)
			r = losses_add(
				losses,
				"mounts.%s: the directory %s of the host: the pod asks for a claim instead, "
				"which you have to make",
				spec->mounts[i].target, spec->mounts[i].source);
	if (r == 0 && spec->n_mounts > 0)
		r = losses_add(losses, "mounts: nosuid, nodev and noexec: a pod has no word for them");
	return r;
}

int export_k8s_losses(const struct spec *spec, struct losses *losses)
{
	const uint64_t bind_service = UINT64_C(1) << CAP_NET_BIND_SERVICE;
	const struct loss_if rows[] = {
		{ true,
		  "rootfs: a pod takes an image: build one from the directory; its name here is a guess" },
		{ true,
		  "syscalls: RuntimeDefault stands here; put linux.seccomp of \"kapsel export oci\" into the "
		  "kubelet's seccomp directory and name it with type Localhost" },
		{ true, "Landlock, exec, allow_jit: a pod has no word for them" },
		{ true, "limits.pids: a setting of the kubelet (podPidsLimit)" },
		{ true,
		  "limits.open_files, file_size, core, stack, locked_memory: the runtime's on that node" },
		{ true, "limits.swap: a setting of the kubelet" },
		{ spec->proc != SPEC_PROC_FULL, "proc: a pod sees the kernel's files in /proc, masked" },
		{ spec->network == SPEC_NETWORK_NONE || spec->network == SPEC_NETWORK_LOOPBACK,
		  "network: a pod has a network: a NetworkPolicy without rules closes it" },
		{ spec->network == SPEC_NETWORK_JOIN, "network.netns: a pod has its own" },
		{ spec->network == SPEC_NETWORK_HOST, "network: \"host\" is carried over" RESTRICTED },
		{ (spec->namespaces & (SPEC_NS_PID | SPEC_NS_IPC)) != (SPEC_NS_PID | SPEC_NS_IPC),
		  "share_host is carried over" RESTRICTED },
		{ spec->user.uid == 0, "user.uid 0 is carried over" RESTRICTED },
		{ (spec->capabilities & ~bind_service) != 0, "capabilities are carried over" RESTRICTED },
		{ spec->allow_setuid, "allow_setuid is carried over" RESTRICTED },
	};
	int r = losses_add_if(losses, rows, ARRAY_SIZE(rows));

	if (r == 0)
		r = add_mounts(spec, losses);
	return r < 0 ? r : add_written(spec, losses);
}
