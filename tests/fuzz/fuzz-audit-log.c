/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Audit log text. The first byte chooses strict or pasted text; the same text read from
 * memory and from a file must give the same denials.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/audit/logfile.h"
#include "daemon/core/text.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

static int hash_denials(void *userdata, const AuditEvent *event, const Denial *denials,
                        size_t n_denials)
{
    uint64_t *hash = userdata;

    for (size_t i = 0; i < n_denials; i++) {
        const Denial *denial = &denials[i];
        const char *const strings[] = {
            denial->source_context,
            denial->target_context,
            denial->target_class,
            denial->permissions,
            denial->comm,
            denial->path,
            denial->name,
            denial->device,
            denial->laddr,
            denial->faddr,
            denial->exe,
            denial->proctitle,
            denial->cwd,
            denial->saddr,
        };

        require(denial->source_context && denial->target_context && denial->target_class &&
                denial->permissions);
        for (size_t j = 0; j < sizeof(strings) / sizeof(strings[0]); j++)
            *hash = hash_string(*hash, strings[j]);
        *hash = hash_bytes(*hash, &denial->serial, sizeof(denial->serial));
        *hash = hash_bytes(*hash, &denial->exit_code, sizeof(denial->exit_code));
    }
    return 0;
}

static AuditAssembler *assembler_new(uint64_t *hash)
{
    const AuditSink sink = {.userdata = hash, .denials = hash_denials};
    AuditAssembler *assembler;

    return audit_assembler_new(&assembler, &sink, AUDIT_ASSEMBLER_LOG) < 0 ? NULL : assembler;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t from_memory = HASH_SEED, from_file = HASH_SEED;
    AuditAssembler *assembler;
    AuditLogCounters counters;
    AuditLogfile *logfile = NULL;
    unsigned int flags;
    char *text;
    int fd;

    if (size == 0)
        return 0;
    flags = data[0] % 2 ? (unsigned int)AUDIT_LOGFILE_TEXT : 0u;
    data++;
    size--;
    text = malloc(size + !size);
    fd = memfd_create("audit.log", MFD_CLOEXEC);
    if (!text || fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    memcpy(text, data, size);

    assembler = assembler_new(&from_memory);
    require(assembler && audit_text_process(text, size, flags, assembler, &counters) == 0);
    require(counters.records + counters.skipped == counters.lines);
    audit_assembler_free(assembler);
    free(text);

    assembler = assembler_new(&from_file);
    require(assembler && audit_logfile_take(&logfile, fd, "audit.log", flags) == 0);
    while (audit_logfile_process(logfile, assembler, 1) > 0)
        ;
    require(audit_logfile_finish(logfile, assembler) == 0);
    require(audit_logfile_counters(logfile)->lines == counters.lines);
    require(audit_logfile_counters(logfile)->records == counters.records);
    audit_logfile_free(logfile);
    audit_assembler_free(assembler);
    require(from_memory == from_file);
    return 0;
}
