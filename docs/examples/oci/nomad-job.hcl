# SPDX-License-Identifier: LGPL-2.1-or-later
job "hello" {
  group "hello" {
    task "hello" {
      driver = "docker"
      config {
        image   = "busybox"
        command = "sleep"
        args    = ["3600"]
        runtime = "kapsel"
      }
    }
  }
}
