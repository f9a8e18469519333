/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Why a call was refused, in words; denial_describe() of notify.h is the public form. */
struct denial;
struct policy;
struct spec;

/** denial_explain() - as denial_describe(), for a policy that was read already; NULL: the spec is broken. */
void denial_explain(const struct spec *spec, const struct policy *policy, struct denial *denial);
