# SPDX-License-Identifier: LGPL-2.1-or-later
"""`docker build`: the classic builder runs the default runtime, BuildKit runs `runc` from PATH."""

import pytest

from lib_docker import IMAGE

DOCKERFILE = f"""\
FROM {IMAGE}
RUN echo root=$(id -u) seccomp=$(awk '/^Seccomp:/ {{ print $2 }}' /proc/self/status) >/made
USER alice
RUN echo user=$(id -un) >/tmp/by-alice
"""


@pytest.mark.parametrize("builder", ["classic", "buildkit"])
def test_build_runs_the_steps_and_reports_one_that_fails(docker, tmp_path, builder):
    def build(*options, **more):
        return docker("build", *options, "--tag", f"built:{builder}", "--network", "none", tmp_path, timeout_s=300,
                      env={"DOCKER_BUILDKIT": "1" if builder == "buildkit" else "0"}, **more)
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(DOCKERFILE)
    build()
    assert docker.once(f"built:{builder}", "cat", "/made", "/tmp/by-alice").out == "root=0 seccomp=2\nuser=alice\n"

    dockerfile.write_text(f"FROM built:{builder}\nRUN echo said-before; exit 43\n")
    result = build("--progress", "plain", status=None)
    assert result.status in (1, 43) and "said-before" in result.out + result.err  # 43: the classic builder's own
    assert "code: 43" in result.err
