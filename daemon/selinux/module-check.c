/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/module-check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sepol/cil/cil.h>
#include <sepol/debug.h>
#include <sepol/policydb.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/hypothesis-internal.h"
#include "daemon/selinux/policy-internal.h"

DEFINE_POINTER_CLEANUP(sepol_policydb_t, sepol_policydb_free, policydb_cleanup);

/* --- the declarations ------------------------------------------------------- */

/* What every policy must have to compile, in names that no policy uses. */
static const char frame_base[] =
    "(sid kernel)\n(sidorder (kernel))\n"
    "(sensitivity s0)\n(sensitivityorder (s0))\n"
    "(category c0)\n(categoryorder (c0))\n"
    "(sensitivitycategory s0 (c0))\n"
    "(user selguard_frame_u)\n(role object_r)\n(role selguard_frame_r)\n"
    "(type selguard_frame_t)\n(roletype selguard_frame_r selguard_frame_t)\n"
    "(userrole selguard_frame_u selguard_frame_r)\n(userlevel selguard_frame_u (s0))\n"
    "(userrange selguard_frame_u ((s0) (s0)))\n"
    "(sidcontext kernel (selguard_frame_u selguard_frame_r selguard_frame_t ((s0) (s0))))\n";

/* An attribute gets a member here, so that a rule about it can be seen. */
#define MEMBER "selguard_frame_in_"

typedef struct Names {
    char **words; /* of the module, each once */
    char **types; /* of these, what are types or attributes of the policy or the hypothesis */
    char **classes;
} Names;

static void names_clear(Names *names)
{
    strv_free(names->words);
    strv_free(names->types);
    strv_free(names->classes);
}

static int names_read(const Hypothesis *after, const char *cil, Names *ret_names)
{
    const Policy *policy = after->policy;
    _cleanup_strv_ char **words = strv_split(cil, "() \n\t");
    Names names = {};
    int r = words ? 0 : -ENOMEM;

    STRV_FOREACH (word, words) {
        if (r < 0)
            break;
        if (strv_contains(names.words, *word))
            continue;
        r = strv_append(&names.words, *word);
        if (r >= 0 &&
            (hypothesis_find_type(after, *word) != 0 || policy_find_attribute(policy, *word) != 0))
            r = strv_append(&names.types, *word);
        if (r >= 0 && policy_find_class(policy, *word) != 0)
            r = strv_append(&names.classes, *word);
    }
    if (r < 0) {
        names_clear(&names);
        return r;
    }
    *ret_names = names;
    return 0;
}

static void declare_class(FILE *stream, const Policy *policy, const char *name)
{
    const uint32_t class = policy_find_class(policy, name);
    const uint32_t all = policy_class_permissions(policy, class);

    (void)fprintf(stream, "(class %s (", name);
    for (uint32_t rest = all; rest != 0; rest &= rest - 1)
        (void)fprintf(stream, " %s", policy_permission_name(policy, class, rest & -rest));
    (void)fputs("))\n", stream);
}

static char *write_frame(const Hypothesis *before, const Names *names)
{
    const Policy *policy = before->policy;
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    bool failed;

    if (!stream)
        return NULL;
    (void)fputs(frame_base, stream);
    STRV_FOREACH (word, names->words) {
        if (policy_find_attribute(policy, *word) != 0)
            (void)fprintf(stream,
                          "(typeattribute %s)\n(type " MEMBER "%s)\n"
                          "(typeattributeset %s (" MEMBER "%s))\n",
                          *word, *word, *word, *word);
        else if (hypothesis_find_type(before, *word) != 0)
            (void)fprintf(stream, "(type %s)\n", *word);
    }
    STRV_FOREACH (class, names->classes)
        declare_class(stream, policy, *class);
    (void)fputs("(classorder (", stream);
    STRV_FOREACH (class, names->classes)
        (void)fprintf(stream, " %s", *class);
    (void)fputs("))\n", stream);
    failed = ferror(stream);
    return fclose(stream) == 0 && !failed ? TAKE_POINTER(text) : NULL;
}

/* --- the compiler ----------------------------------------------------------- */

static char first_complaint[256];

static void keep_complaint(int level, const char *message)
{
    if (level == CIL_ERR && !first_complaint[0])
        (void)snprintf(first_complaint, sizeof(first_complaint), "%s", message);
}

static int refuse(char **ret_problem, const char *what)
{
    size_t length = strcspn(first_complaint, "\n");

    *ret_problem =
        format_string("%s%s%.*s", what, length > 0 ? ": " : "", (int)length, first_complaint);
    return *ret_problem ? -EBADMSG : -ENOMEM;
}

/* The view of it belongs to the caller. */
static int compile(const char *frame, const char *cil, unsigned version, Policy **ret_policy,
                   char **ret_problem)
{
    _cleanup_(policydb_cleanup) sepol_policydb_t *built = NULL;
    cil_db_t *db = NULL;
    int r;

    first_complaint[0] = '\0';
    sepol_debug(0);
    cil_set_log_handler(keep_complaint);
    cil_set_log_level(CIL_ERR);
    cil_db_init(&db);
    cil_set_mls(db, 0);
    cil_set_handle_unknown(db, SEPOL_DENY_UNKNOWN);
    cil_set_policy_version(db, (int)version);
    cil_set_attrs_expand_generated(db, 0);
    cil_set_attrs_expand_size(db, 0);
    r = cil_add_file(db, "declarations", frame, strlen(frame));
    if (r == SEPOL_OK)
        r = cil_add_file(db, "module", cil, strlen(cil));
    if (r == SEPOL_OK)
        r = cil_compile(db);
    if (r == SEPOL_OK)
        r = cil_build_policydb(db, &built);
    cil_db_destroy(&db);
    if (r != SEPOL_OK || !built)
        return refuse(ret_problem, "it does not compile");
    r = policy_view_compiled(built, version, ret_policy);
    return r == -EBADMSG ? refuse(ret_problem, "what it compiles into cannot be read") : r;
}

/* --- the rules that came out -------------------------------------------------- */

/* A named type or attribute, as a value and as what the rules may call it. */
typedef struct Named {
    uint32_t value;
    PolicySpan span;
    uint16_t attribute; /* what the span of one holds */
} Named;

static void find_named(const Hypothesis *after, const char *name, Named *ret_named)
{
    const uint32_t type = hypothesis_find_type(after, name);

    if (type != 0) {
        *ret_named = (Named){.value = type, .span = hypothesis_attributes_of(after, type)};
        return;
    }
    ret_named->attribute = (uint16_t)policy_find_attribute(after->policy, name);
    ret_named->value = ret_named->attribute;
    ret_named->span = (PolicySpan){&ret_named->attribute, 1};
}

/* What the hypothesis' own rules let the one do to the other. */
static uint32_t added_permissions(const Hypothesis *before, const Hypothesis *after,
                                  const char *source_name, const char *target_name, uint32_t class)
{
    Named source, target;
    uint32_t permissions = 0;

    find_named(after, source_name, &source);
    find_named(after, target_name, &target);
    for (size_t i = before->n_rules; i < after->n_rules; i++)
        if (added_rule_matches(&after->rules[i], source.value, source.span, target.value,
                               target.span, class))
            permissions |= after->rules[i].permissions;
    return permissions;
}

/* In the compiled policy: the type, or the member of the attribute. */
static uint32_t find_compiled(const Hypothesis *compiled, const char *name)
{
    _cleanup_free_ char *member = format_string(MEMBER "%s", name);
    const uint32_t type = hypothesis_find_type(compiled, name);

    return type != 0 || !member ? type : hypothesis_find_type(compiled, member);
}

/* That every rule of the hypothesis is about what the module names. */
static bool names_all(const Hypothesis *before, const Hypothesis *after, const Names *names)
{
    for (size_t i = before->n_rules; i < after->n_rules; i++) {
        const AddedRule *rule = &after->rules[i];
        bool source = false, target = rule->target == 0;

        STRV_FOREACH (name, names->types) {
            Named named;

            find_named(after, *name, &named);
            source = source || named.value == rule->source;
            target = target || named.value == rule->target;
        }
        if (!source || !target ||
            !strv_contains(names->classes, policy_class_name(after->policy, rule->class)))
            return false;
    }
    return true;
}

static bool same_permissions(const Policy *policy, uint32_t class, uint32_t wanted,
                             const Policy *compiled, uint32_t compiled_class, uint32_t found)
{
    _cleanup_free_ char *a = policy_permissions_to_string(policy, class, wanted);
    _cleanup_free_ char *b = policy_permissions_to_string(compiled, compiled_class, found);

    return a && b && streq(a, b);
}

static bool same_rules(const Hypothesis *before, const Hypothesis *after, const Names *names,
                       const Hypothesis *compiled)
{
    STRV_FOREACH (source, names->types)
        STRV_FOREACH (target, names->types)
            STRV_FOREACH (class, names->classes) {
                const uint32_t wanted_class = policy_find_class(after->policy, *class);
                const uint32_t found_class = policy_find_class(compiled->policy, *class);
                const uint32_t wanted =
                    added_permissions(before, after, *source, *target, wanted_class);
                const uint32_t found =
                    decide_allowed_by_rules(compiled, find_compiled(compiled, *source),
                                            find_compiled(compiled, *target), found_class);

                if (!same_permissions(after->policy, wanted_class, wanted, compiled->policy,
                                      found_class, found))
                    return false;
            }
    return true;
}

static int check_compiled(const Hypothesis *before, const Hypothesis *after, const Names *names,
                          Policy *policy, char **ret_problem)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *compiled = hypothesis_new(policy);

    if (!compiled)
        return -ENOMEM;
    return names_all(before, after, names) && same_rules(before, after, names, compiled)
               ? 0
               : refuse(ret_problem, "it compiles into other rules than were judged");
}

int module_check(const Hypothesis *before, const Hypothesis *after, const char *cil,
                 char **ret_problem)
{
    _cleanup_free_ char *frame = NULL;
    _cleanup_(policy_cleanup) Policy *compiled = NULL;
    Names names = {};
    int r = names_read(after, cil, &names);

    if (r < 0)
        return r;
    frame = write_frame(before, &names);
    r = frame ? compile(frame, cil, policy_version(before->policy), &compiled, ret_problem)
              : -ENOMEM;
    if (r >= 0)
        r = check_compiled(before, after, &names, compiled, ret_problem);
    names_clear(&names);
    return r;
}
