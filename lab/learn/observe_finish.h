/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What can be told about the paths only when the workload has ended, while its root is still there. */
struct observation;

/**
 * observe_finish() - paths without the image's symbolic links; programs that are not there are forgotten
 * @root_fd: the container's root, or -1: nothing is changed
 *
 * A profile names real places: a tmpfs on /var/run would lie on a link. And a shell tries each
 * directory of PATH.
 */
void observe_finish(struct observation *observation, int root_fd);
