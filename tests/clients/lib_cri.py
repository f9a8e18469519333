# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small client of the Kubernetes Container Runtime Interface (runtime.v1) over gRPC.

Messages are dicts. FIELDS holds the part of the interface that the tests need: each
field's number and its type ("*" for repeated), as in Kubernetes' api.proto. It is
encoded here, in the protocol buffers' wire format, so that no generated code is kept.
"""

import grpc

import lib_engine

FIELDS = {
    "PodSandboxMetadata": {"name": (1, "string"), "uid": (2, "string"), "namespace": (3, "string")},
    "NamespaceOption": {"network": (1, "int"), "pid": (2, "int"), "ipc": (3, "int"), "target_id": (4, "string")},
    "Int64Value": {"value": (1, "int")},
    "UInt64Value": {"value": (1, "int")},
    "SecurityProfile": {"profile_type": (1, "int"), "localhost_ref": (2, "string")},
    "KeyValue": {"key": (1, "string"), "value": (2, "string")},
    "LinuxSandboxSecurityContext": {"namespace_options": (1, "NamespaceOption"), "privileged": (6, "int"),
                                    "seccomp": (9, "SecurityProfile")},
    "LinuxPodSandboxConfig": {"cgroup_parent": (1, "string"), "security_context": (2, "LinuxSandboxSecurityContext"),
                              "sysctls": (3, "KeyValue*")},
    "PodSandboxConfig": {"metadata": (1, "PodSandboxMetadata"), "hostname": (2, "string"),
                         "log_directory": (3, "string"), "linux": (8, "LinuxPodSandboxConfig")},
    "RunPodSandboxRequest": {"config": (1, "PodSandboxConfig"), "runtime_handler": (2, "string")},
    "RunPodSandboxResponse": {"pod_sandbox_id": (1, "string")},
    "PodRequest": {"pod_sandbox_id": (1, "string")},
    "PodSandboxNetworkStatus": {"ip": (1, "string")},
    "PodSandboxStatus": {"id": (1, "string"), "state": (3, "int"), "network": (5, "PodSandboxNetworkStatus")},
    "PodSandboxStatusResponse": {"status": (1, "PodSandboxStatus")},
    "ImageSpec": {"image": (1, "string")},
    "Mount": {"container_path": (1, "string"), "host_path": (2, "string"), "readonly": (3, "int"),
              "propagation": (5, "int")},
    "Device": {"container_path": (1, "string"), "host_path": (2, "string"), "permissions": (3, "string")},
    "LinuxContainerResources": {"cpu_period": (1, "int"), "cpu_quota": (2, "int"), "cpu_shares": (3, "int"),
                                "memory_limit_in_bytes": (4, "int"), "oom_score_adj": (5, "int"),
                                "cpuset_cpus": (6, "string")},
    "Capability": {"add_capabilities": (1, "string*"), "drop_capabilities": (2, "string*")},
    "LinuxContainerSecurityContext": {
        "capabilities": (1, "Capability"), "privileged": (2, "int"), "namespace_options": (3, "NamespaceOption"),
        "run_as_user": (5, "Int64Value"), "run_as_group": (12, "Int64Value"), "readonly_rootfs": (7, "int"),
        "supplemental_groups": (8, "int*"), "no_new_privs": (11, "int"), "masked_paths": (13, "string*"),
        "readonly_paths": (14, "string*"), "seccomp": (15, "SecurityProfile")},
    "LinuxContainerConfig": {"resources": (1, "LinuxContainerResources"),
                             "security_context": (2, "LinuxContainerSecurityContext")},
    "ContainerMetadata": {"name": (1, "string")},
    "ContainerConfig": {"metadata": (1, "ContainerMetadata"), "image": (2, "ImageSpec"), "command": (3, "string*"),
                        "args": (4, "string*"), "working_dir": (5, "string"), "envs": (6, "KeyValue*"),
                        "mounts": (7, "Mount*"), "devices": (8, "Device*"), "log_path": (11, "string"),
                        "tty": (14, "int"), "linux": (15, "LinuxContainerConfig")},
    "CreateContainerRequest": {"pod_sandbox_id": (1, "string"), "config": (2, "ContainerConfig"),
                               "sandbox_config": (3, "PodSandboxConfig")},
    "CreateContainerResponse": {"container_id": (1, "string")},
    "ContainerRequest": {"container_id": (1, "string")},
    "StopContainerRequest": {"container_id": (1, "string"), "timeout": (2, "int")},
    "ContainerStatus": {"id": (1, "string"), "state": (3, "int"), "started_at": (5, "int"), "exit_code": (7, "int"),
                        "reason": (10, "string"), "message": (11, "string")},
    "InfoEntry": {"key": (1, "string"), "value": (2, "string")},
    "ContainerStatusRequest": {"container_id": (1, "string"), "verbose": (2, "int")},
    "ContainerStatusResponse": {"status": (1, "ContainerStatus"), "info": (2, "InfoEntry*")},
    "UpdateContainerResourcesRequest": {"container_id": (1, "string"), "linux": (2, "LinuxContainerResources")},
    "ExecSyncRequest": {"container_id": (1, "string"), "cmd": (2, "string*"), "timeout": (3, "int")},
    "ExecSyncResponse": {"stdout": (1, "string"), "stderr": (2, "string"), "exit_code": (3, "int")},
    "CpuUsage": {"usage_core_nano_seconds": (2, "UInt64Value")},
    "MemoryUsage": {"working_set_bytes": (2, "UInt64Value")},
    "ContainerStats": {"cpu": (2, "CpuUsage"), "memory": (3, "MemoryUsage")},
    "ContainerStatsResponse": {"stats": (1, "ContainerStats")},
    "Container": {"id": (1, "string")},
    "ListContainersResponse": {"containers": (1, "Container*")},
    "PodSandbox": {"id": (1, "string")},
    "ListPodSandboxResponse": {"items": (1, "PodSandbox*")},
    "Empty": {},
}
CALLS = {
    "RunPodSandbox": ("RunPodSandboxRequest", "RunPodSandboxResponse"),
    "PodSandboxStatus": ("PodRequest", "PodSandboxStatusResponse"),
    "ListPodSandbox": ("Empty", "ListPodSandboxResponse"),
    "StopPodSandbox": ("PodRequest", "Empty"),
    "RemovePodSandbox": ("PodRequest", "Empty"),
    "CreateContainer": ("CreateContainerRequest", "CreateContainerResponse"),
    "StartContainer": ("ContainerRequest", "Empty"),
    "ContainerStatus": ("ContainerStatusRequest", "ContainerStatusResponse"),
    "ListContainers": ("Empty", "ListContainersResponse"),
    "ContainerStats": ("ContainerRequest", "ContainerStatsResponse"),
    "UpdateContainerResources": ("UpdateContainerResourcesRequest", "Empty"),
    "ExecSync": ("ExecSyncRequest", "ExecSyncResponse"),
    "StopContainer": ("StopContainerRequest", "Empty"),
    "RemoveContainer": ("ContainerRequest", "Empty"),
}
VARINT, LENGTH = 0, 2  # the two wire types that these messages have
POD, CONTAINER, NODE, TARGET = range(4)  # NamespaceMode
CREATED, RUNNING, EXITED = range(3)  # ContainerState


def varint(number):
    number &= (1 << 64) - 1  # negative: two's complement in ten bytes
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def encode(message, values):
    fields, out = FIELDS[message], b""
    for name, value in values.items():
        number, kind = fields[name]
        for item in value if kind.endswith("*") else [value]:
            if kind.rstrip("*") == "int":
                out += varint(number << 3 | VARINT) + varint(int(item))
            else:
                data = item.encode() if kind.startswith("string") else encode(kind.rstrip("*"), item)
                out += varint(number << 3 | LENGTH) + varint(len(data)) + data
    return out


def read_varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at


def decode(message, data):
    """A dict with every known field: absent ones are empty, unknown ones are passed over."""
    numbers = {number: (name, kind) for name, (number, kind) in FIELDS[message].items()}
    empty = {"string": "", "int": 0}
    values = {name: [] if kind.endswith("*") else empty.get(kind, {}) for name, kind in numbers.values()}
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if key & 7 == LENGTH:
            value, at = data[at:at + value], at + value
        name, kind = numbers.get(key >> 3, (None, ""))
        base = kind.rstrip("*")
        if name is None:
            continue
        if base == "string":
            value = value.decode(errors="replace")
        elif base != "int":
            value = decode(base, value)
        if kind.endswith("*"):
            values[name].append(value)
        else:
            values[name] = value
    return values


class Refused(Exception):
    """The call's error; its text is the server's."""


class Cri:
    """Calls by name: cri.StartContainer(container_id=...)."""

    def __init__(self, socket):
        self.channel = grpc.insecure_channel(f"unix://{socket}")

    def __getattr__(self, name):
        question, answer = CALLS[name]
        call = self.channel.unary_unary(f"/runtime.v1.RuntimeService/{name}",
                                        request_serializer=lambda values: encode(question, values),
                                        response_deserializer=lambda data: decode(answer, data))

        def calling(**values):
            try:
                return call(values, timeout=lib_engine.TIMEOUT_S, wait_for_ready=True)
            except grpc.RpcError as error:
                raise Refused(f"{name}: {error.details()}") from None
        return calling

    def remove_all(self):
        for pod in self.ListPodSandbox()["items"]:
            for end in (self.StopPodSandbox, self.RemovePodSandbox):
                try:
                    end(pod_sandbox_id=pod["id"])
                except Refused:
                    pass  # what is left shows in the test's own check
