# SPDX-License-Identifier: LGPL-2.1-or-later
"""What engines and the peers' own suites expect beyond the specification; the harness is that of ../conformance."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "conformance"))

from oci_fixtures import *  # noqa: E402,F401,F403
