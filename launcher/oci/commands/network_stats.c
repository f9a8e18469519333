/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/commands/network_stats.h"

#include <inttypes.h>
#include <stdbool.h>

#include "launcher/service/network.h"
#include "profiles/json_print.h"

static void print_direction(FILE *out, const char *prefix, const struct network_direction *direction)
{
	fprintf(out,
		",\"%sBytes\":%" PRIu64 ",\"%sPackets\":%" PRIu64 ",\"%sErrors\":%" PRIu64
		",\"%sDropped\":%" PRIu64,
		prefix, direction->bytes, prefix, direction->packets, prefix, direction->errors, prefix,
		direction->dropped);
}

void network_stats_print(FILE *out, const char *text)
{
	struct network_interface interface;
	bool first = true;

	fputc('[', out);
	while (network_next(&text, &interface)) {
		fprintf(out, "%s{\"Name\":", first ? "" : ",");
		json_print_string(out, interface.name);
		print_direction(out, "Rx", &interface.received);
		print_direction(out, "Tx", &interface.sent);
		fputc('}', out);
		first = false;
	}
	fputc(']', out);
}
