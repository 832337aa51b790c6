/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/event-context.h"

#include <limits.h>
#include <string.h>

#include "daemon/audit/field.h"
#include "daemon/audit/sockaddr.h"

/* The first of a key that is a fitting number counts. */
static void take_id(int64_t *id, const AuditField *field, uint64_t limit)
{
    uint64_t number;

    if (*id < 0 && audit_value_number(field->value, field->length, &number) == 0 && number <= limit)
        *id = (int64_t)number;
}

static ContextSlice slice_of(const AuditField *field, const char *start)
{
    return (ContextSlice){
        .offset = (uint16_t)(field->value - start),
        .length = (uint16_t)field->length,
        .kind = (uint8_t)field->kind,
    };
}

/* "items=0 ppid=… pid=… … comm=… exe=…", audit_log_task_info(). What follows exe is of no
 * use. */
static void read_process(ProcessPart *ret_part, const char *text, size_t length)
{
    AuditFieldIterator iterator = audit_field_iterator(text, length);
    ProcessPart part = {.pid = -1, .uid = -1, .euid = -1};
    AuditField field;

    while (part.exe.length == 0 && audit_field_next(&iterator, &field)) {
        if (AUDIT_FIELD_IS(&field, "exe"))
            part.exe = slice_of(&field, text);
        else if (AUDIT_FIELD_IS(&field, "comm") && part.comm.length == 0)
            part.comm = slice_of(&field, text);
        else if (AUDIT_FIELD_IS(&field, "pid"))
            take_id(&part.pid, &field, INT_MAX);
        else if (AUDIT_FIELD_IS(&field, "uid"))
            take_id(&part.uid, &field, UINT32_MAX);
        else if (AUDIT_FIELD_IS(&field, "euid"))
            take_id(&part.euid, &field, UINT32_MAX);
    }
    *ret_part = part;
}

/* "arch=%x syscall=%d success=%s exit=%ld a0=%lx …", audit_log_exit(). The first of a key
 * counts. */
static void read_call(EventContext *context, const char *text, size_t length)
{
    AuditFieldIterator iterator = audit_field_iterator(text, length);
    AuditField field;
    uint64_t number;
    int64_t value;

    while (audit_field_next(&iterator, &field)) {
        if (AUDIT_FIELD_IS(&field, "a0")) {
            if (!context->have_a0 && audit_value_hex(field.value, field.length, &number) == 0) {
                context->have_a0 = true;
                context->a0 = number;
            }
            return; /* the other arguments say nothing */
        }
        if (AUDIT_FIELD_IS(&field, "arch")) {
            if (context->arch == 0 && audit_value_hex(field.value, field.length, &number) == 0 &&
                number <= UINT32_MAX)
                context->arch = (uint32_t)number;
        } else if (AUDIT_FIELD_IS(&field, "exit")) {
            if (!context->have_exit && audit_value_signed(field.value, field.length, &value) == 0) {
                context->have_exit = true;
                context->exit_code = value;
            }
        } else if (AUDIT_FIELD_IS(&field, "syscall")) {
            if (context->syscall < 0 &&
                audit_value_number(field.value, field.length, &number) == 0 && number <= INT_MAX)
                context->syscall = (int)number;
        }
    }
}

static const char *copy_slice(Scratch *scratch, const ContextSlice *slice, const char *text)
{
    return scratch_copy_value(scratch, slice->kind, text + slice->offset, slice->length,
                              NUL_REFUSE);
}

/* First what tells of the call, then, from "items=" on, what tells of the process. The latter
 * is the same for each call of a process. */
static void read_syscall(EventContext *context, EventContextMemo *memo, Scratch *scratch,
                         const char *body, size_t length)
{
    const char *items = memmem(body, length, " items=", 7);
    size_t head = items ? (size_t)(items - body) : length;
    const char *text = items ? items : body;
    size_t text_length = items ? length - head : length;
    ProcessPart unknown;
    const ProcessPart *part = &unknown;
    bool known = false;
    int place = memo_find(&memo->memo, text, text_length, &known);

    if (place < 0)
        read_process(&unknown, text, text_length);
    else {
        if (!known) {
            read_process(&memo->parts[place], text, text_length);
            memo_put(&memo->memo, place, text, text_length);
        }
        part = &memo->parts[place];
    }
    read_call(context, body, head);
    context->pid = part->pid < 0 ? 0 : part->pid;
    context->uid = part->uid;
    context->euid = part->euid;
    context->comm = copy_slice(scratch, &part->comm, text);
    context->exe = copy_slice(scratch, &part->exe, text);
}

/* The one field of a record that has no other use. */
static const char *read_single(Scratch *scratch, const char *body, size_t length, const char *key,
                               NulRule rule)
{
    AuditFieldIterator iterator = audit_field_iterator(body, length);
    AuditField field;

    while (audit_field_next(&iterator, &field)) {
        if (audit_field_is(&field, key, strlen(key)))
            return scratch_copy_value(scratch, field.kind, field.value, field.length, rule);
    }
    return NULL;
}

/* "saddr=" is always hex, without quotes (audit_log_n_hex()). */
static const char *read_sockaddr(Scratch *scratch, const char *body, size_t length)
{
    AuditFieldIterator iterator = audit_field_iterator(body, length);
    AuditField field;

    while (audit_field_next(&iterator, &field)) {
        uint8_t address[128]; /* struct sockaddr_storage is the kernel's limit */
        char text[AUDIT_SOCKADDR_TEXT_MAX];
        int n;

        if (!AUDIT_FIELD_IS(&field, "saddr"))
            continue;
        if (field.kind != AUDIT_FIELD_BARE || field.length > 2 * sizeof(address))
            return NULL;
        n = audit_value_decode(field.kind, field.value, field.length, (char *)address,
                               sizeof(address));
        /* Text that was not hex came back as it is. */
        if (n < 0 || (size_t)n * 2 != field.length)
            return NULL;
        n = audit_sockaddr_format(address, (size_t)n, text, sizeof(text));
        return n < 0 ? NULL : scratch_copy_text(scratch, text, (size_t)n);
    }
    return NULL;
}

void event_context_read(EventContext *ret_context, EventContextMemo *memo, Scratch *scratch,
                        const AuditEvent *event)
{
    EventContext context = {.syscall = -1, .uid = -1, .euid = -1};
    bool have_syscall = false;

    for (size_t i = 0; i < event->n_records; i++) {
        const AuditEventRecord *record = &event->records[i];
        const char *body = event->text + record->offset;

        switch (record->type) {
        case AUDIT_RECORD_SYSCALL:
            if (!have_syscall)
                read_syscall(&context, memo, scratch, body, record->length);
            have_syscall = true;
            break;
        case AUDIT_RECORD_PROCTITLE:
            if (!context.proctitle)
                context.proctitle =
                    read_single(scratch, body, record->length, "proctitle", NUL_TO_SPACE);
            break;
        case AUDIT_RECORD_CWD:
            if (!context.cwd)
                context.cwd = read_single(scratch, body, record->length, "cwd", NUL_REFUSE);
            break;
        case AUDIT_RECORD_SOCKADDR:
            if (!context.saddr)
                context.saddr = read_sockaddr(scratch, body, record->length);
            break;
        default:
            break;
        }
    }
    *ret_context = context;
}
