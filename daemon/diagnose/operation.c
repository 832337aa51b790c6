/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <netinet/in.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/operation-internal.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/ports.h"

void operation_clear(Operation *operation)
{
    for (size_t i = 0; i < operation->n_questions; i++)
        access_clear(&operation->questions[i].access);
    for (size_t i = 0; i < operation->n_questions; i++)
        free(operation->questions[i].path);
    free(operation->path);
    free(operation->object);
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

/* The permissions of a list that the policy's class has; "" if none. The caller frees it. */
static char *known_permissions(const Policy *policy, const char *class_name, const char *list)
{
    const uint32_t class = policy_find_class(policy, class_name);
    _cleanup_strv_ char **words = strv_split(list, " "), **known = calloc(1, sizeof(*known));

    if (!words || !known)
        return NULL;
    STRV_FOREACH (word, words)
        if (class && policy_find_permission(policy, class, *word) && strv_append(&known, *word) < 0)
            return NULL;
    return strv_join(known, " ");
}

int operation_add_known(Operation *operation, const Hypothesis *hypothesis, const char *source,
                        const char *target, const char *class, const char *permissions)
{
    _cleanup_free_ char *known =
        known_permissions(hypothesis_policy(hypothesis), class, permissions);

    if (!known)
        return -ENOMEM;
    return *known ? add(operation, source, target, class, known) : 0;
}

/* Whether the policy allows what the kernel must have allowed before it came to the port. If
 * not, it is not the policy that was in force, and what it says of the rest proves nothing. */
static bool socket_is_plausible(const Hypothesis *hypothesis, const Access *denied, bool binding)
{
    Access access = {};
    bool allowed =
        access_init(&access, denied->source_context, denied->source_context, denied->target_class,
                    binding ? "bind create" : "connect create") >= 0 &&
        decide_is_allowed(hypothesis, &access) > 0;

    access_clear(&access);
    return allowed;
}

/* Whether any rule at all is about binding to this node: a small policy may leave nodes out, and
 * then the kernel it is for does not check them either. */
static bool policy_models_nodes(const Hypothesis *hypothesis, const char *node, const char *class)
{
    const Policy *policy = hypothesis_policy(hypothesis);
    const uint32_t class_value = policy_find_class(policy, class);
    const uint32_t bind = policy_find_permission(policy, class_value, "node_bind");
    char type[256];
    uint32_t target;

    if (context_type_copy(node, type, sizeof(type)) < 0)
        return false;
    target = policy_find_type(policy, type);
    for (uint32_t source = 1; bind && target && source <= policy_n_types(policy); source++)
        if (decide_allowed_by_rules(hypothesis, source, target, class_value) & bind)
            return true;
    return false;
}

/* What comes after the port in the kernel and in nginx: traffic, or listening on the node. */
static int add_socket(Operation *operation, const Hypothesis *hypothesis, const Access *denied)
{
    static const struct in_addr any = {INADDR_ANY};
    bool binding = strstr(denied->permissions, "name_bind") != NULL;
    _cleanup_free_ char *node = NULL;
    int r;

    if (!socket_is_plausible(hypothesis, denied, binding))
        return 0;
    r = operation_add_known(operation, hypothesis, denied->source_context, denied->source_context,
                            denied->target_class, binding ? "accept listen" : "read write");
    if (r < 0 || !binding)
        return r;
    node = node_context(hypothesis_policy(hypothesis), &any, sizeof(any));
    if (!node || !policy_models_nodes(hypothesis, node, denied->target_class))
        return 0;
    return operation_add_known(operation, hypothesis, denied->source_context, node,
                               denied->target_class, "node_bind");
}

int operation_from_diagnosis(const Diagnosis *diagnosis, const Hypothesis *hypothesis,
                             const char *real_path, const NginxIntents *intents,
                             OperationLabelReader read_label, void *userdata,
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
    } else if (r >= 0 && diagnosis->path && diagnosis->path[0] == '/' &&
               !streq(denied->target_class, "unix_stream_socket")) {
        r = operation_add_file(&operation, hypothesis, diagnosis, real_path, intents, read_label,
                               userdata);
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

    if (!question->is_port && !question->path)
        return access_copy(ret_access, &question->access);
    if (question->path)
        context =
            hypothesis_file_context(hypothesis, question->path, question->access.target_context);
    else
        context = port_context(hypothesis, question->protocol, question->port);
    if (!context)
        return question->path ? -ENOMEM : -ENODATA;
    return access_init(ret_access, question->access.source_context, context,
                       question->access.target_class, question->access.permissions);
}
