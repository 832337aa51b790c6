/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decide: what the policy answers about an access, and why. The order of the
 * kernel's own computation (security/selinux/ss/services.c,
 * context_struct_compute_av): type enforcement with attributes and active
 * conditional rules, constraints, role transitions, type bounds.
 *
 * Pure: same hypothesis, same question, same answer; nothing is written.
 * `ioctl` is decided as the plain permission; Decision.ioctl_filtered says that single
 * commands may still be refused, and decide_ioctl() which.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/access.h"
#include "daemon/selinux/hypothesis.h"
#include "daemon/selinux/policy.h"

/* Whether the policy could be asked at all. Anything but DECIDE_OK means that
 * nothing is known, never "denied". */
typedef enum DecideStatus {
    DECIDE_OK,
    DECIDE_BAD_SOURCE_CONTEXT,
    DECIDE_BAD_TARGET_CONTEXT,
    DECIDE_UNKNOWN_SOURCE_TYPE, /* "type not in this policy": maybe another host's log */
    DECIDE_UNKNOWN_TARGET_TYPE,
    DECIDE_STATUS_COUNT,
} DecideStatus;

/* What stands against a permission. Each is found independently of the others, so
 * that a fix for one is not taken for the whole. */
typedef enum DecideBlock {
    BLOCK_NO_RULE = 1 << 0,            /* no allow rule at all */
    BLOCK_CONDITION = 1 << 1,          /* rules exist, all in inactive branches */
    BLOCK_CONSTRAINT = 1 << 2,         /* constrain or mlsconstrain */
    BLOCK_ROLE_TRANSITION = 1 << 3,    /* no `allow role role` */
    BLOCK_BOUNDS = 1 << 4,             /* the bounding type may not */
    BLOCK_UNKNOWN_CLASS = 1 << 5,      /* not in the policy, handle_unknown=deny */
    BLOCK_UNKNOWN_PERMISSION = 1 << 6, /* likewise */
} DecideBlock;

/* A conditional rule that would allow it: needs condition == branch. */
typedef struct DecideCondition {
    uint32_t condition;
    bool branch;
} DecideCondition;

typedef struct DecidePermission {
    char *name;
    bool allowed;
    bool dontaudit;              /* denied, and the denial is not logged */
    unsigned blocks;             /* DecideBlock bits; 0 where allowed */
    DecideCondition *conditions; /* all inactive rules that would allow it; distinct */
    size_t n_conditions;
    char **constraints; /* failing expressions as text; NULL where none */
} DecidePermission;

typedef struct Decision {
    DecideStatus status;
    char *problem;   /* a sentence where status is not DECIDE_OK, else NULL; quotes the access */
    bool allowed;    /* every permission is */
    bool dontaudit;  /* something is denied, and none of it is logged */
    bool permissive; /* the source domain is permissive: denied, logged, let through */
    bool unknown_allowed; /* allowed only because unknown classes or permissions are */
    bool ioctl_filtered;
    uint32_t bounding_type;        /* of the source, 0 where none */
    DecidePermission *permissions; /* in the order of Access.permissions */
    size_t n_permissions;
} Decision;

/* Returns 0 and fills *ret_decision (decision_clear() it), -EINVAL for an access with
 * an empty part, or -ENOMEM. */
int decide_access(const Hypothesis *hypothesis, const Access *access, Decision *ret_decision);
void decision_clear(Decision *decision);

/* The verdict alone: 1 allowed, 0 denied, -ENODATA where decide_access() would not give
 * DECIDE_OK, or another negative errno. Takes microseconds. */
int decide_is_allowed(const Hypothesis *hypothesis, const Access *access);

/* Type enforcement alone, by values: the permissions that allow rules give, without
 * constraints, roles and bounds. A type may be one the hypothesis adds. */
uint32_t decide_allowed_by_rules(const Hypothesis *hypothesis, uint32_t source, uint32_t target,
                                 uint32_t class);

/* The part of it that rests on no boolean. */
uint32_t decide_allowed_unconditionally(const Hypothesis *hypothesis, uint32_t source,
                                        uint32_t target, uint32_t class);

const char *decide_status_to_string(DecideStatus status);
/* "no rule" …, of the lowest bit set. */
const char *decide_block_to_string(unsigned block);
