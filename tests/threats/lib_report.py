# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/threats.md out of the results of tests/threats/peers, the rows, the verdicts and the planted faults."""

import ast
import json
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "mutation"))

import rows  # noqa: E402
from cves import CVES  # noqa: E402
from report_texts import AREAS, HEAD, NOT_TESTED, REASONS  # noqa: E402
from verdicts import CASES, FAILS, NOT_OFFERED  # noqa: E402

PEERS = ["crun", "runc", "bwrap", "podman"]
RUNTIMES = ["kapsel", *PEERS]
NAMES = {"bwrap": "bubblewrap"}
WAYS = {"run": ("run",), "enter": ("enter",), "OCI": rows.OCI}
MARKS = {"holds": "✓", "fails": "**✗**", "not offered": "–", "no way in": ""}
# What a row that drives kapsel's own verbs only says of a runtime that has none.
OWN_ONLY = "the row is about what only a profile of kapsel asks for"
ELSEWHERE = "the test drives kapsel's own programs"
NO_OCI = "the row is about OCI runtimes"


class Cell(NamedTuple):
    state: str
    why: str = ""


def faults():
    """{row: [Fault]} of the planted faults, where there are some."""
    try:
        from faults import FAULTS
    except ImportError:
        return {}
    found = {}
    for fault in FAULTS:
        for row in fault.rows:
            found.setdefault(row, []).append(fault)
    return found


def need_no_fault():
    """{row: why} of tests/mutation/check-faults, a program that is read only."""
    path = HERE.parent / "mutation/check-faults"
    for node in ast.parse(path.read_text()).body if path.exists() else ():
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "NEED_NONE":
            return ast.literal_eval(node.value)
    return {}


def way_of(runtime, driver):
    """The column of a driver."""
    if runtime != "kapsel":
        return "all"
    return next(way for way, drivers in WAYS.items() if driver in drivers)


def belongs(test, row):
    return any(test == one or test.startswith(one + "_") for one in row.tests)


def load(path):
    return json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else {"runs": {}, "tests": {}}


def dump(results):
    """One line for each test: what changed is seen."""
    lines = [f' {json.dumps(name)}: {json.dumps(entry, sort_keys=True, separators=(",", ":"))}'
             for name, entry in sorted(results["tests"].items())]
    runs = json.dumps(results["runs"], sort_keys=True)
    return f'{{"runs": {runs},\n"tests": {{\n' + ",\n".join(lines) + "\n}}\n"


# --- one cell -------------------------------------------------------------------------------------


def excused(test, runtime):
    """Why that test judges nothing of that runtime, or None."""
    return next((why for (prefix, name), why in NOT_OFFERED.items()
                 if name == runtime and test.startswith("test_" + prefix)), None)


def is_control(test):
    """Whether it shows only that the attack of a row is one."""
    return "_control_" in test and "_control_sockets_" not in test


def cell(results, row, runtime, way="all"):
    """What the tests of a row say of a runtime, and of one way in."""
    if runtime == "kapsel" and not set(WAYS[way]) & set(row.drivers or rows.SET_UP):
        return Cell("no way in")
    passed, reason = 0, ""
    for test, entry in results["tests"].items():
        if not belongs(test, row) or runtime not in entry:
            continue
        why = excused(test, runtime)
        counts = entry[runtime].get(way, [0, 0, 0])
        if why or not (counts[0] or counts[1]):
            reason = reason or why or entry[runtime].get("why", "")
        elif counts[1]:
            return Cell("fails", test)
        passed += 0 if why or is_control(test) else counts[0]
    if passed:
        return Cell("holds")
    return Cell("not offered", reason or unasked(row, runtime))


def unasked(row, runtime):
    """Why no test of the row was run for that runtime."""
    if runtime == "kapsel":
        return ""
    if all("::" in test for test in row.tests):
        return ELSEWHERE
    return NO_OCI if runtime == "bwrap" and set(row.drivers) - set(rows.OWN) else OWN_ONLY


def columns(results, row):
    """[(runtime, way)], Cell of each column."""
    found = {("kapsel", way): cell(results, row, "kapsel", way) for way in WAYS}
    found.update({(name, "all"): cell(results, row, name) for name in PEERS})
    return found


def tested():
    return [row for row in rows.ROWS if row.tests]


# --- what must hold -------------------------------------------------------------------------------


def complaints(results):
    """Reds that nobody has explained, explanations of none, and whatever kapsel does not hold."""
    said = []
    known = {row.id for row in rows.ROWS}
    for row in tested():
        for (runtime, way), one in columns(results, row).items():
            if runtime == "kapsel" and (one.state == "fails" or (one.state == "not offered" and not one.why)):
                said.append(f"{row.id}: kapsel {way}: {one.state} {one.why}")
            elif one.state == "fails" and (row.id, runtime) not in FAILS:
                said.append(f"{row.id}: {runtime} fails ({one.why}), and verdicts.py does not say why")
            elif one.state != "fails" and (row.id, runtime) in FAILS and runtime in results["runs"]:
                said.append(f"{row.id}: {runtime} does not fail, but verdicts.py says that it does")
    said += [f"verdicts.py: what it excuses of {name} in test_{prefix} does not fail" for prefix, name in NOT_OFFERED
             if name in results["runs"] and not any(failures(entry, name) for test, entry in results["tests"].items()
                                                    if test.startswith("test_" + prefix))]
    said += [f"{row}: unknown, in cves.py or verdicts.py" for row in {*CVES, *(row for row, _ in FAILS)} - known]
    return said


def standing(results, runtime):
    """{state: number of rows}; of several ways in the worst counts."""
    counts = {"holds": 0, "fails": 0, "not offered": 0}
    for row in tested():
        states = {one.state for (name, _), one in columns(results, row).items() if name == runtime}
        counts[next((state for state in ("fails", "holds", "not offered") if state in states), "not offered")] += 1
    return counts


def failures(entry, runtime):
    return sum(counts[1] for way, counts in entry.get(runtime, {}).items() if way != "why")


def summary(results):
    return "\n".join(f"{name}: " + ", ".join(f"{state} {count}" for state, count in standing(results, name).items())
                     for name in RUNTIMES)


# --- the document ---------------------------------------------------------------------------------


def name_of(runtime):
    return NAMES.get(runtime, runtime)


def entry(text):
    """An entry of a list, on several lines where it is long."""
    return textwrap.wrap(text, 118, initial_indent="- ", subsequent_indent="  ", break_long_words=False,
                         break_on_hyphens=False)


def versions(results):
    lines = ["| runtime | version | kernel | day of the run | rows held | failed | not offered |",
             "|---|---|---|---|--:|--:|--:|"]
    for name in RUNTIMES:
        run = results["runs"].get(name, {"version": "not run", "kernel": "", "date": ""})
        counts = " | ".join(map(str, standing(results, name).values()))
        lines.append(f"| {name_of(name)} | {run['version']} | {run['kernel']} | {run['date']} | {counts} |")
    return lines


def table(results, area, planted):
    head = ["row", "known cases", "what went wrong", "run", "enter", "OCI", *map(name_of, PEERS), "faults"]
    lines = ["| " + " | ".join(head) + " |", "|---|---|---|" + ":-:|" * (len(head) - 3)]
    for row in rows.ROWS:
        if row.id.partition(".")[0] != area:
            continue
        states = [one.state for one in columns(results, row).values()]
        marks = [MARKS[state] if row.tests else "" for state in states]
        cells = [row.id, "; ".join(CVES.get(row.id, ())), row.title, *marks, str(len(planted.get(row.id, ())) or "")]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def reds(results):
    lines = []
    for row in tested():
        for (runtime, _), one in columns(results, row).items():
            if one.state == "fails":
                why = FAILS.get((row.id, runtime), f"not looked at yet ({one.why})")
                lines += entry(f"**{row.id} {name_of(runtime)}**: {why}")
    return lines or ["None."]


def not_offered(results):
    """The dashes, by reason."""
    reasons = {}
    for row in tested():
        for (runtime, way), one in columns(results, row).items():
            if one.state == "not offered":
                column = f"kapsel {way}" if runtime == "kapsel" else name_of(runtime)
                why = REASONS.get(one.why, one.why).replace("bwrap", "bubblewrap")
                reasons.setdefault(why, {}).setdefault(column, []).append(row.id)
    lines = ["| why | where |", "|---|---|"]
    for why, found in reasons.items():
        together = {}
        for column, ids in found.items():
            together.setdefault(", ".join(ids), []).append(column)
        where = "; ".join(f"{', '.join(names)}: {ids}" for ids, names in together.items())
        lines.append(f"| {why} | {where} |")
    for (case, runtime), why in CASES.items():
        lines.append(f"| {why} | {name_of(runtime)}: the case `{case.removeprefix('test_')}` alone |")
    return lines


def quiet(results, planted):
    """Rows on which nobody fails: that a test of theirs can fail is shown by a planted fault."""
    lines, none = [], need_no_fault()
    for row in tested():
        if any(one.state == "fails" for one in columns(results, row).values()):
            continue
        shown = ", ".join(f"`{fault.id}`" for fault in planted.get(row.id, ()))
        lines += entry(f"{row.id}: {shown or 'none is planted: ' + none.get(row.id, 'not yet')}")
    return lines


def document(results):
    planted = faults()
    parts = [HEAD, *versions(results)]
    for area, title in AREAS.items():
        parts += ["", f"## {area}: {title}", "", *table(results, area, planted)]
    parts += ["", "## The reds", "", *reds(results)]
    parts += ["", "## Rows without a test", "",
              *([line for row in rows.ROWS if row.reason for line in entry(f"{row.id}, {row.title}: {row.reason}")]
                or ["None."])]
    parts += ["", "## What is not offered", "",
              "A dash in the tables says nothing against a runtime; it says that the test has nothing to ask it:", "",
              *not_offered(results)]
    parts += ["", "## What cannot be tested here", "", NOT_TESTED]
    parts += ["", "## Rows on which nobody fails", "",
              "A test that is green everywhere could be one that can not fail. For each of these a fault is planted in",
              "`tests/mutation/` that turns it red (`tests/mutation/run` builds kapsel with it), or none can be:", "",
              *quiet(results, planted)]
    return "\n".join(parts) + "\n"
