/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/codes.h"

#include <strings.h>

#include "base/macro.h"

/* clang-format off */
static const struct code catalogue[] = {
	{ "E001", "the file is not valid JSON with comments",
	  "A profile is one JSON object. Comments with // and /* */ are allowed, a comma behind the last "
	  "entry is not. Reading stops at the first such mistake, since everything behind it is guesswork.",
	  "Mend the place that is shown; it is where the text stops making sense, so look just before it "
	  "too." },
	{ "E002", "a key stands twice in one object",
	  "JSON leaves open which of the two counts, and readers differ. A reviewer could see the strict one "
	  "while the other is used.", "Remove one of them." },
	{ "E003", "unknown key",
	  "Unknown keys are refused so that a typo can never switch a protection off. Other tools ignore "
	  "them and run the container without what was meant.",
	  "Correct the name, or remove the key. `kapsel explain KEY` describes each key, `kapsel schema` "
	  "lets an editor check while you type." },
	{ "E004", "wrong type of value",
	  "The key is known, but takes another kind of value. Nothing is converted silently.",
	  "Write it as the example shows; `kapsel explain KEY` has type, default and example." },
	{ "E005", "the text contains something that is not plain UTF-8",
	  "Byte order marks, NUL bytes, broken UTF-8 and half surrogate pairs are read differently by "
	  "different programs; characters that turn the direction of text make a file look different from "
	  "what it says.",
	  "Save the file as UTF-8 without BOM and remove the character." },
	{ "E006", "too deeply nested, or too many values",
	  "A profile has at most 32 levels and 16384 values. More is a mistake or an attack on the reader.",
	  "Split it, or look for a bracket that is never closed." },
	{ "E007", "a required key is missing",
	  "Every file says \"kapsel\": 1, and after merging there must be a rootfs and a command. A health "
	  "check needs its command, the log driver socket its socket. Everything else has a default: the "
	  "hardest one.", "Add the key." },
	{ "E008", "ambiguous size",
	  "64m is 67108864 bytes for docker, 64000000 for others and 0.064 bytes for Kubernetes.",
	  "Write MiB (1024 * 1024) or MB (1000 * 1000)." },
	{ "E009", "not a size",
	  "A size is a number of bytes, or digits and one of the units B KiB MiB GiB TiB kB MB GB TB in "
	  "quotes, without a space and without a fraction.", "Write \"64MiB\", \"10MB\" or 4096." },
	{ "E010", "not a time",
	  "A time is digits and one of the units ms s min h d, several in a row if needed. A bare m could be "
	  "minutes, milliseconds or months.", "Write \"30s\", \"5min\" or \"1h30min\"." },
	{ "E011", "out of range",
	  "The value is of the right kind, but outside of what the key or the kernel takes.",
	  "Choose a value within the range that is shown. No limit at all is written \"unlimited\", where "
	  "a key allows it." },
	{ "E012", "unknown capability",
	  "The kernel has no capability of that name. Ignoring it would start the workload without a right "
	  "that it needs, or make a typo look like a restriction.",
	  "Names are written without CAP_; `kapsel list capabilities` has them all." },
	{ "E013", "unknown system call or group",
	  "No system call of x86-64 or aarch64 has that name. Groups start with @.",
	  "`kapsel list syscalls` and `kapsel list groups` have them all." },
	{ "E014", "unknown value", "The key takes one of a few words, and this is none of them.",
	  "Use one of the words that are shown." },
	{ "E015", "control character in a value",
	  "Names and settings end up in kernel files, log lines and terminals. A line break or an escape "
	  "sequence in one could smuggle in a second value or change what a reader sees.",
	  "Remove the character. Values of environment variables and arguments of the command may have "
	  "them." },
	{ "E016", "not a usable path",
	  "Paths are absolute and contain no \"..\": what that leads to depends on links and on the "
	  "directory one starts from.", "Write the whole path, from / on." },
	{ "E017", "not available in this version",
	  "The key or value belongs to profile format 1, but this version can't do it. Ignoring it would "
	  "leave out something that the profile relies on.", "The help line of the message says what to do "
	  "instead." },
	{ "E018", "not a usable name",
	  "Names become directory names, cgroup names, host names or words in a protocol, so they are kept "
	  "to letters, digits and a few signs.", "Use letters, digits and - _ ." },
	{ "E019", "the profile can't be read", "The file is not there, or the system refuses to open it.",
	  "Check the path and its permissions." },
	{ "E020", "the file can't be trusted",
	  "Whoever can write a profile decides what the service may do. It has to be a regular file, not a "
	  "link, owned by root or by the caller, and not writable for group or others. The same goes for "
	  "parents and for the directory of drop-ins.", "Look what is in it; then chown and chmod go-w." },
	{ "E021", "nothing can be mounted there",
	  "/, /proc, /sys and /dev are set up by the launcher, with parts hidden or read-only. A mount "
	  "over them would undo that. /dev/shm and /dev/mqueue are the exceptions.",
	  "Choose another path, or the key that is named in the message." },
	{ "E022", "this would expose the host",
	  "Binding /, /proc, /sys or /dev of the host, or using / as the root file system, gives the "
	  "container what it is meant to be kept from.", "Bind the one directory that is needed." },
	{ "E023", "this would hand over a container engine",
	  "Whoever can talk to Docker's, containerd's, podman's or CRI-O's socket can start a container with "
	  "all rights, and so is root on the host.",
	  "Let the workload ask a service outside that does the one thing it needs." },
	{ "E024", "a mount is incomplete or has a key of the other type",
	  "bind needs a source; tmpfs needs a size, since what is in it is memory. A key that the type would "
	  "ignore is refused, since it promises something that is not done.",
	  "Complete the mount; `kapsel explain mounts` lists the keys." },
	{ "E025", "extends can't be followed",
	  "Profiles may extend each other over 8 levels and 64 files, never in a circle. Drop-ins and texts "
	  "without a file can't extend.", "Break the circle, or merge some of the parents." },
	{ "E026", "the parent profile is not there",
	  "extends is looked for beside the file that has it, then among the system's profiles.",
	  "Check the name; it includes .kapsel.jsonc." },
	{ "E027", "unknown signal", "The kernel has no signal of that name.",
	  "Write the name with SIG: SIGTERM, SIGQUIT, SIGRTMIN+3." },
	{ "E028", "not an address to listen on",
	  "A socket is bound by the launcher to a numeric address and port, a path or an abstract name. "
	  "Names are not resolved, since what they mean can change.",
	  "Write \"0.0.0.0:80\", \"[::1]:80\", \"/run/x.sock\" or \"@x\"." },
	{ "E029", "descriptors of listen have a gap",
	  "The protocol tells the workload only how many sockets there are, from 3 on (sd_listen_fds(3)).",
	  "Number them 3, 4, 5 …, or leave the numbers out." },
	{ "E030", "this kernel setting can't be set",
	  "Most settings belong to the whole host. Only those of a namespace that is the container's own can "
	  "be set: net.*, fs.mqueue.*, kernel.msg*, kernel.shm* and kernel.sem.",
	  "Set it on the host, or give the container that namespace." },
	{ "E031", "this variable can't be set",
	  "A name is not empty and has no \"=\". LISTEN_FDS, NOTIFY_SOCKET and the like come from the "
	  "launcher. "
	  "LD_PRELOAD and others that load code never come from the caller's environment.",
	  "Rename it, or write its value into \"env\"." },
	{ "E032", "a command can't be started like this",
	  "There is no shell and no search through PATH: the first word is the program's absolute path, so "
	  "that it can't be another one. command and health.command name a program of the container, "
	  "events.exec one of the host.", "Write the whole path." },
	{ "E033", "arguments are not taken",
	  "Arguments after -- change what the workload does, so the profile has to allow them.",
	  "Add \"args_from_cli\": true, or leave the arguments out." },
	{ "E034", "ids do not fit the id map",
	  "With host_range 1 only uid and gid exist in the container; with host_range n the ids 0 to n-1 "
	  "do. Any other id can't be taken.", "Choose ids within the range, or a larger host_range." },
	{ "E035", "this device can't be given",
	  "Devices stand below /dev. /dev/mem and its like open the memory of the machine.",
	  "Name the device, or use \"mounts\" for files." },
	{ "E036", "a secret is incomplete",
	  "A secret becomes the file /run/secrets/NAME and comes from a source or from a systemd credential, "
	  "not from both.", "Give one of source and credential." },
	{ "E037", "the file is too large", "A profile has at most 1 MiB.", "It is probably another file." },
	{ "E039", "settings contradict each other",
	  "Both can't be true at once, and choosing one silently would be wrong for somebody.",
	  "Take back one of the two." },
	{ "E040", "not a list of CPUs or not a disk",
	  "CPUs are numbers and rising ranges like \"0-3,7\"; disks are paths below /dev or MAJOR:MINOR, "
	  "each with at least one limit.", "Write it like the example of `kapsel explain limits`." },
	{ "E051", "this log driver belongs to another tool",
	  "Drivers that speak to one vendor's service are programs of their own, with credentials and a "
	  "network; the launcher has neither. A log shipper reads the files that it writes.",
	  "Use json-file, the default, and point a log shipper at it." },
	{ "E052", "not an address of a syslog server",
	  "The launcher sends to a local socket or in UDP datagrams to a numeric address. A connection with "
	  "TLS and retries is the work of a syslog daemon, and names are not resolved, since what they mean "
	  "can change.",
	  "Write \"unixgram:///dev/log\", \"unix:///PATH\", \"udp://192.0.2.1:514\" or \"udp://[::1]:514\"." },
	{ "W101", "a very wide set of system calls",
	  "@docker-default exists so that anything runs. It leaves most of the kernel's surface reachable.",
	  "Name the groups and calls that the workload uses." },
	{ "W102", "the workload holds capabilities",
	  "Each capability is a part of root's power, though confined to the container's user namespace.",
	  "Often it is not needed: `listen` replaces NET_BIND_SERVICE." },
	{ "W103", "a protection is switched off",
	  "allow_setuid, allow_jit, allow_nested_namespaces and allow_ptrace each take one protection away.",
	  "Keep it only if the workload fails without it." },
	{ "W104", "a namespace of the host is shared", "The workload sees or reaches that part of the host.",
	  "Leave it out of share_host." },
	{ "W105", "network isolation is removed",
	  "With the host's network the workload reaches every local service and every abstract socket.",
	  "Use listen: the launcher binds the port and hands the socket over." },
	{ "W106", "a limit is switched off", "Without it one container can take all of the machine.",
	  "Set a high limit instead of none." },
	{ "W107", "a weaker start is allowed",
	  "on_missing: warn starts the workload even if the kernel lacks a protection.",
	  "Use fail, and see `kapsel doctor` for what is missing." },
	{ "W108", "a secret in the environment",
	  "Environment variables pass to children, core dumps and logs, and stand in the profile.",
	  "Use secrets: a file in memory that only the workload can read." },
	{ "W109", "a milder answer to forbidden system calls",
	  "errno lets an attacker go on trying; log lets nearly all calls through, for learning only.", "Use kill, the default." },
	{ "W110", "further programs can be executed",
	  "The default is to execute exactly once, so that a stolen service can't start a shell. With a "
	  "list, a dynamic program's loader is reachable and runs any program in the container.",
	  "Use static programs, or a root file system without a shell." },
	{ "W111", "more of /proc is shown",
	  "Files about the whole system help to attack it, even with the worst of them masked.",
	  "Use own, the default, or none." },
	{ "W112", "a place that can be written and executed",
	  "What an attacker writes there can be started, if exec.allow or a loader permits it.",
	  "Separate the two: write to one mount, execute from another." },
	{ "W113", "no AppArmor profile", "unconfined switches the second line of defence off.",
	  "Name a profile that is loaded on this host." },
	{ "W114", "devices of the host", "A driver is kernel code that the workload can then reach.",
	  "Give only the devices that it needs, and r rather than rw where that is enough." },
};
/* clang-format on */

const struct code *codes_all(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(catalogue);
	return catalogue;
}

const struct code *codes_find(const char *code)
{
	for (size_t i = 0; i < ARRAY_SIZE(catalogue); i++)
		if (strcasecmp(catalogue[i].code, code) == 0)
			return &catalogue[i];
	return NULL;
}
