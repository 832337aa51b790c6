/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/field.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Ends a key or a bare value: spaces, and the byte before an enrichment suffix. A NUL or
 * another control byte is left in the value, for its decoder to refuse. */
static bool is_end(char c)
{
    return (unsigned char)c <= ' ' && (is_space(c) || c == 0x1d);
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* Eight bytes at once: the high bit of each byte that is below 0x21, or that equals
 * `mark`. Bits above the lowest one may be wrong (a borrow), the lowest never is. */
static uint64_t candidates(uint64_t bytes, char mark)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t marked = bytes ^ ones * (unsigned char)mark;

    return (((bytes - ones * 0x21) & ~bytes) | ((marked - ones) & ~marked)) & tops;
}
#endif

/* The first byte that ends a token or is `mark`; `end` if there is none. (A mark below
 * 0x21 means that there is only the token's end to look for.) */
static inline __attribute__((always_inline)) const char *scan(const char *at, const char *end,
                                                              char mark)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (end - at >= 8) {
        uint64_t bytes, found;

        memcpy(&bytes, at, sizeof(bytes));
        found = candidates(bytes, mark);
        if (found == 0) {
            at += 8;
            continue;
        }
        at += __builtin_ctzll(found) / 8;
        if (*at == mark || is_end(*at))
            return at;
        at++;
    }
#endif
    while (at < end && *at != mark && !is_end(*at))
        at++;
    return at;
}

/* A value up to its closing mark. */
static bool take_until(AuditFieldIterator *iterator, const char *start, char mark,
                       AuditField *field, AuditFieldKind kind)
{
    const char *close = memchr(start, mark, (size_t)(iterator->end - start));

    if (!close) {
        iterator->broken = true;
        iterator->at = iterator->end;
        return false;
    }
    field->kind = kind;
    field->value = start;
    field->length = (size_t)(close - start);
    iterator->at = close + 1;
    return true;
}

bool audit_field_next(AuditFieldIterator *iterator, AuditField *ret_field)
{
    const char *at = iterator->at;
    const char *const end = iterator->end;
    const char *start;
    AuditField field;

    while (at < end && is_space(*at))
        at++;
    if (at == end || *at == 0x1d) {
        iterator->at = end;
        return false;
    }

    field.key = at;
    field.key_length = 0;
    if (*at == '{') {
        if (!take_until(iterator, at + 1, '}', &field, AUDIT_FIELD_BRACES))
            return false;
        *ret_field = field;
        return true;
    }

    at = scan(at, end, '=');
    if (at == end || *at != '=') {
        field.kind = AUDIT_FIELD_WORD;
        field.value = field.key;
        field.length = (size_t)(at - field.key);
        iterator->at = at;
        *ret_field = field;
        return true;
    }
    field.key_length = (size_t)(at - field.key);
    at++;

    if (at < end && (*at == '"' || *at == '\'' || *at == '{')) {
        char mark = *at == '{' ? '}' : *at;
        AuditFieldKind kind = *at == '"'    ? AUDIT_FIELD_QUOTED
                              : *at == '\'' ? AUDIT_FIELD_NESTED
                                            : AUDIT_FIELD_BRACES;

        if (!take_until(iterator, at + 1, mark, &field, kind))
            return false;
        *ret_field = field;
        return true;
    }

    start = at;
    at = scan(at, end, ' ');
    field.kind = AUDIT_FIELD_BARE;
    field.value = start;
    field.length = (size_t)(at - start);
    iterator->at = at;
    *ret_field = field;
    return true;
}

bool audit_value_is_absent(const char *value, size_t length)
{
    return (length == 1 && value[0] == '?') ||
           (length == 6 && (memcmp(value, "(null)", 6) == 0 || memcmp(value, "(none)", 6) == 0));
}

/* One more than the value of a digit; 0: none. The kernel writes upper case only
 * (hex_byte_pack_upper()); lower case is text. */
static const uint8_t hex_digits[UINT8_MAX + 1] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

static int hex_digit(char c)
{
    return hex_digits[(uint8_t)c] - 1;
}

static bool is_hex_text(const char *value, size_t length)
{
    if (length == 0 || length % 2 != 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (hex_digits[(uint8_t)value[i]] == 0)
            return false;
    }
    return true;
}

int audit_value_decode(AuditFieldKind kind, const char *value, size_t length, char *buffer,
                       size_t size)
{
    if (kind == AUDIT_FIELD_BARE) {
        if (audit_value_is_absent(value, length))
            return -ENODATA;
        if (is_hex_text(value, length)) {
            if (length / 2 > size || length / 2 > INT_MAX)
                return -ENOBUFS;
            for (size_t i = 0; i < length / 2; i++)
                buffer[i] = (char)(hex_digit(value[2 * i]) << 4 | hex_digit(value[2 * i + 1]));
            return (int)(length / 2);
        }
    }
    if (length > size || length > INT_MAX)
        return -ENOBUFS;
    if (length > 0)
        memcpy(buffer, value, length);
    return (int)length;
}

int audit_value_number(const char *value, size_t length, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (length == 0)
        return -EINVAL;
    for (size_t i = 0; i < length; i++) {
        if (value[i] < '0' || value[i] > '9')
            return -EINVAL;
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (unsigned int)(value[i] - '0'), &number))
            return -ERANGE;
    }
    *ret_number = number;
    return 0;
}

int audit_value_signed(const char *value, size_t length, int64_t *ret_number)
{
    bool negative = length > 0 && value[0] == '-';
    uint64_t number;
    int r = audit_value_number(value + negative, length - negative, &number);

    if (r < 0)
        return r;
    if (number > (uint64_t)INT64_MAX)
        return -ERANGE;
    *ret_number = negative ? -(int64_t)number : (int64_t)number;
    return 0;
}

int audit_value_hex(const char *value, size_t length, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (length == 0)
        return -EINVAL;
    for (size_t i = 0; i < length; i++) {
        char c = value[i];
        int digit = hex_digit(c >= 'a' && c <= 'f' ? (char)(c - 'a' + 'A') : c);

        if (digit < 0)
            return -EINVAL;
        if (number >> 60 != 0)
            return -ERANGE;
        number = number << 4 | (unsigned int)digit;
    }
    *ret_number = number;
    return 0;
}
