/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/avc.h"

#include <errno.h>
#include <string.h>

#include "daemon/core/limits.h"

/* Which field a key names; AVC_FIELD_COUNT for one that is of no use. */
static AvcField field_of_key(const char *key, size_t length)
{
#define KEY(text, field)                                                                           \
    if (memcmp(key, text, sizeof(text) - 1) == 0)                                                  \
    return field
    switch (length) {
    case 3:
        KEY("pid", AVC_PID);
        KEY("dev", AVC_DEV);
        KEY("ino", AVC_INO);
        KEY("src", AVC_SRC);
        break;
    case 4:
        KEY("comm", AVC_COMM);
        KEY("path", AVC_PATH);
        KEY("name", AVC_NAME);
        KEY("dest", AVC_DEST);
        break;
    case 5:
        KEY("lport", AVC_LPORT);
        KEY("fport", AVC_FPORT);
        KEY("saddr", AVC_SADDR);
        KEY("daddr", AVC_DADDR);
        KEY("laddr", AVC_LADDR);
        KEY("faddr", AVC_FADDR);
        break;
    case 6:
        KEY("tclass", AVC_TCLASS);
        break;
    case 7:
        KEY("srawcon", AVC_SRAWCON);
        KEY("trawcon", AVC_TRAWCON);
        break;
    case 8:
        KEY("scontext", AVC_SCONTEXT);
        KEY("tcontext", AVC_TCONTEXT);
        KEY("ioctlcmd", AVC_IOCTL);
        break;
    case 10:
        KEY("permissive", AVC_PERMISSIVE);
        KEY("capability", AVC_CAPABILITY);
        break;
    default:
        break;
    }
#undef KEY
    return AVC_FIELD_COUNT;
}

/* What the kernel and a policy compiler use in the name of a class or a permission
 * ("0x40" stands for a permission that the kernel has no name for). */
static bool is_name(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == ' '))
            return false;
    }
    return length > 0;
}

static size_t count_words(const char *text, size_t length)
{
    size_t n = 0;

    for (size_t i = 0; i < length; i++)
        n += text[i] != ' ' && (i == 0 || text[i - 1] == ' ');
    return n;
}

/* user:role:type[:range], all printable. The raw ones (srawcon=) may be anything. */
static bool is_context(const char *text, size_t length)
{
    unsigned int colons = 0;

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c <= 0x20 || c >= 0x7f || c == '"' || c == '\'')
            return false;
        if (c == ':')
            colons++;
    }
    return colons >= 2;
}

static const char *slice(const Avc *avc, AvcField field, const char *body, size_t *ret_length)
{
    *ret_length = avc->fields[field].length;
    return body + avc->fields[field].offset;
}

/* The first use of a key counts: the kernel writes each once, and what follows its own
 * fields may be somebody else's. */
static void set_field(Avc *avc, AvcField field, const char *body, const char *value, size_t length,
                      AuditFieldKind kind)
{
    AvcSlice *target = &avc->fields[field];

    if (target->length > 0)
        return;
    target->offset = (uint16_t)(value - body);
    target->length = (uint16_t)length;
    target->kind = (uint8_t)kind;
}

const char *avc_source_context(const Avc *avc, const char *body, size_t *ret_length)
{
    return slice(avc, avc_has(avc, AVC_SCONTEXT) ? AVC_SCONTEXT : AVC_SRAWCON, body, ret_length);
}

const char *avc_target_context(const Avc *avc, const char *body, size_t *ret_length)
{
    return slice(avc, avc_has(avc, AVC_TCONTEXT) ? AVC_TCONTEXT : AVC_TRAWCON, body, ret_length);
}

int avc_parse(const char *body, size_t length, Avc *ret_avc)
{
    AuditFieldIterator iterator = audit_field_iterator(body, length);
    AuditField field;
    Avc avc = {0};
    const char *part;
    size_t part_length;

    if (length > UINT16_MAX)
        return -EBADMSG;
    /* A type 1400 record of another security module does not begin with "avc:". */
    if (!audit_field_next(&iterator, &field) || field.length != 4 ||
        memcmp(field.value, "avc:", 4) != 0)
        return 0;
    if (!audit_field_next(&iterator, &field) || field.kind != AUDIT_FIELD_WORD)
        return -EBADMSG;
    if (field.length == 7 && memcmp(field.value, "granted", 7) == 0)
        return 0;
    if (field.length != 6 || memcmp(field.value, "denied", 6) != 0)
        return -EBADMSG;
    if (!audit_field_next(&iterator, &field) || field.kind != AUDIT_FIELD_BRACES ||
        field.key_length != 0)
        return -EBADMSG;
    while (field.length > 0 && *field.value == ' ') {
        field.value++;
        field.length--;
    }
    while (field.length > 0 && field.value[field.length - 1] == ' ')
        field.length--;
    if (!is_name(field.value, field.length) ||
        count_words(field.value, field.length) > DENIAL_PERMISSIONS_MAX)
        return -EBADMSG;
    set_field(&avc, AVC_PERMISSIONS, body, field.value, field.length, AUDIT_FIELD_BRACES);

    while (audit_field_next(&iterator, &field)) {
        AvcField which;

        if (field.key_length == 0 || field.length == 0)
            continue;
        which = field_of_key(field.key, field.key_length);
        if (which != AVC_FIELD_COUNT)
            set_field(&avc, which, body, field.value, field.length, field.kind);
    }
    if (iterator.broken)
        return -EBADMSG;

    part = slice(&avc, AVC_TCLASS, body, &part_length);
    if (!is_name(part, part_length) || memchr(part, ' ', part_length))
        return -EBADMSG;
    part = avc_source_context(&avc, body, &part_length);
    if (!is_context(part, part_length))
        return -EBADMSG;
    part = avc_target_context(&avc, body, &part_length);
    if (!is_context(part, part_length))
        return -EBADMSG;
    *ret_avc = avc;
    return 1;
}
