/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Netlink payloads: the input is a sequence of records, each a type (two bytes, little
 * end first), a length (likewise) and that many bytes. What comes out must hold together.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/audit/event.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

static int check_denials(void *userdata, const AuditEvent *event, const Denial *denials,
                         size_t n_denials)
{
    require(n_denials > 0 && n_denials == event->n_avcs);
    for (size_t i = 0; i < n_denials; i++) {
        const Denial *denial = &denials[i];
        Denial *copy;
        size_t length;

        /* What every consumer relies on. */
        require(denial->source_context && denial->target_context && denial->target_class &&
                denial->permissions);
        require(denial->permissions[0] != '\0' && denial->target_class[0] != '\0');
        require(denial->source_port >= -1 && denial->source_port <= 65535);
        require(denial->dest_port >= -1 && denial->dest_port <= 65535);
        require(denial->pid >= 0 && denial->capability >= -1);
        (void)audit_event_avc_text(event, i, &length);
        require(length > 0);
        copy = denial_copy(denial);
        free(copy);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const AuditSink sink = {.denials = check_denials};
    /* Empty again after each run; making one takes longer than most runs. */
    static AuditAssembler *assembler;
    const AuditStatistics *statistics;
    uint64_t now_usec = 0;

    if (!assembler && audit_assembler_new(&assembler, &sink, 0) < 0)
        return 0;
    statistics = audit_assembler_statistics(assembler);
    while (size >= 4) {
        int type = data[0] | data[1] << 8;
        size_t length = data[2] | (size_t)data[3] << 8;
        AuditRecord record;
        char *payload;

        data += 4;
        size -= 4;
        if (length > size)
            length = size;
        /* To its exact length, so that a read past the end shows. */
        payload = malloc(length + !length);
        if (!payload)
            break;
        memcpy(payload, data, length);
        if (audit_record_parse_payload(type, payload, length, &record) >= 0) {
            require(record.body >= payload && record.body + record.length <= payload + length);
            require(audit_assembler_add(assembler, &record, now_usec) == 0);
        }
        free(payload);
        data += length;
        size -= length;
        now_usec += 1000;
        require(audit_assembler_expire(assembler, now_usec) == 0);
    }
    require(audit_assembler_flush(assembler) == 0);
    require(audit_assembler_is_idle(assembler));
    require(statistics->denials >= statistics->events);
    return 0;
}
