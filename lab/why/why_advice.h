/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a line of a profile would expose, one sentence for each: whoever writes it should know. */

/** why_advice_exposes() - Return: the sentence for a key ("limits.memory", "mounts.exec", "@ipc"), or NULL.
 */
const char *why_advice_exposes(const char *key);

/** why_advice_of_line() - the same for a line as the launcher suggests it: "syscalls": { "allow": […] } */
const char *why_advice_of_line(const char *line);
