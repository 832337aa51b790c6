/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The policy view: a compact, read-only copy of what access decisions need from
 * a binary kernel policy (the image the kernel loads, versions as libsepol has
 * them; format: libsepol's policydb). libsepol only parses; its data is gone
 * when the load returns.
 *
 * Life cycle: policy_load_*() builds it, policy_free() drops it. It never changes
 * in between, so any number of Hypothesis objects may share one. No globals.
 *
 * Types, classes, roles, users and booleans are named by their values in the
 * policy, from 1; 0 means "none". A permission is a bit of its class. Names
 * belong to the Policy. An attribute has a value of its own among the types.
 *
 * A malformed image is rejected with a message. libsepol itself may still trip
 * over a crafted one: load what is not the kernel's own in a worker process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/macro.h"

typedef struct Policy Policy;

/* What the kernel does with a class or permission that the policy lacks. */
typedef enum PolicyUnknown {
    POLICY_UNKNOWN_DENY,
    POLICY_UNKNOWN_REJECT, /* the kernel would not have loaded it; treated as deny */
    POLICY_UNKNOWN_ALLOW,
} PolicyUnknown;

/* Values in ascending order; they belong to the Policy. */
typedef struct PolicySpan {
    const uint16_t *values;
    size_t n;
} PolicySpan;

/* Reads /sys/fs/selinux/policy or a stored image. Returns 0, -ENOMEM, -EFBIG
 * (POLICY_FILE_SIZE_MAX), -EPROTONOSUPPORT (a version or target that libsepol here
 * does not know), -EBADMSG (truncated, corrupt, not a kernel policy), or what
 * open() and read() said. On failure *ret_message (may be NULL; else the caller
 * frees it, NULL if out of memory) is one sentence with the reason, and
 * *ret_policy is untouched. */
int policy_load_file(const char *path, Policy **ret_policy, char **ret_message);
int policy_load_memory(const void *image, size_t size, Policy **ret_policy, char **ret_message);
Policy *policy_free(Policy *policy); /* returns NULL; accepts NULL */
DEFINE_POINTER_CLEANUP(Policy, policy_free, policy_cleanup);

unsigned policy_version(const Policy *policy);
bool policy_is_mls(const Policy *policy);
PolicyUnknown policy_handle_unknown(const Policy *policy);
/* A policy capability by its number in the kernel's policycap.h. */
bool policy_has_capability(const Policy *policy, unsigned capability);
/* Bytes that the view itself takes. */
size_t policy_memory(const Policy *policy);
/* Rules as the image has them, unexpanded: allow, conditional allow. */
size_t policy_n_rules(const Policy *policy);
size_t policy_n_conditional_rules(const Policy *policy);

/* --- types and attributes ---------------------------------------------- */

/* The highest value in use; types and attributes share the numbers. */
uint32_t policy_n_types(const Policy *policy);
/* A type by its name or by an alias; 0 if there is none. Never an attribute. */
uint32_t policy_find_type(const Policy *policy, const char *name);
uint32_t policy_find_attribute(const Policy *policy, const char *name);
/* Primary name of a type or attribute; NULL for a value without one. */
const char *policy_type_name(const Policy *policy, uint32_t type);
bool policy_type_is_attribute(const Policy *policy, uint32_t type);
bool policy_type_is_permissive(const Policy *policy, uint32_t type);
/* The policy gives it to all of a file system that holds no labels itself (genfscon: nfs, cifs,
 * fuse, iso9660 …): such objects cannot be labelled one by one. */
bool policy_type_is_from_mount(const Policy *policy, uint32_t type);
/* The type that bounds this one, or 0. */
uint32_t policy_type_bounds(const Policy *policy, uint32_t type);
bool policy_type_has_attribute(const Policy *policy, uint32_t type, uint32_t attribute);
/* The attributes of a type, with the type itself (rules may name either). */
PolicySpan policy_attributes_of(const Policy *policy, uint32_t type);
/* The types of an attribute; of a type, itself. */
PolicySpan policy_types_of(const Policy *policy, uint32_t attribute);
size_t policy_n_aliases(const Policy *policy);
void policy_get_alias(const Policy *policy, size_t index, const char **ret_name,
                      uint32_t *ret_type);

/* --- classes and permissions ------------------------------------------- */

uint32_t policy_n_classes(const Policy *policy);
uint32_t policy_find_class(const Policy *policy, const char *name);
const char *policy_class_name(const Policy *policy, uint32_t class);
/* The permission's bit, or 0. */
uint32_t policy_find_permission(const Policy *policy, uint32_t class, const char *name);
/* All bits that the class defines. */
uint32_t policy_class_permissions(const Policy *policy, uint32_t class);
/* The name of the lowest bit set; NULL if the class does not define it. */
const char *policy_permission_name(const Policy *policy, uint32_t class, uint32_t permission);
/* The names of all bits, sorted, separated by one space; the caller frees it. NULL
 * if out of memory. */
char *policy_permissions_to_string(const Policy *policy, uint32_t class, uint32_t permissions);

/* --- users and roles ---------------------------------------------------- */

uint32_t policy_find_user(const Policy *policy, const char *name);
uint32_t policy_find_role(const Policy *policy, const char *name);
const char *policy_user_name(const Policy *policy, uint32_t user);
const char *policy_role_name(const Policy *policy, uint32_t role);

/* --- booleans and conditions -------------------------------------------- */

uint32_t policy_n_booleans(const Policy *policy);
uint32_t policy_find_boolean(const Policy *policy, const char *name);
const char *policy_boolean_name(const Policy *policy, uint32_t boolean);
/* The value in the image: for the kernel's own image the current one. */
bool policy_boolean_value(const Policy *policy, uint32_t boolean);

/* A condition is one `if (expression)` of the policy, from 0. */
uint32_t policy_n_conditions(const Policy *policy);
/* "httpd_can_network_connect && !nis_enabled", with the parentheses it needs; the
 * caller frees it. NULL if out of memory. */
char *policy_condition_to_string(const Policy *policy, uint32_t condition);
/* The booleans of a condition, ascending, each once. */
PolicySpan policy_condition_booleans(const Policy *policy, uint32_t condition);
/* The expression under the given values, indexed by boolean value - 1. An
 * expression that cannot be evaluated is false in both branches: returns -1. */
int policy_condition_evaluate(const Policy *policy, uint32_t condition, const bool *values);
