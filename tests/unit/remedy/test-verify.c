/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/core/text.h"
#include "daemon/remedy/verify.h"
#include "tests/unit/test.h"

static Action actions[] = {
    {.kind = ACTION_SET_BOOLEAN, .name = (char *)"httpd_a", .value = true},
};
static Access accesses[] = {
    {(char *)"u:r:yes_t", (char *)"u:r:b_t", (char *)"file", (char *)"read"},
    {(char *)"u:r:no_t", (char *)"u:r:b_t", (char *)"file", (char *)"read"},
    {(char *)"u:r:strange_t", (char *)"u:r:b_t", (char *)"file", (char *)"read"},
};

/* A kernel that answers by the source type. */
static int ask(const Access *access)
{
    if (strstr(access->source_context, "yes_t"))
        return 1;
    return strstr(access->source_context, "no_t") ? 0 : -ENOENT;
}

static const ActionState target = {
    .known = true, .local = SETTING_ON, .policy = SETTING_ON, .runtime = SETTING_ON};

static void test_outcomes(void **state _unused_)
{
    const struct {
        size_t n_accesses;
        bool want_accesses;
        Setting local;
        Setting runtime;
        VerifyAsk ask;
        VerifyOutcome outcome;
        unsigned asked;
        unsigned allowed;
        const char *text;
    } rows[] = {
        {0, true, SETTING_ON, SETTING_ON, ask, VERIFY_CONFIRMED, 0, 0, "The kernel confirms it."},
        {1, true, SETTING_ON, SETTING_ON, ask, VERIFY_CONFIRMED, 1, 1, "allows what was denied"},
        {2, true, SETTING_ON, SETTING_ON, ask, VERIFY_INEFFECTIVE, 2, 1,
         "still denies read to u:r:b_t for u:r:no_t"},
        {3, true, SETTING_ON, SETTING_ON, ask, VERIFY_INEFFECTIVE, 3, 1, "could not judge"},
        /* After a revert the accesses are to be denied again: nobody asks. */
        {3, false, SETTING_ON, SETTING_ON, ask, VERIFY_CONFIRMED, 0, 0, "The kernel confirms it."},
        {1, true, SETTING_ON, SETTING_OFF, ask, VERIFY_INEFFECTIVE, 1, 1,
         "boolean httpd_a is not as intended: local=on policy=on runtime=off"},
        {1, true, SETTING_NONE, SETTING_ON, ask, VERIFY_INEFFECTIVE, 1, 1, "not as intended"},
        {1, true, SETTING_ON, SETTING_NONE, NULL, VERIFY_IMPOSSIBLE, 0, 0, "Not verifiable"},
        {1, true, SETTING_NONE, SETTING_NONE, NULL, VERIFY_INEFFECTIVE, 0, 0, "not as intended"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        const Plan plan = {.actions = actions,
                           .n_actions = 1,
                           .accesses = accesses,
                           .n_accesses = rows[i].n_accesses};
        ActionState now = target;
        Verification verification = {0};

        now.local = rows[i].local;
        now.runtime = rows[i].runtime;
        assert_int_equal(
            verify_change(&plan, &target, &now, rows[i].want_accesses, rows[i].ask, &verification),
            0);
        if (verification.outcome != rows[i].outcome || !strstr(verification.text, rows[i].text))
            fail_msg("row %zu: %s", i, verification.text);
        assert_int_equal(verification.accesses_asked, rows[i].asked);
        assert_int_equal(verification.accesses_allowed, rows[i].allowed);
        verification_clear(&verification);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
