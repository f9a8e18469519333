# SPDX-License-Identifier: LGPL-2.1-or-later
"""FAULTS: all planted faults, one table for each area."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import table_calls  # noqa: E402
import table_entry  # noqa: E402
import table_host  # noqa: E402
import table_paths  # noqa: E402

FAULTS = (*table_paths.FAULTS, *table_entry.FAULTS, *table_calls.FAULTS, *table_host.FAULTS)
