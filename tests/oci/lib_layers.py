# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of layers share: profiles where an administrator would put them, and the two doors into a
container: its own command, and exec.
"""

import itertools
import json
import os
from pathlib import Path

import pytest

import lib_programs  # noqa: F401: puts tests/conformance on the path
import lib_oci
from oci_fixtures import oci  # noqa: F401

ANNOTATION = "org.kapsel.profile"
PROFILES = Path("/etc/kapsel/profiles")
numbers = itertools.count()

ENOUGH = ["@base", "@process", "@threads", "@file-write", "@identity", "@socket-client", "@sandbox"]
CAPABILITIES = [name[4:] for name in lib_oci.CAPABILITIES]
# A layer that takes nothing of what the tests need to attack the other parts.
OPEN = {
    "syscalls": {"allow": ENOUGH, "on_violation": "errno"},
    "capabilities": CAPABILITIES,
    "exec": {"allow": ["*"]},
}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return lib_programs.make_template(tmp_path_factory, "attack")


@pytest.fixture
def layer():
    """Writes a profile where an administrator would, and returns its name."""
    made = [path for path in (PROFILES, PROFILES.parent) if not path.exists()]
    PROFILES.mkdir(parents=True, exist_ok=True)
    files = []

    def write(text=None, /, name=None, mode=0o644, **keys):
        name = name or f"kapsel-test-{os.getpid()}-{next(numbers)}"
        path = PROFILES / f"{name}.kapsel.jsonc"
        files.append(path)
        if text is None:
            text = json.dumps({"kapsel": 1, **OPEN, **keys})
        path.write_text(text)
        path.chmod(mode)
        return name

    yield write
    for path in files:
        path.unlink(missing_ok=True)
    for path in made:
        path.rmdir()


def annotated(config, name):
    return config.set("annotations", {ANNOTATION: name})


class Door:
    """Runs an attack as the container's own command, or by exec in one that only waits."""

    def __init__(self, oci, kind):
        self.oci, self.kind = oci, kind

    def run(self, config, *words):
        if self.kind == "run":
            return self.oci.run(config.copy().args(*words))
        container = self.oci.running(config.copy())
        return container.exec(*words)

    def __call__(self, config, *words):
        result = self.run(config, "/usr/bin/attack", *words)
        assert result.status == 0, result
        return result.out.strip()


@pytest.fixture(params=["run", "exec"])
def door(oci, request):
    return Door(oci, request.param)
