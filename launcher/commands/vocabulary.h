/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The words for which a profile's reader has to ask the system call filter's tables; the
 * reader itself may not look there.
 */

struct vocabulary;

/** vocabulary_fill() - point @ret at the names of all system calls and groups, which are static. */
void vocabulary_fill(struct vocabulary *ret);
