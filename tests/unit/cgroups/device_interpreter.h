/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Runs a device filter without the kernel. */
#include <stdbool.h>
#include <stdint.h>

struct bpf_insn;

/** device_interpreter_allows() - what the program answers; @access: BPF_DEVCG_ACC_* bits */
bool device_interpreter_allows(const struct bpf_insn *insns, int n, bool block, uint32_t major,
			       uint32_t minor, uint32_t access);
