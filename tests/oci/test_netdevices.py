# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices of the host in a container's network: what tests/conformance does not ask of every runtime."""

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "conformance"))

from lib_oci import make_config  # noqa: E402
from oci_fixtures import oci, template  # noqa: E402,F401

pytestmark = [pytest.mark.kapsel,
              pytest.mark.skipif(os.geteuid() != 0, reason="needs root: devices of the host are moved")]
numbers = itertools.count()


def ip(*words, check=True):
    return subprocess.run(["ip", *map(str, words)], check=check, capture_output=True, encoding="utf-8", timeout=60)


def there(name):
    return Path(f"/sys/class/net/{name}").exists()


@pytest.fixture
def make_device():
    """Makes pairs of devices; the end that a test gets has an address of each family."""
    made = []

    def make():
        name = f"kn{os.getpid() % 100000}{next(numbers) % 100:02}"
        result = ip("link", "add", name + "a", "type", "veth", "peer", "name", name + "b", check=False)
        if result.returncode != 0:
            pytest.skip(f"no veth device can be made: {result.stderr.strip()}")
        made.append(name)
        ip("address", "add", "192.0.2.7/24", "dev", name + "a")
        ip("-6", "address", "add", "2001:db8::7/64", "dev", name + "a", "nodad", check=False)
        return name + "a"
    yield make
    for name in made:
        ip("link", "delete", name + "b", check=False)


@pytest.fixture
def namespace():
    """A network namespace by name."""
    name = f"kapsel-test-{os.getpid()}"
    ip("netns", "add", name)
    yield name
    ip("netns", "delete", name, check=False)


def devices(**names):
    """The value of linux.netDevices."""
    return {host: {"name": inside} if inside else {} for host, inside in names.items()}


def test_netdevices__addresses_of_both_families_stay(oci, make_device):
    device = make_device()
    has_v6 = "2001:db8::7" in ip("address", "show", "dev", device).stdout
    container = oci.running(make_config().set("linux.netDevices", devices(**{device: "inside0"})))
    seen = container.shell("ip address show dev inside0")
    assert "192.0.2.7/24" in seen
    assert ("2001:db8::7/64" in seen) == has_v6, seen


def test_netdevices__the_kernel_numbers_a_pattern(oci, make_device):
    first, second = make_device(), make_device()
    container = oci.running(make_config().set("linux.netDevices", devices(**{first: "eth%d", second: "eth%d"})))
    names = re.findall(r"^\d+: ([^:@]+)", container.shell("ip link"), re.MULTILINE)
    assert sorted(names) == ["eth0", "eth1", "lo"]


def test_netdevices__a_joined_namespace_gets_them(oci, make_device, namespace):
    device = make_device()
    config = make_config().namespace("network", f"/run/netns/{namespace}")
    oci.running(config.set("linux.netDevices", devices(**{device: "inside0"})))
    shown = ip("-n", namespace, "address", "show", "dev", "inside0").stdout
    assert "192.0.2.7/24" in shown and re.search(r"<[^>]*\bUP\b", shown)


def test_netdevices__stay_in_a_joined_namespace_after_delete(oci, make_device, namespace):
    device = make_device()
    config = make_config().namespace("network", f"/run/netns/{namespace}")
    oci.running(config.set("linux.netDevices", devices(**{device: "inside0"}))).delete("--force")
    assert not there(device)
    assert "inside0" in ip("-n", namespace, "link").stdout


def test_netdevices__a_container_with_a_user_namespace_gets_them(oci, make_device):
    device = make_device()
    config = make_config().user_namespace().set("linux.netDevices", devices(**{device: "inside0"}))
    assert "192.0.2.7/24" in oci.running(config).shell("ip address show dev inside0")


def test_netdevices__all_come_back_when_one_name_is_taken(oci, make_device):
    first, second = make_device(), make_device()
    ip("link", "set", first, "up")
    refused = oci.assert_refused(make_config().set("linux.netDevices", devices(**{first: "inside0", second: "lo"})))
    assert f"name the network device {second}" in refused.err
    shown = ip("address", "show", "dev", first).stdout
    assert "192.0.2.7/24" in shown and re.search(r"<[^>]*\bUP\b", shown)
    assert not re.search(r"<[^>]*\bUP\b", ip("link", "show", "dev", second).stdout)


def test_netdevices__a_missing_one_is_named_and_none_is_moved(oci, make_device):
    device = make_device()
    refused = oci.assert_refused(make_config().set("linux.netDevices", devices(**{device: "in0", "nothing0": None})))
    assert "nothing0" in refused.err
    # Engines take these words for a missing command.
    assert "no such file or directory" not in refused.err.lower()
    assert there(device)


def test_netdevices__the_hosts_namespace_by_path_is_refused(oci, make_device):
    device = make_device()
    config = make_config().namespace("network", f"/proc/{os.getpid()}/ns/net").without_mount("/sys")
    refused = oci.assert_refused(config.set("linux.netDevices", devices(**{device: "inside0"})))
    assert "is the host's" in refused.err
    assert there(device)


def test_netdevices__lo_is_not_moved(oci):
    refused = oci.assert_refused(make_config().set("linux.netDevices", devices(lo="inside0")))
    assert "device lo" in refused.err
    assert there("lo")


def test_netdevices__a_runtime_without_rights_over_the_hosts_network_says_so(oci, make_device):
    device = make_device()
    words = ["capsh", "--drop=cap_net_admin", "--", "-c", 'exec "$@"', "sh"]
    if subprocess.run(["capsh", "--print"], capture_output=True, check=False).returncode != 0:
        pytest.skip("capsh is not there")
    container = oci.prepare(make_config().set("linux.netDevices", devices(**{device: "inside0"})))
    result = subprocess.run([*words, oci.path, *oci.flags, "create", "--bundle", container.bundle.path, container.id],
                            stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert result.returncode != 0
    assert "CAP_NET_ADMIN" in result.stderr, result.stderr
    assert there(device)
