# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a planted fault is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One mistake that a programmer could make, and the tests that must notice it.

    id      a short name
    rows    rows of tests/threats/rows.py that it opens; none if it is about another promise
    file    a file of the tree
    old     text that stands in it exactly once
    new     what the mistake makes of it
    tests   what must fail: a test of tests/threats by its name, perhaps with parameters in brackets; one of another
            folder as "tests/e2e/test_x.py::test_y"; a program of tests/unit as "unit:NAME"
    why     what is lost, where the names do not say it
    also    further (file, old, new) that belong to the same mistake: what else would hide it
    """

    id: str
    rows: tuple
    file: str
    old: str
    new: str
    tests: tuple
    why: str = ""
    also: tuple = ()
