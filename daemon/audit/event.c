/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/audit/decode.h"
#include "daemon/audit/memo.h"
#include "daemon/audit/source-filter.h"

#define NO_SLOT    UINT8_MAX
#define INDEX_SIZE 128u

_Static_assert(AUDIT_EVENTS_OPEN_MAX < NO_SLOT, "slots are numbered in one byte");
_Static_assert(AUDIT_EVENT_KEPT_MAX <= UINT8_MAX, "kept records are numbered in one byte");

/* What a look-up touches, apart from the large events. */
typedef struct Slot {
    uint64_t time_usec;
    uint64_t serial;
    uint64_t deadline;
    uint8_t chain;  /* next of the same index bucket, or next free one */
    uint8_t before; /* in the list by last activity, oldest first */
    uint8_t after;
    bool has_syscall;
} Slot;

struct AuditAssembler {
    AuditSink sink;
    unsigned int flags;
    bool unordered;
    uint64_t log_clock; /* the latest stamp */
    uint64_t timeout;
    AuditStatistics statistics;
    SourceFilter sources;
    uint8_t index[INDEX_SIZE]; /* by serial */
    uint8_t oldest;
    uint8_t newest;
    uint8_t free; /* last freed first: its memory is still in the cache */
    Slot slots[AUDIT_EVENTS_OPEN_MAX];
    Memo memo; /* bodies of AVC records, and what they are when split: */
    struct {
        Avc avc;
        int result; /* of avc_parse() */
    } parsed[AUDIT_MEMO_ENTRIES];
    AuditDecoder decoder;
    AuditEvent events[AUDIT_EVENTS_OPEN_MAX];
};

int audit_assembler_new(AuditAssembler **ret_assembler, const AuditSink *sink, unsigned int flags)
{
    AuditAssembler *assembler;

    if (!sink || !sink->denials || (flags & ~(unsigned int)AUDIT_ASSEMBLER_LOG) != 0)
        return -EINVAL;
    assembler = calloc(1, sizeof(*assembler));
    if (!assembler)
        return -ENOMEM;
    assembler->sink = *sink;
    assembler->flags = flags;
    assembler->timeout =
        flags & AUDIT_ASSEMBLER_LOG ? AUDIT_LOG_EVENT_TIMEOUT_USEC : AUDIT_EVENT_TIMEOUT_USEC;
    memset(assembler->index, NO_SLOT, sizeof(assembler->index));
    assembler->oldest = assembler->newest = NO_SLOT;
    for (unsigned int i = 0; i < AUDIT_EVENTS_OPEN_MAX; i++)
        assembler->slots[i].chain = i + 1 < AUDIT_EVENTS_OPEN_MAX ? (uint8_t)(i + 1) : NO_SLOT;
    *ret_assembler = assembler;
    return 0;
}

AuditAssembler *audit_assembler_free(AuditAssembler *assembler)
{
    if (assembler) {
        source_filter_clear(&assembler->sources);
        free(assembler);
    }
    return NULL;
}

int audit_assembler_set_sources(AuditAssembler *assembler, char *const *types)
{
    SourceFilter filter;
    int r = source_filter_init(&filter, types);

    if (r < 0)
        return r;
    source_filter_clear(&assembler->sources);
    assembler->sources = filter;
    return 0;
}

void audit_assembler_set_unordered(AuditAssembler *assembler, bool unordered)
{
    assembler->unordered = unordered;
}

bool audit_assembler_is_idle(const AuditAssembler *assembler)
{
    return assembler->oldest == NO_SLOT && !assembler->unordered;
}

AuditStatistics *audit_assembler_statistics(AuditAssembler *assembler)
{
    return &assembler->statistics;
}

uint64_t audit_assembler_next_deadline(const AuditAssembler *assembler)
{
    return assembler->oldest == NO_SLOT ? UINT64_MAX : assembler->slots[assembler->oldest].deadline;
}

static void list_append(AuditAssembler *assembler, uint8_t at)
{
    Slot *slot = &assembler->slots[at];

    slot->before = assembler->newest;
    slot->after = NO_SLOT;
    if (assembler->newest == NO_SLOT)
        assembler->oldest = at;
    else
        assembler->slots[assembler->newest].after = at;
    assembler->newest = at;
}

static void list_remove(AuditAssembler *assembler, uint8_t at)
{
    const Slot *slot = &assembler->slots[at];

    if (slot->before == NO_SLOT)
        assembler->oldest = slot->after;
    else
        assembler->slots[slot->before].after = slot->after;
    if (slot->after == NO_SLOT)
        assembler->newest = slot->before;
    else
        assembler->slots[slot->after].before = slot->before;
}

static uint8_t *index_bucket(AuditAssembler *assembler, uint64_t serial)
{
    return &assembler->index[serial % INDEX_SIZE];
}

static uint8_t find(AuditAssembler *assembler, const AuditRecord *record)
{
    uint8_t at = *index_bucket(assembler, record->serial);

    while (at != NO_SLOT && (assembler->slots[at].serial != record->serial ||
                             assembler->slots[at].time_usec != record->time_usec))
        at = assembler->slots[at].chain;
    return at;
}

/* Takes an event out, hands it over if it holds a denial, and frees its slot. */
static int complete(AuditAssembler *assembler, uint8_t at)
{
    Slot *slot = &assembler->slots[at];
    AuditEvent *event = &assembler->events[at];
    uint8_t *link = index_bucket(assembler, slot->serial);
    int r = 0;

    while (*link != at)
        link = &assembler->slots[*link].chain;
    *link = slot->chain;
    list_remove(assembler, at);

    if (event->n_avcs > 0) {
        size_t n = audit_decode_event(&assembler->decoder, event);

        assembler->statistics.events++;
        assembler->statistics.denials += n;
        r = assembler->sink.denials(assembler->sink.userdata, event, assembler->decoder.denials, n);
    }
    slot->chain = assembler->free;
    assembler->free = at;
    return r < 0 ? r : 0;
}

/* A fresh event for the record. The oldest gives way if there is no room; what the sink
 * returns for that one comes back in *ret_result. */
static uint8_t open_event(AuditAssembler *assembler, const AuditRecord *record, int *ret_result)
{
    AuditEvent *event;
    Slot *slot;
    uint8_t at, *bucket;

    if (assembler->free == NO_SLOT) {
        if (assembler->events[assembler->oldest].n_avcs > 0)
            assembler->statistics.evictions++;
        *ret_result = complete(assembler, assembler->oldest);
    }
    at = assembler->free;
    slot = &assembler->slots[at];
    event = &assembler->events[at];
    assembler->free = slot->chain;

    bucket = index_bucket(assembler, record->serial);
    slot->time_usec = record->time_usec;
    slot->serial = record->serial;
    slot->has_syscall = false;
    slot->chain = *bucket;
    *bucket = at;
    list_append(assembler, at);

    event->time_usec = record->time_usec;
    event->serial = record->serial;
    event->n_records = 0;
    event->n_avcs = 0;
    event->text_length = 0;
    return at;
}

/* Keeps the record, with its split fields if it is an AVC. */
static void keep(AuditAssembler *assembler, uint8_t at, const AuditRecord *record, const Avc *avc)
{
    AuditEvent *event = &assembler->events[at];
    bool room = avc ? event->n_avcs < AUDIT_EVENT_DENIALS_MAX
                    : event->n_records - event->n_avcs < AUDIT_EVENT_RECORDS_MAX;

    if (!room || record->length > sizeof(event->text) - event->text_length) {
        assembler->statistics.dropped_records++;
        return;
    }
    if (avc) {
        event->avcs[event->n_avcs] = *avc;
        event->avc_record[event->n_avcs] = (uint8_t)event->n_records;
        event->n_avcs++;
    }
    event->records[event->n_records++] = (AuditEventRecord){
        .type = record->type,
        .offset = event->text_length,
        .length = (uint32_t)record->length,
    };
    memcpy(event->text + event->text_length, record->body, record->length);
    event->text_length += (uint32_t)record->length;
}

static void touch(AuditAssembler *assembler, uint8_t at, uint64_t now_usec)
{
    if (assembler->newest != at) {
        list_remove(assembler, at);
        list_append(assembler, at);
    }
    assembler->slots[at].deadline = now_usec + assembler->timeout;
}

static bool source_matters(const AuditAssembler *assembler, const Avc *avc, const char *body)
{
    const AvcSlice *raw = &avc->fields[AVC_SRAWCON];
    const char *context;
    size_t length;

    context = avc_source_context(avc, body, &length);
    return source_filter_matches(&assembler->sources, context, length) ||
           (raw->length > 0 &&
            source_filter_matches(&assembler->sources, body + raw->offset, raw->length));
}

/* avc_parse(), once for the same text. *ret_avc points to where it is kept. */
static int parse_avc(AuditAssembler *assembler, const AuditRecord *record, Avc *buffer,
                     const Avc **ret_avc)
{
    bool known;
    int place = memo_find(&assembler->memo, record->body, record->length, &known);

    if (place < 0) {
        *ret_avc = buffer;
        return avc_parse(record->body, record->length, buffer);
    }
    if (!known) {
        assembler->parsed[place].result =
            avc_parse(record->body, record->length, &assembler->parsed[place].avc);
        memo_put(&assembler->memo, place, record->body, record->length);
    }
    *ret_avc = &assembler->parsed[place].avc;
    return assembler->parsed[place].result;
}

static int add_avc(AuditAssembler *assembler, const AuditRecord *record, uint64_t now_usec)
{
    Avc buffer;
    const Avc *avc;
    uint8_t at;
    int r = parse_avc(assembler, record, &buffer, &avc), result = 0;

    if (r < 0)
        assembler->statistics.malformed++;
    if (r <= 0)
        return 0;
    if (!source_matters(assembler, avc, record->body)) {
        assembler->statistics.other_denials++;
        return 0;
    }
    at = find(assembler, record);
    if (at == NO_SLOT)
        at = open_event(assembler, record, &result);
    keep(assembler, at, record, avc);
    touch(assembler, at, now_usec);
    /* Without a stamp there is nothing to tell its event by. */
    if (record->serial == 0 && record->time_usec == 0) {
        r = complete(assembler, at);
        if (result == 0)
            result = r;
    }
    return result;
}

static int add_other(AuditAssembler *assembler, const AuditRecord *record, uint64_t now_usec)
{
    uint8_t at = find(assembler, record);
    int r, result = 0;

    if (at == NO_SLOT) {
        if (!assembler->unordered || record->type == AUDIT_RECORD_EOE)
            return 0;
        at = open_event(assembler, record, &result);
    }
    if (record->type == AUDIT_RECORD_EOE)
        return complete(assembler, at);

    keep(assembler, at, record, /* avc= */ NULL);
    touch(assembler, at, now_usec);
    if (record->type == AUDIT_RECORD_SYSCALL)
        assembler->slots[at].has_syscall = true;
    /* audit_log_exit() in kernel/auditsc.c writes PROCTITLE last but for EOE, and EOE
     * does not get into a log. */
    if (record->type == AUDIT_RECORD_PROCTITLE && assembler->slots[at].has_syscall &&
        (assembler->flags & AUDIT_ASSEMBLER_LOG) && !assembler->unordered) {
        r = complete(assembler, at);
        if (result == 0)
            result = r;
    }
    return result;
}

int audit_assembler_add(AuditAssembler *assembler, const AuditRecord *record, uint64_t now_usec)
{
    int r;

    assembler->statistics.records++;
    if (assembler->flags & AUDIT_ASSEMBLER_LOG) {
        if (record->time_usec > assembler->log_clock)
            assembler->log_clock = record->time_usec;
        now_usec = assembler->log_clock;
        r = audit_assembler_expire(assembler, now_usec);
        if (r < 0)
            return r;
    }
    switch (record->type) {
    case AUDIT_RECORD_AVC:
        return add_avc(assembler, record, now_usec);
    case AUDIT_RECORD_SYSCALL:
    case AUDIT_RECORD_PATH:
    case AUDIT_RECORD_SOCKADDR:
    case AUDIT_RECORD_CWD:
    case AUDIT_RECORD_PROCTITLE:
    case AUDIT_RECORD_EOE:
        return add_other(assembler, record, now_usec);
    case AUDIT_RECORD_POLICY_LOAD:
    case AUDIT_RECORD_STATUS:
    case AUDIT_RECORD_CONFIG_CHANGE:
        r = assembler->sink.policy_change
                ? assembler->sink.policy_change(assembler->sink.userdata, record)
                : 0;
        return r < 0 ? r : 0;
    default:
        return 0;
    }
}

int audit_assembler_expire(AuditAssembler *assembler, uint64_t now_usec)
{
    while (assembler->oldest != NO_SLOT &&
           assembler->slots[assembler->oldest].deadline <= now_usec) {
        int r;

        if (assembler->events[assembler->oldest].n_avcs > 0)
            assembler->statistics.timeouts++;
        r = complete(assembler, assembler->oldest);
        if (r < 0)
            return r;
    }
    return 0;
}

int audit_assembler_flush(AuditAssembler *assembler)
{
    int result = 0;

    while (assembler->oldest != NO_SLOT) {
        int r = complete(assembler, assembler->oldest);

        if (r < 0 && result == 0)
            result = r;
    }
    return result;
}
