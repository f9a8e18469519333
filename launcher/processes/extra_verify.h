/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Asks the kernel whether a further process that waits sealed has every restriction of the payload. */
struct error;
struct run;

/**
 * extra_verify() - the verify function of each step that is about a process, and what it inherits from init
 *
 * Return: 0, or -errno with *err filled: it must not execute.
 */
int extra_verify(const struct run *run, int pidfd, struct error *err);
