/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The difference between two hypotheses, as a stream of changes. For this folder
 * only. A row is what one domain may do, in one class, to every type; a column
 * what every domain may do to one type.
 */
#pragma once

#include "daemon/selinux/hypothesis-internal.h"

typedef struct Difference {
    const Hypothesis *before;
    const Hypothesis *after;
    uint32_t n_types; /* of the hypothesis with more */
} Difference;

/* An access whose permissions changed; `before` and `after` differ. Either type may be one
 * that a hypothesis adds. */
typedef struct DifferenceItem {
    uint32_t domain;
    uint32_t target;
    uint32_t class;
    uint32_t gained;
    uint32_t lost;
} DifferenceItem;

/* Returns 0 to go on. */
typedef int (*DifferenceSink)(const DifferenceItem *item, void *data);

/* Whether a type, maybe an added one, has the attribute (or is that type). */
bool exposure_is_member(const Hypothesis *hypothesis, uint32_t type, uint32_t attribute);
/* Whether a rule of the table counts under the hypothesis' booleans. */
bool exposure_is_active(const Hypothesis *hypothesis, const RuleTable *table, size_t at);

/* Sets what active rules let `domain` do to the types, by value (n_types + 1 elements). */
void exposure_fill_row(const Hypothesis *hypothesis, uint32_t domain, uint32_t class,
                       uint32_t n_types, uint32_t *row);
/* Sets what active rules let each type do to `target`. */
void exposure_fill_column(const Hypothesis *hypothesis, uint32_t target, uint32_t class,
                          uint32_t n_types, uint32_t *column);

/* Changes that come from rules: each (domain, target, class) once, domains ascending. */
int exposure_compare_rules(const Difference *difference, DifferenceSink sink, void *data);

/* Ports whose label changes, in one protocol: from one type to another. */
typedef struct PortSegment {
    uint16_t low;
    uint16_t high;
    uint32_t before;
    uint32_t after;
} PortSegment;

/* All ports as segments of like label; the caller frees it. */
int exposure_port_segments(const Difference *difference, PortProtocol protocol,
                           PortSegment **ret_segments, size_t *ret_n);

/* Changes that come from port labels; not those that exposure_compare_rules() gives. */
int exposure_compare_ports(const Difference *difference, DifferenceSink sink, void *data);

/* Changes to objects of a class that go from one type to another. */
int exposure_compare_relabel(const Difference *difference, uint32_t before, uint32_t after,
                             uint32_t class, DifferenceSink sink, void *data);

/* A type that labels ports on one side only, and does not exist on the other. */
bool exposure_is_new_port_type(const Difference *difference, uint32_t type);

/* name_connect and name_bind of the class; 0 if it has neither. */
uint32_t exposure_port_permissions(const Policy *policy, uint32_t class);
