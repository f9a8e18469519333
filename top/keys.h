/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a key does. */

struct top;

/** keys_press() - change @top as @key (screen.h) wants it. */
void keys_press(struct top *top, int key);
