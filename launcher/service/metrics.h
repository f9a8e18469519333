/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Readings as text for Prometheus: under the names that cAdvisor gave them, so that existing boards and
 * rules work, and under our own where it has none (prometheus.io, "Exposition formats"; OpenMetrics 1.0).
 */
#include <stddef.h>
#include <stdio.h>

#include "base/macro.h"

struct sample;

enum metrics_form {
	METRICS_TEXT,        /* version 0.0.4, also what node_exporter's textfile collector takes */
	METRICS_OPENMETRICS, /* version 1.0.0 */
};

/**
 * metrics_print() - write all families, each with its samples of all services, without time stamps
 * @cgroup_mount: cut from the beginning of cgroup paths for the label "id"; "": nothing is cut
 *
 * A number that is absent gives no line, and a family without lines is left out.
 */
void metrics_print(FILE *out, const struct sample *samples, size_t n, const char *cgroup_mount,
		   enum metrics_form form);

/** metrics_print_label() - write a label's value, quoted and escaped; what is not UTF-8 becomes U+FFFD. */
void metrics_print_label(FILE *out, const char *value);
