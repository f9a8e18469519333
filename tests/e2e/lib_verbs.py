# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the verbs for services share."""

import json
import shutil

import pytest

from lib_faults import messages
from lib_service import LOG_DIR, Service

SLEEP = ["/bin/sleep", "1000"]
SHELL = {"syscalls": {"allow": ["@base", "@process"]}, "exec": {"allow": ["*"]}}
# A workload that ends as soon as it is asked to.
POLITE = {"stop": {"timeout": "5s"}}


@pytest.fixture
def services(kapsel):
    """services(command, **keys): a service that is ended after the test, with its logs; not started yet."""
    made = []

    def make(command=SLEEP, **keys):
        made.append(Service(kapsel, kapsel.profile(command, **{**POLITE, **keys})))
        return made[-1]
    yield make
    for service in made:
        service.end()
        shutil.rmtree(LOG_DIR / service.name, ignore_errors=True)


def good(result):
    assert result.status == 0 and result.stderr == "", result
    return result.stdout


def refused(result, *texts, status=1):
    """One message with all of these texts in it, and no more; at a mistake on the command line, where help is."""
    told = messages(result.stderr)
    assert result.status == status and len(told) == status and (status == 1 or told[1].startswith("Try ")), result
    for text in texts:
        assert text in result.stderr, result


def ps(kapsel, *options):
    """The rows of `ps --json`, by name."""
    return {row["Names"]: row for row in map(json.loads, good(kapsel.call("ps", "--json", *options)).splitlines())}


def started(service, *options):
    service.start(*options)
    return service
