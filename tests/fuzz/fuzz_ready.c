/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever a workload sends by sd_notify(3): what is kept of it is bounded, and no terminal obeys it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/processes/ready_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ready_message message;
	size_t length;

	ready_message_parse((const char *)data, size, &message);
	length = strnlen(message.status, sizeof(message.status));
	if (length == sizeof(message.status) || (length > 0 && !message.has_status))
		abort();
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)message.status[i] < 0x20 || message.status[i] == 0x7f)
			abort();
	return 0;
}
