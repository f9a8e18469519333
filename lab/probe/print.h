/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Output for programs, without a library: one JSON object a line, in ASCII. */

/** print_member() - write @before, then "key":"text" with everything escaped that is not printable ASCII. */
void print_member(const char *before, const char *key, const char *text);
