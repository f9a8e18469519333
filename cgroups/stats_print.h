/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One member each of the object that `events --stats` prints, in the keys that runc gave them, read
 * from the files of a group. A file that isn't there leaves its keys out, or at 0.
 */
#include <stdint.h>
#include <stdio.h>

#define STATS_NO_LIMIT UINT64_MAX /* what version 1 said where version 2 says "max" */

/** stats_read() - Return: the number in @file; @missing if there is none, STATS_NO_LIMIT for "max". */
uint64_t stats_read(int fd, const char *file, uint64_t missing);

/** stats_find() - Return: the number behind the word @name at the beginning of a line of @text; 0: no such
 * line. */
uint64_t stats_find(const char *text, const char *name);

/** stats_print_pressure() - ,"psi":{...} from a file such as cpu.pressure, if the kernel counts it (psi=1).
 */
void stats_print_pressure(FILE *out, int fd, const char *file);

/* "cpu":{...} and so on, without a comma; rdma with one before it, and only if there is any. */
void stats_print_cpu(FILE *out, int fd);
void stats_print_cpuset(FILE *out, int fd);
void stats_print_memory(FILE *out, int fd);
void stats_print_io(FILE *out, int fd);
void stats_print_hugetlb(FILE *out, int fd);
void stats_print_rdma(FILE *out, int fd);
