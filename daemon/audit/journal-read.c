/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/journal-read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

#include "daemon/audit/field.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"

struct JournalRead {
    sd_journal *journal;
    unsigned int flags;
    bool has_records;
};

static int add_matches(JournalRead *read)
{
    char boot[sizeof("_BOOT_ID=") + SD_ID128_STRING_MAX] = "_BOOT_ID=";
    sd_id128_t id;
    int r = 0;

    if (read->flags & JOURNAL_READ_RECORDS)
        r = sd_journal_add_match(read->journal, "_TRANSPORT=audit", 0);
    if (r >= 0)
        r = sd_journal_add_match(read->journal, "_TRANSPORT=kernel", 0);
    if (r < 0 || (read->flags & JOURNAL_READ_RECORDS))
        return r;
    /* The count of what was lost begins with the boot. */
    r = sd_id128_get_boot(&id);
    if (r < 0)
        return r;
    (void)sd_id128_to_string(id, boot + strlen(boot));
    r = sd_journal_add_conjunction(read->journal);
    return r < 0 ? r : sd_journal_add_match(read->journal, boot, 0);
}

int journal_read_new(JournalRead **ret_read, uint64_t from_usec, unsigned int flags)
{
    JournalRead *read = calloc(1, sizeof(*read));
    int r;

    if (!read)
        return -ENOMEM;
    read->flags = flags;
    r = sd_journal_open(&read->journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
    if (r >= 0)
        r = sd_journal_set_data_threshold(read->journal, AUDIT_LOG_LINE_LENGTH_MAX);
    if (r >= 0)
        r = add_matches(read);
    if (r >= 0)
        r = sd_journal_seek_realtime_usec(read->journal, from_usec);
    if (r < 0) {
        journal_read_free(read);
        return r;
    }
    *ret_read = read;
    return 0;
}

JournalRead *journal_read_free(JournalRead *read)
{
    if (read) {
        sd_journal_close(read->journal);
        free(read);
    }
    return NULL;
}

/* A field's value without "NAME="; -ENOENT where it is absent. */
static int get_field(sd_journal *journal, const char *name, const char **ret_value,
                     size_t *ret_length)
{
    size_t length, prefix = strlen(name) + 1;
    const void *data;
    int r = sd_journal_get_data(journal, name, &data, &length);

    if (r < 0)
        return r;
    if (length < prefix)
        return -EBADMSG;
    *ret_value = (const char *)data + prefix;
    *ret_length = length - prefix;
    return 0;
}

static int get_number(sd_journal *journal, const char *name, uint64_t *ret_number)
{
    const char *value;
    size_t length;
    int r = get_field(journal, name, &value, &length);

    return r < 0 ? r : audit_value_number(value, length, ret_number);
}

const char *journal_message_body(const char *message, size_t length, size_t *ret_length)
{
    const char *space = memchr(message, ' ', length);

    if (!space)
        return NULL;
    space++;
    *ret_length = length - (size_t)(space - message);
    return space;
}

bool audit_text_is_loss(const char *text, size_t length, uint64_t *ret_audit_lost)
{
    static const char key[] = "audit: audit_lost=";
    static const char *const others[] = {
        "audit: backlog limit exceeded",
        "audit: rate limit exceeded",
        "audit: kauditd hold queue overflow",
        "audit: kauditd retry queue overflow",
    };
    const char *at = memmem(text, length, key, sizeof(key) - 1);
    size_t digits = 0;
    uint64_t lost;

    if (at) {
        at += sizeof(key) - 1;
        while (at + digits < text + length && at[digits] >= '0' && at[digits] <= '9')
            digits++;
        if (audit_value_number(at, digits, &lost) < 0)
            return false;
        *ret_audit_lost = lost;
        return true;
    }
    for (size_t i = 0; i < ELEMENTS_OF(others); i++) {
        if (!memmem(text, length, others[i], strlen(others[i])))
            continue;
        *ret_audit_lost = 0;
        return true;
    }
    return false;
}

/* The data of one field stays valid only until the next is asked for: MESSAGE goes last. */
static int read_audit(sd_journal *journal, JournalEntry *entry)
{
    uint64_t type, serial, time_usec;
    const char *message;
    size_t length;

    if (get_number(journal, "_AUDIT_TYPE", &type) < 0 || type > INT32_MAX ||
        get_number(journal, "_AUDIT_ID", &serial) < 0 ||
        get_number(journal, "_SOURCE_REALTIME_TIMESTAMP", &time_usec) < 0 ||
        get_field(journal, "MESSAGE", &message, &length) < 0)
        return 0;
    entry->record = (AuditRecord){.type = (int)type, .time_usec = time_usec, .serial = serial};
    entry->record.body = journal_message_body(message, length, &entry->record.length);
    entry->is_record = entry->record.body != NULL;
    return 0;
}

static void read_kernel(JournalRead *read, JournalEntry *entry)
{
    const char *message;
    size_t length;

    if (get_field(read->journal, "MESSAGE", &message, &length) < 0 || length < strlen("audit: ") ||
        memcmp(message, "audit: ", strlen("audit: ")) != 0)
        return;
    entry->is_loss = audit_text_is_loss(message, length, &entry->audit_lost);
    if (!entry->is_loss && (read->flags & JOURNAL_READ_RECORDS))
        entry->is_record = audit_record_parse_text(message, length, &entry->record) >= 0 &&
                           entry->record.serial > 0;
}

int journal_read_next(JournalRead *read, JournalEntry *ret_entry)
{
    JournalEntry entry = {};
    const char *transport;
    size_t length;
    int r = sd_journal_next(read->journal);

    if (r <= 0)
        return r;
    r = sd_journal_get_realtime_usec(read->journal, &entry.time_usec);
    if (r >= 0)
        r = get_field(read->journal, "_TRANSPORT", &transport, &length);
    if (r < 0)
        return r;
    if (length == 5 && memcmp(transport, "audit", 5) == 0)
        r = read_audit(read->journal, &entry);
    else
        read_kernel(read, &entry);
    read->has_records = read->has_records || entry.is_record;
    *ret_entry = entry;
    return r < 0 ? r : 1;
}

bool journal_read_has_records(JournalRead *read)
{
    JournalEntry entry;

    /* What came last of all: audit records are never rare on a host whose journal gets them. */
    if (read->has_records || sd_journal_seek_tail(read->journal) < 0)
        return read->has_records;
    for (unsigned int i = 0; i < BACKFILL_STEP_ENTRIES && !read->has_records; i++) {
        const char *transport;
        size_t length;

        if (sd_journal_previous(read->journal) <= 0)
            break;
        if (get_field(read->journal, "_TRANSPORT", &transport, &length) < 0)
            continue;
        entry = (JournalEntry){};
        if (length == 5 && memcmp(transport, "audit", 5) == 0)
            read->has_records = true;
        else
            read_kernel(read, &entry);
        read->has_records = read->has_records || entry.is_record;
    }
    return read->has_records;
}
