# SPDX-License-Identifier: LGPL-2.1-or-later
"""The specification's tests: see lib_oci.py and oci_fixtures.py."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

from oci_fixtures import *  # noqa: E402,F401,F403
