/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The build without systemd (meson -Dsystemd=disabled): the manager is refused by name. */
#include "cgroups/systemd.h"

#include <errno.h>

#include "base/error.h"

static int refuse(const struct cgroup_container *group, struct error *err)
{
	error_set(err, ENOTSUP, "manage %s through systemd: this build of kapsel can't",
		  group->unit[0] ? group->unit : "a scope");
	return error_remedy(err, "use the cgroupfs manager, or a build with -Dsystemd=enabled");
}

int systemd_scope_start(struct cgroup_container *group, _unused_ pid_t pid,
			_unused_ const struct oci_resources *resources,
			_unused_ const struct spec_pairs *annotations, struct error *err)
{
	int r = refuse(group, err);

	group->unit[0] = group->path[0] = '\0';
	return r;
}

int systemd_scope_update(const struct cgroup_container *group, _unused_ const struct oci_resources *resources,
			 struct error *err)
{
	return refuse(group, err);
}

int systemd_scope_stop(const struct cgroup_container *group, struct error *err)
{
	return group->unit[0] ? refuse(group, err) : 0;
}
