/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/event-context.h"

#include <limits.h>
#include <string.h>

#include "daemon/audit/field.h"
#include "daemon/audit/sockaddr.h"

/* "arch=%x syscall=%d success=%s exit=%ld a0=%lx … comm=… exe=…", audit_log_exit() and
 * audit_log_task_info(). What follows exe is of no use. The first of a key counts. */
static void read_syscall(Scratch *scratch, EventContext *context, const char *body, size_t length)
{
    AuditFieldIterator iterator = audit_field_iterator(body, length);
    AuditField field;
    bool have_pid = false, have_uid = false, have_euid = false;
    uint64_t number;
    int64_t value;

    while (audit_field_next(&iterator, &field)) {
        switch (field.key_length) {
        case 2:
            if (!context->have_a0 && AUDIT_FIELD_IS(&field, "a0") &&
                audit_value_hex(field.value, field.length, &number) == 0) {
                context->have_a0 = true;
                context->a0 = number;
            }
            break;
        case 3:
            if (AUDIT_FIELD_IS(&field, "exe")) {
                context->exe =
                    scratch_copy_value(scratch, field.kind, field.value, field.length, NUL_REFUSE);
                return;
            }
            if (!have_pid && AUDIT_FIELD_IS(&field, "pid") &&
                audit_value_number(field.value, field.length, &number) == 0 && number <= INT_MAX) {
                have_pid = true;
                context->pid = (int64_t)number;
            }
            if (!have_uid && AUDIT_FIELD_IS(&field, "uid") &&
                audit_value_number(field.value, field.length, &number) == 0 &&
                number <= UINT32_MAX) {
                have_uid = true;
                context->uid = (int64_t)number;
            }
            break;
        case 4:
            if (!context->comm && AUDIT_FIELD_IS(&field, "comm"))
                context->comm =
                    scratch_copy_value(scratch, field.kind, field.value, field.length, NUL_REFUSE);
            if (context->arch == 0 && AUDIT_FIELD_IS(&field, "arch") &&
                audit_value_hex(field.value, field.length, &number) == 0 && number <= UINT32_MAX)
                context->arch = (uint32_t)number;
            if (!context->have_exit && AUDIT_FIELD_IS(&field, "exit") &&
                audit_value_signed(field.value, field.length, &value) == 0) {
                context->have_exit = true;
                context->exit_code = value;
            }
            if (!have_euid && AUDIT_FIELD_IS(&field, "euid") &&
                audit_value_number(field.value, field.length, &number) == 0 &&
                number <= UINT32_MAX) {
                have_euid = true;
                context->euid = (int64_t)number;
            }
            break;
        case 7:
            if (context->syscall < 0 && AUDIT_FIELD_IS(&field, "syscall") &&
                audit_value_number(field.value, field.length, &number) == 0 && number <= INT_MAX)
                context->syscall = (int)number;
            break;
        default:
            break;
        }
    }
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

void event_context_read(EventContext *ret_context, Scratch *scratch, const AuditEvent *event)
{
    EventContext context = {.syscall = -1, .uid = -1, .euid = -1};
    bool have_syscall = false;

    for (size_t i = 0; i < event->n_records; i++) {
        const AuditEventRecord *record = &event->records[i];
        const char *body = event->text + record->offset;

        switch (record->type) {
        case AUDIT_RECORD_SYSCALL:
            if (!have_syscall)
                read_syscall(scratch, &context, body, record->length);
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
