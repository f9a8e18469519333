/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the process that answers HTTP gives up before it reads the first byte of a stranger: everything
 * but the connection itself. The numbers are read before, so it needs no file any more.
 *
 * Should: read, write and poll descriptors that are open, tell the time, end.
 * Mustn't: open, make, execute, connect, signal, trace, gain a right, start a process, live long.
 */
#include "base/macro.h"

struct error;

enum { METRICS_SANDBOX_LIFE_S = 15 };

/**
 * metrics_sandbox_rights() - the first layer: no capabilities in any set, no_new_privs, Landlock without
 * one rule, limits for descriptors, core files and processor time, an end by SIGALRM
 *
 * Everything above stderr is closed. Irreversible.
 * Return: 0 or -errno with *err filled; then nothing may be read.
 */
int metrics_sandbox_rights(struct error *err) _must_check_;

/**
 * metrics_sandbox_calls() - the second layer: a system call filter that kills for all but
 * reading, writing, waiting and ending; after metrics_sandbox_rights()
 *
 * Not even memory can be had from the kernel afterwards.
 * Return: 0 or -errno with *err filled.
 */
int metrics_sandbox_calls(struct error *err) _must_check_;
