/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/record.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "daemon/audit/field.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"

typedef struct Stamp {
    uint64_t time_usec;
    uint64_t serial;
} Stamp;

static const struct {
    const char *name;
    uint8_t length;
    int type;
} type_names[] = {
#define TYPE_NAME(text, number)                                                                    \
    {                                                                                              \
        text, sizeof(text) - 1, number                                                             \
    }
    TYPE_NAME("SYSCALL", AUDIT_RECORD_SYSCALL),
    TYPE_NAME("PROCTITLE", AUDIT_RECORD_PROCTITLE),
    TYPE_NAME("PATH", AUDIT_RECORD_PATH),
    TYPE_NAME("CWD", AUDIT_RECORD_CWD),
    TYPE_NAME("SOCKADDR", AUDIT_RECORD_SOCKADDR),
    TYPE_NAME("EOE", AUDIT_RECORD_EOE),
    TYPE_NAME("MAC_POLICY_LOAD", AUDIT_RECORD_POLICY_LOAD),
    TYPE_NAME("MAC_STATUS", AUDIT_RECORD_STATUS),
    TYPE_NAME("MAC_CONFIG_CHANGE", AUDIT_RECORD_CONFIG_CHANGE),
#undef TYPE_NAME
};

static bool has_prefix(const char *at, const char *end, const char *prefix, size_t length)
{
    return (size_t)(end - at) >= length && memcmp(at, prefix, length) == 0;
}
#define HAS_PREFIX(at, end, literal) has_prefix(at, end, "" literal, sizeof(literal) - 1)

/* Eight digits at once: the sums of neighbours, then of pairs, then of fours. */
static bool take_eight_digits(const char *text, uint64_t *ret_number)
{
    uint64_t word;

    memcpy(&word, text, sizeof(word));
    word = le64toh(word);
    if ((word & UINT64_C(0xf0f0f0f0f0f0f0f0)) != UINT64_C(0x3030303030303030) ||
        ((word + UINT64_C(0x0606060606060606)) & UINT64_C(0xf0f0f0f0f0f0f0f0)) !=
            UINT64_C(0x3030303030303030))
        return false;
    word = ((word & UINT64_C(0x0f0f0f0f0f0f0f0f)) * (10 * 256 + 1)) >> 8;
    word = ((word & UINT64_C(0x00ff00ff00ff00ff)) * (100 * 65536 + 1)) >> 16;
    *ret_number =
        ((word & UINT64_C(0x0000ffff0000ffff)) * (UINT64_C(10000) * 4294967296 + 1)) >> 32;
    return true;
}

/* Digits at *at, which is moved past them. False if there are none, or more than 64 bits
 * are sure to hold. */
static bool take_number(const char **at, const char *end, uint64_t *ret_number)
{
    const char *start = *at, *p = *at;
    uint64_t number = 0;

    if (end - p >= 8 && take_eight_digits(p, &number))
        p += 8;
    while (p < end && *p >= '0' && *p <= '9')
        number = number * 10 + (uint64_t)(*p++ - '0');
    if (p == start || p - start > 19)
        return false;
    *at = p;
    *ret_number = number;
    return true;
}

/* "audit(SECONDS.MMM:SERIAL):" and the spaces after it. Returns the body, or NULL. */
static const char *take_stamp(const char *at, const char *end, Stamp *ret_stamp)
{
    uint64_t seconds, milliseconds, serial;
    const char *fraction;

    if (!HAS_PREFIX(at, end, "audit("))
        return NULL;
    at += 6;
    if (!take_number(&at, end, &seconds) || seconds >= UINT64_MAX / USEC_PER_SEC)
        return NULL;
    if (at == end || *at++ != '.')
        return NULL;
    fraction = at;
    if (!take_number(&at, end, &milliseconds) || at - fraction != 3)
        return NULL;
    if (at == end || *at++ != ':')
        return NULL;
    if (!take_number(&at, end, &serial))
        return NULL;
    if (end - at < 2 || at[0] != ')' || at[1] != ':')
        return NULL;
    at += 2;
    while (at < end && *at == ' ')
        at++;
    ret_stamp->time_usec = seconds * USEC_PER_SEC + milliseconds * USEC_PER_MSEC;
    ret_stamp->serial = serial;
    return at;
}

static const char *trim_end(const char *at, const char *end)
{
    while (end > at && (end[-1] == '\n' || end[-1] == '\r' || end[-1] == '\0' || end[-1] == ' '))
        end--;
    return end;
}

int audit_record_parse_payload(int type, const char *payload, size_t length,
                               AuditRecord *ret_record)
{
    const char *end = payload + length, *body;
    Stamp stamp;

    if (length > AUDIT_RECORD_LENGTH_MAX)
        return -EMSGSIZE;
    body = take_stamp(payload, end, &stamp);
    if (!body)
        return -EBADMSG;
    *ret_record = (AuditRecord){
        .type = type,
        .time_usec = stamp.time_usec,
        .serial = stamp.serial,
        .body = body,
        .length = (size_t)(trim_end(body, end) - body),
    };
    return 0;
}

/* The type name, number or UNKNOWN[number] at *at, which is moved past it. -1: none. */
static int take_type(const char **at, const char *end)
{
    const char *start = *at, *p = start;
    size_t length;
    uint64_t number;

    /* By far the most frequent ones that matter: the records of a denial. */
    if (HAS_PREFIX(start, end, "AVC ")) {
        *at = start + 3;
        return AUDIT_RECORD_AVC;
    }
    if (HAS_PREFIX(start, end, "SYSCALL ")) {
        *at = start + 7;
        return AUDIT_RECORD_SYSCALL;
    }
    if (HAS_PREFIX(start, end, "PROCTITLE ")) {
        *at = start + 9;
        return AUDIT_RECORD_PROCTITLE;
    }
    while (p < end && ((*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_' ||
                       *p == '-' || *p == '[' || *p == ']'))
        p++;
    length = (size_t)(p - start);
    if (length == 0)
        return -1;
    *at = p;
    for (size_t i = 0; i < ELEMENTS_OF(type_names); i++) {
        if (length == type_names[i].length && memcmp(start, type_names[i].name, length) == 0)
            return type_names[i].type;
    }
    if (length == 3 && memcmp(start, "AVC", 3) == 0)
        return AUDIT_RECORD_AVC;
    if (HAS_PREFIX(start, p, "UNKNOWN[") && p[-1] == ']') {
        start += 8;
        length -= 9;
    }
    if (audit_value_number(start, length, &number) == 0 && number <= UINT16_MAX)
        return (int)number;
    return AUDIT_RECORD_OTHER;
}

/* Past "node=NAME ", if it is there. */
static const char *skip_node(const char *at, const char *end)
{
    const char *space;

    if (!HAS_PREFIX(at, end, "node="))
        return at;
    space = memchr(at, ' ', (size_t)(end - at));
    return space ? space + 1 : end;
}

int audit_line_peek_type(const char *line, size_t length)
{
    const char *at = line, *end = line + length;

    if (length > 0 && *at == 'n')
        at = skip_node(at, end);
    if (!HAS_PREFIX(at, end, "type="))
        return -1;
    at += 5;
    return take_type(&at, end);
}

int audit_record_parse_line(const char *line, size_t length, AuditRecord *ret_record)
{
    const char *end = line + length, *at = skip_node(line, end), *body, *suffix;
    Stamp stamp;
    int type;

    if (length > AUDIT_LOG_LINE_LENGTH_MAX)
        return -EMSGSIZE;
    if (!HAS_PREFIX(at, end, "type="))
        return -EBADMSG;
    at += 5;
    type = take_type(&at, end);
    if (type < 0 || !HAS_PREFIX(at, end, " msg="))
        return -EBADMSG;
    body = take_stamp(at + 5, end, &stamp);
    if (!body)
        return -EBADMSG;
    suffix = memchr(body, 0x1d, (size_t)(end - body));
    *ret_record = (AuditRecord){
        .type = type,
        .time_usec = stamp.time_usec,
        .serial = stamp.serial,
        .body = body,
        .length = (size_t)(trim_end(body, suffix ? suffix : end) - body),
    };
    return 0;
}

/* "type=T msg=" or "type=T " that ends right before `stamp`. Returns T or -1. */
static int type_before(const char *line, const char *stamp)
{
    const char *end = stamp, *start;
    int type;

    if (end - line >= 4 && memcmp(end - 4, "msg=", 4) == 0)
        end -= 4;
    while (end > line && end[-1] == ' ')
        end--;
    start = end;
    while (start > line && start[-1] != ' ' && start[-1] != '\t')
        start--;
    if (!HAS_PREFIX(start, end, "type="))
        return -1;
    start += 5;
    type = take_type(&start, end);
    return start == end ? type : -1;
}

/* journald shows an audit record as "audit[PID]: AVC avc:  denied …", without its stamp;
 * and `ausearch -i` a stamp in the local form of the date. Such an AVC stands alone. The
 * same words inside a user-space record (USER_AVC … msg='avc: …') are not the kernel's. */
static int parse_unstamped(const char *line, const char *end, AuditRecord *ret_record)
{
    const char *avc, *before;

    if (!line || line == end) /* an empty text may have no address */
        return -ENODATA;
    avc = memmem(line, (size_t)(end - line), "avc: ", 5);
    if (!avc)
        return -ENODATA;
    if (memmem(line, (size_t)(avc - line), "USER_", 5) ||
        memmem(line, (size_t)(avc - line), "msg='", 5))
        return -ENODATA;
    before = avc;
    while (before > line && (before[-1] == ' ' || before[-1] == '\t'))
        before--;
    if (before > line && before[-1] != ':' &&
        !(before - line >= 3 && memcmp(before - 3, "AVC", 3) == 0))
        return -ENODATA;
    *ret_record = (AuditRecord){
        .type = AUDIT_RECORD_AVC,
        .body = avc,
        .length = (size_t)(trim_end(avc, end) - avc),
    };
    return 0;
}

int audit_record_parse_text(const char *line, size_t length, AuditRecord *ret_record)
{
    const char *end = line + length, *at, *body, *suffix;
    Stamp stamp;
    int type;

    if (length > AUDIT_LOG_LINE_LENGTH_MAX)
        return -EMSGSIZE;
    while (line < end && (*line == ' ' || *line == '\t'))
        line++;
    if (audit_record_parse_line(line, (size_t)(end - line), ret_record) == 0)
        return 0;

    suffix = memchr(line, 0x1d, (size_t)(end - line));
    if (suffix)
        end = suffix;
    at = memmem(line, (size_t)(end - line), "audit(", 6);
    if (!at)
        return parse_unstamped(line, end, ret_record);
    type = type_before(line, at);
    body = take_stamp(at, end, &stamp);
    if (type < 0 || !body) {
        int r = parse_unstamped(line, end, ret_record);

        return r == -ENODATA ? -EBADMSG : r;
    }
    *ret_record = (AuditRecord){
        .type = type,
        .time_usec = stamp.time_usec,
        .serial = stamp.serial,
        .body = body,
        .length = (size_t)(trim_end(body, end) - body),
    };
    return 0;
}
