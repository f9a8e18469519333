/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lets one system call of one process of a start fail, or the process die there (ptrace(2)).
 *
 *   inject trace FILE COMMAND...                    one line a call: PROCESS INDEX CALL ARGUMENTS
 *   inject fail PROCESS CALL INDEX ERRNO COMMAND... that call is not made and returns -ERRNO
 *   inject kill PROCESS CALL INDEX COMMAND...       the process gets SIGKILL instead of that call
 *
 * PROCESS counts in the order of birth from 0, CALL is a system call's number, INDEX counts the process's
 * calls of that number from 0: who waits for events makes them in another order each time.
 * strace can do the same with one counter for each process, which hits all of them at once;
 * here it is always exactly one. A process is let go at its own execve (the workload's calls
 * are not the launcher's), all of them after the fault.
 *
 * The exit status is the command's; 200 if the tracer itself failed, 201 if the place was never
 * reached.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES_MAX = 64, CALLS_MAX = 512, STATUS_BROKEN = 200, STATUS_MISSED = 201 };
enum mode { TRACE, FAIL, KILL };

struct process {
	pid_t pid;
	long calls[CALLS_MAX]; /* made so far, by number */
	bool injected; /* the call's result is to be replaced */
	bool detached;
};

static struct process processes[PROCESSES_MAX];
static int n_processes;
static enum mode mode;
static long wanted_process, wanted_call, wanted_index, wanted_errno;
static bool started, done;
static int trace = -1;

static void broken(const char *what)
{
	dprintf(2, "inject: %s: %s\n", what, strerror(errno));
	exit(STATUS_BROKEN);
}

static struct process *find(pid_t pid)
{
	for (int i = 0; i < n_processes; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	if (n_processes == PROCESSES_MAX) {
		errno = E2BIG;
		broken("follow");
	}
	processes[n_processes] = (struct process){ .pid = pid };
	return &processes[n_processes++];
}

#if defined(__x86_64__)
static void skip_call(pid_t pid)
{
	if (ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1L) < 0)
		broken("skip the call");
}

static void set_result(pid_t pid, long value)
{
	if (ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), value) < 0)
		broken("set the result");
}
#elif defined(__aarch64__)
static void skip_call(pid_t pid)
{
	int none = -1;
	struct iovec iov = { &none, sizeof(none) };

	if (ptrace(PTRACE_SETREGSET, pid, (void *)NT_ARM_SYSTEM_CALL, &iov) < 0)
		broken("skip the call");
}

static void set_result(pid_t pid, long value)
{
	struct user_regs_struct regs;
	struct iovec iov = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &iov) < 0)
		broken("read the registers");
	regs.regs[0] = (unsigned long long)value;
	if (ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &iov) < 0)
		broken("set the result");
}
#else
#error "for x86-64 and aarch64"
#endif

static void entry(struct process *process, const struct __ptrace_syscall_info *info)
{
	long number = (long)(process - processes), index;

	if (!started)
		return;
	if (info->entry.nr >= CALLS_MAX)
		return;
	index = process->calls[info->entry.nr]++;
	if (mode == TRACE)
		dprintf(trace, "%ld %ld %llu %llx %llx %llx\n", number, index,
			(unsigned long long)info->entry.nr, (unsigned long long)info->entry.args[0],
			(unsigned long long)info->entry.args[1], (unsigned long long)info->entry.args[2]);
	if (done || mode == TRACE || number != wanted_process || index != wanted_index ||
	    (long)info->entry.nr != wanted_call)
		return;
	done = true;
	if (mode == KILL) {
		kill(process->pid, SIGKILL);
		return;
	}
	process->injected = true;
	skip_call(process->pid);
}

static void on_call(struct process *process)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, sizeof(info), &info) < 0)
		return; /* killed meanwhile */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		entry(process, &info);
	} else if (process->injected) {
		set_result(process->pid, -wanted_errno);
		process->injected = false;
	}
}

static void go_on(struct process *process, int signal_number, bool let_go)
{
	/* Inside an injected call the result is still to be set. */
	if ((let_go || done) && !process->injected) {
		process->detached = true;
		ptrace(PTRACE_DETACH, process->pid, NULL, (long)signal_number);
	} else {
		ptrace(PTRACE_SYSCALL, process->pid, NULL, (long)signal_number);
	}
}

static void stopped(struct process *process, int status)
{
	int event = status >> 16, number = WSTOPSIG(status);
	unsigned long child;

	/* Numbered here, by its parent's call: its own first stop may be seen much later. */
	if ((event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) &&
	    ptrace(PTRACE_GETEVENTMSG, process->pid, NULL, &child) == 0)
		find((pid_t)child);
	if (event == PTRACE_EVENT_EXEC) {
		go_on(process, 0, started);
		started = true;
	} else if (event) {
		go_on(process, 0, false);
	} else if (number == (SIGTRAP | 0x80)) {
		on_call(process);
		go_on(process, 0, false);
	} else {
		go_on(process, number, false);
	}
}

/* Everybody who runs freely is stopped once to be let go: a detach works only in a stop. */
static void release_all(void)
{
	for (int i = 0; i < n_processes; i++)
		if (!processes[i].detached && !processes[i].injected)
			ptrace(PTRACE_INTERRUPT, processes[i].pid, NULL, NULL);
}

static int follow(pid_t first)
{
	int result = STATUS_BROKEN;
	bool released = false;

	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			break;
		if (WIFSTOPPED(status)) {
			stopped(find(pid), status);
		} else if (pid == first) {
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			break;
		} else {
			find(pid)->detached = true;
		}
		if (done && !released) {
			released = true;
			release_all();
		}
	}
	return done || mode == TRACE ? result : STATUS_MISSED;
}

static int usage(void)
{
	dprintf(2, "usage: inject trace FILE|fail PROCESS CALL INDEX ERRNO|kill PROCESS CALL INDEX COMMAND...\n");
	return STATUS_BROKEN;
}

int main(int argc, char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
	int gate[2], at;
	char word;
	pid_t first;

	if (argc < 3)
		return usage();
	mode = strcmp(argv[1], "fail") == 0 ? FAIL : strcmp(argv[1], "kill") == 0 ? KILL : TRACE;
	at = mode == TRACE ? 3 : mode == KILL ? 5 : 6;
	if (argc <= at)
		return usage();
	wanted_process = mode == TRACE ? -1 : atol(argv[2]);
	wanted_call = mode == TRACE ? -1 : atol(argv[3]);
	wanted_index = mode == TRACE ? -1 : atol(argv[4]);
	wanted_errno = mode == FAIL ? atol(argv[5]) : 0;
	if (mode == TRACE)
		trace = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (mode == TRACE && trace < 0)
		broken(argv[2]);
	if (pipe(gate) < 0)
		broken("pipe");
	first = fork();
	if (first < 0)
		broken("fork");
	if (first == 0) {
		close(gate[1]);
		if (read(gate[0], &word, 1) != 1)
			_exit(STATUS_BROKEN);
		close(gate[0]);
		execv(argv[at], argv + at);
		_exit(STATUS_BROKEN);
	}
	/* Seized: a signal that stops is told from our own stops, and detaching needs no tricks. */
	if (ptrace(PTRACE_SEIZE, first, NULL, options) < 0)
		broken("trace");
	find(first);
	if (ptrace(PTRACE_INTERRUPT, first, NULL, NULL) < 0 || write(gate[1], "x", 1) != 1)
		broken("begin");
	return follow(first);
}
