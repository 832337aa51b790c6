/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/remedy/policy-view.h"

#include <errno.h>
#include <glob.h>

#include "daemon/core/access.h"
#include "daemon/core/text.h"
#include "daemon/remedy/cil.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/hypothesis.h"
#include "daemon/selinux/ports.h"
#include "daemon/selinux/type-traits.h"

struct PolicyView {
    Policy *policy;
    Hypothesis *hypothesis;
    char last_type[256]; /* files in a tree mostly have the same one */
    bool last_holds_secrets;
};

DEFINE_POINTER_CLEANUP(PolicyView, policy_view_free, view_cleanup);

/* Sorts "policy.9" before "policy.10". */
static char *newest_image(const char *root, const char *type)
{
    _cleanup_free_ char *pattern =
        format_string("%s/etc/selinux/%s/policy/policy.[0-9]*", strempty(root), type);
    const char *best = NULL;
    unsigned long best_version = 0;
    char *copy = NULL;
    glob_t found = {};

    if (!pattern || glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
        return NULL;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *end;
        unsigned long version = strtoul(strrchr(found.gl_pathv[i], '.') + 1, &end, 10);

        if (*end == '\0' && version > best_version) {
            best = found.gl_pathv[i];
            best_version = version;
        }
    }
    if (best)
        copy = strdup(best);
    globfree(&found);
    return copy;
}

int policy_view_open(const char *root, const char *type, PolicyView **ret_view)
{
    _cleanup_(view_cleanup) PolicyView *view = calloc(1, sizeof(*view));
    _cleanup_free_ char *path = newest_image(root, type);
    int r;

    if (!view)
        return -ENOMEM;
    if (!path)
        return -ENOENT;
    r = policy_load_file(path, &view->policy, /* ret_message= */ NULL);
    if (r < 0)
        return r;
    view->hypothesis = hypothesis_new(view->policy);
    if (!view->hypothesis)
        return -ENOMEM;
    *ret_view = TAKE_POINTER(view);
    return 0;
}

const Policy *policy_view_policy(const PolicyView *view)
{
    return view->policy;
}

PolicyView *policy_view_free(PolicyView *view)
{
    if (!view)
        return NULL;
    hypothesis_free(view->hypothesis);
    policy_free(view->policy);
    free(view);
    return NULL;
}

static int __attribute__((format(printf, 2, 3)))
object(char ret_obstacle[STATE_OBSTACLE_MAX], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(ret_obstacle, STATE_OBSTACLE_MAX, format, arguments);
    va_end(arguments);
    return 0;
}

int policy_view_holds_secrets(PolicyView *view, const char *context)
{
    TypeTraits traits = {};
    char type[256];
    int r = context_type_copy(context, type, sizeof(type));

    if (r < 0)
        return r;
    if (streq(view->last_type, type))
        return view->last_holds_secrets;
    r = type_traits_read(view->hypothesis, type, &traits);
    if (r == -ENOENT)
        return 0;
    if (r < 0)
        return r;
    memcpy(view->last_type, type, strlen(type) + 1);
    view->last_holds_secrets = traits.holds_secrets;
    return traits.holds_secrets;
}

/* --- ports -------------------------------------------------------------------- */

/* Ports below 1024 that the policy gives to a service of its own are that service's: a wrong
 * label there takes down what has nothing to do with nginx. */
static int check_port_owner(PolicyView *view, const Action *action,
                            char ret_obstacle[STATE_OBSTACLE_MAX])
{
    PortProtocol protocol;
    int r = port_protocol_from_string(action->protocol, &protocol);

    if (r < 0)
        return r;
    for (uint32_t port = action->low; port <= action->high && port < 1024; port++) {
        PortLabel label = {};

        r = port_find_label(view->hypothesis, protocol, (uint16_t)port, &label);
        if (r == -ENODATA)
            continue;
        if (r < 0)
            return r;
        if (port_belongs_to_service((uint16_t)port, label.type_name) &&
            !streq(label.type_name, action->type))
            return object(ret_obstacle,
                          "port %u belongs to a system service (%s); its label is left alone.",
                          port, strempty(label.type_name));
    }
    return 0;
}

/* 1 if a module of the plan declares this type as a port type. */
static int plan_declares_port_type(const Plan *plan, const char *type)
{
    for (size_t i = 0; i < plan->n_actions; i++) {
        _cleanup_free_ char *problem = NULL;
        CilModule module = {};
        bool found;

        if (plan->actions[i].kind != ACTION_INSTALL_MODULE ||
            cil_read(strempty(plan->actions[i].cil), &module, &problem) < 0)
            continue;
        found = module.type && streq(module.type, type) && module.attributes &&
                strv_contains(module.attributes, "port_type");
        cil_module_clear(&module);
        if (found)
            return 1;
    }
    return 0;
}

int policy_view_check_port(PolicyView *view, const Plan *plan, const Action *action,
                           char ret_obstacle[STATE_OBSTACLE_MAX])
{
    TypeTraits traits = {};
    int r;

    ret_obstacle[0] = '\0';
    if (plan_declares_port_type(plan, action->type) == 0) {
        r = type_traits_read(view->hypothesis, action->type, &traits);
        if (r == -ENOENT)
            return object(ret_obstacle, "the policy has no type %s.", action->type);
        if (r < 0)
            return r;
        if (!traits.is_port_type)
            return object(ret_obstacle, "%s is not a type for ports.", action->type);
    }
    return check_port_owner(view, action, ret_obstacle);
}

/* --- files -------------------------------------------------------------------- */

int policy_view_check_file_context(PolicyView *view, const Action *action,
                                   char ret_obstacle[STATE_OBSTACLE_MAX])
{
    TypeTraits traits = {};
    int r = type_traits_read(view->hypothesis, action->type, &traits);

    ret_obstacle[0] = '\0';
    if (r == -ENOENT)
        return object(ret_obstacle, "the policy has no type %s.", action->type);
    if (r < 0)
        return r;
    if (!traits.is_file_type || traits.is_domain || traits.is_port_type)
        return object(ret_obstacle, "%s is not a type for files.", action->type);
    /* Certificates stand beside keys, and the web server reads both. */
    if (traits.holds_secrets && !strstr(action->type, "cert"))
        return object(ret_obstacle, "%s is a type that holds secrets.", action->type);
    return 0;
}

/* --- modules ------------------------------------------------------------------ */

/* An attribute of the new type must be one that ports have: anything else would make the port
 * something that it is not. */
static bool is_attribute_of_ports(const PolicyView *view, const char *name)
{
    uint32_t ports = policy_find_attribute(view->policy, "port_type");
    uint32_t attribute = policy_find_attribute(view->policy, name);
    PolicySpan types;

    if (ports == 0 || attribute == 0)
        return false;
    types = policy_types_of(view->policy, attribute);
    for (size_t i = 0; i < types.n; i++)
        if (!policy_type_has_attribute(view->policy, types.values[i], ports))
            return false;
    return types.n > 0;
}

static int check_declaration(const PolicyView *view, const CilModule *module, bool replaces,
                             char ret_obstacle[STATE_OBSTACLE_MAX])
{
    if (!module->type)
        return 0;
    if (!replaces && (policy_find_type(view->policy, module->type) != 0 ||
                      policy_find_attribute(view->policy, module->type) != 0))
        return object(ret_obstacle, "the policy has a type %s already.", module->type);
    if (!module->attributes || !strv_contains(module->attributes, "port_type"))
        return object(ret_obstacle, "the module's type %s is not a type for ports.", module->type);
    STRV_FOREACH (attribute, module->attributes)
        if (!is_attribute_of_ports(view, *attribute))
            return object(ret_obstacle, "%s is not an attribute that ports alone have.",
                          *attribute);
    return 0;
}

static bool is_socket_class(const char *name)
{
    size_t length = strlen(name), ending = strlen("_socket");

    return length > ending && streq(name + length - ending, "_socket");
}

static int check_target(const PolicyView *view, const CilModule *module, const CilRule *rule,
                        char ret_obstacle[STATE_OBSTACLE_MAX])
{
    TypeTraits traits = {};
    int r;

    if (module->type && streq(rule->target, module->type))
        return 0;
    r = type_traits_read(view->hypothesis, rule->target, &traits);
    if (r == -ENOENT)
        return object(ret_obstacle, "the policy has no type %s.", rule->target);
    if (r < 0)
        return r;
    /* A socket has the type of the process behind it, which is no place to keep something. */
    if (traits.holds_secrets && !is_socket_class(rule->target_class))
        return object(ret_obstacle, "%s holds secrets; a web server has no business there.",
                      rule->target);
    return 0;
}

static bool may_use_port(const PolicyView *view, const CilRule *rule, const Action *port)
{
    const uint32_t class = policy_find_class(view->policy, rule->target_class);
    PortProtocol protocol;
    uint32_t wanted = 0;

    if (port_protocol_from_string(port->protocol, &protocol) < 0 ||
        !streq(port_protocol_class(protocol), rule->target_class))
        return false;
    STRV_FOREACH (permission, rule->permissions)
        wanted |= policy_find_permission(view->policy, class, *permission);
    for (uint32_t number = port->low; number <= port->high; number++) {
        const uint32_t source = policy_find_type(view->policy, rule->source);
        PortLabel label = {};

        if (source == 0 ||
            port_find_label(view->hypothesis, protocol, (uint16_t)number, &label) < 0 ||
            (wanted & ~decide_allowed_by_rules(view->hypothesis, source, label.type, class)))
            return false;
    }
    return wanted != 0;
}

/* Who had the port before may keep it, and gains nothing. While the module is being replaced the
 * port may have its type already, with the same rules. */
static int check_owners(const PolicyView *view, const Plan *plan, const CilModule *module,
                        char ret_obstacle[STATE_OBSTACLE_MAX])
{
    for (size_t i = 1; module->type && i < module->n_rules; i++) {
        const CilRule *rule = &module->rules[i];
        bool keeps = false;

        if (streq(rule->source, module->rules[0].source))
            continue;
        for (size_t a = 0; a < plan->n_actions; a++) {
            const Action *action = &plan->actions[a];

            if (action->kind != ACTION_SET_PORT || !streq(action->type, module->type))
                continue;
            keeps = may_use_port(view, rule, action);
            if (!keeps)
                break;
        }
        if (!keeps)
            return object(ret_obstacle,
                          "%s may not use the port today, and a module may only "
                          "let it keep what it has.",
                          rule->source);
    }
    return 0;
}

int policy_view_check_module(PolicyView *view, const Plan *plan, const Action *action,
                             bool replaces, char ret_obstacle[STATE_OBSTACLE_MAX])
{
    _cleanup_free_ char *problem = NULL;
    CilModule module = {};
    int r = cil_read(strempty(action->cil), &module, &problem);

    ret_obstacle[0] = '\0';
    if (r < 0) /* plan_check_action() had it before */
        return r;
    r = check_declaration(view, &module, replaces, ret_obstacle);
    for (size_t i = 0; r >= 0 && i < module.n_rules && ret_obstacle[0] == '\0'; i++)
        r = check_target(view, &module, &module.rules[i], ret_obstacle);
    if (r >= 0 && ret_obstacle[0] == '\0')
        r = check_owners(view, plan, &module, ret_obstacle);
    cil_module_clear(&module);
    return r;
}
