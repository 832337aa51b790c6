/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit/path-records.h"

#include <string.h>

#include "daemon/audit/field.h"

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
static const char *read_path(Scratch *scratch, const EventContext *context, const char *body,
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
        if (AUDIT_FIELD_IS(&field, "name") && name.key_length == 0)
            name = field;
        else if (AUDIT_FIELD_IS(&field, "inode") && number == 0)
            (void)audit_value_number(field.value, field.length, &number);
        else if (AUDIT_FIELD_IS(&field, "nametype"))
            normal = field.length == 6 && memcmp(field.value, "NORMAL", 6) == 0;
    }
    if (name.key_length == 0 || number != inode)
        return NULL;
    text = scratch_copy_value(scratch, name.kind, name.value, name.length, NUL_REFUSE);
    if (!text || strlen(text) >= SCRATCH_PATH_MAX)
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
    if (cwd_length + text_length + 1 >= SCRATCH_PATH_MAX ||
        cwd_length + text_length + 2 > scratch->size - scratch->used)
        return NULL;
    at = scratch->data + scratch->used;
    memcpy(at, context->cwd, cwd_length);
    at[cwd_length] = '/';
    memcpy(at + cwd_length + 1, relative, text_length + 1);
    scratch->used += cwd_length + text_length + 2;
    return at;
}

const char *path_records_find(Scratch *scratch, const EventContext *context,
                              const AuditEvent *event, uint64_t inode, const char *name)
{
    size_t used = scratch->used;
    const char *found = NULL;

    for (size_t i = 0; i < event->n_records; i++) {
        const AuditEventRecord *record = &event->records[i];
        const char *path;
        size_t before = scratch->used;

        if (record->type != AUDIT_RECORD_PATH)
            continue;
        path = read_path(scratch, context, event->text + record->offset, record->length, inode);
        if (path && !found && last_component_is(path, name)) {
            /* Keep the path alone, at the start of what this search has used. */
            size_t length = strlen(path) + 1;

            memmove(scratch->data + used, path, length);
            found = scratch->data + used;
            scratch->used = used + length;
            continue;
        }
        scratch->used = before;
        if (path && (!found || strcmp(path, found) != 0)) {
            scratch->used = used;
            return NULL;
        }
    }
    return found;
}
