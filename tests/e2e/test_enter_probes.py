# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every attack of lab/probe, from a further process: run and enter are the same door."""

import os
import pty
import shutil
import subprocess

import pytest

import lib_host
from probe_table import STRICT
from test_probes import (PROBE, check, lab, merge, min_address, parse, probe,  # noqa: F401
                         probe_rootfs)

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def entered(lab, probe_rootfs, rootfs):
    """The answers of all probes that `enter` starts beside a payload that only sleeps."""
    shutil.copy(rootfs / "bin/busybox", probe_rootfs / "bin/sleep")
    profile = lab.profile(["/bin/sleep", "1000"], {"stop": {"timeout": "100ms"}})
    running = lab.kapsel.start_profile(profile)
    state = lib_host.STATE_DIR / profile["name"] / "state.json"
    lib_host.wait_for(lambda: state.exists() and '"running"' in state.read_text(), what="a running service")
    result = lab.kapsel.call("enter", profile["name"], "--", PROBE, "run", "all", pass_fds=lab.descriptors, timeout_s=180)
    yield result, profile["name"], running
    running.finish(15)


@pytest.mark.parametrize("name", STRICT)
def test_the_hardest_default_stops(entered, name):
    if name == "mmap-low" and min_address() <= 4096:
        pytest.skip("this host's vm.mmap_min_addr lets everybody map the page at 4096")
    answers = parse(entered[0].stdout)
    assert answers, f"the probe program did not run: {entered[0]}"
    check(answers, name, STRICT[name])


def test_on_a_terminal_nothing_is_typed_or_pasted(entered, lab):
    """The terminal is not even the caller's."""
    master, slave = pty.openpty()
    process = subprocess.Popen([lab.kapsel.binary, "enter", entered[1], "--", PROBE, "run", "--here", "tiocsti",
                                "tiocsti-bit32"], stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    text = b""
    while text.count(b"}") < 2:
        text += os.read(master, 4096)
    assert process.wait(20) == 0
    os.close(master)
    os.close(slave)
    answers = parse(text.decode())
    check(answers, "tiocsti", {"EPERM"})
    check(answers, "tiocsti-bit32", {"EPERM"})
