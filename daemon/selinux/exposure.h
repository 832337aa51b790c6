/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Exposure: what changes over the whole policy between two hypotheses: for every
 * domain, the accesses it gains and those it loses, and the ports that come with
 * them.
 *
 * Type enforcement only: constraints and bounds depend on users, roles and
 * levels, so the figures are an upper bound. A port whose label changes counts
 * for each domain that may connect to or bind one of its two labels and not the
 * other. A type that only one side knows and that labels ports counts through
 * those ports, not as a type; other added types count through every rule that
 * reaches them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/core/diagnosis.h"
#include "daemon/selinux/hypothesis.h"

/* Accesses that are lost. At most POLICY_EXPOSURE_SAMPLE_MAX are listed. */
typedef struct ExposureLosses {
    AccessChange *changes;
    size_t n_changes;
    size_t total;
    char **domains;   /* NULL-terminated, sorted; all of them */
    PortRange *ports; /* ports (TCP and UDP) that some domain loses; merged */
    size_t n_ports;
    uint32_t ports_count;
} ExposureLosses;

/* Both hypotheses must be of one Policy, and types that both add in the same order. `focus` is the
 * domain to list first and whose ports are counted in Exposure.ports; NULL: any domain's. Totals
 * are exact; an access is one (domain, target type, class) with its permissions. Returns 0 and
 * fills both (exposure_clear(), exposure_losses_clear()); ret_losses may be NULL. -ENOENT: focus is
 * no type; -EINVAL: not comparable; -ENOMEM. */
int exposure_compute(const Hypothesis *before, const Hypothesis *after, const char *focus,
                     Exposure *ret_exposure, ExposureLosses *ret_losses);

/* The same, and some objects of these classes (NULL-terminated: "file", "dir", …) get
 * another type: which domains that lets in, and which it shuts out. */
typedef struct ExposureRelabel {
    const char *old_type;
    const char *new_type;
    char *const *classes;
} ExposureRelabel;

/* As exposure_compute(); -ENOENT also for a type or class of a relabel. */
int exposure_compute_relabels(const Hypothesis *before, const Hypothesis *after, const char *focus,
                              const ExposureRelabel *relabels, size_t n_relabels,
                              Exposure *ret_exposure, ExposureLosses *ret_losses);
void exposure_losses_clear(ExposureLosses *losses);
