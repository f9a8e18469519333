# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs as process 1 of a pid namespace: ends what a record names, has strangers take the numbers, calls verbs.

    lib_reuse.py SCENARIO    a file: {"start": [[WORD...]...], "verbs": [[WORD...]...], what is called before and after,
                                      "state": PATH, "pids": [[KEY...]...], where the numbers stand,
                                      "status": what the record says when all of them are there (or null)}

Prints what became of each verb as JSON. Only in a namespace of one's own a number can be had at will:
/proc/sys/kernel/ns_last_pid says which is the next.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

TIMEOUT_S = 200 if os.environ.get("VM_RUN") == "1" else 40


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0] > 0:
            pass
    except ChildProcessError:
        pass


def exists(pid):
    reap()
    return Path(f"/proc/{pid}").exists()


def take(pid):
    """A stranger with that number."""
    for _ in range(100):
        Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
        child = os.fork()
        if child == 0:
            os.setsid()
            while True:
                signal.pause()
        if child == pid:
            return
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    raise SystemExit(f"number {pid} is not to be had")


def read(record, keys):
    for key in keys:
        record = record[key]
    return record


def call(words, directory):
    """Streams are files: what stays behind must not hold us up."""
    paths = [directory / "out", directory / "err"]
    with open(paths[0], "wb") as out, open(paths[1], "wb") as err:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        try:
            status = process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            status = None
    out, err = (path.read_text(errors="replace") for path in paths)
    return {"words": words, "status": status, "out": out, "err": err}


def main():
    scenario = json.loads(Path(sys.argv[1]).read_text())
    directory = Path(sys.argv[1]).parent
    results = []
    for words in scenario["start"]:
        results.append(call(words, directory))
    deadline = time.monotonic() + TIMEOUT_S
    record = {}
    while (not record or record.get("status") != scenario["status"]) and time.monotonic() < deadline:
        time.sleep(0.02)
        try:
            record = json.loads(Path(scenario["state"]).read_text())
        except (OSError, ValueError):
            continue
    pids = [read(record, keys) for keys in scenario["pids"]]
    for number in (signal.SIGSTOP, signal.SIGKILL):  # or one would replace the other
        for pid in pids:
            if exists(pid):
                os.kill(pid, number)
    while any(exists(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid in pids:
        take(pid)
    for words in scenario["verbs"]:
        result = call(words, directory)
        # A stranger that was ended would be reaped here.
        result["strangers"] = [pid for pid in pids if not exists(pid)]
        results.append(result)
    print(json.dumps({"pids": pids, "results": results}))


if __name__ == "__main__":
    main()
