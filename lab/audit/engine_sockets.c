/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/audit/engine_sockets.h"

#include <stddef.h>

const char *const engine_sockets[] = {
	"/run/docker.sock",
	"/var/run/docker.sock",
	"/run/containerd/containerd.sock",
	"/run/crio/crio.sock",
	"/run/podman/podman.sock",
	"/run/buildkit/buildkitd.sock",
	"/run/cri-dockerd.sock",
	"/run/dockershim.sock",
	"/run/k3s/containerd/containerd.sock",
	/* The service manager of the host: root for whoever may call it. */
	"/run/systemd/private",
	"/run/dbus/system_bus_socket",
	NULL,
};
