/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A polkit that answers as it was told, for what the real one cannot be brought to do on
 * command: to be slow, to break, to see a question withdrawn.
 *
 *   mock-polkit ADDRESS
 *
 * Besides CheckAuthorization and CancelCheckAuthorization it has, on its own interface
 * org.selguard.MockPolkit:
 *   SetAnswer(s action, s answer)   action: an id, or "" for all others. answer:
 *       "yes" "no" "dismissed"
 *       "password"   a challenge; with ALLOW_USER_INTERACTION it is answered rightly
 *       "hang"       no reply until the question is withdrawn
 *       "error"      an error reply; "garbage": a reply of another type
 *   GetQuestions() → a(ssusa{ss})   action, subject, flags, cancellation id, details, in order
 *   GetWithdrawn() → as             cancellation ids
 */
#include <errno.h>
#include <stdio.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "daemon/core/text.h"

#define MAX 256

typedef struct Question {
    char *action;
    char *subject;
    uint32_t flags;
    char *cancellation_id;
    char **details;
    sd_bus_message *waiting; /* "hang" */
} Question;

typedef struct Mock {
    char *answers[MAX][2];
    size_t n_answers;
    Question questions[MAX];
    size_t n_questions;
    char *withdrawn[MAX];
    size_t n_withdrawn;
} Mock;

static const char *answer_for(const Mock *mock, const char *action)
{
    const char *general = "no";

    for (size_t i = 0; i < mock->n_answers; i++) {
        if (streq(mock->answers[i][0], action))
            return mock->answers[i][1];
        if (mock->answers[i][0][0] == '\0')
            general = mock->answers[i][1];
    }
    return general;
}

static int reply_result(sd_bus_message *message, bool authorized, bool challenge, bool dismissed)
{
    return sd_bus_reply_method_return(message, "(bba{ss})", (int)authorized, (int)challenge,
                                      dismissed ? 1 : 0, "polkit.dismissed", "true");
}

static int read_question(sd_bus_message *message, Question *question)
{
    const char *kind, *key, *name, *action, *value, *id;
    int r;

    if ((r = sd_bus_message_enter_container(message, 'r', "sa{sv}")) < 0 ||
        (r = sd_bus_message_read(message, "s", &kind)) < 0 ||
        (r = sd_bus_message_read(message, "a{sv}", 1, &key, "s", &name)) < 0 ||
        (r = sd_bus_message_exit_container(message)) < 0 ||
        (r = sd_bus_message_read(message, "s", &action)) < 0 ||
        (r = sd_bus_message_enter_container(message, 'a', "{ss}")) < 0)
        return r;
    if (!streq(kind, "system-bus-name") || !streq(key, "name"))
        return -EINVAL;
    while ((r = sd_bus_message_read(message, "{ss}", &key, &value)) > 0)
        if (strv_append(&question->details, key) < 0 || strv_append(&question->details, value) < 0)
            return -ENOMEM;
    if (r < 0 || (r = sd_bus_message_exit_container(message)) < 0 ||
        (r = sd_bus_message_read(message, "us", &question->flags, &id)) < 0)
        return r;
    question->action = strdup(action);
    question->subject = strdup(name);
    question->cancellation_id = strdup(id);
    return question->action && question->subject && question->cancellation_id ? 0 : -ENOMEM;
}

static void question_clear(Question *question)
{
    free(question->action);
    free(question->subject);
    free(question->cancellation_id);
    strv_free(question->details);
    sd_bus_message_unref(question->waiting);
    *question = (Question){0};
}

/* Not in the vtable, because sd-bus would not let a reply of another type out of one. */
static int on_check(sd_bus_message *message, void *userdata, sd_bus_error *ret_error _unused_)
{
    Mock *mock = userdata;
    Question *question;
    const char *answer;
    int r;

    if (!sd_bus_message_is_method_call(message, "org.freedesktop.PolicyKit1.Authority",
                                       "CheckAuthorization"))
        return 0;
    /* Nobody asks about so many: begin anew. */
    if (mock->n_questions >= MAX)
        while (mock->n_questions > 0)
            question_clear(&mock->questions[--mock->n_questions]);
    question = &mock->questions[mock->n_questions];
    r = read_question(message, question);
    if (r < 0)
        return r;
    mock->n_questions++;

    answer = answer_for(mock, question->action);
    if (streq(answer, "yes"))
        return reply_result(message, true, false, false);
    if (streq(answer, "dismissed"))
        return reply_result(message, false, true, true);
    if (streq(answer, "password"))
        return reply_result(message, question->flags & 1, !(question->flags & 1), false);
    if (streq(answer, "error"))
        return sd_bus_reply_method_errorf(message, "org.freedesktop.PolicyKit1.Error.Failed",
                                          "Action %s is not registered", question->action);
    if (streq(answer, "garbage"))
        return sd_bus_reply_method_return(message, "s", "yes");
    if (streq(answer, "hang")) {
        question->waiting = sd_bus_message_ref(message);
        return 1;
    }
    return reply_result(message, false, false, false);
}

static int method_cancel(sd_bus_message *message, void *userdata, sd_bus_error *ret_error _unused_)
{
    Mock *mock = userdata;
    const char *id;
    int r;

    r = sd_bus_message_read(message, "s", &id);
    if (r < 0)
        return r;
    if (mock->n_withdrawn >= MAX)
        return -ENOBUFS;
    mock->withdrawn[mock->n_withdrawn++] = strdup(id);
    for (size_t i = 0; i < mock->n_questions; i++)
        if (mock->questions[i].waiting && streq(mock->questions[i].cancellation_id, id)) {
            (void)sd_bus_reply_method_errorf(mock->questions[i].waiting,
                                             "org.freedesktop.PolicyKit1.Error.Cancelled",
                                             "Authentication was canceled");
            mock->questions[i].waiting = sd_bus_message_unref(mock->questions[i].waiting);
        }
    return sd_bus_reply_method_return(message, NULL);
}

static int method_set_answer(sd_bus_message *message, void *userdata,
                             sd_bus_error *ret_error _unused_)
{
    Mock *mock = userdata;
    const char *action, *answer;
    size_t i;
    int r;

    r = sd_bus_message_read(message, "ss", &action, &answer);
    if (r < 0)
        return r;
    for (i = 0; i < mock->n_answers; i++)
        if (streq(mock->answers[i][0], action))
            break;
    if (i >= MAX || string_replace(&mock->answers[i][0], action) < 0 ||
        string_replace(&mock->answers[i][1], answer) < 0)
        return -ENOMEM;
    if (i == mock->n_answers)
        mock->n_answers++;
    return sd_bus_reply_method_return(message, NULL);
}

static int append_question(sd_bus_message *reply, const Question *question)
{
    int r;

    if ((r = sd_bus_message_open_container(reply, 'r', "ssusa{ss}")) < 0 ||
        (r = sd_bus_message_append(reply, "ssus", question->action, question->subject,
                                   question->flags, question->cancellation_id)) < 0 ||
        (r = sd_bus_message_open_container(reply, 'a', "{ss}")) < 0)
        return r;
    for (char **detail = question->details; detail && *detail; detail += 2)
        if ((r = sd_bus_message_append(reply, "{ss}", detail[0], detail[1])) < 0)
            return r;
    if ((r = sd_bus_message_close_container(reply)) < 0)
        return r;
    return sd_bus_message_close_container(reply);
}

static int method_get_questions(sd_bus_message *message, void *userdata,
                                sd_bus_error *ret_error _unused_)
{
    Mock *mock = userdata;
    sd_bus_message *reply = NULL;
    int r;

    if ((r = sd_bus_message_new_method_return(message, &reply)) < 0)
        return r;
    r = sd_bus_message_open_container(reply, 'a', "(ssusa{ss})");
    for (size_t i = 0; r >= 0 && i < mock->n_questions; i++)
        r = append_question(reply, &mock->questions[i]);
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    if (r >= 0)
        r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return r;
}

static int method_get_withdrawn(sd_bus_message *message, void *userdata,
                                sd_bus_error *ret_error _unused_)
{
    Mock *mock = userdata;
    sd_bus_message *reply = NULL;
    int r;

    if ((r = sd_bus_message_new_method_return(message, &reply)) < 0)
        return r;
    r = sd_bus_message_open_container(reply, 'a', "s");
    for (size_t i = 0; r >= 0 && i < mock->n_withdrawn; i++)
        r = sd_bus_message_append_basic(reply, 's', mock->withdrawn[i]);
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    if (r >= 0)
        r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return r;
}

static const sd_bus_vtable authority_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("CancelCheckAuthorization", "s", "", method_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable mock_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("SetAnswer", "ss", "", method_set_answer, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("GetQuestions", "", "a(ssusa{ss})", method_get_questions,
                  SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("GetWithdrawn", "", "as", method_get_withdrawn, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

int main(int argc, char **argv)
{
    static Mock mock;
    static const char path[] = "/org/freedesktop/PolicyKit1/Authority";
    sd_event *event = NULL;
    sd_bus *bus = NULL;
    int r;

    if (argc != 2)
        return EXIT_FAILURE;
    if ((r = sd_event_default(&event)) < 0 || (r = sd_bus_new(&bus)) < 0 ||
        (r = sd_bus_set_address(bus, argv[1])) < 0 || (r = sd_bus_set_bus_client(bus, true)) < 0 ||
        (r = sd_bus_start(bus)) < 0 || (r = sd_bus_attach_event(bus, event, 0)) < 0 ||
        (r = sd_bus_add_object(bus, NULL, path, on_check, &mock)) < 0 ||
        (r = sd_bus_add_object_vtable(bus, NULL, path, "org.freedesktop.PolicyKit1.Authority",
                                      authority_vtable, &mock)) < 0 ||
        (r = sd_bus_add_object_vtable(bus, NULL, path, "org.selguard.MockPolkit", mock_vtable,
                                      &mock)) < 0 ||
        (r = sd_bus_request_name(bus, "org.freedesktop.PolicyKit1", 0)) < 0 ||
        (r = sd_event_loop(event)) < 0)
        (void)fprintf(stderr, "mock-polkit: %s\n", strerror(-r));
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
