/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/listener.h"

#include <errno.h>

#include "base/error.h"
#include "launcher/oci/state.h"
#include "profiles/oci/oci.h"
#include "seccomp/oci_filter.h"

int oci_listener_send(int listener_fd, const void *target, struct error *err)
{
	const struct oci_listener_target *to = target;
	enum oci_status status = to->pid ? OCI_STATUS_RUNNING : OCI_STATUS_CREATED;
	const char *text = oci_state_json(to->state, status, to->arena);

	if (!text)
		return error_set(err, ENOMEM, "describe the container's state");
	return oci_filter_send_listener(&to->oci->seccomp, to->oci->version, listener_fd,
					to->pid ? to->pid : to->state->pid, text, to->arena, err);
}
