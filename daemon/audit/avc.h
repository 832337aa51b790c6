/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The body of an AVC record, split once into the fields that a denial has.
 * Format: avc_audit_pre_callback() and avc_audit_post_callback() in
 * security/selinux/avc.c, dump_common_audit_data() in security/lsm_audit.c:
 *   avc:  denied  { PERMISSION… } for  pid=… comm=… OBJECT scontext=… tcontext=…
 *   tclass=… permissive=0 [srawcon=…] [trawcon=…]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/audit/field.h"

typedef enum AvcField {
    AVC_PID,
    AVC_COMM,
    AVC_PATH,
    AVC_NAME,
    AVC_DEV,
    AVC_INO,
    AVC_SRC,
    AVC_DEST,
    AVC_LPORT,
    AVC_FPORT,
    AVC_SADDR,
    AVC_DADDR,
    AVC_LADDR,
    AVC_FADDR,
    AVC_CAPABILITY,
    AVC_IOCTL,
    AVC_SCONTEXT,
    AVC_TCONTEXT,
    AVC_TCLASS,
    AVC_PERMISSIVE,
    AVC_SRAWCON, /* the context as it is stored, where the policy does not know it */
    AVC_TRAWCON,
    AVC_PERMISSIONS, /* what is between the braces */
    AVC_FIELD_COUNT,
} AvcField;

/* A part of the body. kind is an AuditFieldKind; length 0 means absent. */
typedef struct AvcSlice {
    uint16_t offset;
    uint16_t length;
    uint8_t kind;
} AvcSlice;

typedef struct Avc {
    AvcSlice fields[AVC_FIELD_COUNT];
} Avc;

/* Returns 1 for a denial, with *ret_avc filled; 0 for what is well-formed and no denial
 * (granted, or another security module's record); -EBADMSG for a denial that lacks its
 * permissions, class or a context, or has them in characters that cannot be theirs. */
int avc_parse(const char *body, size_t length, Avc *ret_avc);

static inline bool avc_has(const Avc *avc, AvcField field)
{
    return avc->fields[field].length > 0;
}

/* The context that stands for the source (target): scontext=, or srawcon= where that is
 * all there is. Points into the body. */
const char *avc_source_context(const Avc *avc, const char *body, size_t *ret_length);
const char *avc_target_context(const Avc *avc, const char *body, size_t *ret_length);
