/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libsepol's own access computation, as an oracle for ours. From the static
 * library: the shared one does not export what it takes. It has one policy at a
 * time, in globals.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Loads an image. Returns false if it cannot. */
bool oracle_load(const char *path);
void oracle_unload(void);
bool oracle_set_boolean(const char *name, bool value);

/* SEPOL_COMPUTEAV_* of libsepol. */
#define ORACLE_RULES       0x1u
#define ORACLE_CONSTRAINTS 0x2u
#define ORACLE_ROLES       0x4u
#define ORACLE_BOUNDS      0x8u

/* Computes all permissions of a class, by the policy's values. Returns false for a
 * context that is not valid in the policy. */
bool oracle_compute(const char *source, const char *target, uint32_t class, uint32_t requested,
                    uint32_t *ret_allowed, uint32_t *ret_audited, unsigned *ret_reason);
/* Whether the context is valid in the policy. */
bool oracle_is_valid(const char *context);
