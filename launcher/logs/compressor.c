/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/compressor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "which AUDIT_ARCH_ is this?"
#endif

enum {
	CHUNK = 32 * 1024,
	HEAP = 1024 * 1024, /* deflate takes 268 KiB; what it doesn't touch costs nothing */
	GZIP_WINDOW = 15 + 16,
	MEMORY_LEVEL = 8,
	OS_UNKNOWN = 255, /* as dockerd's */
};

/* All the child works with, mapped before it locks itself up. */
struct workspace {
	size_t heap_used;
	z_stream stream;
	gz_header header;
	unsigned char extra[COMPRESSOR_EXTRA_MAX];
	unsigned char in[CHUNK], out[CHUNK];
	_Alignas(64) unsigned char heap[HEAP];
};

static _noreturn_ void leave(int status)
{
	for (;;)
		syscall(SYS_exit_group, status);
}

/* malloc() is out: the parent may have been forked while another thread held its lock. */
static voidpf heap_alloc(voidpf opaque, uInt n, uInt size)
{
	struct workspace *work = opaque;
	size_t bytes = ((size_t)n * size + 63) & ~(size_t)63;
	void *taken = work->heap + work->heap_used;

	if (bytes > HEAP - work->heap_used)
		return Z_NULL;
	work->heap_used += bytes;
	return taken;
}

static void heap_free(_unused_ voidpf opaque, _unused_ voidpf address)
{
}

static bool keep_two_fds(int in, int out)
{
	int source = fcntl(in, F_DUPFD, 3), target = fcntl(out, F_DUPFD, 3);

	return source >= 0 && target >= 0 && dup2(source, 0) == 0 && dup2(target, 1) == 1 &&
	       syscall(SYS_close_range, 2U, ~0U, 0U) == 0;
}

static bool lock_up(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_read, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_write, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_fsync, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_exit_group, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

static bool deflate_begin(struct workspace *work, const char *extra)
{
	work->stream.zalloc = heap_alloc;
	work->stream.zfree = heap_free;
	work->stream.opaque = work;
	if (deflateInit2(&work->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	work->header.os = OS_UNKNOWN;
	if (extra[0]) {
		work->header.extra_len = (uInt)strnlen(extra, COMPRESSOR_EXTRA_MAX);
		memcpy(work->extra, extra, work->header.extra_len);
		work->header.extra = work->extra;
	}
	return deflateSetHeader(&work->stream, &work->header) == Z_OK;
}

static bool deflate_all(struct workspace *work)
{
	z_stream *stream = &work->stream;
	int flush = Z_NO_FLUSH;

	while (flush != Z_FINISH) {
		ssize_t got = read(0, work->in, CHUNK);

		if (got < 0)
			return false;
		if (got == 0)
			flush = Z_FINISH;
		stream->next_in = work->in;
		stream->avail_in = (uInt)got;
		do {
			stream->next_out = work->out;
			stream->avail_out = CHUNK;
			if (deflate(stream, flush) == Z_STREAM_ERROR ||
			    fd_write_all(1, work->out, CHUNK - stream->avail_out) < 0)
				return false;
		} while (stream->avail_out == 0);
	}
	/* The original is removed next: a crash of the host must not lose both. */
	return fsync(1) == 0;
}

static _noreturn_ void child(int in, int out, const char *extra, pid_t parent)
{
	struct workspace *work;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		leave(1);
	prctl(PR_SET_NAME, "kapsel-gzip", 0, 0, 0);
	setpriority(PRIO_PROCESS, 0, 19);
	work = mmap(NULL, sizeof(*work), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (work == MAP_FAILED || !keep_two_fds(in, out) || !deflate_begin(work, extra) || !lock_up())
		leave(1);
	leave(deflate_all(work) ? 0 : 1);
}

int compressor_start(int in, int out, const char *extra, struct error *err)
{
	/* No CLONE_VM and no exit signal: a fork(2) that the supervisor's SIGCHLD never hears of. */
	int pidfd = -1;
	struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd };
	pid_t parent = getpid(), pid;
	sigset_t all, before;
	int errnum;

	/*
	 * SIGKILL alone may reach the child: a stop of the service is for the supervisor, which
	 * then waits for us, and its handlers must not run in here. Blocked before the child
	 * exists, or a signal gets in first. A blocked SIGXFSZ is the errno EFBIG.
	 */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = sys_clone3(&args);
	errnum = errno;
	if (pid == 0)
		child(in, out, extra, parent);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return error_set(err, errnum, "start the log compressor");
	return pidfd;
}

int compressor_wait(int pidfd, bool block)
{
	siginfo_t info = { 0 };
	int r;

	do
		r = waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | __WALL | (block ? 0 : WNOHANG));
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	if (info.si_pid == 0)
		return 0;
	return info.si_code == CLD_EXITED && info.si_status == 0 ? 1 : -EIO;
}
