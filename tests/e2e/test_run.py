# SPDX-License-Identifier: LGPL-2.1-or-later
"""`kapsel run`: status and output come through, nothing stays."""

import pytest

import lib_host


def test_a_command_that_succeeds_gives_status_0(kapsel):
    result = kapsel.run(["/bin/true"])
    assert result.status == 0, result


@pytest.mark.parametrize("status", [1, 7, 124, 255])
def test_the_commands_exit_status_passes_through(kapsel, status):
    result = kapsel.run(["/bin/sh", "-c", f"exit {status}"])
    assert result.status == status, result


def test_the_log_has_what_the_command_wrote(kapsel):
    result = kapsel.run(["/bin/sh", "-c", "echo one; echo two >&2; printf three"])
    assert result.status == 0, result
    assert [entry["log"] for entry in result.log if entry["stream"] == "stdout"] == ["one\n", "three"], result
    assert [entry["log"] for entry in result.log if entry["stream"] == "stderr"] == ["two\n"], result


@pytest.mark.root
def test_it_starts_where_mounts_are_shared(kapsel):
    """As systemd makes them; a root that stayed shared would refuse pivot_root, and let
    mounts travel between host and container."""
    profile = kapsel.profile(["/bin/cat", "/proc/self/mountinfo"])
    result = kapsel.start_profile(profile, under=["unshare", "--mount", "--propagation", "shared"]).finish()
    assert result.status == 0
    assert " / ro," in result.logged()
    assert "shared:" not in result.logged() and "master:" not in result.logged()


@pytest.mark.root
def test_missing_limits_are_a_warning_where_the_profile_says_so(kapsel):
    missing = {"memory", "cpu", "pids"} - lib_host.controllers()
    if not missing:
        pytest.skip("this host has every controller")
    result = kapsel.run(["/bin/true"], limits={}, on_missing="warn")
    warning = next(line for line in result.stderr.splitlines() if line.startswith("kapsel: warning: "))
    assert result.status == 0 and all(controller in warning for controller in missing), result
    assert '("on_missing": "warn")' in warning, result
