/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/operation.h"

#include <errno.h>
#include <netinet/in.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/ports.h"

void operation_clear(Operation *operation)
{
    for (size_t i = 0; i < operation->n_questions; i++)
        access_clear(&operation->questions[i].access);
    for (size_t i = 0; i < operation->n_questions; i++)
        free(operation->questions[i].path);
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

/* Adds a question about those of the permissions that the policy knows. */
static int add_known(Operation *operation, const Hypothesis *hypothesis, const char *source,
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
    r = add_known(operation, hypothesis, denied->source_context, denied->source_context,
                  denied->target_class, binding ? "accept listen" : "read write");
    if (r < 0 || !binding)
        return r;
    node = node_context(hypothesis_policy(hypothesis), &any, sizeof(any));
    if (!node || !policy_models_nodes(hypothesis, node, denied->target_class))
        return 0;
    return add_known(operation, hypothesis, denied->source_context, node, denied->target_class,
                     "node_bind");
}

/* What nginx does next with an object of this class once the denied permission is there. */
static const char *follow_on_permissions(const Access *denied)
{
    static const struct {
        const char *class, *denied, *next;
    } rules[] = {
        {"file", "read", "getattr open read"},
        {"file", "getattr", "getattr open read"},
        {"file", "open", "getattr open read"},
        {"file", "map", "getattr map open read"},
        {"file", "write", "getattr open write"},
        {"file", "append", "append getattr open"},
        {"file", "create", "create getattr open write"},
        {"dir", "search", "getattr search"},
        {"dir", "getattr", "getattr search"},
        {"dir", "read", "getattr open read search"},
        {"dir", "open", "getattr open read search"},
        {"dir", "write", "add_name search write"},
        {"dir", "add_name", "add_name search write"},
        {"dir", "remove_name", "remove_name search write"},
        {"lnk_file", "read", "getattr read"},
        {"lnk_file", "getattr", "getattr read"},
        {"sock_file", "getattr", "getattr write"},
    };
    _cleanup_strv_ char **words = strv_split(denied->permissions, " ");

    for (size_t i = 0; i < ELEMENTS_OF(rules); i++)
        if (streq(rules[i].class, denied->target_class) && strv_contains(words, rules[i].denied))
            return rules[i].next;
    return NULL;
}

static int set_path(Operation *operation, size_t first, const char *path)
{
    int r = 0;

    for (size_t i = first; i < operation->n_questions && r >= 0; i++)
        r = string_replace(&operation->questions[i].path, path);
    return r;
}

/* The object itself, and for a socket what is behind the directory that was refused. */
static int add_file(Operation *operation, const Hypothesis *hypothesis, const Diagnosis *diagnosis)
{
    const Access *denied = &diagnosis->access;
    const char *next = follow_on_permissions(denied);
    int r = next ? add_known(operation, hypothesis, denied->source_context, denied->target_context,
                             denied->target_class, next)
                 : 0;

    if (r >= 0 && diagnosis->target_kind == TARGET_SOCKET && streq(denied->target_class, "dir"))
        r = add_known(operation, hypothesis, denied->source_context, denied->target_context,
                      "sock_file", "write");
    return r < 0 ? r : set_path(operation, 0, diagnosis->path);
}

/* The way to the object. The directory that was refused is the first question already. */
static int add_directories(Operation *operation, const Hypothesis *hypothesis,
                           const Diagnosis *diagnosis, OperationLabelReader read_label,
                           void *userdata)
{
    _cleanup_free_ char *path = strdup(diagnosis->path);
    size_t known = 0;
    int r = path ? 0 : -ENOMEM;

    for (char *slash; r >= 0 && (slash = strrchr(path, '/'));) {
        _cleanup_free_ char *label = NULL;
        const char *directory;

        slash[slash == path] = '\0';
        directory = path;
        label = read_label ? read_label(directory, userdata) : NULL;
        if (label && operation->n_questions < OPERATION_QUESTIONS_MAX) {
            const size_t first = operation->n_questions;

            r = add_known(operation, hypothesis, diagnosis->access.source_context, label, "dir",
                          "search");
            if (r >= 0)
                r = set_path(operation, first, directory);
            known++;
        }
        if (slash == path)
            break;
    }
    operation->directories_unknown = known == 0;
    return r;
}

int operation_from_diagnosis(const Diagnosis *diagnosis, const Hypothesis *hypothesis,
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
        r = add_file(&operation, hypothesis, diagnosis);
        if (r >= 0)
            r = add_directories(&operation, hypothesis, diagnosis, read_label, userdata);
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
