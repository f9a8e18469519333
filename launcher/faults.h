/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Planted faults: a test build (meson option faults) leaves out steps that the environment
 * names, so that tests can show that each one is missed. The normal build has the other
 * implementation of this header, in which nothing is ever left out.
 */
#include <stdbool.h>

/** faults_skip_apply() - Return: whether KAPSEL_SKIP_APPLY ("mount,landlock") names the step. */
bool faults_skip_apply(const char *step);

/** faults_skip_verify() - Return: whether KAPSEL_SKIP_VERIFY names the step. */
bool faults_skip_verify(const char *step);
