/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/commands/features.h"

const bool features_systemd = true;
