/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the kernel says to the inside: files of proc and cgroup, read by a program that is in there. */

/**
 * evidence_print() - print what is in each of @sources, one JSON object a line: {"source":…,"value":…}
 * @sources: "FILE" or "FILE:FIELD,FIELD" ("/proc/self/status:CapEff,Seccomp"), NULL-terminated
 *
 * With fields there is a line for each. A value has at most 400 bytes, its lines joined by newlines; of a
 * link without content it is where the link points, of a directory the names in it, of what can't be read the
 * errno's name, of a field that is not there "".
 * Return: 0, or 2 when a source is too long.
 */
int evidence_print(char **sources);
