# SPDX-License-Identifier: LGPL-2.1-or-later
"""runtime-linux.md: descriptors and the links in /dev."""

import json
import os
import subprocess

import pytest

from lib_oci import make_config
from oci_fixtures import spec

FILE = "runtime-linux.md"


@spec(FILE, "File descriptors", "MUST", "only the three standard streams stay open for the program")
def test_runtime_linux__file_descriptors__only_the_standard_streams(oci):
    extra = os.open("/", os.O_RDONLY)
    try:
        os.set_inheritable(extra, True)
        report = oci.report(make_config(), pass_fds=[extra])
    finally:
        os.close(extra)
    assert set(report["fds"]) == {"0", "1", "2"}, report["fds"]


@spec(FILE, "File descriptors", "MAY", "more descriptors can be passed, for socket activation: LISTEN_FDS")
def test_runtime_linux__file_descriptors__listen_fds_are_passed(oci):
    first, second = os.pipe()
    script = "import os,sys; os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] = str(os.getpid()); " \
             "os.execv(sys.argv[2], sys.argv[2:])"
    try:
        container = oci.prepare(make_config("/bin/helper", "report"))
        done = subprocess.run(["/usr/bin/python3", "-c", script, str(first), str(oci.path), *oci.flags, "run", "--bundle",
                               container.bundle.path, container.id], pass_fds=[first], capture_output=True, timeout=100,
                              env={**os.environ, "LISTEN_FDS": "1"}, check=False)
    finally:
        os.close(first)
        os.close(second)
    assert done.returncode == 0, done
    report = json.loads(done.stdout)
    assert report["fds"].get("3", "").startswith("pipe:"), report["fds"]
    assert "LISTEN_FDS=1" in report["env"] and f"LISTEN_PID={report['pid']}" in report["env"], report["env"]


LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}


@pytest.fixture(scope="module")
def links(oci_module):
    script = "for name in fd stdin stdout stderr; do echo $name $(readlink /dev/$name); done"
    return dict(line.split(" ", 1) for line in oci_module.output(make_config().shell(script)).splitlines())


@pytest.mark.parametrize("name", LINKS)
@spec(FILE, "Dev symbolic links", "MUST", "/dev/fd, stdin, stdout and stderr are links into /proc/self/fd")
def test_runtime_linux__dev_symbolic_links__are_there(links, name):
    assert links.get(name) == LINKS[name]


@spec(FILE, "Dev symbolic links", "MUST", "the links lead to what is open: writing to /dev/stdout reaches the standard output")
def test_runtime_linux__dev_symbolic_links__work(oci):
    assert oci.output(make_config().shell("echo seen | cat /dev/stdin > /dev/stdout")) == "seen\n"
