# SPDX-License-Identifier: LGPL-2.1-or-later
"""The set-up, traced: what kapsel must never do while it starts something, looked for in every call of every start.

Each kind of start runs once under strace (lib_trace_scenes.py); each rule (lib_trace_rules.py) reads all of it. That
the rules can fail at all is shown by test_traces_doctored.py.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

import lib_drivers
from conftest import PREFIX
from lib_trace_rules import RULES, subjects
from lib_trace_scenes import MARKER, SCENES

pytestmark = [pytest.mark.root, pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed"),
              pytest.mark.skipif(lib_drivers.RUNTIME != "kapsel", reason="the rules are kapsel's own")]


@pytest.fixture(scope="module", params=SCENES)
def taken(request, binary, template):
    """A scene that was played, and what its traces say."""
    play, words = SCENES[request.param]
    place = Path(tempfile.mkdtemp(prefix="traces-", dir=os.environ.get("VM_SCRATCH")))
    try:
        it = play(binary, template, place, PREFIX)
    finally:
        for directory in (place, *Path("/var/log/kapsel").glob(f"{PREFIX}*")):
            shutil.rmtree(directory, ignore_errors=True)
    it.words = words
    return it


def test_every_payload_is_in_the_trace(taken):
    """Otherwise the rules below would hold for nothing."""
    for word, count in taken.words.items():
        assert len(taken.payloads(word)) >= count, f"{word}: {taken.payloads(word)}"
    for name in subjects(taken.traces[0], taken.scene):
        assert any(subjects(trace, taken.scene)[name] for trace in taken.traces), f"no {name} were seen"


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rule(taken, rule):
    found = taken.violations(rule)
    assert not found, f"{len(found)} violations of {rule.__name__}: {rule.__doc__}\n" + "\n".join(found[:20])


def test_inside_only_declared_descriptors_are_open(taken):
    for word, text in taken.seen.items():
        wanted = {0, 1, 2}.union(*(more for name, more in taken.scene.declared.items() if name == MARKER + word))
        assert {int(line[3:]) for line in text.split() if line.startswith("fd=")} == wanted, (word, text)
