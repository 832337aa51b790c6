/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/decode.h"

#include <limits.h>
#include <string.h>

#include "daemon/audit/event-context.h"
#include "daemon/audit/path-records.h"
#include "daemon/core/text.h"

static const char *avc_text(Scratch *scratch, const Avc *avc, AvcField field, const char *body,
                            NulRule rule)
{
    const AvcSlice *slice = &avc->fields[field];

    return scratch_copy_value(scratch, slice->kind, body + slice->offset, slice->length, rule);
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

/* "0x5401": dump_common_audit_data() in security/lsm_audit.c prints it so. */
static int avc_ioctl(const Avc *avc, const char *body)
{
    const AvcSlice *slice = &avc->fields[AVC_IOCTL];
    const char *value = body + slice->offset;
    uint64_t number;

    if (slice->length < 3 || memcmp(value, "0x", 2) != 0 ||
        audit_value_hex(value + 2, slice->length - 2u, &number) < 0 || number > UINT16_MAX)
        return 0;
    return (int)number;
}

static const char *avc_address(Scratch *scratch, const Avc *avc, AvcField packet, AvcField sock,
                               const char *body)
{
    const AvcSlice *slice = &avc->fields[avc_has(avc, packet) ? packet : sock];

    /* Printed with %pI4 or %pI6c: never hex, though "1234" would look like it. */
    if (slice->length == 0 || memchr(body + slice->offset, '\0', slice->length))
        return NULL;
    return scratch_copy_text(scratch, body + slice->offset, slice->length);
}

_Static_assert((AUDIT_KNOWN_EVENTS & (AUDIT_KNOWN_EVENTS - 1)) == 0, "the hash is masked");
_Static_assert(sizeof(AuditEventRecord) == sizeof(int) + 2 * sizeof(uint32_t),
               "records are compared as memory");

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
static const char *sorted_permissions(Scratch *scratch, const char *text, size_t length)
{
    Word words[DENIAL_PERMISSIONS_MAX];
    size_t n = 0;
    char *start = scratch->data + scratch->used, *at = start;

    if (!memchr(text, ' ', length))
        return scratch_copy_text(scratch, text, length);
    if (length >= scratch->size - scratch->used)
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
    scratch->used += (size_t)(at - start);
    return start;
}

static void decode_avc(Scratch *scratch, const EventContext *context, const AuditEvent *event,
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
    denial->source_context = scratch_copy_text(scratch, part, length);
    part = avc_target_context(avc, body, &length);
    denial->target_context = scratch_copy_text(scratch, part, length);
    denial->target_class = scratch_copy_text(scratch, body + class->offset, class->length);
    denial->permissions =
        sorted_permissions(scratch, body + permissions->offset, permissions->length);
    denial->permissive = permissive->length == 1 && body[permissive->offset] == '1';

    if (avc_number(avc, AVC_PID, body, INT_MAX, &number))
        denial->pid = (pid_t)number;
    denial->comm = avc_text(scratch, avc, AVC_COMM, body, NUL_REFUSE);
    if (!denial->comm)
        denial->comm = context->comm;
    denial->path = avc_text(scratch, avc, AVC_PATH, body, NUL_TO_AT);
    denial->name = avc_text(scratch, avc, AVC_NAME, body, NUL_REFUSE);
    denial->device = avc_text(scratch, avc, AVC_DEV, body, NUL_REFUSE);
    if (avc_number(avc, AVC_INO, body, UINT64_MAX, &number))
        denial->inode = number;
    denial->source_port = avc_port(avc, AVC_SRC, AVC_LPORT, body);
    denial->dest_port = avc_port(avc, AVC_DEST, AVC_FPORT, body);
    denial->laddr = avc_address(scratch, avc, AVC_SADDR, AVC_LADDR, body);
    denial->faddr = avc_address(scratch, avc, AVC_DADDR, AVC_FADDR, body);
    if (avc_number(avc, AVC_CAPABILITY, body, INT_MAX, &number))
        denial->capability = (int)number;
    denial->ioctl_command = avc_ioctl(avc, body);
    if (!avc_has(avc, AVC_PATH) && denial->name && denial->inode != 0)
        denial->path = path_records_find(scratch, context, event, denial->inode, denial->name);
}

static void decode(AuditDecoder *decoder, Scratch *scratch, const AuditEvent *event,
                   Denial *denials)
{
    EventContext context;

    event_context_read(&context, &decoder->memo, scratch, event);
    for (size_t i = 0; i < event->n_avcs; i++)
        decode_avc(scratch, &context, event, i, &denials[i]);
}

/* Whether all but the stamp is the same. */
static bool is_known(const KnownEvent *known, const AuditEvent *event)
{
    return known->n_records == event->n_records && known->text_length == event->text_length &&
           memcmp(known->records, event->records, event->n_records * sizeof(*known->records)) ==
               0 &&
           memcmp(known->text, event->text, event->text_length) == 0;
}

static void learn(AuditDecoder *decoder, KnownEvent *known, const AuditEvent *event)
{
    static uint64_t last_content; /* of all decoders */
    Scratch scratch = {.data = known->strings, .size = sizeof(known->strings)};

    decode(decoder, &scratch, event, &known->denial);
    known->denial.content = ++last_content;
    known->n_records = event->n_records;
    memcpy(known->records, event->records, event->n_records * sizeof(*known->records));
    known->text_length = event->text_length;
    memcpy(known->text, event->text, event->text_length);
}

size_t audit_decode_event(AuditDecoder *decoder, const AuditEvent *event)
{
    if (event->n_avcs == 1 && event->n_records <= AUDIT_KNOWN_RECORDS_MAX &&
        event->text_length <= AUDIT_KNOWN_TEXT_MAX) {
        uint64_t hash = hash_text(event->text, event->text_length);
        KnownEvent *known = &decoder->known[hash & (AUDIT_KNOWN_EVENTS - 1)];

        if (!is_known(known, event))
            learn(decoder, known, event);
        decoder->denials[0] = known->denial;
        decoder->denials[0].time_usec = event->time_usec;
        decoder->denials[0].serial = event->serial;
    } else {
        Scratch scratch = {.data = decoder->strings, .size = sizeof(decoder->strings)};

        decode(decoder, &scratch, event, decoder->denials);
    }
    return event->n_avcs;
}
