# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of probes, as `kapsel lab probes --json` prints it: lab/table/ is where it is written.

An answer is an errno's name, a signal's name, OK (the attack worked) or HELD (it
ran and gained nothing).
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

KAPSEL = Path(os.environ.get("KAPSEL", Path(__file__).resolve().parents[2] / "build/kapsel")).absolute()
ATTACKS_MAX = 110  # numbers above are no attacks: what the exercises of the lab need beside


def read():
    try:
        called = subprocess.run([KAPSEL, "lab", "probes", "--json"], capture_output=True, encoding="utf-8",
                                timeout=60, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.exit(f"{KAPSEL} lab probes: {error} {getattr(error, 'stderr', '')}", returncode=2)
    return [json.loads(line) for line in called.stdout.splitlines()]


def answers(text):
    return set(text.split("|"))


ROWS = {row["name"]: row for row in read()}
ATTACKS = {name: row for name, row in ROWS.items() if row["number"] <= ATTACKS_MAX}

# The hardest default.  Sets stand where kernels differ, or where two layers stop
# the attack and either may be the first to answer.
STRICT = {name: answers(row["strict"]) for name, row in ATTACKS.items() if not row["heavy"] and not row["elsewhere"]}
LESSONS = {name: answers(row["strict"]) for name, row in ROWS.items() if name not in ATTACKS and not row["heavy"]}

# Only run by name: they need controllers, or a terminal.
BY_NAME = {name for name, row in ATTACKS.items() if row["heavy"]}

# No attempt of the probe program: tests of their own, from outside.
ELSEWHERE = {name for name, row in ROWS.items() if row["elsewhere"]}

# As root in new namespaces without kapsel each of these works on any kernel that has
# the call: a probe that never can prove nothing.
WORKS_WITHOUT_KAPSEL = [name for name, row in ROWS.items() if row["works_bare"]]

# One key opened (or a few that belong together), and what must come then: the attack
# works, or the next layer answers.  {title: (keys, {probe: answers})}
OPENED = {}
for _name, _row in ROWS.items():
    for _opening in _row["openings"]:
        _keys, _expected = OPENED.setdefault(_opening["title"], (_opening["keys"], {}))
        assert _keys == _opening["keys"], f"{_opening['title']} has different keys for {_name}"
        _expected[_name] = answers(_opening["answer"])

# Several layers: with one closed the attack must fail, with all open it must work.
# {probe: (answers when all are open, keys common to all, {layer: keys that open it})}
LAYERS = {name: (answers(row["alone"]["answer"]), row["alone"]["common"],
                 {layer["name"]: layer["keys"] for layer in row["alone"]["layers"]})
          for name, row in ROWS.items() if row["alone"]}

VOLUME = OPENED["a volume"][0]
