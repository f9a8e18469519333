#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keeps services running under load while they are hurt at random; see tests/soak/run, which calls this."""

import argparse
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

import lib_chaos  # noqa: E402
import lib_host  # noqa: E402
import lib_lines  # noqa: E402
import lib_load  # noqa: E402
import lib_services  # noqa: E402
from lib_state import Refused  # noqa: E402

LOG_BYTES_PER_S = 40_000  # of all services together, uncompressed


class Soak:
    """The whole test: set up, hurt, look, stop, count."""

    def __init__(self, options):
        self.options = options
        self.began = time.monotonic()
        self.problems = []
        self.layout = lib_services.Layout(options.base, options.roots, f"soak-{os.getpid()}-")
        self.rng = random.Random(options.seed)
        self.services, self.clients = {}, {}
        self.chaos = self.keeper = None
        self.open_files = {}

    def say(self, text):
        print(f"{time.monotonic() - self.began:7.1f}  {text}", flush=True)

    def ip(self, *words):
        subprocess.run(["ip", *words], check=True, timeout=60)

    # --- set-up ------------------------------------------------------------------------------------

    def set_up(self):
        layout = self.layout
        layout.log_disk.mkdir(parents=True)
        layout.base.chmod(0o755)
        size = (24 << 20) + self.options.seconds * LOG_BYTES_PER_S
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "soak-log", layout.log_disk],
                       check=True, timeout=60)
        self.ip("netns", "add", layout.netns)
        self.ip("-n", layout.netns, "link", "set", "lo", "up")
        self.ip("link", "add", layout.link, "type", "veth", "peer", "name", "eth0", "netns", layout.netns)
        self.ip("addr", "add", f"{lib_services.HOST_ADDRESS}/30", "dev", layout.link)
        self.ip("link", "set", layout.link, "up")
        # While the link is cut nothing may go another way.
        self.ip("route", "add", "unreachable", lib_services.NET, "metric", "9999")
        self.ip("-n", layout.netns, "addr", "add", f"{lib_services.NET_ADDRESS}/30", "dev", "eth0")
        self.ip("-n", layout.netns, "link", "set", "eth0", "up")
        self.before = lib_host.Footprint(layout.prefix)
        self.measure()
        self.services = lib_services.make_all(layout, self.options.kapsel, self.options.seconds, self.options.only)

    def measure(self):
        """How slow this machine is: a start takes 0.1 s on one of today that has nothing else to do."""
        probe = lib_services.write_probe(self.layout)
        began = time.monotonic()
        for _ in range(3):
            subprocess.run([self.options.kapsel, "run", "-q", probe], check=True, timeout=300)
        start_s = (time.monotonic() - began) / 3
        self.layout.slow = max(1.0, start_s / 0.1)
        self.say(f"a start takes {start_s:.2f} s: all times are {self.layout.slow:.1f} times longer")

    def tear_down(self):
        """Also after a failure; what the checks missed must not stay on the machine."""
        for client in self.clients.values():
            client.ending.set()
        if self.keeper:
            self.keeper.ending.set()
            self.keeper.join(self.start_limit_s())
        for service in self.services.values():
            self.end_by_force(service)
        if self.options.keep:
            self.keep()
        for words in (["ip", "route", "del", "unreachable", lib_services.NET],
                      ["umount", "-l", self.layout.log_disk], ["ip", "link", "del", self.layout.link],
                      ["ip", "netns", "del", self.layout.netns]):
            subprocess.run(words, check=False, stderr=subprocess.DEVNULL, timeout=60)
        for events in Path("/var/log/kapsel").glob(self.layout.prefix + "*"):
            shutil.rmtree(events, ignore_errors=True)

    def keep(self):
        """The logs and the events, to see what happened."""
        shutil.copytree(self.layout.log_disk, self.options.keep / "log", dirs_exist_ok=True)
        for name, service in self.services.items():
            if service.events_path and service.events_path.exists():
                shutil.copy(service.events_path, self.options.keep / f"{name}-events.jsonl")
            if service.tally:
                shutil.copy(service.tally, self.options.keep / f"{name}-tally")

    def end_by_force(self, service):
        if not service.state_dir.exists():
            return
        try:
            service.ask("stop", "1000", timeout_s=20)
        except Refused:
            pass
        subprocess.run([self.options.kapsel, "rm", "-f", service.name], check=False, timeout=60,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start_limit_s(self):
        return 30 * self.layout.slow

    def start_all(self):
        for name, service in self.services.items():
            failure = service.start(self.start_limit_s())
            if failure:
                raise SystemExit(f"{name} does not start: {failure}")
        self.say(f"{len(self.services)} services run")
        self.wait_until_healthy("at first")
        self.clients = lib_load.make_clients(self.layout, self.services)
        for client in self.clients.values():
            client.start()
        silent = lib_load.wait_for_answers(self.clients, 20 * self.layout.slow)
        if silent:
            raise SystemExit(f"no answer at first: {', '.join(silent)}: "
                             f"{[self.clients[name].last_failure for name in silent]}")
        self.open_files = self.count_open_files()
        self.say("all are healthy and answer")

    def wait_until_healthy(self, when):
        # Who was given up on already gets no second chance.
        limit_s = 5 if self.chaos and self.chaos.problems else 60 * self.layout.slow
        deadline = time.monotonic() + limit_s
        while True:
            sick = [name for name, service in self.services.items() if not service.is_healthy(service.record())]
            if not sick:
                return
            if time.monotonic() > deadline:
                break
            time.sleep(0.2 * self.layout.slow)
        for name in sick:
            service = self.services[name]
            self.problems.append(f"{name}: not healthy {when} after {limit_s} s: {service.record()} "
                                 f"{service.events()[-4:]}")

    def count_open_files(self):
        """{name: descriptors of the supervisor and its standby}."""
        found = {}
        for name, service in self.services.items():
            record = service.record() or {}
            count = 0
            for which in ("supervisor", "standby"):
                try:
                    count += len(os.listdir(f"/proc/{record[which]['pid']}/fd"))
                except (KeyError, TypeError, OSError):
                    pass
            found[name] = count
        return found

    # --- the time between ---------------------------------------------------------------------------

    def hurt(self):
        self.chaos = lib_chaos.Chaos(self.layout, self.services, self.rng, self.say, self.options.seconds)
        if lib_host.has_limits():
            self.chaos.allow_oom()
        self.keeper = lib_chaos.Keeper(self.services, self.chaos, 0.3 * self.layout.slow, self.start_limit_s(),
                                       self.say)
        self.keeper.start()
        until = time.monotonic() + self.options.seconds
        while time.monotonic() < until:
            self.chaos.step()
            self.chaos.look()
            time.sleep(self.rng.uniform(0.2, 1.0) * min(self.layout.slow, 3))
        self.say("no more damage")
        self.chaos.settle()
        self.wait_until_healthy("in the end")
        self.say("all is settled")
        self.keeper.ending.set()
        self.keeper.join(self.start_limit_s())

    def check_load(self):
        silent = lib_load.wait_for_answers(self.clients, 20 * self.layout.slow)
        self.problems += [f"{name}: no answer in the end: {self.clients[name].last_failure}" for name in silent]
        for client in self.clients.values():
            client.ending.set()
        for name, client in self.clients.items():
            client.join(30 * self.layout.slow)
            self.problems += client.wrong
        if "postgresql" in self.clients:
            try:
                missing = self.clients["postgresql"].missing_rows()
            except (OSError, EOFError, lib_load.Wrong) as error:
                missing = repr(error)
            if missing:
                self.problems.append(f"postgresql: rows that are missing: {missing}")
        for name, count in self.count_open_files().items():
            # A supervisor that was a standby holds another set, but no more with each turn.
            if name in self.open_files and count > self.open_files[name] + 12:
                self.problems.append(f"{name}: {self.open_files[name]} descriptors at first, {count} in the end")

    # --- the end -------------------------------------------------------------------------------------

    def stop_all(self):
        answers = {}

        def stop(name, service):
            try:
                answers[name] = service.ask("stop", timeout_s=60 * self.layout.slow)
            except Refused as refusal:
                answers[name] = str(refusal)
        threads = [threading.Thread(target=stop, args=item, daemon=True) for item in self.services.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(70 * self.layout.slow)
        for name, service in self.services.items():
            answer = answers.get(name, "no answer")
            if isinstance(answer, str) or "stop was asked for" not in answer[1]:
                self.problems.append(f"{name}: stop: {answer}")
            record = service.record()
            if service.remove:
                continue
            if not record or record["status"] != "exited" or "stop was asked for" not in record["reason"]:
                self.problems.append(f"{name}: its record after the end: {record}")
            removed = subprocess.run([self.options.kapsel, "rm", service.name], capture_output=True, text=True,
                                     timeout=60, check=False)
            if removed.returncode != 0:
                self.problems.append(f"{name}: rm: {removed.stderr}")
        self.say("all are stopped")

    def check_events(self):
        for name, service in self.services.items():
            for event in service.events():
                if event["event"] == "denied" and event["call"] not in service.allowed_denials:
                    self.problems.append(f"{name}: its profile refuses what it does: {event}")
                if event["event"] == "exit" and event["origin"] == "launcher" and \
                        "supervisor was killed" not in event["reason"]:
                    self.problems.append(f"{name}: {event}")
                if event["event"] in ("give_up", "log_loss"):
                    self.problems.append(f"{name}: {event}")

    def account(self):
        accounts = {}
        for name, service in self.services.items():
            if not service.tally:
                continue
            account = lib_lines.Account(service.log_path, service.tally, self.chaos.lossy[name],
                                        self.chaos.lossy_kills[name])
            self.problems += [f"{name}: {problem}" for problem in account.problems]
            accounts[name] = account
        for file in self.layout.log_disk.iterdir():
            if not any(file.name.startswith(service.log_path.name) for service in self.services.values()):
                self.problems.append(f"left on the log disk: {file.name}")
        return accounts

    def left(self):
        found = set(lib_host.Footprint(self.layout.prefix).left_since(self.before))
        netns = os.stat(f"/run/netns/{self.layout.netns}").st_ino
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                ours = self.layout.prefix in command or self.layout.prefix in (entry / "cgroup").read_text()
                ours = ours or (entry / "ns/net").stat().st_ino == netns
            except OSError:
                continue
            if ours:
                found.add(f"process {entry.name} ({command})")
        for place, _, files in os.walk(self.layout.base):
            found |= {f"socket {place}/{name}" for name in files
                      if stat.S_ISSOCK(os.lstat(os.path.join(place, name)).st_mode)}
        return sorted(found)

    def check_left(self):
        for _ in range(50):
            left = self.left()
            if not left:
                return
            time.sleep(0.1 * self.layout.slow)
        self.problems += [f"left behind: {thing}" for thing in left]

    def table(self, accounts):
        rows = [["service", "if its supervisor dies", "damage", "runs", "started again", "answers", "no answer",
                 "lines", "files", "lost"]]
        for name, service in self.services.items():
            events = Counter(event["event"] for event in service.events())
            client, account = self.clients.get(name), accounts.get(name)
            rows.append([name, "adopt" if service.adopt else "end", service.kills, events["start"],
                         service.started_again, *([client.answers, client.failures] if client else ["", ""]),
                         *([account.lines, account.files, account.lost] if account else ["", "", ""])])
        widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            print("  ".join(str(cell).ljust(width) if column < 2 else str(cell).rjust(width)
                            for column, (cell, width) in enumerate(zip(row, widths))))
        print("damage: " + ", ".join(f"{count} {kind}" for kind, count in sorted(self.chaos.done.items())))

    def run(self):
        try:
            self.set_up()
            self.start_all()
            self.hurt()
            self.check_load()
            self.check_events()
            self.stop_all()
            accounts = self.account()
            self.check_left()
            self.table(accounts)
        finally:
            self.tear_down()
        self.problems += self.chaos.problems
        for refusal in self.keeper.refusals[:10]:
            print(f"note: a start was refused: {refusal.strip()}")
        for problem in self.problems:
            print(f"PROBLEM: {problem}")
        return 1 if self.problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kapsel", required=True)
    parser.add_argument("--roots", required=True, help="what tests/soak/run has assembled")
    parser.add_argument("--base", required=True, help="a directory that is ours alone")
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--keep", type=Path, help="where logs and events go in the end")
    parser.add_argument("--only", nargs="*", help="names of services")
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.seconds} s of damage, "
          f"{'with' if lib_host.has_limits() else 'without'} limits", flush=True)
    status = Soak(options).run()
    print(json.dumps({"seed": options.seed, "failed": bool(status)}))
    return status


if __name__ == "__main__":
    sys.exit(main())
