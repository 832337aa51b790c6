/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A port type of its own, in a small module: opens that one port to that one domain. Those who
 * may use the port by its present label go on using it: the new type has the attributes of the old
 * one, and what rests on the old type's own name is said again for the new one.
 */
#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/candidates-port-internal.h"
#include "daemon/diagnose/module-text.h"
#include "daemon/selinux/decide.h"

/* Rules for others: one or two for a port that has an owner, a few dozen for one of a whole range,
 * in the policies looked at; the remedy service takes 64 in all. Beyond this, what the module would
 * take away is said instead. */
#define OWNERS_MAX 48u

typedef struct OwnPort {
    const PortContext *context;
    char *name; /* of the module */
    char *type;
    char **attributes;
    Hypothesis *after;
    char **rules; /* the module's, as text */
} OwnPort;

static void own_port_clear(OwnPort *own)
{
    free(own->name);
    free(own->type);
    strv_free(own->attributes);
    hypothesis_free(own->after);
    strv_free(own->rules);
}

/* Names that a compiler made up for an expression mean nothing in a module. */
static bool attribute_is_declared(const char *name)
{
    return strncmp(name, "base_typeattr_", strlen("base_typeattr_")) != 0 &&
           strncmp(name, "cil_gen_", strlen("cil_gen_")) != 0 && name[0] != '@' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
               strlen(name);
}

static int list_attributes(OwnPort *own)
{
    const Hypothesis *current = own->context->base->current;
    const Policy *policy = hypothesis_policy(current);
    const PolicySpan span = hypothesis_attributes_of(current, own->context->label.type);

    own->attributes = calloc(1, sizeof(*own->attributes));
    if (!own->attributes)
        return -ENOMEM;
    for (size_t i = 0; i < span.n; i++) {
        const char *name = policy_type_name(policy, span.values[i]);

        if (!policy_type_is_attribute(policy, span.values[i]) || !name ||
            !attribute_is_declared(name))
            continue;
        if (strv_append(&own->attributes, name) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int allow(OwnPort *own, const char *domain, const char *permissions)
{
    const char *class = own->context->question->access.target_class;
    _cleanup_free_ char *rule = module_rule(domain, own->type, class, permissions);
    int r =
        rule ? hypothesis_add_allow(own->after, domain, own->type, class, permissions) : -ENOMEM;

    return r < 0 ? r : strv_append(&own->rules, rule);
}

static int assume(OwnPort *own)
{
    const Question *question = own->context->question;
    int r = hypothesis_add_type(own->after, own->type, own->attributes);

    if (r >= 0)
        r = hypothesis_set_port(own->after, question->protocol, question->port, question->port,
                                own->type);
    return r < 0 ? r : allow(own, own->context->domain, question->access.permissions);
}

/* What somebody would lose, if it does not come and go with a boolean. */
static int keep_owner(OwnPort *own, const AccessChange *loss)
{
    const Hypothesis *current = own->context->base->current;
    const Policy *policy = hypothesis_policy(current);
    const uint32_t class = policy_find_class(policy, loss->target_class);
    const uint32_t always = decide_allowed_unconditionally(
        current, policy_find_type(policy, loss->domain), own->context->label.type, class);
    _cleanup_strv_ char **permissions = strv_split(loss->permissions, " ");

    if (!permissions)
        return -ENOMEM;
    if (!streq(loss->target_class, own->context->question->access.target_class))
        return 0;
    STRV_FOREACH (permission, permissions)
        if (!(policy_find_permission(policy, class, *permission) & always))
            return 0;
    return allow(own, loss->domain, loss->permissions);
}

static int keep_owners(OwnPort *own)
{
    Exposure exposure = {};
    ExposureLosses losses = {};
    int r = exposure_compute(own->context->base->current, own->after, own->context->domain,
                             &exposure, &losses);

    if (r < 0)
        return r;
    for (size_t i = 0; r >= 0 && losses.total <= OWNERS_MAX && i < losses.n_changes; i++)
        r = keep_owner(own, &losses.changes[i]);
    exposure_clear(&exposure);
    exposure_losses_clear(&losses);
    return r;
}

static char *write_module(const OwnPort *own)
{
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    bool failed;

    if (!stream)
        return NULL;
    (void)fprintf(stream, "(type %s)\n(roletype object_r %s)\n", own->type, own->type);
    STRV_FOREACH (attribute, own->attributes)
        (void)fprintf(stream, "(typeattributeset %s (%s))\n", *attribute, own->type);
    STRV_FOREACH (rule, own->rules)
        (void)fputs(*rule, stream);
    failed = ferror(stream);
    return fclose(stream) == 0 && !failed ? TAKE_POINTER(text) : NULL;
}

static int write_plan(const OwnPort *own, Fix *fix)
{
    _cleanup_free_ char *cil = write_module(own);
    int r = cil ? module_to_action(own->name, cil, &fix->plan) : -ENOMEM;

    if (r >= 0)
        r = port_label_to_action(own->context, own->type, &fix->plan);
    if (r < 0)
        return r;
    fix->reversible = true;
    fix->summary =
        format_string("give %s port %u a type of its own, which %s may use", own->context->protocol,
                      own->context->question->port, own->context->domain);
    return fix->summary ? 0 : -ENOMEM;
}

static int submit(Diagnosis *diagnosis, OwnPort *own)
{
    Fix fix = {};
    int r = list_attributes(own);

    if (r >= 0)
        r = assume(own);
    if (r == -EEXIST)
        return 0; /* it was made before; whatever is wrong, it is not that */
    if (r >= 0)
        r = keep_owners(own);
    if (r >= 0)
        r = write_plan(own, &fix);
    if (r < 0) {
        fix_clear(&fix);
        return r;
    }
    return candidate_submit(diagnosis, own->context->base, &fix, own->after);
}

int candidates_add_own_port(Diagnosis *diagnosis, const PortContext *context)
{
    OwnPort own = {
        .context = context,
        .name = format_string("selguard_%s_%u", context->protocol, context->question->port),
        .after = hypothesis_copy(context->base->current),
    };
    int r;

    own.type = own.name ? format_string("%s_port_t", own.name) : NULL;
    r = own.type && own.after ? submit(diagnosis, &own) : -ENOMEM;
    own_port_clear(&own);
    return r;
}
