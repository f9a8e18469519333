/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The arguments of a call as the words that a person knows: "TIOCSTI", "AF_PACKET, SOCK_RAW". */
#include <stddef.h>
#include <stdint.h>

/** decode_arguments() - fill @buffer with the telling arguments of a call, "" if it has none. */
void decode_arguments(char *buffer, size_t size, const char *call, const uint64_t args[6]);
