/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hypothesis: the policy in force plus changes that nobody made yet. A fresh
 * one has none, and answers as the loaded policy does. Every question of this
 * folder (decide.h, ports.h, exposure.h, boolean-sets.h) is asked of one.
 *
 * It refers to the Policy, which must outlive it and is never changed. Changes
 * are bounded by POLICY_HYPOTHESIS_ITEMS_MAX each (-E2BIG beyond). On an error the
 * hypothesis is as it was. Names are copied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/macro.h"
#include "daemon/selinux/policy.h"

typedef struct Hypothesis Hypothesis;

typedef enum PortProtocol {
    PORT_TCP,
    PORT_UDP,
    PORT_DCCP,
    PORT_SCTP,
    PORT_PROTOCOL_COUNT,
} PortProtocol;

/* NULL if out of memory. */
Hypothesis *hypothesis_new(const Policy *policy);
Hypothesis *hypothesis_copy(const Hypothesis *hypothesis);
Hypothesis *hypothesis_free(Hypothesis *hypothesis); /* returns NULL; accepts NULL */
DEFINE_POINTER_CLEANUP(Hypothesis, hypothesis_free, hypothesis_cleanup);

const Policy *hypothesis_policy(const Hypothesis *hypothesis);

/* Overrides a boolean. Returns 0, -ENOENT (no such boolean), -ENOMEM. The second
 * form names it by value (-EINVAL out of range). */
int hypothesis_set_boolean(Hypothesis *hypothesis, const char *name, bool value);
int hypothesis_set_boolean_value(Hypothesis *hypothesis, uint32_t boolean, bool value);
bool hypothesis_boolean(const Hypothesis *hypothesis, uint32_t boolean);

/* Labels ports low..high; a later call wins over an earlier one, and any over the
 * policy. Returns 0, -ENOENT (no such type, here or added), -EINVAL (protocol, or
 * low > high), -E2BIG, -ENOMEM. */
int hypothesis_set_port(Hypothesis *hypothesis, PortProtocol protocol, uint16_t low, uint16_t high,
                        const char *type);

/* Labels a path, or all below it too. Returns as hypothesis_set_port(); -EINVAL for a
 * path that is not absolute. */
int hypothesis_set_file_type(Hypothesis *hypothesis, const char *path, bool recursive,
                             const char *type);
/* The same with a whole context: user, role and level as well. 0, -EINVAL (also: no context),
 * -E2BIG or -ENOMEM. */
int hypothesis_set_file_context(Hypothesis *hypothesis, const char *path, bool recursive,
                                const char *context);
/* The context that `path`, now labelled `context`, has under the hypothesis: the same
 * with another type, or a plain copy. The caller frees it. NULL if out of memory or
 * not a context. */
char *hypothesis_file_context(const Hypothesis *hypothesis, const char *path, const char *context);

/* Adds a type with these attributes (NULL-terminated, may be NULL). Returns 0, -EEXIST
 * (a type, alias or attribute has that name), -ENOENT (no such attribute), -E2BIG,
 * -ENOMEM. A compiled policy lacks attributes that no rule uses, so that leaving one out
 * changes no answer. Attributes that a compiler derives from expressions ("all port types
 * but these") and an attribute's rules on "self" cannot be known from a compiled policy:
 * they do not reach the type, which can only make an answer stricter than the real one. */
int hypothesis_add_type(Hypothesis *hypothesis, const char *name, char *const *attributes);

/* Adds `allow source target : class { permissions }`. Source and target may be types
 * (added ones too) or attributes; target may be "self". Returns 0, -ENOENT (any name
 * unknown), -EINVAL (no permission), -E2BIG, -ENOMEM. */
int hypothesis_add_allow(Hypothesis *hypothesis, const char *source, const char *target,
                         const char *class_name, const char *permissions);

/* As the policy_*() functions, with the added types. Spans of an added type belong
 * to the hypothesis. */
uint32_t hypothesis_n_types(const Hypothesis *hypothesis);
uint32_t hypothesis_find_type(const Hypothesis *hypothesis, const char *name);
const char *hypothesis_type_name(const Hypothesis *hypothesis, uint32_t type);
PolicySpan hypothesis_attributes_of(const Hypothesis *hypothesis, uint32_t type);

const char *port_protocol_to_string(PortProtocol protocol);
/* Returns 0 or -EINVAL. */
int port_protocol_from_string(const char *text, PortProtocol *ret_protocol);
