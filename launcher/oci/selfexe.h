/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A container may get at the runtime's own program through /proc/<pid>/exe, and overwrite it for the next
 * call by root (CVE-2019-5736): as its entry point, or by tracing a process that joins. So the program that
 * enters containers runs from a place that can't be written.
 */
struct error;

/**
 * selfexe_protect() - execute ourselves again from a read-only place, unless we are there already
 *
 * A detached read-only copy of the mount that the program lies on; where the caller may not make one, a
 * sealed memory file (memfd_create(2)). Does not return when it executes.
 * Return: 0: protected; or -errno with *err filled.
 */
int selfexe_protect(char **argv, struct error *err);
