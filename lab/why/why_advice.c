/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/why/why_advice.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "base/str.h"

static const struct {
	const char *key, *exposes;
} table[] = {
	{ "mounts.tmpfs",
	  "an empty directory in memory: what the image has there is hidden, what is written is "
	  "gone with the run and counts as memory" },
	{ "mounts.bind", "that path of the host, read-only: everything in it, also what is put there later" },
	{ "mounts.write",
	  "that directory of the host to be changed: whatever a hijacked workload writes there "
	  "stays, and other programs may read it" },
	{ "mounts.exec",
	  "programs from there: where it can be written, too, an attacker can bring one and run it" },
	{ "mounts.size", "more memory that the workload can fill" },
	{ "mounts.inodes", "more memory that the workload can fill, with empty files" },
	{ "limits.memory",
	  "more of the machine's memory to a leak, or to whoever makes the workload allocate" },
	{ "limits.pids", "more processes to a fork bomb" },
	{ "limits.open_files", "more kernel memory: each open file and socket has some" },
	{ "limits.file_size", "the disk behind its writable mounts: a runaway file can fill it" },
	{ "limits.locked_memory", "memory that can not be swapped out" },
	{ "limits.cpu", "more processor time, which other services then lack" },
	{ "limits.runtime", "a workload that hangs: it holds its resources for longer" },
	{ "stop.timeout", "a slower stop: nothing of the workload's rights" },
	{ "network",
	  "the whole network of the host: every local service and abstract socket, and all that the "
	  "host can reach" },
	{ "network.loopback", "an interface of its own, lo, that nobody else shares" },
	{ "listen", "one port or socket: the launcher binds it, the workload needs no network" },
	{ "capabilities", "a part of root's power over what belongs to its own namespaces" },
	{ "exec", "the programs of the image to whoever takes the workload over: a shell is one of them" },
	{ "proc", "the machine's files below /proc, though masked: load, mounts, hardware, kernel version" },
	{ "devices", "a driver of the host's kernel, with all its ioctls" },
	{ "allow_jit", "memory that is writable and executable: what an attacker writes there runs" },
	{ "allow_ptrace", "the memory and registers of its other processes" },
	{ "allow_nested_namespaces",
	  "much more of the kernel: a user namespace opens mounts, netfilter and more" },
	{ "allow_setuid", "programs of the image that gain privileges when they are executed" },
	{ "on_supervisor_death",
	  "nothing of the workload's rights: it then outlives a supervisor that is killed" },
	{ "health.retries", "clients to a workload that does not answer, for longer" },
	{ "watchdog", "clients to a workload that hangs, for longer" },
	{ "@base", "nothing beyond what every program needs" },
	{ "@process",
	  "processes of its own: more to a fork bomb, within limits.pids; what they execute stays with "
	  "\"exec\"" },
	{ "@threads", "threads and their scheduling: more to a fork bomb, within limits.pids" },
	{ "@file-write", "changing, renaming and removing files, on the mounts that can be written" },
	{ "@socket-client", "the kernel's sockets, a large and often attacked part; what they reach is up to "
			    "\"network\"" },
	{ "@socket-server",
	  "the kernel's sockets, a large and often attacked part, and ports on the interfaces that "
	  "\"network\" gives it" },
	{ "@netlink",
	  "the kernel's netlink parsers, and the interfaces and routes of its network namespace" },
	{ "@ipc",
	  "System V and POSIX shared memory and queues: memory that outlives the process that made it" },
	{ "@jit", "memory files and protection keys, with which code can be brought in at run time" },
	{ "@identity",
	  "changing between the user and group ids of its own map, and lowering its capabilities" },
	{ "@memory-lock", "memory that can not be swapped out, up to limits.locked_memory" },
	{ "@sandbox", "the kernel's BPF and Landlock set-up code; it can only restrict itself further" },
	{ "@aio", "the kernel's asynchronous I/O contexts, a rarely used and less tested part" },
	{ "@splice", "moving pages between pipes and files without a copy: where Dirty Pipe was" },
	{ "@docker-default", "three hundred calls: about all of the kernel that Docker's containers see" },
	{ "call", "this one system call, with any arguments, to all of the workload's processes" },
};

const char *why_advice_exposes(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (str_equal(table[i].key, key))
			return table[i].exposes;
	return NULL;
}

/* The last text in quotes: the word that was added to a list. */
static const char *last_word(const char *line, char word[64])
{
	const char *end = strrchr(line, '"'), *begin;

	if (!end)
		return "";
	for (begin = end; begin > line && begin[-1] != '"';)
		begin--;
	snprintf(word, 64, "%.*s", (int)(end - begin), begin);
	return word;
}

const char *why_advice_of_line(const char *line)
{
	char key[64], word[64];

	if (!line || sscanf(line, " \"%63[^\"]\"", key) != 1)
		return NULL;
	if (!str_equal(key, "syscalls"))
		return why_advice_exposes(key);
	last_word(line, word);
	return word[0] == '@' ? why_advice_exposes(word) : why_advice_exposes("call");
}
