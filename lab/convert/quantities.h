/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Numbers with units as Docker and systemd write them. */
#include <stdint.h>

#include "base/macro.h"

/** quantities_docker_size() - "128m", "1gb", "512KiB", "10": units are powers of 1024. 0, -EINVAL or -ERANGE.
 */
int quantities_docker_size(const char *text, uint64_t *ret) _must_check_;

/** quantities_docker_time() - "1m30s", "500ms" to milliseconds, rounded up. 0, -EINVAL or -ERANGE. */
int quantities_docker_time(const char *text, uint64_t *ret) _must_check_;

/** quantities_systemd_size() - "512M", "1G", "infinity" (SPEC_UNLIMITED): systemd.resource-control(5). */
int quantities_systemd_size(const char *text, uint64_t *ret) _must_check_;

/** quantities_systemd_time() - "5min 20s", "90", "infinity" (SPEC_UNLIMITED) to milliseconds;
 * systemd.time(7). */
int quantities_systemd_time(const char *text, uint64_t *ret) _must_check_;

/** quantities_real() - a decimal number that is not negative, "1.5". Return: 0 or -EINVAL. */
int quantities_real(const char *text, double *ret) _must_check_;
