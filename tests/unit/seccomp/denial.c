/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/notify.h"

#include <asm/ioctls.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "profiles/spec.h"
#include "seccomp/groups.h"
#include "text.h"

static const char *const list[] = { "@base", "@process", NULL };
static const char *const sockets[] = { "@base", "@socket-client", "@file-write", NULL };

struct expectation {
	const char *call;
	uint64_t args[6];
	const char *reason;
	const char *opens;
};

static void expect(const struct spec *spec, const struct expectation *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct denial denial = { .nr = syscall_number(wanted[i].call) };

		if (denial.nr == -2)
			continue; /* not on this architecture */
		memcpy(denial.args, wanted[i].args, sizeof(denial.args));
		denial_describe(spec, &denial);
		cr_assert(eq(str, denial.reason, text(wanted[i].reason)));
		cr_assert(eq(str, denial.opens, text(wanted[i].opens)));
	}
}

Test(denial, closed_calls_name_the_line_that_opens_them)
{
	const struct spec spec = { .syscalls = { list, 2 } };
	const struct expectation wanted[] = {
		{ "ptrace",
		  { 16 },
		  "ptrace(PTRACE_ATTACH): not opened by the profile",
		  "\"allow_ptrace\": true" },
		{ "connect",
		  { 3 },
		  "connect(): not opened by the profile",
		  "\"syscalls\": { \"allow\": [\"@base\", \"@process\", \"@socket-client\"] }" },
		{ "mkdir",
		  { 0 },
		  "mkdir(): not opened by the profile",
		  "\"syscalls\": { \"allow\": [\"@base\", \"@process\", \"@file-write\"] }" },
		{ "keyctl",
		  { 1 },
		  "keyctl(KEYCTL_JOIN_SESSION_KEYRING): not opened by the profile",
		  "\"syscalls\": { \"allow\": [\"@base\", \"@process\", \"keyctl\"] }" },
		{ "memfd_secret",
		  { 0 },
		  "memfd_secret(): not opened by the profile",
		  "\"syscalls\": { \"allow\": [\"@base\", \"@process\", \"memfd_secret\"] }" },
		{ "unshare",
		  { CLONE_NEWUSER | CLONE_NEWNS },
		  "unshare(CLONE_NEWNS|CLONE_NEWUSER): not opened by the profile",
		  "\"allow_nested_namespaces\": true" },
		{ "execve",
		  { 0 },
		  "execve(): not opened by the profile",
		  "\"exec\": { \"allow\": [\"*\"] }" },
		{ "memfd_create", { 0 }, "memfd_create(): not opened by the profile", "\"allow_jit\": true" },
	};

	expect(&spec, wanted, ARRAY_SIZE(wanted));
}

Test(denial, refused_arguments_are_named_with_the_key_that_lifts_them)
{
	const struct spec spec = { .syscalls = { sockets, 3 } };
	const struct expectation wanted[] = {
		{ "ioctl",
		  { 0, TIOCSTI | 1ULL << 32 },
		  "ioctl(TIOCSTI): TIOCSTI, typing into a terminal",
		  "" },
		{ "mmap",
		  { 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC },
		  "mmap(PROT_READ|PROT_WRITE|PROT_EXEC): memory that is writable and executable",
		  "\"allow_jit\": true" },
		{ "socket",
		  { AF_PACKET, SOCK_RAW, 768 },
		  "socket(AF_PACKET, SOCK_RAW, 768): a packet socket",
		  "" },
		{ "socket",
		  { AF_INET, SOCK_RAW, 1 },
		  "socket(AF_INET, SOCK_RAW, IPPROTO_ICMP): a raw socket without the capability NET_RAW",
		  "\"capabilities\": [\"NET_RAW\"]" },
		{ "socket",
		  { AF_NETLINK, SOCK_RAW, 0 },
		  "socket(AF_NETLINK, SOCK_RAW, 0): a netlink socket",
		  "\"syscalls\": { \"allow\": [\"@base\", \"@socket-client\", \"@file-write\", \"@netlink\"] }" },
		{ "socket",
		  { AF_NETLINK, SOCK_RAW, 9 },
		  "socket(AF_NETLINK, SOCK_RAW, 9): a netlink socket",
		  "" },
		{ "mknodat", { 0, 0, S_IFCHR | 0600 }, "mknodat(S_IFCHR): a character device", "" },
		{ "prlimit64",
		  { 0, RLIMIT_CORE, 1 },
		  "prlimit64(RLIMIT_CORE): changing RLIMIT_CORE, which keeps the host's core handler away",
		  "" },
		{ "execveat",
		  { 4, 0, 0, 0, 0x1000 },
		  "execveat(4): a second program",
		  "\"exec\": { \"allow\": [\"*\"] }" },
		{ "personality",
		  { 0x40000 },
		  "personality(0x40000): another personality, such as one without ASLR",
		  "" },
	};

	expect(&spec, wanted, ARRAY_SIZE(wanted));
}

Test(denial, clone_names_the_missing_half)
{
	static const char *const threads[] = { "@base", "@threads", NULL };
	const struct spec process_spec = { .syscalls = { list, 2 } };
	const struct spec threads_spec = { .syscalls = { threads, 2 } };
	const struct expectation process[] = {
		{ "clone",
		  { CLONE_NEWUSER | 17 },
		  "clone(CLONE_NEWUSER): a new namespace",
		  "\"allow_nested_namespaces\": true" },
		{ "clone",
		  { CLONE_THREAD | CLONE_VM },
		  "clone(CLONE_THREAD): a thread",
		  "\"syscalls\": { \"allow\": [\"@base\", \"@process\", \"@threads\"] }" },
	};
	const struct expectation thread[] = {
		{ "clone",
		  { 17 },
		  "clone(0): a new process",
		  "\"syscalls\": { \"allow\": [\"@base\", \"@threads\", \"@process\"] }" },
	};

	expect(&process_spec, process, ARRAY_SIZE(process));
	expect(&threads_spec, thread, ARRAY_SIZE(thread));
}

Test(denial, never_legitimate_calls_have_no_line)
{
	const struct spec spec = { .syscalls = { list, 2 } };
	const struct expectation wanted[] = {
		{ "init_module", { 0 }, "init_module(): no workload has a reason for it", "" },
		{ "kexec_load", { 0 }, "kexec_load(): no workload has a reason for it", "" },
	};

	expect(&spec, wanted, ARRAY_SIZE(wanted));
}

Test(denial, unknown_number_is_said_to_be_unknown)
{
	const struct spec spec = { .syscalls = { list, 2 } };
	struct denial denial = { .nr = 9999 };

	denial_describe(&spec, &denial);
	cr_assert(eq(str, denial.reason, text("system call 9999: unknown")));
	cr_assert(eq(str, denial.opens, text("")));
}

Test(denial, long_lists_are_shortened)
{
	static const char *const many[] = { "@base",
					    "@process",
					    "@threads",
					    "@file-write",
					    "@socket-server",
					    "@identity",
					    "@memory-lock",
					    "@sandbox",
					    "@aio",
					    "@splice",
					    "sethostname",
					    "setdomainname",
					    "landlock_restrict_self",
					    NULL };
	const struct spec spec = { .syscalls = { many, ARRAY_SIZE(many) - 1 } };
	struct denial denial = { .nr = syscall_number("msgget") };

	denial_describe(&spec, &denial);
	cr_assert(eq(str, denial.opens, text("\"syscalls\": { \"allow\": [..., \"@ipc\"] }")));
}

Test(denial, capabilities_that_are_there_are_kept_in_the_line)
{
	const struct spec spec = { .syscalls = { sockets, 3 }, .capabilities = 1ULL << CAP_CHOWN };
	struct denial denial = { .nr = syscall_number("socket"), .args = { AF_INET, SOCK_RAW, 1 } };

	denial_describe(&spec, &denial);
	cr_assert(eq(str, denial.opens, text("\"capabilities\": [..., \"NET_RAW\"]")));
}
