# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of lab, audit, why, learn, import and export: with the harness of tests/e2e.

KAPSEL names the program (default: build/kapsel); kapsel-lab and kapsel-probe lie beside it.
"""

import importlib.util
import sys
from pathlib import Path

E2E = Path(__file__).resolve().parents[1] / "e2e"
sys.path.insert(0, str(E2E))
sys.path.insert(0, str(Path(__file__).parent))
sys.dont_write_bytecode = True

_spec = importlib.util.spec_from_file_location("e2e_conftest", E2E / "conftest.py")
_harness = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_harness)
globals().update({name: value for name, value in vars(_harness).items() if not name.startswith("_")})
