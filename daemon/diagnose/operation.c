/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/operation.h"

#include <errno.h>
#include <netinet/in.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/selinux/ports.h"

void operation_clear(Operation *operation)
{
    for (size_t i = 0; i < operation->n_questions; i++)
        access_clear(&operation->questions[i].access);
    *operation = (Operation){};
}

static int add(Operation *operation, const char *source, const char *target, const char *class,
               const char *permissions)
{
    Question *question = &operation->questions[operation->n_questions];
    int r;

    if (operation->n_questions == OPERATION_QUESTIONS_MAX)
        return -E2BIG;
    *question = (Question){};
    r = access_init(&question->access, source, target, class, permissions);
    if (r >= 0)
        operation->n_questions++;
    return r;
}

/* What a stream socket needs besides the port: the socket itself, and to bind it the node. */
static int add_socket(Operation *operation, const Hypothesis *hypothesis, const Access *denied)
{
    static const struct in_addr any = {INADDR_ANY};
    bool binding = strstr(denied->permissions, "name_bind") != NULL;
    _cleanup_free_ char *node = NULL;
    int r;

    r = add(operation, denied->source_context, denied->source_context, denied->target_class,
            binding ? "bind create listen setopt" : "connect create getopt read write");
    if (r < 0 || !binding)
        return r;
    node = node_context(hypothesis_policy(hypothesis), &any, sizeof(any));
    return node ? add(operation, denied->source_context, node, denied->target_class, "node_bind")
                : 0;
}

int operation_from_diagnosis(const Diagnosis *diagnosis, const Hypothesis *hypothesis,
                             Operation *ret_operation)
{
    const Access *denied = &diagnosis->access;
    Operation operation = {};
    int r;

    if (!diagnosis->have_access)
        return -EINVAL;
    r = add(&operation, denied->source_context, denied->target_context, denied->target_class,
            denied->permissions);
    if (r >= 0 && diagnosis->target_kind == TARGET_PORT && diagnosis->protocol &&
        port_protocol_from_string(diagnosis->protocol, &operation.questions[0].protocol) >= 0) {
        operation.questions[0].is_port = true;
        operation.questions[0].port = (uint16_t)diagnosis->port;
        if (streq(denied->target_class, "tcp_socket"))
            r = add_socket(&operation, hypothesis, denied);
    }
    if (r < 0) {
        operation_clear(&operation);
        return r;
    }
    *ret_operation = operation;
    return 0;
}

int operation_resolve(const Question *question, const Hypothesis *hypothesis, Access *ret_access)
{
    _cleanup_free_ char *context = NULL;

    if (!question->is_port)
        return access_copy(ret_access, &question->access);
    context = port_context(hypothesis, question->protocol, question->port);
    if (!context)
        return -ENODATA;
    return access_init(ret_access, question->access.source_context, context,
                       question->access.target_class, question->access.permissions);
}
