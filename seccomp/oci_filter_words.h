/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The spec's words for what libseccomp and the kernel have numbers for. */
#include <stdint.h>

/** oci_filter_words_token() - Return: SCMP_ARCH_* of "SCMP_ARCH_X86_64", 0 if this libseccomp has none. */
uint32_t oci_filter_words_token(const char *word);

/** oci_filter_words_architecture() - Return: "SCMP_ARCH_X86_64" for the token. */
const char *oci_filter_words_architecture(uint32_t token);

/** oci_filter_words_action() - Return: "SCMP_ACT_ERRNO" for SECCOMP_RET_ERRNO, without data. */
const char *oci_filter_words_action(uint32_t action);
