/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/security-context.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/core/macro.h"
#include "daemon/selinux/policy-internal.h"

void security_context_clear(SecurityContext *context)
{
    /* Both sets share one allocation. */
    free(context->categories[0]);
    *context = (SecurityContext){};
}

static bool test_category(const uint64_t *categories, uint32_t category)
{
    return categories[(category - 1) / 64] >> ((category - 1) % 64) & 1;
}

/* "c1" or "c1.c5", added to the set. */
static int parse_categories(const Policy *policy, const char *text, size_t length,
                            uint64_t *categories)
{
    const char *dot = memchr(text, '.', length);
    uint32_t low, high;

    low = policy_find_symbol(policy, SYMBOL_CATEGORY, text, dot ? (size_t)(dot - text) : length);
    high = low;
    if (dot)
        high =
            policy_find_symbol(policy, SYMBOL_CATEGORY, dot + 1, length - (size_t)(dot + 1 - text));
    if (low == 0 || high == 0 || low > high)
        return CONTEXT_UNKNOWN_RANGE;
    for (uint32_t category = low; category <= high; category++)
        categories[(category - 1) / 64] |= UINT64_C(1) << ((category - 1) % 64);
    return CONTEXT_OK;
}

static int parse_level(const Policy *policy, const char *text, size_t length,
                       uint32_t *ret_sensitivity, uint64_t *categories)
{
    const char *end = text + length;
    const char *colon = memchr(text, ':', length);
    uint32_t sensitivity = policy_find_symbol(policy, SYMBOL_SENSITIVITY, text,
                                              colon ? (size_t)(colon - text) : length);

    if (sensitivity == 0)
        return CONTEXT_UNKNOWN_RANGE;
    for (const char *at = colon ? colon + 1 : NULL; at;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        int r = parse_categories(policy, at, (size_t)((comma ? comma : end) - at), categories);

        if (r != CONTEXT_OK)
            return r;
        at = comma ? comma + 1 : NULL;
    }
    *ret_sensitivity = sensitivity;
    return CONTEXT_OK;
}

static int parse_range(const Policy *policy, const char *text, SecurityContext *context)
{
    size_t words = policy_category_words(policy);
    const char *dash = strchr(text, '-');
    int r;

    /* One more word, so that the allocation is never empty. */
    context->categories[0] = calloc(2 * words + 1, sizeof(uint64_t));
    if (!context->categories[0])
        return -ENOMEM;
    context->categories[1] = context->categories[0] + words;
    context->n_category_words = (uint32_t)words;

    r = parse_level(policy, text, dash ? (size_t)(dash - text) : strlen(text),
                    &context->sensitivity[0], context->categories[0]);
    if (r != CONTEXT_OK)
        return r;
    if (!dash) {
        context->sensitivity[1] = context->sensitivity[0];
        if (words > 0)
            memcpy(context->categories[1], context->categories[0], words * sizeof(uint64_t));
        return CONTEXT_OK;
    }
    r = parse_level(policy, dash + 1, strlen(dash + 1), &context->sensitivity[1],
                    context->categories[1]);
    if (r != CONTEXT_OK)
        return r;

    if (context->sensitivity[0] > context->sensitivity[1])
        return CONTEXT_UNKNOWN_RANGE;
    return category_bits_within(context->categories[0], context->categories[1], words)
               ? CONTEXT_OK
               : CONTEXT_UNKNOWN_RANGE;
}

/* --- authorization (libsepol's policydb_context_isvalid) ------------------- */

/* The sensitivity has these categories. */
static bool levels_are_valid(const Policy *policy, const SecurityContext *context)
{
    for (unsigned i = 0; i < 2; i++) {
        const uint64_t *known = policy->sensitivities[context->sensitivity[i] - 1].categories;

        if (!known ||
            !category_bits_within(context->categories[i], known, context->n_category_words))
            return false;
    }
    return true;
}

/* The user's range holds the context's. */
static bool user_may_have_range(const UserInfo *user, const SecurityContext *context)
{
    const LevelInfo *low = &user->range[0];
    const LevelInfo *high = &user->range[1];
    size_t words = context->n_category_words;

    return low->categories && high->categories && low->sensitivity <= context->sensitivity[0] &&
           high->sensitivity >= context->sensitivity[1] &&
           category_bits_within(low->categories, context->categories[0], words) &&
           category_bits_within(context->categories[1], high->categories, words);
}

static bool is_authorized(const Policy *policy, const SecurityContext *context)
{
    const UserInfo *user = &policy->users[context->user - 1];
    bool has_range = context->categories[0] != NULL;

    if (has_range && !levels_are_valid(policy, context))
        return false;
    if (context->role == OBJECT_ROLE)
        return true;
    return (context->type > policy->n_types ||
            policy_span_contains(policy->roles[context->role - 1].types, context->type)) &&
           policy_span_contains(user->roles, context->role) &&
           (!has_range || user_may_have_range(user, context));
}

static uint32_t find_type(const Policy *policy, const Hypothesis *hypothesis, const char *text,
                          size_t length)
{
    char name[256];
    uint32_t type = policy_find_symbol(policy, SYMBOL_TYPE, text, length);

    if (type != 0)
        return policy_type_is_attribute(policy, type) ? 0 : type;
    if (!hypothesis || length >= sizeof(name))
        return 0;
    memcpy(name, text, length);
    name[length] = '\0';
    return hypothesis_find_type(hypothesis, name);
}

static int parse(const Policy *policy, const Hypothesis *hypothesis, const char *text,
                 SecurityContext *context)
{
    const char *role = strchr(text, ':');
    const char *type = role ? strchr(role + 1, ':') : NULL;
    const char *range = type ? strchr(type + 1, ':') : NULL;

    if (!type || role == text || type == role + 1 || type[1] == '\0' || range == type + 1 ||
        (range != NULL) != policy->mls)
        return CONTEXT_MALFORMED;

    context->user = policy_find_symbol(policy, SYMBOL_USER, text, (size_t)(role - text));
    context->role = policy_find_symbol(policy, SYMBOL_ROLE, role + 1, (size_t)(type - role - 1));
    context->type = find_type(policy, hypothesis, type + 1,
                              range ? (size_t)(range - type - 1) : strlen(type + 1));
    /* The type first: an unknown one is what another host's log shows. */
    if (context->type == 0)
        return CONTEXT_UNKNOWN_TYPE;
    if (context->user == 0)
        return CONTEXT_UNKNOWN_USER;
    if (context->role == 0)
        return CONTEXT_UNKNOWN_ROLE;
    if (range) {
        int r = parse_range(policy, range + 1, context);

        if (r != CONTEXT_OK)
            return r;
    }
    return is_authorized(policy, context) ? CONTEXT_OK : CONTEXT_NOT_AUTHORIZED;
}

int security_context_parse(const Policy *policy, const Hypothesis *hypothesis, const char *text,
                           SecurityContext *ret_context)
{
    SecurityContext context = {};
    int r = parse(policy, hypothesis, text, &context);

    if (r == CONTEXT_OK)
        *ret_context = context;
    else
        security_context_clear(&context);
    return r;
}

/* "c1.c3" for three and more in a row, as libsepol and the kernel write them. */
static void print_categories(const Policy *policy, FILE *stream, const uint64_t *categories)
{
    char separator = ':';

    for (uint32_t low = 1; low <= policy->n_categories; low++) {
        uint32_t high = low;

        if (!test_category(categories, low))
            continue;
        while (high < policy->n_categories && test_category(categories, high + 1))
            high++;
        (void)fprintf(stream, "%c%s", separator, strempty(policy->categories[low - 1]));
        if (high > low)
            (void)fprintf(stream, "%c%s", high > low + 1 ? '.' : ',',
                          strempty(policy->categories[high - 1]));
        separator = ',';
        low = high;
    }
}

char *security_context_to_string(const Policy *policy, const Hypothesis *hypothesis,
                                 const SecurityContext *context)
{
    const char *type = hypothesis ? hypothesis_type_name(hypothesis, context->type)
                                  : policy_type_name(policy, context->type);
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    bool failed;

    if (!stream)
        return NULL;
    (void)fprintf(stream, "%s:%s:%s", strempty(policy_user_name(policy, context->user)),
                  strempty(policy_role_name(policy, context->role)), strempty(type));
    if (policy->mls && context->categories[0]) {
        bool same = context->sensitivity[0] == context->sensitivity[1] &&
                    memcmp(context->categories[0], context->categories[1],
                           context->n_category_words * sizeof(uint64_t)) == 0;

        for (unsigned i = 0; i < (same ? 1 : 2); i++) {
            (void)fprintf(stream, "%c%s", i == 0 ? ':' : '-',
                          strempty(policy->sensitivities[context->sensitivity[i] - 1].name));
            print_categories(policy, stream, context->categories[i]);
        }
    }
    failed = ferror(stream) != 0;
    if (fclose(stream) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}
