# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random damage, and what has to have become of it after a while."""

import os
import signal
import subprocess
import threading
import time
from collections import Counter

from lib_lines import count_runs
from lib_services import TOOL
from lib_state import Refused, children, identify, is_alive, send_signal


class Pending:
    """A service was hurt; `done(record)` says when that is over."""

    def __init__(self, action, before, done, deadline, keeps_workload=False):
        self.action, self.before, self.done, self.deadline = action, before, done, deadline
        self.keeps_workload = keeps_workload
        self.began = time.monotonic()


def other_process(record, before, which):
    return record[which] and record[which] != before[which]


class Chaos:
    """Does one thing after another. Each has a weight, and a service that it can be done to."""

    def __init__(self, layout, services, rng, say, seconds):
        self.layout, self.services, self.rng, self.say = layout, services, rng, say
        # What takes longest to be noticed is not begun at the end, or all would wait for it.
        self.freeze_until = time.monotonic() + max(seconds * 0.3, seconds - 16 * layout.slow)
        self.pending = {}
        self.problems = []
        self.done = Counter()
        self.lossy = {name: set() for name in services}
        self.lossy_kills = Counter()
        self.patience_s = 60 * layout.slow
        self.hold_s = (1.0, 1.0 + 2 * layout.slow)
        self.disturbed = {"log": 0.0, "net": 0.0}  # until when
        self.busy = {}
        self.actions = {
            "kill workload": (4, self.kill_workload), "kill child": (2, self.kill_child),
            "kill init": (2, self.kill_init), "kill supervisor": (5, self.kill_supervisor),
            "kill standby": (3, self.kill_standby), "kill both": (3, self.kill_both),
            "stop": (2, self.freeze), "restart": (1, self.restart),
            "fill log disk": (2, self.fill_log_disk), "lo down": (1, self.lo_down), "cut link": (1, self.cut_link),
        }

    def allow_oom(self):
        self.actions["out of memory"] = (2, self.out_of_memory)

    # --- who can be hurt, and whether it is over -------------------------------------------------

    def step(self):
        """One thing, to one service that is well."""
        self.look()
        names = list(self.actions)
        kind = self.rng.choices(names, [self.actions[name][0] for name in names])[0]
        victims = [name for name in self.services if name not in self.pending]
        self.rng.shuffle(victims)
        if kind in ("fill log disk", "lo down", "cut link"):
            if self.actions[kind][1]():
                self.count(kind, "all")
            return
        for name in victims:
            service = self.services[name]
            record = service.record()
            if service.is_healthy(record) and self.actions[kind][1](name, service, record):
                service.kills += 1
                self.count(kind, name)
                return

    def complain(self, text):
        self.problems.append(text)
        self.say(f"PROBLEM: {text}")

    def count(self, kind, name):
        self.done[kind] += 1
        self.say(f"{kind}: {name}")

    def wait_for(self, name, action, before, done, keeps_workload=False):
        self.pending[name] = Pending(action, before, done, time.monotonic() + self.patience_s, keeps_workload)

    def was_disturbed(self, name, since):
        """Whether its end may have come from something that was done to all."""
        margin = 15 * self.layout.slow  # as long as three checks take to fail
        joined = self.services[name].joined
        return self.disturbed["log"] + margin > since or (joined and self.disturbed["net"] + margin > since)

    def look(self):
        """Forget what is over, complain about what is not in time."""
        for name, pending in list(self.pending.items()):
            service = self.services[name]
            record = service.record()
            changed = record and pending.keeps_workload and record["payload_pid"] and \
                record["payload_pid"] != pending.before["payload_pid"]
            if changed and not self.was_disturbed(name, pending.began):
                self.complain(f"{name}: {pending.action}: the workload should have gone on, and has not: "
                                     f"{service.events()[-4:]}")
                del self.pending[name]
            elif service.is_healthy(record) and (changed or pending.done(record)):
                del self.pending[name]
            elif time.monotonic() > pending.deadline:
                self.complain(f"{name}: {pending.action}: not well again after {self.patience_s} s: "
                                     f"{service.status(record)} {record} {service.events()[-4:]}")
                del self.pending[name]

    def settle(self):
        """Wait until everything that was done is over."""
        told = time.monotonic()
        while self.pending or any(thread.is_alive() for thread in self.busy.values()):
            self.look()
            time.sleep(0.2)
            if time.monotonic() - told > 10 * self.layout.slow:
                told = time.monotonic()
                waits = [f"{name} ({pending.action})" for name, pending in self.pending.items()]
                waits += [name for name, thread in self.busy.items() if thread.is_alive()]
                self.say(f"still not over: {', '.join(waits)}")

    # --- one service -------------------------------------------------------------------------------

    def wait_for_new_workload(self, name, action, before):
        self.wait_for(name, action, before, lambda record: record["init"] != before["init"])

    def kill_workload(self, name, service, record):
        if not send_signal(identify(record["payload_pid"]), signal.SIGKILL):
            return False
        self.wait_for_new_workload(name, "kill workload", record)
        return True

    def kill_child(self, name, service, record):
        below = children(record["payload_pid"])
        if not below or not send_signal(self.rng.choice(below), signal.SIGKILL):
            return False
        self.wait_for(name, "kill child", record, lambda record: True)
        return True

    def kill_init(self, name, service, record):
        if not send_signal(record["init"], signal.SIGKILL):
            return False
        self.wait_for_new_workload(name, "kill init", record)
        return True

    def kill_supervisor(self, name, service, record):
        if not is_alive(record["standby"]) or not send_signal(record["supervisor"], signal.SIGKILL):
            return False
        if service.adopt:
            standby = record["standby"]
            self.wait_for(name, "kill supervisor", record, lambda record: record["supervisor"] == standby,
                          keeps_workload=True)
        else:
            self.wait_for_new_workload(name, "kill supervisor", record)
        return True

    def kill_standby(self, name, service, record):
        if not send_signal(record["standby"], signal.SIGKILL):
            return False
        self.wait_for(name, "kill standby", record, lambda now: other_process(now, record, "standby")
                      and is_alive(now["standby"]) and now["supervisor"] == record["supervisor"], keeps_workload=True)
        return True

    def kill_both(self, name, service, record):
        """The supervisor is stopped first, or it would have a new standby at once."""
        before = count_runs(service.tally) if service.tally else 0
        if not send_signal(record["supervisor"], signal.SIGSTOP):
            return False
        send_signal(record["standby"], signal.SIGKILL)
        send_signal(record["supervisor"], signal.SIGKILL)
        if service.tally:
            self.lossy[name] |= set(range(before, count_runs(service.tally) + 1))
            self.lossy_kills[name] += 1
        self.wait_for_new_workload(name, "kill both", record)
        return True

    def freeze(self, name, service, record):
        """Only its health check can notice that."""
        payload = identify(record["payload_pid"])
        if time.monotonic() > self.freeze_until or not payload or not send_signal(payload, signal.SIGSTOP):
            return False
        for process in children(payload["pid"]):
            send_signal(process, signal.SIGSTOP)
        self.wait_for_new_workload(name, "stop", record)
        return True

    def restart(self, name, service, record):
        def ask():
            try:
                service.ask("restart", timeout_s=self.patience_s)
            except Refused as refusal:
                if not self.was_disturbed(name, began):
                    self.complain(f"{name}: restart: {refusal}")
        began = time.monotonic()
        self.in_background(f"restart {name}", ask)
        self.wait_for_new_workload(name, "restart", record)
        return True

    def out_of_memory(self, name, service, record):
        """A further process in the container fills it: all of it goes, for memory.oom.group says so."""
        if record.get("memory_bytes") is None:
            return False

        def enter():
            null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
            try:
                service.ask("enter", "--", TOOL, "hog", fds=(null, null, null), timeout_s=self.patience_s)
            except Refused:
                pass  # it went with the container
            finally:
                os.close(null)
        self.in_background(f"hog {name}", enter)
        self.wait_for_new_workload(name, "out of memory", record)
        return True

    # --- all of them -------------------------------------------------------------------------------

    def in_background(self, key, function):
        thread = self.busy.get(key)
        if thread is not None and thread.is_alive():
            return False
        self.busy[key] = threading.Thread(target=function, name=key, daemon=True)
        self.busy[key].start()
        return True

    def hold(self, what, key, begin, end):
        """Have `begin` in force for a while."""
        seconds = self.rng.uniform(*self.hold_s)

        def run():
            begin()
            try:
                until = time.monotonic() + seconds
                while time.monotonic() < until:
                    self.disturbed[key] = time.monotonic()
                    time.sleep(0.05)
            finally:
                end()
                self.disturbed[key] = time.monotonic()
        self.disturbed[key] = time.monotonic()
        return self.in_background(what, run)

    def fill_log_disk(self):
        ballast = self.layout.log_disk / "ballast"

        def fill():
            with open(ballast, "wb", buffering=0) as file:
                for size in (1 << 20, 4096, 1):
                    try:
                        while True:
                            file.write(b"\0" * size)
                    except OSError:
                        pass
        return self.hold("log disk", "log", fill, ballast.unlink)

    def ip(self, *words):
        subprocess.run(["ip", *words], check=True, timeout=60)

    def lo_down(self):
        return self.hold("net", "net", lambda: self.ip("-n", self.layout.netns, "link", "set", "lo", "down"),
                         lambda: self.ip("-n", self.layout.netns, "link", "set", "lo", "up"))

    def cut_link(self):
        return self.hold("net", "net", lambda: self.ip("link", "set", self.layout.link, "down"),
                         lambda: self.ip("link", "set", self.layout.link, "up"))


class Keeper(threading.Thread):
    """What an init system is for: a service that has ended is started again."""

    def __init__(self, services, chaos, pause_s, timeout_s, say):
        super().__init__(name="keeper", daemon=True)
        self.services, self.chaos = services, chaos
        self.pause_s, self.timeout_s, self.say = pause_s, timeout_s, say
        self.ending = threading.Event()
        self.refusals = []

    def may_have_ended(self, name):
        """Only without a supervisor and whoever would take its place."""
        pending = self.chaos.pending.get(name)
        return pending and (pending.action == "kill both" or
                            (pending.action == "kill supervisor" and not self.services[name].adopt))

    def run(self):
        while not self.ending.wait(self.pause_s):
            for name, service in self.services.items():
                status = service.status(service.record())
                if status not in ("gone", "exited", "lost"):
                    continue
                time.sleep(0.1)  # what was done is written down right after it was done
                if not self.may_have_ended(name):
                    self.chaos.complain(f"{name}: {status}, though nothing was done that ends it: "
                                         f"{service.record()} {service.events()[-4:]}")
                failure = service.start(self.timeout_s)
                if failure is None:
                    service.started_again += 1
                    self.say(f"started again: {name}, which was {status}")
                elif len(self.refusals) < 100:
                    self.refusals.append(f"{name} ({status}): {failure}")
                if self.ending.is_set():
                    return
