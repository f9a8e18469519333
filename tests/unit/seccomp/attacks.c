/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Real calls under a real filter: each attack fails closed and works with its one key. */
#include "seccomp/filter.h"

#include <asm/ioctls.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macro.h"
#include "sealed.h"

static const char *const list[] = { "@base", "@process", "@file-write", "@socket-client",
				    "@ipc",  "@sandbox", NULL };
static const char *const any[] = { "*", NULL };

static const struct spec strict = { .syscalls = { list, 6 }, .exec_allow = { any, 1 } };

static int run(const struct spec *spec, int (*body)(const void *arg), const void *arg)
{
	const struct filter_options options = { .exec_fd = -1 };
	struct sealed sealed;

	sealed_run(spec, &options, body, arg, &sealed);
	return sealed_exit(&sealed);
}

struct call {
	long nr;
	unsigned long args[6];
};

static int one_call(const void *arg)
{
	const struct call *call = arg;

	errno = 0;
	return sealed_errno(syscall(call->nr, call->args[0], call->args[1], call->args[2], call->args[3],
				    call->args[4], call->args[5]));
}

static int run_call(const struct spec *spec, const struct call *call)
{
	return run(spec, one_call, call);
}

static int unsealed_call(const struct call *call)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(one_call(call));
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

Test(attacks, unknown_call_answers_enosys)
{
	cr_assert(eq(int, run_call(&strict, &(struct call){ 9999, { 0 } }), ENOSYS));
	cr_assert(eq(int, run_call(&strict, &(struct call){ -1, { 0 } }), ENOSYS));
}

Test(attacks, clone3_and_io_uring_look_absent)
{
	cr_assert(eq(int, run_call(&strict, &(struct call){ 435, { 0 } }), ENOSYS));
	cr_assert(eq(int, run_call(&strict, &(struct call){ 425, { 4, 0 } }), ENOSYS));
}

Test(attacks, module_loading_kills)
{
	cr_assert(eq(int, run_call(&strict, &(struct call){ SYS_init_module, { 0 } }), 1000 + SIGSYS));
	cr_assert(eq(int, run_call(&strict, &(struct call){ SYS_kexec_load, { 0 } }), 1000 + SIGSYS));
}

#if defined(__x86_64__)
static int int80_getpid(const void *arg _unused_)
{
	long value = 20; /* i386 getpid */

	__asm__ volatile("int $0x80" : "+a"(value) : : "r8", "r9", "r10", "r11", "memory");
	return value > 0 ? 0 : 1;
}

Test(attacks, int80_entry_kills)
{
	cr_assert(eq(int, run(&strict, int80_getpid, NULL), 1000 + SIGSYS));
}

Test(attacks, x32_call_kills)
{
	const struct call call = { 0x40000000 | SYS_getpid, { 0 } };

	cr_assert(eq(int, run_call(&strict, &call), 1000 + SIGSYS));
}
#endif

Test(attacks, terminal_injection_is_refused_with_any_upper_bits)
{
	cr_assert(eq(int, run_call(&strict, &(struct call){ SYS_ioctl, { 0, TIOCSTI } }), EPERM));
	cr_assert(eq(int, run_call(&strict, &(struct call){ SYS_ioctl, { 0, TIOCSTI | 1UL << 32 } }), EPERM));
	cr_assert(
		eq(int, run_call(&strict, &(struct call){ SYS_ioctl, { 0, TIOCLINUX | 1UL << 63 } }), EPERM));
	/* An ordinary one reaches the kernel. */
	cr_assert(eq(int, run_call(&strict, &(struct call){ SYS_ioctl, { (unsigned long)-1, FIONREAD } }),
		     EBADF));
}

Test(attacks, sockets_of_other_kinds_are_refused)
{
	const struct {
		struct call call;
		int answer;
	} sockets[] = {
		{ { SYS_socket, { AF_PACKET, SOCK_RAW, 0 } }, EPERM },
		{ { SYS_socket, { AF_VSOCK | 1UL << 32, SOCK_STREAM, 0 } }, EPERM },
		{ { SYS_socket, { AF_ALG, SOCK_SEQPACKET, 0 } }, EPERM },
		{ { SYS_socket, { AF_NETLINK, SOCK_RAW, 0 } }, EPERM },
		{ { SYS_socket, { AF_INET, SOCK_RAW, 1 } }, EPERM },
		{ { SYS_socket, { AF_INET, SOCK_STREAM, 262 } }, EPROTONOSUPPORT },
		{ { SYS_socket, { AF_BLUETOOTH, SOCK_RAW, 1 } }, EAFNOSUPPORT },
		{ { SYS_socket, { AF_INET, SOCK_STREAM, 0 } }, 0 },
		{ { SYS_socket, { AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0 } }, 0 },
		{ { SYS_socket, { AF_UNIX, SOCK_STREAM, 0 } }, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++)
		cr_assert(eq(int, run_call(&strict, &sockets[i].call), sockets[i].answer), "%zu", i);
}

static int fast_open(const void *arg _unused_)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return 200;
	return sealed_errno(sendto(fd, "x", 1, MSG_FASTOPEN, NULL, 0));
}

Test(attacks, tcp_fast_open_is_refused)
{
	cr_assert(eq(int, run(&strict, fast_open, NULL), EPERM));
}

static int writable_code(const void *arg _unused_)
{
	const int rw = PROT_READ | PROT_WRITE;
	void *memory = mmap(NULL, 4096, rw | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory != MAP_FAILED)
		return 0;
	if (errno != EACCES)
		return 201;
	memory = mmap(NULL, 4096, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 202;
	if (mprotect(memory, 4096, PROT_READ | PROT_EXEC) == 0)
		return 203;
	return errno;
}

Test(attacks, writable_code_needs_allow_jit)
{
	struct spec spec = strict;

	cr_assert(eq(int, run(&spec, writable_code, NULL), EACCES));
	spec.allow_jit = true;
	cr_assert(eq(int, run(&spec, writable_code, NULL), 0));
}

Test(attacks, memory_files_need_allow_jit)
{
	const struct call call = { SYS_memfd_create, { (unsigned long)"x", 0 } };
	struct spec spec = strict;

	cr_assert(eq(int, run_call(&spec, &call), EPERM));
	spec.allow_jit = true;
	cr_assert(eq(int, run_call(&spec, &call), 0));
}

Test(attacks, memory_files_beside_a_list_of_programs_are_never_executable)
{
	static const char *const programs[] = { "/usr/bin/true", NULL };
	const struct call plain = { SYS_memfd_create, { (unsigned long)"x", 0 } };
	const struct call sealed = { SYS_memfd_create, { (unsigned long)"x", 0x8 } };
	const struct call exec = { SYS_memfd_create, { (unsigned long)"x", 0x10 } };
	struct spec spec = strict;

	spec.allow_jit = true;
	spec.exec_allow = (struct spec_strings){ programs, 1 };
	cr_assert(eq(int, run_call(&spec, &plain), EPERM));
	cr_assert(eq(int, run_call(&spec, &exec), EPERM));
	cr_assert(ne(int, run_call(&spec, &sealed), EPERM));
}

static int executable_segment(const void *arg _unused_)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0700);
	int r;

	if (id < 0)
		return 200;
	r = sealed_errno((long)shmat(id, NULL, SHM_EXEC));
	shmctl(id, IPC_RMID, NULL);
	return r;
}

Test(attacks, executable_shared_memory_is_refused)
{
	cr_assert(eq(int, run(&strict, executable_segment, NULL), EPERM));
}

Test(attacks, namespaces_need_allow_nested_namespaces)
{
	const struct call in_clone = { SYS_clone, { CLONE_NEWUSER | SIGCHLD } };
	const struct call in_unshare = { SYS_unshare, { CLONE_NEWUSER } };
	struct spec spec = strict;

	cr_assert(eq(int, run_call(&spec, &in_clone), EPERM));
	cr_assert(eq(int, run_call(&spec, &in_unshare), EPERM));
	if (unsealed_call(&in_unshare) != 0)
		cr_skip_test("this host makes no user namespaces even without a filter");
	spec.allow_nested_namespaces = true;
	cr_assert(eq(int, run_call(&spec, &in_unshare), 0));
}

static int trace_child(const void *arg _unused_)
{
	int status = 0, r;
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	r = sealed_errno(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return r;
}

Test(attacks, tracing_needs_allow_ptrace)
{
	struct spec spec = strict;

	cr_assert(eq(int, run(&spec, trace_child, NULL), EPERM));
	spec.allow_ptrace = true;
	cr_assert(eq(int, run(&spec, trace_child, NULL), 0));
}

Test(attacks, address_space_randomisation_stays_on)
{
	cr_assert(
		eq(int, run_call(&strict, &(struct call){ SYS_personality, { ADDR_NO_RANDOMIZE } }), EPERM));
	cr_assert(eq(int, run_call(&strict, &(struct call){ SYS_personality, { 0xffffffff } }), 0));
}

static int core_limit(const void *arg _unused_)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) < 0)
		return 200;
	limit.rlim_cur = 0;
	if (setrlimit(RLIMIT_CORE, &limit) == 0 || errno != EPERM)
		return 201;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 202;
	return sealed_errno(syscall(SYS_prlimit64, 0, RLIMIT_CORE | 1UL << 32, &limit, NULL));
}

Test(attacks, core_limit_can_be_read_but_not_changed)
{
	cr_assert(eq(int, run(&strict, core_limit, NULL), EPERM));
}

static int whiteout(const void *arg)
{
	return sealed_errno(mknodat(AT_FDCWD, arg, S_IFCHR | 0600, 0));
}

static int fifo(const void *arg)
{
	return sealed_errno(mknodat(AT_FDCWD, arg, S_IFIFO | 0600, 0));
}

Test(attacks, device_nodes_are_refused_and_fifos_made)
{
	char path[] = "/tmp/kapsel-node-XXXXXX";

	close(mkstemp(path));
	unlink(path);
	cr_assert(eq(int, run(&strict, whiteout, path), EPERM));
	cr_assert(eq(int, run(&strict, fifo, path), 0));
	cr_assert(eq(int, unlink(path), 0));
}

Test(attacks, own_listener_is_refused)
{
	/* Without the flag the kernel answers EFAULT to the null program. */
	cr_assert(eq(int, run_call(&strict, &(struct call){ SYS_seccomp, { 1, 8, 0 } }), EPERM));
	cr_assert(eq(int, run_call(&strict, &(struct call){ SYS_seccomp, { 1, 0, 0 } }), EFAULT));
}

Test(attacks, log_mode_lets_the_call_happen)
{
	const struct call call = { SYS_keyctl, { 0, (unsigned long)-3, 0 } };
	struct spec spec = strict;
	int free_answer = unsealed_call(&call);

	cr_assert(eq(int, run_call(&spec, &call), EPERM));
	if (free_answer == EPERM)
		cr_skip_test("this host refuses keyctl even without a filter");
	spec.on_violation = SPEC_VIOLATION_LOG;
	cr_assert(eq(int, run_call(&spec, &call), free_answer));
}

Test(attacks, errno_mode_survives_a_module_loader)
{
	struct spec spec = strict;

	spec.on_violation = SPEC_VIOLATION_ERRNO;
	cr_assert(eq(int, run_call(&spec, &(struct call){ SYS_init_module, { 0 } }), EPERM));
}
