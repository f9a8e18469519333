/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A profile as a pod of Kubernetes, within the Pod Security Standard "restricted" where it can be. */
#include <stdio.h>

#include "base/macro.h"

struct error;
struct losses;
struct spec;

/** export_k8s() - write the manifest as YAML. Return: 0 or -errno with *err filled; @losses gets the rest. */
int export_k8s(const struct spec *spec, FILE *out, struct losses *losses, struct error *err) _must_check_;

/** export_k8s_losses() - note what a pod has no word for. Return: 0 or -ENOMEM. */
int export_k8s_losses(const struct spec *spec, struct losses *losses) _must_check_;
