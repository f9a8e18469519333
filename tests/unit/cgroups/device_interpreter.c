/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device_interpreter.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <linux/bpf.h>
#include <string.h>

/* The few instructions that a device filter uses, executed. */
static uint32_t interpret(const struct bpf_insn *insns, int n, const struct bpf_cgroup_dev_ctx *context)
{
	uint64_t regs[11] = { 0 };

	for (int i = 0; i >= 0 && i < n; i++) {
		const struct bpf_insn *in = &insns[i];
		uint32_t dst = (uint32_t)regs[in->dst_reg], src = (uint32_t)regs[in->src_reg];
		uint32_t imm = (uint32_t)in->imm, word;

		switch (in->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			cr_assert(eq(u8, in->src_reg, BPF_REG_1));
			memcpy(&word, (const char *)context + in->off, sizeof(word));
			regs[in->dst_reg] = word;
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			regs[in->dst_reg] = src;
			break;
		case BPF_ALU | BPF_MOV | BPF_K:
			regs[in->dst_reg] = imm;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			regs[in->dst_reg] = dst & imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			regs[in->dst_reg] = dst >> imm;
			break;
		case BPF_ALU | BPF_LSH | BPF_X:
			cr_assert(lt(u32, src, 32)); /* the kernel's verifier asks for that, too */
			regs[in->dst_reg] = dst << src;
			break;
		case BPF_JMP32 | BPF_JGT | BPF_K:
			if (dst > imm)
				i += in->off;
			break;
		case BPF_JMP32 | BPF_JEQ | BPF_K:
			if (dst == imm)
				i += in->off;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			if (dst != imm)
				i += in->off;
			break;
		case BPF_JMP | BPF_EXIT:
			return (uint32_t)regs[0];
		default:
			cr_fatal("instruction %d has the code 0x%x", i, in->code);
		}
	}
	cr_fatal("ran out of the program");
	return 0;
}

bool device_interpreter_allows(const struct bpf_insn *insns, int n, bool block, uint32_t major,
			       uint32_t minor, uint32_t access)
{
	const struct bpf_cgroup_dev_ctx context = {
		.access_type = access << 16 | (block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
		.major = major,
		.minor = minor,
	};

	return interpret(insns, n, &context) == 1;
}
