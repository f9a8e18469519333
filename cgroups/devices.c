/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/devices.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

/*
 * The program, with the context in register 1 (struct bpf_cgroup_dev_ctx):
 *
 *	access = ctx->access_type >> 16, type = ctx->access_type & 0xffff
 *	for each rule: if type, major and minor match:
 *		a rule that allows: access &= ~what it allows; if access == 0: return 1
 *		a rule that denies: if access & what it denies: return 0
 *	return 0
 *
 * Rules that differ in the minor only share one block with a bit mask: the verifier follows every
 * branch, and its time is part of each start (five rules of their own took five times as long).
 */
enum {
	CONTEXT = BPF_REG_1,
	ACCESS = BPF_REG_2,
	TYPE = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
	RESULT = BPF_REG_0,

	MASK_BITS = 32,
	INSNS_END = 2,
	ATTACHED_MAX = 64, /* the kernel's own limit for one group */
};

static const char program_name[] = "kapsel_devices";
_Static_assert(sizeof(program_name) <= BPF_OBJ_NAME_LEN, "the kernel refuses longer names");

static struct bpf_insn load_u32(unsigned int to, size_t offset)
{
	return (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
				  .dst_reg = (uint8_t)(to & 0xf),
				  .src_reg = CONTEXT,
				  .off = (int16_t)offset };
}

static struct bpf_insn alu(unsigned int operation, unsigned int reg, uint32_t value)
{
	return (struct bpf_insn){ .code = (uint8_t)(BPF_ALU | operation | BPF_K),
				  .dst_reg = (uint8_t)(reg & 0xf),
				  .imm = (int32_t)value };
}

static struct bpf_insn copy(unsigned int to, unsigned int from)
{
	return (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X,
				  .dst_reg = (uint8_t)(to & 0xf),
				  .src_reg = (uint8_t)(from & 0xf) };
}

/* 32 bit comparison (since 5.1): in 64 bits a major above 2^31 would be sign extended. */
static struct bpf_insn skip_unless_equal(unsigned int reg, uint32_t value, size_t skip)
{
	return (struct bpf_insn){ .code = BPF_JMP32 | BPF_JNE | BPF_K,
				  .dst_reg = (uint8_t)(reg & 0xf),
				  .off = (int16_t)skip,
				  .imm = (int32_t)value };
}

static struct bpf_insn leave(void)
{
	return (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
}

static uint32_t accesses_of(const struct device_rule *rule)
{
	return (rule->read ? (uint32_t)BPF_DEVCG_ACC_READ : 0) |
	       (rule->write ? (uint32_t)BPF_DEVCG_ACC_WRITE : 0) |
	       (rule->mknod ? (uint32_t)BPF_DEVCG_ACC_MKNOD : 0);
}

static bool maskable(const struct device_rule *rule)
{
	return !rule->any_minor && rule->minor < MASK_BITS;
}

static bool differ_in_minor_only(const struct device_rule *a, const struct device_rule *b)
{
	return maskable(a) && maskable(b) && a->block == b->block && a->any_major == b->any_major &&
	       (a->any_major || a->major == b->major) && accesses_of(a) == accesses_of(b);
}

/*
 * The minors of @rule and of all later rules like it; 0 when an earlier one has taken it along.
 * Only among rules that follow each other and all allow or all deny, where the order is the same to us.
 */
static uint32_t minors_of(const struct device_rule *rules, size_t n_rules, size_t at)
{
	const bool deny = rules[at].deny;
	uint32_t mask = 0;
	size_t i = at;

	while (i > 0 && rules[i - 1].deny == deny)
		i--;
	for (; i < n_rules && rules[i].deny == deny; i++) {
		if (!differ_in_minor_only(&rules[at], &rules[i]))
			continue;
		if (i < at)
			return 0;
		mask |= UINT32_C(1) << rules[i].minor;
	}
	return mask;
}

/* if minor > 31 or the mask lacks its bit: skip what follows, @rest instructions. */
static size_t match_minors(uint32_t mask, size_t rest, struct bpf_insn *insns)
{
	const struct bpf_insn shift = {
		.code = BPF_ALU | BPF_LSH | BPF_X,
		.dst_reg = RESULT & 0xf,
		.src_reg = MINOR & 0xf,
	};

	insns[0] = (struct bpf_insn){
		.code = BPF_JMP32 | BPF_JGT | BPF_K,
		.dst_reg = MINOR & 0xf,
		.off = (int16_t)(rest + 4),
		.imm = MASK_BITS - 1,
	};
	insns[1] = alu(BPF_MOV, RESULT, 1);
	insns[2] = shift;
	insns[3] = alu(BPF_AND, RESULT, mask);
	insns[4] = (struct bpf_insn){
		.code = BPF_JMP32 | BPF_JEQ | BPF_K,
		.dst_reg = RESULT & 0xf,
		.off = (int16_t)rest,
		.imm = 0,
	};
	return 5;
}

/* What a rule does that matches: skip it, or return. */
static size_t decide(const struct device_rule *rule, struct bpf_insn *insns)
{
	size_t n = 0;

	if (rule->deny) {
		insns[n++] = copy(RESULT, ACCESS);
		insns[n++] = alu(BPF_AND, RESULT, accesses_of(rule));
		insns[n++] = (struct bpf_insn){
			.code = BPF_JMP32 | BPF_JEQ | BPF_K,
			.dst_reg = RESULT & 0xf,
			.off = 2,
			.imm = 0,
		};
	} else {
		insns[n++] = alu(BPF_AND, ACCESS, ~accesses_of(rule));
		insns[n++] = skip_unless_equal(ACCESS, 0, 2);
	}
	insns[n++] = alu(BPF_MOV, RESULT, !rule->deny);
	insns[n++] = leave();
	return n;
}

/* @mask: the minors, 0: rule->minor alone, or any. */
static size_t compile_rule(const struct device_rule *rule, uint32_t mask, struct bpf_insn *insns)
{
	const size_t ending = rule->deny ? 5 : 4;
	const size_t n_minor = rule->any_minor ? 0 : mask ? 5 : 1;
	const size_t size = 1 + !rule->any_major + n_minor + ending;
	size_t n = 0;

	if (accesses_of(rule) == 0)
		return 0;

	/* A jump counts from the instruction behind it to the end of this rule. */
	insns[n] =
		skip_unless_equal(TYPE, rule->block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, size - n - 1);
	n++;
	if (!rule->any_major) {
		insns[n] = skip_unless_equal(MAJOR, rule->major, size - n - 1);
		n++;
	}
	if (n_minor == 5) {
		n += match_minors(mask, ending, insns + n);
	} else if (n_minor == 1) {
		insns[n] = skip_unless_equal(MINOR, rule->minor, size - n - 1);
		n++;
	}
	return n + decide(rule, insns + n);
}

int devices_compile_to(const struct device_rule *rules, size_t n_rules, struct bpf_insn *insns, size_t max)
{
	size_t n = 0;

	insns[n++] = load_u32(ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	insns[n++] = copy(TYPE, ACCESS);
	insns[n++] = alu(BPF_AND, TYPE, 0xffff);
	insns[n++] = alu(BPF_RSH, ACCESS, 16);
	insns[n++] = load_u32(MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	insns[n++] = load_u32(MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	for (size_t i = 0; i < n_rules; i++) {
		uint32_t mask = maskable(&rules[i]) ? minors_of(rules, n_rules, i) : 0;

		if (n + DEVICES_INSNS_RULE_MAX + INSNS_END > max)
			return -E2BIG;
		if (mask != 0 || !maskable(&rules[i]))
			n += compile_rule(&rules[i], mask, insns + n);
	}
	insns[n++] = alu(BPF_MOV, RESULT, 0);
	insns[n++] = leave();
	return (int)n;
}

int devices_compile(const struct device_rule *rules, size_t n_rules, struct bpf_insn *insns)
{
	return devices_compile_to(rules, n_rules, insns, DEVICES_INSNS_MAX);
}

static int sys_bpf(int command, union bpf_attr *attr)
{
	long r = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

int devices_load(const struct bpf_insn *insns, size_t n_insns, struct error *err)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr)); /* the kernel wants zeros in the padding too */
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.expected_attach_type = BPF_CGROUP_DEVICE;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = (uint32_t)n_insns;
	attr.license = (uintptr_t) "LGPL-2.1-or-later";
	memcpy(attr.prog_name, program_name, sizeof(program_name));

	fd = sys_bpf(BPF_PROG_LOAD, &attr);
	if (fd >= 0)
		return fd;
	error_set(err, -fd, "load the device filter");
	switch (-fd) {
	case EPERM:
		return error_remedy(err,
				    "a device filter needs root in the initial user namespace; without it, a "
				    "container in a user namespace can't make or open device nodes anyway");
	case ENOSYS:
		return error_remedy(err, "use a kernel built with CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF");
	default:
		return fd;
	}
}

static int attach(int cgroup_fd, int program_fd, unsigned int flags, int replaced_fd, struct error *err)
{
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)program_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = flags;
	if (flags & BPF_F_REPLACE)
		attr.replace_bpf_fd = (uint32_t)replaced_fd;
	r = sys_bpf(BPF_PROG_ATTACH, &attr);
	if (r >= 0)
		return 0;
	error_set(err, -r, "attach the device filter to the cgroup");
	if (r == -EPERM)
		return error_remedy(
			err, "it needs CAP_SYS_ADMIN, or a program on a group above forbids others below it "
			     "(\"bpftool cgroup tree\" shows them)");
	return r;
}

int devices_attach(int cgroup_fd, int program_fd, struct error *err)
{
	return attach(cgroup_fd, program_fd, 0, -1, err);
}

/* Return: fd of the program if it has our name, -errno. */
static int open_ours(uint32_t id)
{
	struct bpf_prog_info info;
	_cleanup_fd_ int fd = -1;
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return fd;
	memset(&attr, 0, sizeof(attr));
	memset(&info, 0, sizeof(info));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	if (sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) < 0 ||
	    strncmp(info.name, program_name, sizeof(info.name)) != 0)
		return -ENOENT;
	return take_fd(&fd);
}

/* Return: fd of our program on the group, -ENOENT if there is none. */
static int find_ours(int cgroup_fd)
{
	uint32_t ids[ATTACHED_MAX];
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = ATTACHED_MAX;
	if (sys_bpf(BPF_PROG_QUERY, &attr) < 0)
		return -ENOENT;
	for (uint32_t i = 0; i < attr.query.prog_cnt && i < ATTACHED_MAX; i++) {
		int fd = open_ours(ids[i]);

		if (fd >= 0)
			return fd;
	}
	return -ENOENT;
}

int devices_attach_shared(int cgroup_fd, int program_fd, struct error *err)
{
	_cleanup_fd_ int old_fd = find_ours(cgroup_fd);

	/* BPF_F_REPLACE: since 5.6 */
	return attach(cgroup_fd, program_fd,
		      BPF_F_ALLOW_MULTI | (old_fd >= 0 ? (unsigned int)BPF_F_REPLACE : 0), old_fd, err);
}

int devices_attached(int cgroup_fd)
{
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	r = sys_bpf(BPF_PROG_QUERY, &attr);
	return r < 0 ? r : (int)attr.query.prog_cnt;
}
