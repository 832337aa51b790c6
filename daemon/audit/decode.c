/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/decode.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "daemon/audit/sockaddr.h"

/* What a NUL inside a decoded value becomes; REFUSE: the value is then absent. */
typedef enum NulRule {
    NUL_REFUSE,
    NUL_TO_SPACE,
    NUL_TO_AT,
} NulRule;

/* What the event's other records say, once for all its denials. */
typedef struct EventContext {
    int64_t pid; /* of SYSCALL; 0 where absent */
    const char *comm;
    bool have_a0;
    uint64_t a0;
    int syscall;
    uint32_t arch;
    const char *exe;
    int64_t uid;
    int64_t euid;
    bool have_exit;
    int64_t exit_code;
    const char *proctitle;
    const char *cwd;
    const char *saddr;
} EventContext;

/* A terminated copy of plain text in the scratch buffer. NULL if there is no room, which
 * its size rules out. */
static const char *copy_text(AuditDecoder *decoder, const char *text, size_t length)
{
    char *at = decoder->scratch + decoder->used;

    if (length >= sizeof(decoder->scratch) - decoder->used)
        return NULL;
    memcpy(at, text, length);
    at[length] = '\0';
    decoder->used += length + 1;
    return at;
}

static const char *copy_value(AuditDecoder *decoder, AuditFieldKind kind, const char *value,
                              size_t length, NulRule rule)
{
    char *at = decoder->scratch + decoder->used;
    size_t room = sizeof(decoder->scratch) - decoder->used;
    int n;

    if (length == 0 || room == 0)
        return NULL;
    n = audit_value_decode(kind, value, length, at, room - 1);
    if (n <= 0)
        return NULL;
    if (memchr(at, '\0', (size_t)n)) {
        switch (rule) {
        case NUL_REFUSE:
            return NULL;
        case NUL_TO_AT:
            /* Only an abstract name begins with one. */
            if (at[0] != '\0')
                return NULL;
            break;
        case NUL_TO_SPACE:
            while (n > 0 && at[n - 1] == '\0')
                n--;
            if (n == 0)
                return NULL;
            break;
        }
        for (int i = 0; i < n; i++) {
            if (at[i] == '\0')
                at[i] = rule == NUL_TO_AT ? '@' : ' ';
        }
    }
    at[n] = '\0';
    decoder->used += (size_t)n + 1;
    return at;
}

static bool key_is(const AuditField *field, const char *key, size_t length)
{
    return field->key_length == length && memcmp(field->key, key, length) == 0;
}
#define KEY_IS(field, literal) key_is(field, "" literal, sizeof(literal) - 1)

/* "arch=%x syscall=%d success=%s exit=%ld a0=%lx … comm=… exe=…", audit_log_exit() and
 * audit_log_task_info(). What follows exe is of no use. The first of a key counts. */
static void read_syscall(AuditDecoder *decoder, EventContext *context, const char *body,
                         size_t length)
{
    AuditFieldIterator iterator = audit_field_iterator(body, length);
    AuditField field;
    bool have_pid = false, have_uid = false, have_euid = false;
    uint64_t number;
    int64_t value;

    while (audit_field_next(&iterator, &field)) {
        switch (field.key_length) {
        case 2:
            if (!context->have_a0 && KEY_IS(&field, "a0") &&
                audit_value_hex(field.value, field.length, &number) == 0) {
                context->have_a0 = true;
                context->a0 = number;
            }
            break;
        case 3:
            if (KEY_IS(&field, "exe")) {
                context->exe =
                    copy_value(decoder, field.kind, field.value, field.length, NUL_REFUSE);
                return;
            }
            if (!have_pid && KEY_IS(&field, "pid") &&
                audit_value_number(field.value, field.length, &number) == 0 && number <= INT_MAX) {
                have_pid = true;
                context->pid = (int64_t)number;
            }
            if (!have_uid && KEY_IS(&field, "uid") &&
                audit_value_number(field.value, field.length, &number) == 0 &&
                number <= UINT32_MAX) {
                have_uid = true;
                context->uid = (int64_t)number;
            }
            break;
        case 4:
            if (!context->comm && KEY_IS(&field, "comm"))
                context->comm =
                    copy_value(decoder, field.kind, field.value, field.length, NUL_REFUSE);
            if (context->arch == 0 && KEY_IS(&field, "arch") &&
                audit_value_hex(field.value, field.length, &number) == 0 && number <= UINT32_MAX)
                context->arch = (uint32_t)number;
            if (!context->have_exit && KEY_IS(&field, "exit") &&
                audit_value_signed(field.value, field.length, &value) == 0) {
                context->have_exit = true;
                context->exit_code = value;
            }
            if (!have_euid && KEY_IS(&field, "euid") &&
                audit_value_number(field.value, field.length, &number) == 0 &&
                number <= UINT32_MAX) {
                have_euid = true;
                context->euid = (int64_t)number;
            }
            break;
        case 7:
            if (context->syscall < 0 && KEY_IS(&field, "syscall") &&
                audit_value_number(field.value, field.length, &number) == 0 && number <= INT_MAX)
                context->syscall = (int)number;
            break;
        default:
            break;
        }
    }
}

/* The one field of a record that has no other use. */
static const char *read_single(AuditDecoder *decoder, const char *body, size_t length,
                               const char *key, NulRule rule)
{
    AuditFieldIterator iterator = audit_field_iterator(body, length);
    AuditField field;

    while (audit_field_next(&iterator, &field)) {
        if (key_is(&field, key, strlen(key)))
            return copy_value(decoder, field.kind, field.value, field.length, rule);
    }
    return NULL;
}

/* "saddr=" is always hex, without quotes (audit_log_n_hex()). */
static const char *read_sockaddr(AuditDecoder *decoder, const char *body, size_t length)
{
    AuditFieldIterator iterator = audit_field_iterator(body, length);
    AuditField field;

    while (audit_field_next(&iterator, &field)) {
        uint8_t address[128]; /* struct sockaddr_storage is the kernel's limit */
        char text[AUDIT_SOCKADDR_TEXT_MAX];
        int n;

        if (!KEY_IS(&field, "saddr"))
            continue;
        if (field.kind != AUDIT_FIELD_BARE || field.length > 2 * sizeof(address))
            return NULL;
        n = audit_value_decode(field.kind, field.value, field.length, (char *)address,
                               sizeof(address));
        /* Text that was not hex came back as it is. */
        if (n < 0 || (size_t)n * 2 != field.length)
            return NULL;
        n = audit_sockaddr_format(address, (size_t)n, text, sizeof(text));
        return n < 0 ? NULL : copy_text(decoder, text, (size_t)n);
    }
    return NULL;
}

static void read_event(AuditDecoder *decoder, EventContext *context, const AuditEvent *event)
{
    bool have_syscall = false;

    *context = (EventContext){.syscall = -1, .uid = -1, .euid = -1};
    for (size_t i = 0; i < event->n_records; i++) {
        const AuditEventRecord *record = &event->records[i];
        const char *body = event->text + record->offset;

        switch (record->type) {
        case AUDIT_RECORD_SYSCALL:
            if (!have_syscall)
                read_syscall(decoder, context, body, record->length);
            have_syscall = true;
            break;
        case AUDIT_RECORD_PROCTITLE:
            if (!context->proctitle)
                context->proctitle =
                    read_single(decoder, body, record->length, "proctitle", NUL_TO_SPACE);
            break;
        case AUDIT_RECORD_CWD:
            if (!context->cwd)
                context->cwd = read_single(decoder, body, record->length, "cwd", NUL_REFUSE);
            break;
        case AUDIT_RECORD_SOCKADDR:
            if (!context->saddr)
                context->saddr = read_sockaddr(decoder, body, record->length);
            break;
        default:
            break;
        }
    }
}

/* --- the path of an AVC that has only a name ------------------------------ */

/* A relative name is relative to the working directory only if the system call did not
 * name another directory: its first argument is then AT_FDCWD, or a pointer (no process
 * has memory below 64 KiB), never a descriptor. */
static bool name_is_below_cwd(const EventContext *context)
{
    return context->have_a0 &&
           ((uint32_t)context->a0 == 0xffffff9cu || context->a0 >= 64 * UINT64_C(1024));
}

static bool last_component_is(const char *path, const char *name)
{
    size_t length = strlen(path);
    size_t name_length = strlen(name);

    while (length > 1 && path[length - 1] == '/')
        length--;
    return length >= name_length && memcmp(path + length - name_length, name, name_length) == 0 &&
           (length == name_length || path[length - name_length - 1] == '/');
}

/* "item=0 name=… inode=… dev=… … nametype=NORMAL": the path of that item in the scratch
 * buffer if it is about this inode, else NULL. */
static const char *read_path(AuditDecoder *decoder, const EventContext *context, const char *body,
                             size_t length, uint64_t inode)
{
    AuditFieldIterator iterator = audit_field_iterator(body, length);
    AuditField field, name = {0};
    uint64_t number = 0;
    bool normal = false;
    const char *text, *relative;
    size_t cwd_length, text_length;
    char *at;

    while (audit_field_next(&iterator, &field)) {
        if (KEY_IS(&field, "name") && name.key_length == 0)
            name = field;
        else if (KEY_IS(&field, "inode") && number == 0)
            (void)audit_value_number(field.value, field.length, &number);
        else if (KEY_IS(&field, "nametype"))
            normal = field.length == 6 && memcmp(field.value, "NORMAL", 6) == 0;
    }
    if (name.key_length == 0 || number != inode)
        return NULL;
    text = copy_value(decoder, name.kind, name.value, name.length, NUL_REFUSE);
    if (!text || strlen(text) >= AUDIT_DECODE_PATH_MAX)
        return NULL;
    if (text[0] == '/')
        return text;

    /* PARENT, CREATE and DELETE items come from calls that may name two directories. */
    if (!normal || !context->cwd || context->cwd[0] != '/' || !name_is_below_cwd(context))
        return NULL;
    relative = text;
    while (relative[0] == '.' && relative[1] == '/')
        relative += 2;
    cwd_length = strlen(context->cwd);
    if (cwd_length == 1)
        cwd_length = 0;
    text_length = strlen(relative);
    if (cwd_length + text_length + 1 >= AUDIT_DECODE_PATH_MAX ||
        cwd_length + text_length + 2 > sizeof(decoder->scratch) - decoder->used)
        return NULL;
    at = decoder->scratch + decoder->used;
    memcpy(at, context->cwd, cwd_length);
    at[cwd_length] = '/';
    memcpy(at + cwd_length + 1, relative, text_length + 1);
    decoder->used += cwd_length + text_length + 2;
    return at;
}

/* The absolute path of the object, if the event's PATH records leave no doubt: all that
 * have its inode give one and the same path, which ends in the name that the AVC has.
 * (Inode numbers alone could be those of two file systems.) */
static const char *find_path(AuditDecoder *decoder, const EventContext *context,
                             const AuditEvent *event, uint64_t inode, const char *name)
{
    size_t used = decoder->used;
    const char *found = NULL;

    for (size_t i = 0; i < event->n_records; i++) {
        const AuditEventRecord *record = &event->records[i];
        const char *path;
        size_t before = decoder->used;

        if (record->type != AUDIT_RECORD_PATH)
            continue;
        path = read_path(decoder, context, event->text + record->offset, record->length, inode);
        if (path && !found && last_component_is(path, name)) {
            /* Keep the path alone, at the start of what this search has used. */
            size_t length = strlen(path) + 1;

            memmove(decoder->scratch + used, path, length);
            found = decoder->scratch + used;
            decoder->used = used + length;
            continue;
        }
        decoder->used = before;
        if (path && (!found || strcmp(path, found) != 0)) {
            decoder->used = used;
            return NULL;
        }
    }
    return found;
}

/* --- the AVC itself ------------------------------------------------------- */

static const char *avc_text(AuditDecoder *decoder, const Avc *avc, AvcField field, const char *body,
                            NulRule rule)
{
    const AvcSlice *slice = &avc->fields[field];

    return copy_value(decoder, slice->kind, body + slice->offset, slice->length, rule);
}

static bool avc_number(const Avc *avc, AvcField field, const char *body, uint64_t limit,
                       uint64_t *ret_number)
{
    const AvcSlice *slice = &avc->fields[field];
    uint64_t number;

    if (slice->length == 0 ||
        audit_value_number(body + slice->offset, slice->length, &number) < 0 || number > limit)
        return false;
    *ret_number = number;
    return true;
}

static int avc_port(const Avc *avc, AvcField packet, AvcField sock, const char *body)
{
    uint64_t number;

    /* A packet's own address says more than its socket's. */
    if (avc_number(avc, packet, body, UINT16_MAX, &number) ||
        avc_number(avc, sock, body, UINT16_MAX, &number))
        return (int)number;
    return -1;
}

static const char *avc_address(AuditDecoder *decoder, const Avc *avc, AvcField packet,
                               AvcField sock, const char *body)
{
    const AvcSlice *slice = &avc->fields[avc_has(avc, packet) ? packet : sock];

    /* Printed with %pI4 or %pI6c: never hex, though "1234" would look like it. */
    if (slice->length == 0 || memchr(body + slice->offset, '\0', slice->length))
        return NULL;
    return copy_text(decoder, body + slice->offset, slice->length);
}

typedef struct Word {
    const char *text;
    size_t length;
} Word;

static int word_compare(const Word *a, const Word *b)
{
    size_t length = a->length < b->length ? a->length : b->length;
    int r = memcmp(a->text, b->text, length);

    return r != 0 ? r : (a->length > b->length) - (a->length < b->length);
}

/* Sorted, each once, one space between. An insertion sort: there are seldom three. */
static const char *sorted_permissions(AuditDecoder *decoder, const char *text, size_t length)
{
    Word words[DENIAL_PERMISSIONS_MAX];
    size_t n = 0;
    char *start = decoder->scratch + decoder->used, *at = start;

    if (!memchr(text, ' ', length))
        return copy_text(decoder, text, length);
    if (length >= sizeof(decoder->scratch) - decoder->used)
        return NULL;
    for (const char *p = text, *end = text + length; p < end && n < DENIAL_PERMISSIONS_MAX;) {
        const char *space = memchr(p, ' ', (size_t)(end - p));
        Word word = {p, (size_t)((space ? space : end) - p)};
        size_t i = n;
        bool known = false;

        p += word.length + 1;
        if (word.length == 0)
            continue;
        while (i > 0 && word_compare(&words[i - 1], &word) > 0)
            i--;
        known = i > 0 && word_compare(&words[i - 1], &word) == 0;
        if (known)
            continue;
        memmove(&words[i + 1], &words[i], (n - i) * sizeof(words[0]));
        words[i] = word;
        n++;
    }
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            *at++ = ' ';
        memcpy(at, words[i].text, words[i].length);
        at += words[i].length;
    }
    *at++ = '\0';
    decoder->used += (size_t)(at - start);
    return start;
}

static void decode_avc(AuditDecoder *decoder, const EventContext *context, const AuditEvent *event,
                       size_t n, Denial *denial)
{
    const Avc *avc = &event->avcs[n];
    const AvcSlice *permissions = &avc->fields[AVC_PERMISSIONS];
    const AvcSlice *class = &avc->fields[AVC_TCLASS];
    const AvcSlice *permissive = &avc->fields[AVC_PERMISSIVE];
    const char *body, *part;
    size_t length;
    uint64_t number;

    body = audit_event_avc_text(event, n, &length);
    *denial = (Denial){
        .time_usec = event->time_usec,
        .serial = event->serial,
        .pid = (pid_t)context->pid,
        .capability = -1,
        .syscall = context->syscall,
        .arch = context->arch,
        .exe = context->exe,
        .uid = context->uid,
        .euid = context->euid,
        .have_exit = context->have_exit,
        .exit_code = context->exit_code,
        .proctitle = context->proctitle,
        .cwd = context->cwd,
        .saddr = context->saddr,
    };
    part = avc_source_context(avc, body, &length);
    denial->source_context = copy_text(decoder, part, length);
    part = avc_target_context(avc, body, &length);
    denial->target_context = copy_text(decoder, part, length);
    denial->target_class = copy_text(decoder, body + class->offset, class->length);
    denial->permissions =
        sorted_permissions(decoder, body + permissions->offset, permissions->length);
    denial->permissive = permissive->length == 1 && body[permissive->offset] == '1';

    if (avc_number(avc, AVC_PID, body, INT_MAX, &number))
        denial->pid = (pid_t)number;
    denial->comm = avc_text(decoder, avc, AVC_COMM, body, NUL_REFUSE);
    if (!denial->comm)
        denial->comm = context->comm;
    denial->path = avc_text(decoder, avc, AVC_PATH, body, NUL_TO_AT);
    denial->name = avc_text(decoder, avc, AVC_NAME, body, NUL_REFUSE);
    denial->device = avc_text(decoder, avc, AVC_DEV, body, NUL_REFUSE);
    if (avc_number(avc, AVC_INO, body, UINT64_MAX, &number))
        denial->inode = number;
    denial->source_port = avc_port(avc, AVC_SRC, AVC_LPORT, body);
    denial->dest_port = avc_port(avc, AVC_DEST, AVC_FPORT, body);
    denial->laddr = avc_address(decoder, avc, AVC_SADDR, AVC_LADDR, body);
    denial->faddr = avc_address(decoder, avc, AVC_DADDR, AVC_FADDR, body);
    if (avc_number(avc, AVC_CAPABILITY, body, INT_MAX, &number))
        denial->capability = (int)number;
    if (!avc_has(avc, AVC_PATH) && denial->name && denial->inode != 0)
        denial->path = find_path(decoder, context, event, denial->inode, denial->name);
}

size_t audit_decode_event(AuditDecoder *decoder, const AuditEvent *event)
{
    EventContext context;

    decoder->used = 0;
    read_event(decoder, &context, event);
    for (size_t i = 0; i < event->n_avcs; i++)
        decode_avc(decoder, &context, event, i, &decoder->denials[i]);
    return event->n_avcs;
}
