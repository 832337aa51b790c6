/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Content below a directory of the host's own making, /data say: the policy has no rule for it, so
 * it has the label that any unknown name gets, and what is in it may be anybody's. It is not
 * labelled as a whole. The directories on the way get the label of the one above them, which nginx
 * gets through already, each by itself; what nginx wants gets one that fits.
 */
#include <errno.h>
#include <sys/stat.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/candidates-file-internal.h"
#include "daemon/selinux/type-traits.h"

/* From the one that was refused down to what nginx wants. */
#define WAY_DIRECTORIES_MAX 4u

typedef struct Way {
    const FileContext *context;
    TargetPath directories[WAY_DIRECTORIES_MAX];
    size_t n_directories;
    char type[256]; /* for these */
    TargetPath content;
    const char *content_type; /* NULL: it is labelled well as it is */
} Way;

static void way_clear(Way *way)
{
    for (size_t i = 0; i < way->n_directories; i++)
        target_path_clear(&way->directories[i]);
    target_path_clear(&way->content);
}

static bool has_default_type(FileContexts *contexts, const char *path, const char *type)
{
    _cleanup_free_ char *context = NULL;
    char found[256];

    return file_contexts_lookup(contexts, path, S_IFDIR, &context) >= 0 &&
           context_type_copy(context, found, sizeof(found)) >= 0 && streq(found, type);
}

/* The directory above; NULL for "/", or if out of memory. */
static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash || path[1] == '\0')
        return NULL;
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Whether a name that the policy does not know gets this type in the directory. */
static bool gives_unknown_names(FileContexts *contexts, const char *directory, const char *type)
{
    _cleanup_free_ char *unknown =
        format_string("%s/.nginx-selguard-no-such-name", streq(directory, "/") ? "" : directory);

    return unknown && has_default_type(contexts, unknown, type);
}

/* Whether the label is what the policy gives a name that it does not know, there and below: for
 * people's homes it does not know the names either, but what is in one has another label. */
static bool has_no_rule(const FileContext *context, const char *parent)
{
    FileContexts *contexts = context->base->file_contexts;
    const char *object = context->base->operation->object;

    return contexts && has_default_type(contexts, object, context->type) &&
           gives_unknown_names(contexts, parent, context->type) &&
           gives_unknown_names(contexts, object, context->type);
}

/* Nginx may search it, and neither write there nor find anything that is kept from others. */
static bool is_for_passing(const FileContext *context, const char *type)
{
    const Hypothesis *current = context->base->current;
    TypeTraits traits;
    TypeUse use;

    return *type && !streq(type, context->type) &&
           type_use_read(current, context->domain, type, &use) >= 0 && use.dir_search &&
           !use.dir_write && !use.file_write && type_traits_read(current, type, &traits) >= 0 &&
           type_traits_suit_files(&traits) && !traits.holds_secrets;
}

/* The directories from the one refused to the one above the content. -E2BIG, -EINVAL (the content
 * is not below it) or -ENOMEM. */
static int find_directories(Way *way, const char *first, const char *content)
{
    const size_t length = strlen(first);
    size_t end = length;

    if (strncmp(content, first, length) != 0 || content[length] != '/')
        return -EINVAL;
    while (content[end] == '/') {
        TargetPath *directory = &way->directories[way->n_directories];
        int r;

        if (way->n_directories == WAY_DIRECTORIES_MAX)
            return -E2BIG;
        directory->path = strndup(content, end);
        if (!directory->path)
            return -ENOMEM;
        way->n_directories++;
        r = file_target_name_original(way->context, directory);
        if (r >= 0 && !directory->regex)
            r = target_path_set_rule(directory, directory->path);
        if (r < 0)
            return r;
        end += 1 + strcspn(content + end + 1, "/");
    }
    return 0;
}

static int assume(const Way *way, Hypothesis *after)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < way->n_directories; i++)
        r = hypothesis_set_file_type(after, way->directories[i].path, false, way->type);
    if (r >= 0 && way->content_type)
        r = hypothesis_set_file_type(after, way->content.path, way->content.tree,
                                     way->content_type);
    return r;
}

static char *write_summary(const Way *way)
{
    const char *more = way->n_directories > 1 ? " and the next on the way" : "";

    if (!way->content_type)
        return format_string("label the directory %s%s as %s, like the one above it, and nothing "
                             "else in it",
                             way->directories[0].path, more, way->type);
    return format_string("label the directory %s%s as %s, like the one above it, and %s%s as %s",
                         way->directories[0].path, more, way->type, way->content.path,
                         way->content.tree ? " and what is below it" : "", way->content_type);
}

static int write_plan(const Way *way, Fix *fix)
{
    int r = file_context_find_caveat(way->context, &fix->caveat);

    for (size_t i = 0; r >= 0 && i < way->n_directories; i++)
        r = file_plan_add_rule(&fix->plan, &way->directories[i], "dir", way->type);
    if (r >= 0 && way->content_type)
        r = file_plan_add_rule(&fix->plan, &way->content, "all", way->content_type);
    for (size_t i = 0; r >= 0 && i < way->n_directories; i++)
        r = file_plan_add_relabel(&fix->plan, &way->directories[i]);
    if (r >= 0 && way->content_type)
        r = file_plan_add_relabel(&fix->plan, &way->content);
    if (r < 0)
        return r;
    fix->reversible = true;
    fix->evidence = EVIDENCE_FILE_CONTEXT;
    fix->summary = write_summary(way);
    return fix->summary ? 0 : -ENOMEM;
}

static int submit(const Way *way)
{
    static char class_dir[] = "dir";
    char *const directories[] = {class_dir, NULL};
    const FileContext *context = way->context;
    const ExposureRelabel relabels[] = {
        {.old_type = context->type, .new_type = way->type, .classes = directories},
        {.old_type = context->type, .new_type = way->content_type, .classes = file_tree_classes},
    };
    _cleanup_(hypothesis_cleanup) Hypothesis *after = hypothesis_copy(context->base->current);
    Fix fix = {};
    int r = after ? assume(way, after) : -ENOMEM;

    if (r >= 0)
        r = write_plan(way, &fix);
    if (r < 0) {
        fix_clear(&fix);
        return r == -E2BIG ? 0 : r;
    }
    return candidate_submit_labels(context->diagnosis, context->base, &fix, after, relabels,
                                   way->content_type ? 2 : 1);
}

/* First the directories alone: what nginx wants may have a label that is good for it. */
static int try_both(Way *way)
{
    Diagnosis *diagnosis = way->context->diagnosis;
    const size_t n_fixes = diagnosis->n_fixes;
    int r = submit(way);

    if (r < 0 || diagnosis->n_fixes > n_fixes)
        return r;
    way->content_type = file_context_choose_type(way->context);
    return way->content_type ? submit(way) : 0;
}

int file_candidates_add_way(const FileContext *context)
{
    const char *object = context->base->operation->object;
    _cleanup_free_ char *parent = object ? parent_of(object) : NULL;
    Way way = {.context = context};
    int r;

    if (!parent || !context->on_the_way || !has_no_rule(context, parent))
        return 0;
    file_context_find_type(context, parent, "dir", way.type, sizeof(way.type));
    if (!is_for_passing(context, way.type))
        return 0;
    r = target_path_choose(context->base->operation->path, context->purpose == PURPOSE_CERTIFICATE,
                           &way.content);
    if (r >= 0)
        r = file_target_name_original(context, &way.content);
    if (r >= 0)
        r = find_directories(&way, object, way.content.path);
    if (r >= 0)
        r = try_both(&way);
    way_clear(&way);
    return r == -EINVAL || r == -E2BIG || r == -ENOENT ? 0 : r;
}
