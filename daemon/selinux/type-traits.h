/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Type traits: what a type is for, judged by what domains may do with it rather
 * than by its name. For choosing a label, and for refusing one that holds secrets.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/selinux/hypothesis.h"

/* What a domain may do with objects of a type; type enforcement only. */
typedef struct TypeUse {
    bool file_read;   /* open, read, getattr of a file */
    bool file_write;  /* open, write or append */
    bool file_create; /* create, write */
    bool file_map;
    bool file_execute; /* without leaving the domain */
    bool dir_search;
    bool dir_list;  /* open, read */
    bool dir_write; /* add_name, remove_name, write */
    bool symlink_read;
    bool socket_connect; /* write of a sock_file */
    bool socket_create;
} TypeUse;

/* Returns 0 or -ENOENT (domain or type). */
int type_use_read(const Hypothesis *hypothesis, const char *domain, const char *type,
                  TypeUse *ret_use);

typedef struct TypeTraits {
    uint32_t domains;  /* types that run as processes */
    uint32_t readers;  /* of those, who may open and read files of the type */
    uint32_t writers;  /* likewise write */
    bool is_file_type; /* may be associated with a file system */
    bool is_domain;
    bool is_port_type;
    bool is_unlabelled; /* what an object has whose label is missing or not valid */
    bool is_from_mount; /* as policy_type_is_from_mount() */
    bool holds_secrets; /* see below */
} TypeTraits;

/* holds_secrets: the policy keeps the type out of what ordinary domains may be given (it
 * is no non_security_file_type or no non_auth_file_type, where the policy has those, or it
 * is a security_file_type or auth_file_type; in a policy that has none of these attributes,
 * most of the domains that may read nearly all files may not read it), or its name says
 * private key, keytab or secret. Returns 0, -ENOENT or -ENOMEM. */
int type_traits_read(const Hypothesis *hypothesis, const char *type, TypeTraits *ret_traits);

/* Whether it is one that files can be labelled with: no process', and not what stands for a missing
 * label or comes from a mount. */
bool type_traits_suit_files(const TypeTraits *traits);
