/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/decide-ioctl.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/core/text.h"
#include "daemon/selinux/decide-internal.h"

#define COMMANDS (1u << 16)

/* How many ranges are told: a list of all would hide the one that is missing. */
#define RANGES_TOLD 12

typedef struct Listing {
    const Policy *policy;
    const int8_t *states;
    uint32_t *commands; /* a bit for each */
    bool any;
} Listing;

static void list_driver(Listing *listing, unsigned driver, const uint32_t *set)
{
    for (unsigned word = 0; word < 8; word++)
        listing->commands[driver * 8 + word] |= set ? set[word] : UINT32_MAX;
}

static int list_rule(uint32_t index, uint32_t branch, void *data)
{
    Listing *listing = data;
    const IoctlRule *rule = &listing->policy->ioctl_rules[index - 1];

    if (listing->states && listing->states[branch >> 1] != (int8_t)(branch & 1))
        return 0;
    listing->any = true;
    if (!rule->whole_drivers) {
        list_driver(listing, rule->driver, rule->set);
        return 0;
    }
    for (unsigned driver = 0; driver < 256; driver++)
        if (rule->set[driver / 32] >> driver % 32 & 1)
            list_driver(listing, driver, NULL);
    return 0;
}

static bool is_listed(const Listing *listing, unsigned command)
{
    return listing->commands[command / 32] >> command % 32 & 1;
}

static char *describe(const Listing *listing)
{
    _cleanup_strv_ char **words = NULL;
    size_t more = 0;

    for (unsigned first = 0, last; first < COMMANDS; first = last + 1) {
        _cleanup_free_ char *word = NULL;

        last = first;
        if (!is_listed(listing, first))
            continue;
        while (last + 1 < COMMANDS && is_listed(listing, last + 1))
            last++;
        if (strv_length(words) == RANGES_TOLD) {
            more++;
            continue;
        }
        word = first == last ? format_string("0x%04x", first)
                             : format_string("0x%04x-0x%04x", first, last);
        if (!word || strv_append(&words, word) < 0)
            return NULL;
    }
    if (more > 0) {
        _cleanup_free_ char *word = format_string("and %zu more", more);

        if (!word || strv_append(&words, word) < 0)
            return NULL;
    }
    return words ? strv_join(words, " ") : strdup("none");
}

static void list_commands(const Hypothesis *hypothesis, const Question *question, Listing *listing)
{
    const RuleTable *rules = hypothesis->policy->rules;
    PolicySpan sources = hypothesis_attributes_of(hypothesis, question->source.type);
    PolicySpan targets = hypothesis_attributes_of(hypothesis, question->target.type);

    (void)rule_table_visit(&rules[RULES_XPERM], sources, targets, question->class, list_rule,
                           listing);
    listing->states = hypothesis->conditions;
    (void)rule_table_visit(&rules[RULES_XPERM_CONDITIONAL], sources, targets, question->class,
                           list_rule, listing);
}

int decide_ioctl(const Hypothesis *hypothesis, const Access *access, unsigned command,
                 char **ret_listed)
{
    _cleanup_free_ uint32_t *commands = calloc(COMMANDS / 32, sizeof(*commands));
    Listing listing = {.policy = hypothesis->policy, .commands = commands};
    Question question = {};
    char *listed = NULL;
    int r;

    if (!commands)
        return -ENOMEM;
    r = question_resolve(hypothesis, access->source_context, access->target_context,
                         access->target_class, &question, /* ret_bad= */ NULL);
    if (r != DECIDE_OK)
        return r < 0 ? r : -ENODATA;
    list_commands(hypothesis, &question, &listing);
    question_clear(&question);
    if (listing.any && ret_listed) {
        listed = describe(&listing);
        if (!listed)
            return -ENOMEM;
    }
    if (ret_listed)
        *ret_listed = listed;
    return !listing.any || is_listed(&listing, command & 0xffff);
}
