/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D3: control over the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/personality.h>
#include <sys/quota.h>
#include <sys/swap.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lab/probe/attempt.h"
#include "lab/probe/numbers.h"

#define NOWHERE "/kapsel-probe-does-not-exist"

/* Each answers EPERM first; what follows can't succeed with these arguments. */
static long load_kernel(const struct probe *probe, struct outcome *out)
{
	(void)out;
	if (probe->a == SYS_kexec_load)
		return syscall(SYS_kexec_load, 0, 4096, NULL, 0);
	if (probe->a == SYS_kexec_file_load)
		return syscall(SYS_kexec_file_load, -1, -1, 0, NULL, ~0UL);
	if (probe->a == SYS_init_module)
		return syscall(SYS_init_module, NULL, 0, "");
	if (probe->a == SYS_finit_module)
		return syscall(SYS_finit_module, -1, "", 0);
	return syscall(SYS_delete_module, "kapsel_probe_none", O_NONBLOCK);
}

static long create_map(const struct probe *probe, struct outcome *out)
{
	union bpf_attr attr;

	(void)probe;
	(void)out;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = 4;
	attr.max_entries = 1;
	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static long load_program(const struct probe *probe, struct outcome *out)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;

	(void)probe;
	(void)out;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (uint64_t)(uintptr_t)code;
	attr.insn_cnt = ARRAY_SIZE(code);
	attr.license = (uint64_t)(uintptr_t) "GPL";
	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static long open_counter(const struct probe *probe, struct outcome *out)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	(void)out;
	return syscall(SYS_perf_event_open, &attr, (int)probe->a, (int)probe->b, -1, 0UL);
}

static long use_keyring(const struct probe *probe, struct outcome *out)
{
	(void)out;
	return syscall(SYS_keyctl, probe->a, probe->b, 0L, 0L, 0L);
}

static long add_a_key(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	(void)out;
	return syscall(SYS_add_key, "user", "kapsel-probe", "x", 1UL, KEY_SPEC_PROCESS_KEYRING);
}

/* Without call-out information: the host's /sbin/request-key must not really run. */
static long request_a_key(const struct probe *probe, struct outcome *out)
{
	long r = syscall(SYS_request_key, "user", "kapsel-probe-none", NULL, 0);

	(void)probe;
	if (r < 0 && errno == ENOKEY) {
		attempt_note(out, "permitted (ENOKEY)");
		return 0;
	}
	return r;
}

static long handle_faults(const struct probe *probe, struct outcome *out)
{
	(void)out;
	return syscall(SYS_userfaultfd, probe->a);
}

static long set_up_ring(const struct probe *probe, struct outcome *out)
{
	struct io_uring_params params = { 0 };

	(void)probe;
	(void)out;
	return syscall(SYS_io_uring_setup, 1, &params);
}

/*
 * settimeofday(NULL, NULL) asks for the right to set the clock and then sets nothing.
 * clock_settime checks the value before the right, so it only shows the filter (EFAULT).
 */
static long set_clock(const struct probe *probe, struct outcome *out)
{
	struct timex timex = { .modes = ADJ_TICK, .tick = 0 }; /* EINVAL behind the check */

	(void)out;
	if (probe->a == SYS_settimeofday)
		return syscall(SYS_settimeofday, NULL, NULL);
	if (probe->a == SYS_adjtimex)
		return syscall(SYS_adjtimex, &timex);
	return syscall(SYS_clock_settime, 0, NULL);
}

static long reboot_wrongly(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	(void)out;
	return syscall(SYS_reboot, 0, 0, 0, NULL);
}

static long administer(const struct probe *probe, struct outcome *out)
{
	char buffer[256];

	(void)out;
	if (probe->a == SYS_swapon)
		return swapon(NOWHERE, 0);
	if (probe->a == SYS_swapoff)
		return swapoff(NOWHERE);
	if (probe->a == SYS_acct)
		return acct(NOWHERE);
	if (probe->a == SYS_quotactl)
		return quotactl(QCMD(Q_GETFMT, USRQUOTA), "/dev/null", 0, buffer);
	setsid(); /* without a terminal there is none to hang up */
	return vhangup();
}

static long allow_ports(const struct probe *probe, struct outcome *out)
{
	if (probe->a < 0)
		return attempt_untestable(out, "not a call of this architecture");
	return probe->a == NR_IOPL ? syscall(probe->a, 3) : syscall(probe->a, 0x80, 1, 1);
}

static long read_kernel_log(const struct probe *probe, struct outcome *out)
{
	char buffer[256];

	(void)probe;
	(void)out;
	return syscall(SYS_syslog, 3, buffer, sizeof(buffer));
}

static long set_name(const struct probe *probe, struct outcome *out)
{
	const char *name;
	struct utsname uts;

	if (uname(&uts) < 0)
		return attempt_step(out, "uname");
	name = probe->a == SYS_sethostname ? uts.nodename : uts.domainname;
	return syscall(probe->a, name, strlen(name)); /* the same again */
}

static long watch_files(const struct probe *probe, struct outcome *out)
{
	(void)out;
	return syscall(SYS_fanotify_init, (unsigned int)probe->a, O_RDONLY | O_CLOEXEC);
}

static long old_call(const struct probe *probe, struct outcome *out)
{
	char buffer[4096];

	if (probe->a < 0)
		return attempt_untestable(out, "not a call of this architecture");
	if (probe->a == NR_USELIB)
		return syscall(probe->a, NOWHERE);
	if (probe->a == NR_SYSFS)
		return syscall(probe->a, 3); /* how many file systems there are */
	if (probe->a == NR_MODIFY_LDT)
		return syscall(probe->a, 0, buffer, sizeof(buffer));
	return syscall(probe->a, 0, buffer, sizeof(buffer));
}

static long set_label(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	if (attempt_kernel_before(6, 8))
		return attempt_untestable(out, "lsm_set_self_attr came with Linux 6.8");
	return syscall(NR_LSM_SET_SELF_ATTR, 0, NULL, 0, 0);
}

static long disable_aslr(const struct probe *probe, struct outcome *out)
{
	(void)probe;
	(void)out;
	return personality(ADDR_NO_RANDOMIZE);
}

const struct probe probes_kernel[] = {
	{ 33, "kexec-load", "load a kernel", load_kernel, PROBE_CHILD, .a = SYS_kexec_load },
	{ 33, "kexec-file-load", "load a kernel file", load_kernel, PROBE_CHILD, .a = SYS_kexec_file_load },
	{ 34, "init-module", "load a module", load_kernel, PROBE_CHILD, .a = SYS_init_module },
	{ 34, "finit-module", "load a module file", load_kernel, PROBE_CHILD, .a = SYS_finit_module },
	{ 34, "delete-module", "unload a module", load_kernel, PROBE_CHILD, .a = SYS_delete_module },
	{ 35, "bpf-map-create", "create a BPF map", create_map, PROBE_CHILD },
	{ 35, "bpf-prog-load", "load a BPF program", load_program, PROBE_CHILD },
	{ 36, "perf-event-self", "count own events", open_counter, 0, .a = 0, .b = -1 },
	{ 36, "perf-event-cpu", "count events of a CPU", open_counter, 0, .a = -1, .b = 0 },
	{ 37, "keyctl-join", "join a new session keyring", use_keyring, PROBE_CHILD,
	  .a = KEYCTL_JOIN_SESSION_KEYRING },
	{ 37, "keyctl-get", "look up the session keyring", use_keyring, PROBE_CHILD,
	  .a = KEYCTL_GET_KEYRING_ID, .b = KEY_SPEC_SESSION_KEYRING },
	{ 37, "add-key", "add a key", add_a_key, PROBE_CHILD },
	{ 38, "request-key", "request a key", request_a_key, PROBE_CHILD },
	{ 39, "userfaultfd", "handle own page faults", handle_faults, 0 },
	{ 39, "userfaultfd-user", "handle own page faults of user mode", handle_faults, 0, .a = 1 },
	{ 40, "io-uring", "set up an io_uring", set_up_ring, 0 },
	{ 41, "clock-settime", "set the clock (EFAULT: the call is open)", set_clock, 0,
	  .a = SYS_clock_settime },
	{ 41, "settimeofday", "set the time of day", set_clock, 0, .a = SYS_settimeofday },
	{ 41, "adjtimex", "adjust the clock", set_clock, 0, .a = SYS_adjtimex },
	{ 42, "reboot", "reboot (EINVAL: the call is open)", reboot_wrongly, PROBE_CHILD },
	{ 43, "swapon", "add swap", administer, PROBE_CHILD, .a = SYS_swapon },
	{ 43, "swapoff", "remove swap", administer, PROBE_CHILD, .a = SYS_swapoff },
	{ 43, "acct", "write process accounting", administer, PROBE_CHILD, .a = SYS_acct },
	{ 43, "quotactl", "change quotas", administer, PROBE_CHILD, .a = SYS_quotactl },
	{ 43, "vhangup", "hang up the terminal", administer, PROBE_CHILD, .a = SYS_vhangup },
	{ 44, "iopl", "raise the I/O privilege level", allow_ports, PROBE_CHILD, .a = NR_IOPL },
	{ 44, "ioperm", "get access to I/O ports", allow_ports, PROBE_CHILD, .a = NR_IOPERM },
	{ 45, "syslog", "read the kernel log", read_kernel_log, 0 },
	{ 46, "sethostname", "set the host name", set_name, 0, .a = SYS_sethostname },
	{ 46, "setdomainname", "set the domain name", set_name, 0, .a = SYS_setdomainname },
	{ 47, "fanotify-content", "listen to file events with permission", watch_files, 0,
	  .a = FAN_CLASS_CONTENT },
	{ 47, "fanotify-fid", "listen to file events", watch_files, 0,
	  .a = FAN_CLASS_NOTIF | FAN_REPORT_FID },
	{ 47, "lookup-dcookie", "call the removed lookup_dcookie", old_call, 0, .a = NR_LOOKUP_DCOOKIE },
	{ 47, "nfsservctl", "call the removed nfsservctl", old_call, 0, .a = NR_NFSSERVCTL },
	{ 47, "uselib", "load a library in the kernel", old_call, PROBE_CHILD, .a = NR_USELIB },
	{ 47, "sysctl", "call the removed _sysctl", old_call, 0, .a = NR_SYSCTL },
	{ 47, "ustat", "call the old ustat", old_call, 0, .a = NR_USTAT },
	{ 47, "sysfs", "call the old sysfs", old_call, 0, .a = NR_SYSFS },
	{ 48, "modify-ldt", "read the local descriptor table", old_call, 0, .a = NR_MODIFY_LDT },
	{ 49, "personality", "switch address randomisation off", disable_aslr, PROBE_CHILD },
	{ 57, "lsm-set-self-attr", "set the own LSM label", set_label, 0 },
	{ 0 },
};
