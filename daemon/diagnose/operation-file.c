/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/path.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/operation-internal.h"
#include "daemon/diagnose/path-need.h"
#include "daemon/diagnose/target-path.h"

typedef struct FileOperation {
    Operation *operation;
    const Hypothesis *hypothesis;
    const Diagnosis *diagnosis;
    bool log; /* opened for appending */
    OperationLabelReader read_label;
    void *userdata;
} FileOperation;

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

    for (size_t i = 0; i < ELEMENTS_OF(rules); i++)
        if (streq(rules[i].class, denied->target_class) &&
            words_overlap(denied->permissions, rules[i].denied))
            return rules[i].next;
    return NULL;
}

/* A question about what is at a path: its context follows the path's label. */
static int ask(const FileOperation *file, const char *path, const char *context, const char *class,
               const char *permissions)
{
    const size_t first = file->operation->n_questions;
    int r =
        operation_add_known(file->operation, file->hypothesis,
                            file->diagnosis->access.source_context, context, class, permissions);

    for (size_t i = first; r >= 0 && path && i < file->operation->n_questions; i++)
        r = string_replace(&file->operation->questions[i].path, path);
    return r;
}

static char *label_of(const FileOperation *file, const char *path, const char *class)
{
    return file->read_label ? file->read_label(path, class, file->userdata) : NULL;
}

static bool is_directory_on_the_way(const Diagnosis *diagnosis)
{
    return diagnosis->path_from_log && streq(diagnosis->access.target_class, "dir");
}

/* All in a file system without labels of its own has one and the same. */
static bool is_label_of_mount(const FileOperation *file)
{
    const Policy *policy = hypothesis_policy(file->hypothesis);
    char type[256];

    return context_type_copy(file->diagnosis->access.target_context, type, sizeof(type)) >= 0 &&
           policy_type_is_from_mount(policy, policy_find_type(policy, type));
}

/* What is done behind a directory that was refused. A socket has the label of its directory
 * unless it is known to have another; what a file has cannot be told from its directory, except
 * for one that is to be made there. */
static int add_behind(const FileOperation *file)
{
    const Access *denied = &file->diagnosis->access;
    const char *operation = strempty(file->diagnosis->operation);
    _cleanup_free_ char *label = NULL;

    if (file->diagnosis->target_kind == TARGET_SOCKET) {
        label = label_of(file, file->operation->path, "sock_file");
        return ask(file, file->operation->path, label ? label : denied->target_context, "sock_file",
                   "write");
    }
    if (!streq(operation, "open"))
        return 0;
    if (words_overlap(denied->permissions, "write add_name"))
        return ask(file, file->operation->path, denied->target_context, "file",
                   file->log ? "append create getattr open" : "create getattr open write");
    label = is_label_of_mount(file) ? strdup(denied->target_context)
                                    : label_of(file, file->operation->path, "file");
    return label ? ask(file, file->operation->path, label, "file", "getattr open read") : 0;
}

static bool is_asked(const Operation *operation, const char *directory)
{
    for (size_t i = 0; i < operation->n_questions; i++)
        if (streq_ptr(operation->questions[i].path, directory) &&
            streq(operation->questions[i].access.target_class, "dir"))
            return true;
    return false;
}

/* The directories above a path, each once; one that was refused is a question already. */
static int add_directories_above(const FileOperation *file, const char *below, size_t *known)
{
    _cleanup_free_ char *path = strdup(below);
    int r = path ? 0 : -ENOMEM;

    for (char *slash; r >= 0 && (slash = strrchr(path, '/'));) {
        _cleanup_free_ char *label = NULL, *directory = NULL;
        const bool root = slash == path;

        slash[root] = '\0';
        r = path_collapse(path, &directory);
        if (r < 0)
            break;
        if (!streq_ptr(directory, file->operation->object) && !is_asked(file->operation, directory))
            label = label_of(file, directory, "dir");
        if (label && file->operation->n_questions + 1 < OPERATION_QUESTIONS_MAX) {
            r = ask(file, directory, label, "dir", "search");
            (*known)++;
        }
        if (root)
            break;
    }
    return r;
}

static int add_directories(const FileOperation *file)
{
    size_t known = 0;
    int r = add_directories_above(file, file->operation->path, &known);

    if (r >= 0 && path_has_dots(file->diagnosis->path))
        r = add_directories_above(file, file->diagnosis->path, &known);
    file->operation->directories_unknown = known == 0;
    return r;
}

/* The socket may belong to the right type and the process behind it to one that nginx may not
 * connect to: the kernel asks about both. */
static int add_peer(const FileOperation *file)
{
    const Diagnosis *diagnosis = file->diagnosis;

    if (diagnosis->target_kind != TARGET_SOCKET)
        return 0;
    if (!diagnosis->peer_context) {
        file->operation->peer_unknown = true;
        return 0;
    }
    if (file->operation->n_questions == OPERATION_QUESTIONS_MAX)
        return -E2BIG;
    file->operation->peer_question = file->operation->n_questions;
    return operation_add_known(file->operation, file->hypothesis, diagnosis->access.source_context,
                               diagnosis->peer_context, "unix_stream_socket", "connectto");
}

static int find_object(const FileOperation *file)
{
    _cleanup_free_ char *directory = NULL;
    int r;

    if (!is_directory_on_the_way(file->diagnosis))
        return string_replace(&file->operation->object, file->operation->path);
    if (!file->diagnosis->component)
        return 0;
    r = target_path_find_component(file->operation->path, file->diagnosis->component,
                                   &file->operation->object);
    if (r < 0 || file->operation->object)
        return r;
    r = target_path_find_component(file->diagnosis->path, file->diagnosis->component, &directory);
    return r < 0 || !directory ? r : path_collapse(directory, &file->operation->object);
}

static int add_all(const FileOperation *file)
{
    const Access *denied = &file->diagnosis->access;
    const char *next = file->log && streq(denied->target_class, "file")
                           ? "append create getattr open"
                           : follow_on_permissions(denied);
    const char *object;
    int r = find_object(file);

    if (r < 0)
        return r;
    /* Where it is not known which directory was refused, it is taken to be the last one: that a
     * label on a tree covers it would otherwise never be seen. */
    object = file->operation->object ? file->operation->object : file->operation->path;
    r = string_replace(&file->operation->questions[0].path, object);
    /* A directory on the way is only searched. */
    if (r >= 0 && next &&
        !(is_directory_on_the_way(file->diagnosis) && words_overlap(denied->permissions, "search")))
        r = ask(file, object, denied->target_context, denied->target_class, next);
    if (r >= 0 && is_directory_on_the_way(file->diagnosis))
        r = add_behind(file);
    if (r >= 0)
        r = add_directories(file);
    return r < 0 ? r : add_peer(file);
}

int operation_add_file(Operation *operation, const Hypothesis *hypothesis,
                       const Diagnosis *diagnosis, const char *real_path,
                       const NginxIntents *intents, OperationLabelReader read_label, void *userdata)
{
    FileOperation file = {
        .operation = operation,
        .hypothesis = hypothesis,
        .diagnosis = diagnosis,
        .log = path_is_log(diagnosis->path, intents),
        .read_label = read_label,
        .userdata = userdata,
    };
    int r = real_path && diagnosis->path_from_log
                ? string_replace(&operation->path, real_path)
                : path_collapse(diagnosis->path, &operation->path);

    return r < 0 ? r : add_all(&file);
}
