# SPDX-License-Identifier: LGPL-2.1-or-later
plugin "docker" {
  config {
    allow_runtimes = ["runc", "kapsel"]
  }
}
