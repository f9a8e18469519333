# SPDX-License-Identifier: LGPL-2.1-or-later
"""The list of rows is whole: each has a test that exists, or a reason; each test here belongs to a row."""

import ast
from pathlib import Path

import pytest

import rows

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
COUNT = {"A1": 23, "A2": 13, "A3": 14, "A4": 14, "A5": 18}


def names_in(path):
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def names_here():
    return set().union(*(names_in(path) for path in HERE.glob("test_a*.py")))


def test_every_row_is_listed_once():
    assert [row.id for row in rows.ROWS] == [f"{area}.{n}" for area, count in COUNT.items() for n in range(1, count + 1)]


@pytest.mark.parametrize("row", rows.ROWS, ids=[row.id for row in rows.ROWS])
def test_every_row_has_a_test_or_a_reason(row):
    assert bool(row.tests) != bool(row.reason), "either tests or a reason"
    for test in row.tests:
        path, _, name = test.rpartition("::")
        found = {name} & names_in(SOURCE / path) if path else {it for it in names_here() if it.startswith(test + "_")}
        assert found, f"{test} is not there"
    assert set(row.drivers) <= set(rows.ALL)


def test_every_test_belongs_to_a_row():
    known = {test for row in rows.ROWS for test in row.tests}
    stray = {name for name in names_here() if name[:10] not in known and "_00_" not in name}
    assert not stray
