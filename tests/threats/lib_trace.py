# SPDX-License-Identifier: LGPL-2.1-or-later
"""What strace has seen of a start, as data: processes, and for every call the descriptors that it was given.

`Trace` reads the text of `strace -f -yy --decode-pids=pidns` and plays it again: who is whose child, who shares whose
descriptors, where each descriptor comes from, which of them an execve closes, and who has entered the container's
mount namespace. Rules (lib_trace_rules.py) look at one call at a time and know all that.
"""

import copy
import re

CLONES = {"clone", "clone3", "fork", "vfork"}
EXECS = {"execve", "execveat"}
# Calls whose result is a new descriptor; strace also writes "0</dev/null>" where a result is just a number.
MAKERS = {"open", "openat", "openat2", "creat", "socket", "accept", "accept4", "dup", "dup2", "dup3", "epoll_create1",
          "eventfd2", "signalfd4", "timerfd_create", "inotify_init1", "memfd_create", "pidfd_open", "pidfd_getfd",
          "open_tree", "fsopen", "fsmount", "fspick", "landlock_create_ruleset", "bpf", "userfaultfd", "fanotify_init"}
# Those that are always closed by execve.
ALWAYS_CLOSED = {"pidfd_open", "pidfd_getfd", "landlock_create_ruleset", "bpf", "seccomp"}
FLAGS = re.compile(r"flags=([A-Z_0-9|]+)")


def split_arguments(text):
    """Arguments at the commas that are outside of strings, brackets and what -yy says of a descriptor."""
    found, depth, start, at = [], 0, 0, 0
    while at < len(text):
        char = text[at]
        if char == '"':
            at = end_of_string(text, at)
        elif char == "<" and at and re.match(r"[0-9D]", text[at - 1]) and text[at + 1:at + 2] != "<":
            at = end_of_name(text, at)
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            if depth == 0:
                break
            depth -= 1
        elif char == "," and depth == 0:
            found.append(text[start:at].strip())
            start = at + 1
        at += 1
    last = text[start:at].strip()
    return (found + [last] if last or found else []), text[at + 1:]


def end_of_string(text, at):
    """The closing quote of the string that opens at `at`."""
    at += 1
    while at < len(text) and text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    return at


def end_of_name(text, at):
    """The ">" that ends the name of a descriptor; a socket's has "->" inside."""
    at = text.find(">", at)
    while at > 0 and text[at - 1] == "-":
        at = text.find(">", at + 1)
    return at if at > 0 else len(text)


def unquote(word):
    """The text of a string argument, None of anything else."""
    if not word.startswith('"'):
        return None
    return word[1:word.rindex('"')].encode().decode("unicode_escape")


class Call:
    """One call: `args` are strace's words, `value` the number that came back (None: none came)."""

    def __init__(self, pid, text, began, ended):
        self.pid, self.text, self.began, self.ended = pid, text, began, ended
        self.name, _, rest = text.partition("(")
        self.args, rest = split_arguments(rest)
        self.result = rest.partition("= ")[2].strip()
        match = re.match(r"-?\d+", self.result)
        self.value = int(match[0]) if match else None
        self.process = self.given = self.survivors = self.foreign = self.inside = self.pivoted = None

    def __repr__(self):
        return f"[{self.pid}] {self.text[:300]}"

    @property
    def succeeded(self):
        return self.value is not None and self.value >= 0

    def arg(self, number):
        return self.args[number] if number < len(self.args) else ""

    def path(self, number):
        """The path that an argument names, None if it is none."""
        return unquote(self.arg(number))

    def has(self, *words):
        """Whether each word stands in the arguments, as a flag does."""
        return all(re.search(rf"\b{word}\b", " ".join(self.args)) for word in words)

    @property
    def flags(self):
        match = FLAGS.search(self.text)
        return set(match[1].split("|")) if match else set()

    def descriptor(self, number):
        """What the descriptor in that argument was when the call was made, None for AT_FDCWD."""
        match = re.match(r"(\d+)(?:<|$)", self.arg(number))
        return self.given.get(int(match[1])) if match else None

    @property
    def child(self):
        """The host's pid of the process that a clone made."""
        match = re.search(r"= (\d+)(?: /\* (\d+) in strace)?", self.text)
        return int(match[2] or match[1]) if match else None


class Descriptor:
    """An open file: the call that made it, and the descriptor that this was given as a directory."""

    def __init__(self, made_by, parent=None, name=""):
        self.made_by, self.parent, self.name = made_by, parent, name
        self.checked = set()  # file systems that fstatfs has found it on

    def __repr__(self):
        return f"{self.name or '?'} of {self.made_by!r}"

    @property
    def origin(self):
        return self.parent.origin if self.parent else self


class Slot:
    """A number of a process: the file, and whether an execve closes it."""

    def __init__(self, descriptor, closed_by_execve):
        self.descriptor, self.closed_by_execve = descriptor, closed_by_execve


class Process:
    """One process of the trace; `foreign`: it does not run kapsel (any more)."""

    def __init__(self, pid, parent=None):
        self.pid, self.parent = pid, parent
        self.calls, self.forked_at = [], None
        self.table = {number: Slot(Descriptor(None, name="of the caller"), False) for number in (0, 1, 2)}
        self.foreign = True if parent is None else parent.foreign
        self.inside = parent.inside if parent else False
        self.pivoted = parent.pivoted if parent else False

    def lineage_until(self, call):
        """The calls that led to this one, oldest first: the process's own, and those of the ancestors it comes of."""
        before = self.parent.lineage_until(self.forked_at) if self.parent else []
        return before + [it for it in self.calls if it.began < call.began]


class Trace:
    """A whole trace. `programs`: the files that are kapsel; everything else that is executed is foreign."""

    def __init__(self, text, programs):
        self.programs = {str(program) for program in programs}
        self.processes = {}  # by number; one that was used again is the later process
        self.calls = read_calls(text)
        # A child's first call may stand before the line in which its clone returns.
        for call in sorted(self.calls, key=lambda it: it.began if it.name in CLONES else it.ended):
            self._play(call)

    def own(self):
        """The calls of kapsel itself."""
        return [call for call in self.calls if not call.foreign]

    def executions(self):
        """Each execve of kapsel, whatever came of it."""
        return [call for call in self.calls if call.name in EXECS and not call.foreign]

    def payloads(self, marker):
        """Successful executions, inside, of a command that has `marker` among its words."""
        return [call for call in self.executions()
                if call.succeeded and call.inside and re.search(rf"\b{marker}", " ".join(call.args))]

    def _play(self, call):
        process = self.processes.setdefault(call.pid, Process(call.pid))
        process.calls.append(call)
        call.process, call.foreign = process, process.foreign
        call.inside, call.pivoted = process.inside, process.pivoted
        call.given = {number: slot.descriptor for number, slot in process.table.items()}
        if call.name in CLONES:
            self._clone(process, call)
        elif call.name in EXECS:
            self._execute(process, call)
        elif call.succeeded:
            self._change(process, call)

    def _clone(self, process, call):
        if not call.succeeded or not call.child:
            return
        made = re.search(r"pidfd=\[(\d+)", call.text)
        child = Process(call.child, process)
        child.forked_at = call
        child.table = process.table if "CLONE_FILES" in call.flags else copy_table(process.table)
        child.inside = child.inside or "CLONE_NEWNS" in call.flags
        self.processes[child.pid] = child
        if made:
            process.table[int(made[1])] = Slot(Descriptor(call, name="pidfd"), True)

    def _execute(self, process, call):
        by_path = call.path(0) if call.name == "execve" else call.path(1)
        own_copy = call.name == "execveat" and is_own_program(call.descriptor(0))
        if call.foreign:
            process.foreign = not (call.succeeded and by_path in self.programs)
        elif call.succeeded:
            process.foreign = not (own_copy or by_path in self.programs)
        if not call.succeeded:
            return
        process.table = {number: slot for number, slot in process.table.items() if not slot.closed_by_execve}
        call.survivors = set(process.table)
        # What the caller holds open is in no trace; that it shall be kept is among the words.
        kept = re.search(r'"--preserve-fds", "(\d+)"', call.text) if call.foreign else None
        for number in range(3, 3 + int(kept[1])) if kept else ():
            process.table[number] = Slot(Descriptor(None, name="of the caller"), False)

    def _change(self, process, call):
        table = process.table
        if call.name == "close":
            table.pop(number_of(call.arg(0)), None)
        elif call.name == "close_range":
            self._close_range(process, call)
        elif call.name in ("dup", "dup2", "dup3") or (call.name == "fcntl" and "F_DUPFD" in call.arg(1)):
            slot = table.get(number_of(call.arg(0)))
            table[call.value] = Slot(slot.descriptor if slot else Descriptor(call), call.has("O_CLOEXEC")
                                     or "F_DUPFD_CLOEXEC" in call.arg(1))
        elif call.name == "fcntl" and call.arg(1) == "F_SETFD" and number_of(call.arg(0)) in table:
            table[number_of(call.arg(0))].closed_by_execve = "FD_CLOEXEC" in call.arg(2)
        elif call.name in ("pipe2", "pipe", "socketpair"):
            for number in re.findall(r"[\[ ](\d+)<", call.args[0 if call.name != "socketpair" else 3]):
                table[int(number)] = Slot(Descriptor(call, name=call.name), "CLOEXEC" in " ".join(call.args))
        elif call.name == "recvmsg":
            for number in received(call):
                table[number] = Slot(Descriptor(call, name="received"), call.has("MSG_CMSG_CLOEXEC"))
        elif call.name in ("setns", "unshare"):
            process.inside = process.inside or call.has("CLONE_NEWNS")
            if call.has("CLONE_FILES"):
                process.table = copy_table(table)
        elif call.name in ("pivot_root", "chroot"):
            process.pivoted = True
        elif call.name == "fstatfs" and call.descriptor(0):
            call.descriptor(0).checked |= set(re.findall(r"f_type=(\w+)", call.text))
        elif makes_descriptor(call):
            table[call.value] = Slot(made_descriptor(call), call.name in ALWAYS_CLOSED or "CLOEXEC" in call.text)

    @staticmethod
    def _close_range(process, call):
        first, last = int(call.arg(0)), int(call.arg(1))
        if call.has("CLOSE_RANGE_UNSHARE"):
            process.table = copy_table(process.table)
        for number in [number for number in process.table if first <= number <= last]:
            if call.has("CLOSE_RANGE_CLOEXEC"):
                process.table[number].closed_by_execve = True
            else:
                del process.table[number]


def number_of(word):
    match = re.match(r"\d+", word)
    return int(match[0]) if match else None


def copy_table(table):
    return {number: copy.copy(slot) for number, slot in table.items()}


def makes_descriptor(call):
    if call.name == "ioctl":
        return call.has("TIOCGPTPEER") or call.arg(1).startswith("NS_GET_")
    return call.name in MAKERS or (call.name == "seccomp" and call.has("SECCOMP_FILTER_FLAG_NEW_LISTENER"))


def made_descriptor(call):
    """The file that a call has opened. Its parent is the descriptor that the name was relative to."""
    name = re.search(r"= \d+<(.*)>", call.text)
    parent = None
    if call.name in ("openat", "openat2", "open_tree", "fsmount"):
        parent = call.descriptor(0)
    return Descriptor(call, parent, name[1] if name else "")


def received(call):
    """The numbers that came over a socket."""
    _, found, data = call.text.partition("cmsg_type=SCM_RIGHTS, cmsg_data=[")
    numbers = [number_of(word) for word in split_arguments(data)[0]] if found else []
    return [number for number in numbers if number is not None]


def is_own_program(descriptor):
    """A read-only copy of the mount of, or a sealed copy in memory of, /proc/self/exe."""
    made_by = descriptor.made_by if descriptor else None
    return bool(made_by) and ((made_by.name == "open_tree" and made_by.path(1) == "/proc/self/exe")
                              or (made_by.name == "memfd_create" and made_by.path(0).startswith("kapsel")))


def read_calls(text):
    """The calls of a trace in the order in which they returned; halves that others came between are put together."""
    calls, open_calls = [], {}
    for index, line in enumerate(text.splitlines()):
        match = re.match(r"(\d+)\s+(.*)", line)
        if not match or match[2].startswith(("+++", "---")):
            continue
        pid, rest = int(match[1]), match[2]
        began = index
        resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", rest)
        if resumed:
            if pid not in open_calls:
                continue
            began, head = open_calls.pop(pid)
            rest = head + resumed[1].lstrip() if resumed[1].startswith(" ") else head + resumed[1]
        if rest.endswith("<unfinished ...>"):
            open_calls[pid] = began, rest[:-len("<unfinished ...>")].rstrip() + " "
        elif re.match(r"\w+\(", rest):
            calls.append(Call(pid, rest, began, index))
    # What never returned (the process was killed, or still waits) was made all the same.
    calls += [Call(pid, head + ") = ?", began, began) for pid, (began, head) in open_calls.items()
              if re.match(r"\w+\(", head)]
    return sorted(calls, key=lambda call: call.began)
