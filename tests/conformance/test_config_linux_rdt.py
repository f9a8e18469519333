# SPDX-License-Identifier: LGPL-2.1-or-later
"""config-linux.md: intelRdt, as far as a machine without it shows it; and RDMA and SELinux in the same way."""

from pathlib import Path

import pytest

from lib_oci import make_config
from oci_fixtures import limits, spec

FILE = "config-linux.md"
has_resctrl = " resctrl " in Path("/proc/self/mounts").read_text()


@pytest.mark.skipif(has_resctrl, reason="needs a machine without resctrl")
@pytest.mark.parametrize("value", [{"closID": "group"}, {"l3CacheSchema": "L3:0=f"}, {"schemata": ["MB:0=50"]},
                                   {"enableMonitoring": True}])
@spec(FILE, "IntelRdt", "MUST", "intelRdt without a mounted resctrl is an error")
def test_config_linux__intel_rdt__without_resctrl_is_refused(oci, value):
    oci.assert_refused(make_config().set("linux.intelRdt", value))


@pytest.mark.parametrize("value", [{"memBwSchema": "L3:0=f"}, {"memBwSchema": "MB:0=50\nL3:0=f"}, {"closID": "../up"},
                                   {"closID": "a/b"}, {"closID": ".."}])
@spec(FILE, "IntelRdt", "MUST", "memBwSchema starts with MB: and is one line; closID is one directory")
def test_config_linux__intel_rdt__invalid_is_refused(oci, value):
    oci.assert_refused(make_config().set("linux.intelRdt", value))


@pytest.mark.skipif(Path("/sys/fs/selinux").exists(), reason="needs a machine without SELinux")
@pytest.mark.parametrize("path", ["process.selinuxLabel", "linux.mountLabel"])
@spec("config.md", "Valid values", "MUST", "a label without SELinux is an error")
def test_config__valid_values__selinux_where_there_is_none_is_refused(oci, path):
    oci.assert_refused(make_config().set(path, "system_u:system_r:svirt_lxc_net_t:s0:c124,c675"))


@limits
@pytest.mark.skipif(Path("/sys/class/infiniband").exists(), reason="needs a machine without RDMA devices")
@pytest.mark.parametrize("value", [{"no-such-device": {"hcaHandles": 3}}, {"mlx5_1": {}}])
@spec(FILE, "RDMA", "MUST", "a limit for a device that is not there, or one without a value, is an error")
def test_config_linux__rdma__invalid_is_refused(oci, value):
    oci.assert_refused(make_config().set("linux.resources.rdma", value))
