/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fields of a record's body: "key=value" separated by spaces. Whoever names a file
 * or a process chooses some of the values; the kernel writes those in quotes, or as bare
 * upper-case hex when they hold a space, a quote or a byte outside 0x21–0x7e
 * (audit_log_untrustedstring() in kernel/audit.c), so that no value can end a field.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef enum AuditFieldKind {
    AUDIT_FIELD_WORD,   /* no '=': the value is the word, the key is empty */
    AUDIT_FIELD_BARE,   /* key=value up to the next space */
    AUDIT_FIELD_QUOTED, /* key="value"; the value is without the quotes */
    AUDIT_FIELD_NESTED, /* key='value': again fields */
    AUDIT_FIELD_BRACES, /* { a b } or key={ a b }: the value is between the braces */
} AuditFieldKind;

typedef struct AuditField {
    AuditFieldKind kind;
    const char *key;
    size_t key_length;
    const char *value;
    size_t length;
} AuditField;

typedef struct AuditFieldIterator {
    const char *at;
    const char *end;
    bool broken; /* a quote or brace had no end; nothing after it was read */
} AuditFieldIterator;

static inline AuditFieldIterator audit_field_iterator(const char *body, size_t length)
{
    return (AuditFieldIterator){.at = body, .end = body + length};
}

/* False at the end of the body, at an enrichment suffix, and at broken text. */
bool audit_field_next(AuditFieldIterator *iterator, AuditField *ret_field);

static inline bool audit_field_is(const AuditField *field, const char *key, size_t length)
{
    return field->key_length == length && memcmp(field->key, key, length) == 0;
}
#define AUDIT_FIELD_IS(field, literal) audit_field_is(field, "" literal, sizeof(literal) - 1)

/* "(null)", "?" and "(none)" stand for no value. */
bool audit_value_is_absent(const char *value, size_t length);

/* Decodes a value that may be hex into `buffer` of `size`; never more bytes than the
 * value has. Quoted text is taken as it is. Returns the length (no terminator is
 * written), -ENODATA where the value stands for none, -ENOBUFS. */
int audit_value_decode(AuditFieldKind kind, const char *value, size_t length, char *buffer,
                       size_t size);

/* Whole decimal, or hexadecimal number. Returns 0, -EINVAL, -ERANGE. */
int audit_value_number(const char *value, size_t length, uint64_t *ret_number);
int audit_value_signed(const char *value, size_t length, int64_t *ret_number);
int audit_value_hex(const char *value, size_t length, uint64_t *ret_number);
