/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What it means for every domain that objects of one type become objects of another: the
 * accesses gained and lost on them. Type enforcement only. Pure.
 */
#pragma once

#include "daemon/core/diagnosis.h"
#include "daemon/selinux/hypothesis.h"

/* Adds to the fix's exposure and breaks. `tree`: objects of all file classes are meant, else
 * those of `class_name` alone. `focus` is listed first. Counts are exact, lists are samples.
 * 0, -ENOENT (a type or class that the policy lacks), or -ENOMEM. */
int relabel_exposure_add(Fix *fix, const Hypothesis *hypothesis, const char *focus,
                         const char *old_type, const char *new_type, const char *class_name,
                         bool tree);
