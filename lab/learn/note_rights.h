/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The rights that a call needs beyond its number: capabilities, keys of a profile, addresses. */
#include <stdint.h>

struct note;
struct note_reader;

/** note_rights() - fill facts, capabilities, id and address of @note. Follows capabilities(7) and the
 * argument rules of the filter. */
void note_rights(int row, const uint64_t args[6], const struct note_reader *reader, struct note *note);
