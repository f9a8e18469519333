# SPDX-License-Identifier: LGPL-2.1-or-later
"""The configuration files that docs/oci.md shows. The clients get these very texts: only the
runtime's place is another one."""

from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples" / "oci"
PLACE = "/usr/local/bin/kapsel-oci"


def example(name, runtime):
    """The text of an example with the runtime under test in it."""
    text = (EXAMPLES / name).read_text()
    assert text.count(PLACE) == 1, f"{name} names {PLACE} more or less than once"
    return text.replace(PLACE, str(runtime))
