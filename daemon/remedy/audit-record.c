/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/remedy/audit-record.h"

#include <errno.h>
#include <libaudit.h>
#include <netinet/in.h>

#include "daemon/core/text.h"

#ifndef IPPROTO_DCCP
#define IPPROTO_DCCP 33
#endif

static int protocol_number(const char *protocol)
{
    return streq(protocol, "tcp")    ? IPPROTO_TCP
           : streq(protocol, "udp")  ? IPPROTO_UDP
           : streq(protocol, "dccp") ? IPPROTO_DCCP
                                     : IPPROTO_SCTP;
}

/* semanage's names, where they are others. */
static const char *file_type_name(const char *file_type)
{
    return streq(file_type, "all") ? "any" : file_type;
}

static const char *operation(const char *from, const char *to)
{
    return !*to ? "delete" : *from ? "modify" : "add";
}

static char *describe_port(const Action *action, const ActionState *from, const ActionState *to)
{
    _cleanup_free_ char *ports = action->low == action->high
                                     ? format_string("%u", action->low)
                                     : format_string("%u-%u", action->low, action->high);

    return ports ? format_string("resrc=port op=%s lport=%s proto=%d%s%s",
                                 operation(from->record, to->record), ports,
                                 protocol_number(action->protocol), *to->record ? " tcontext=" : "",
                                 to->record)
                 : NULL;
}

static char *describe_file_context(const Action *action, const ActionState *from,
                                   const ActionState *to)
{
    /* Encoded where it holds what a reader of the log would take for a field's end. */
    _cleanup_free_ char *glob = audit_encode_nv_string("tglob", action->regex, 0);

    return glob ? format_string("resrc=fcontext op=%s %s ftype=%s%s%s",
                                operation(from->record, to->record), glob,
                                file_type_name(action->file_type), *to->record ? " tcontext=" : "",
                                to->record)
                : NULL;
}

/* Not which labels: with a rule in the same plan the state before does not know them yet. */
static char *describe_labels(const Action *action, const ActionState *to)
{
    _cleanup_free_ char *path = audit_encode_nv_string("path", action->path, 0);

    return path ? format_string("resrc=label op=%s %s recursive=%d",
                                to->local == SETTING_ON ? "relabel" : "restore", path,
                                (int)action->recursive)
                : NULL;
}

char *audit_record_text(const Action *action, const ActionState *from, const ActionState *to)
{
    char *text = NULL;

    switch (action->kind) {
    case ACTION_SET_BOOLEAN:
        text = format_string("resrc=boolean op=modify bool=%s val=%d old_val=%d", action->name,
                             (to->runtime != SETTING_NONE ? to->runtime : to->policy) == SETTING_ON,
                             (from->runtime != SETTING_NONE ? from->runtime : from->policy) ==
                                 SETTING_ON);
        break;
    case ACTION_SET_PORT:
        text = describe_port(action, from, to);
        break;
    case ACTION_SET_FILE_CONTEXT:
        text = describe_file_context(action, from, to);
        break;
    case ACTION_INSTALL_MODULE:
        text = format_string("resrc=module op=%s module=%s", operation(from->record, to->record),
                             action->name);
        break;
    case ACTION_RELABEL:
        text = describe_labels(action, to);
        break;
    default:
        errno = 0;
        return NULL;
    }
    errno = text ? 0 : ENOMEM;
    return text;
}
