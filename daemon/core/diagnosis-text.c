/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/diagnosis-text.h"

#include "daemon/core/json.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

#define ALL      SIZE_MAX
#define ID_SHOWN 8 /* the client takes any unambiguous start of an id */

static void print_escaped(FILE *stream, const char *text)
{
    _cleanup_free_ char *escaped = escape_for_terminal(strempty(text));

    (void)fputs(escaped ? escaped : "(out of memory)", stream);
}

static const char *bold(const TextStyle *style)
{
    return style->color ? "\033[1m" : "";
}

static const char *red(const TextStyle *style)
{
    return style->color ? "\033[31m" : "";
}

static const char *dim(const TextStyle *style)
{
    return style->color ? "\033[2m" : "";
}

static const char *normal(const TextStyle *style)
{
    return style->color ? "\033[0m" : "";
}

static void print_label(FILE *stream, const TextStyle *style, const char *label)
{
    (void)fprintf(stream, "  %s%-10s%s ", dim(style), label, normal(style));
}

static void print_id(FILE *stream, const TextStyle *style, json_object *diagnosis)
{
    _cleanup_free_ char *shown = strndup(json_get_text(diagnosis, "id"), ID_SHOWN);

    (void)fputs(bold(style), stream);
    print_escaped(stream, shown);
    (void)fprintf(stream, "%s  ", normal(style));
}

/* The newest stand last and are shown; how many more there are is said. */
static void print_list(FILE *stream, const TextStyle *style, const char *label, json_object *array,
                       size_t limit)
{
    size_t n = json_length(array), first = n > limit ? n - limit : 0;

    for (size_t i = first; i < n; i++) {
        print_label(stream, style, i == first ? label : "");
        print_escaped(stream, json_item_text(array, i));
        if (i + 1 == n && first > 0)
            (void)fprintf(stream, " %s(and %zu more)%s", dim(style), first, normal(style));
        (void)fputc('\n', stream);
    }
}

/* `total` is of all, where the array is a sample; `unit` names what is left out. */
static void print_words(FILE *stream, json_object *array, const char *separator, size_t limit,
                        uint64_t total, const char *unit)
{
    size_t shown = 0;

    for (; shown < json_length(array) && shown < limit; shown++) {
        (void)fputs(shown > 0 ? separator : "", stream);
        print_escaped(stream, json_item_text(array, shown));
    }
    if (total > shown)
        (void)fprintf(stream, "%sand %ju more%s", separator, (uintmax_t)(total - shown), unit);
}

static void print_access(FILE *stream, json_object *access)
{
    print_escaped(stream, json_get_text(access, "source_type"));
    (void)fputs(" \342\206\222 ", stream); /* an arrow */
    print_escaped(stream, json_get_text(access, "target_type"));
    (void)fputs(" : ", stream);
    print_escaped(stream, json_get_text(access, "class"));
    (void)fputs(" { ", stream);
    print_words(stream, json_get(access, "permissions"), " ", ALL, 0, "");
    (void)fputs(" }", stream);
}

static void print_exposure(FILE *stream, const TextStyle *style, json_object *exposure)
{
    uint64_t ports, types, gains, domains;

    if (!exposure)
        return;
    ports = json_object_get_uint64(json_get(exposure, "ports_count"));
    types = json_object_get_uint64(json_get(exposure, "types_count"));
    gains = json_object_get_uint64(json_get(exposure, "gains_count"));
    domains = json_object_get_uint64(json_get(exposure, "domains_count"));
    print_label(stream, style, "  opens");
    if (gains == 0) {
        (void)fputs("nothing\n", stream);
        return;
    }
    (void)fprintf(stream, "%ju target type%s for %ju domain%s", (uintmax_t)types,
                  types == 1 ? "" : "s", (uintmax_t)domains, domains == 1 ? "" : "s");
    if (domains > 0) {
        (void)fputs(" (", stream);
        print_words(stream, json_get(exposure, "domains"), ", ", style->details ? ALL : 4, domains,
                    "");
        (void)fputc(')', stream);
    }
    if (ports > 0) {
        (void)fprintf(stream, "; %ju port%s", (uintmax_t)ports, ports == 1 ? "" : "s");
        (void)fputs(": ", stream);
        print_words(stream, json_get(exposure, "ports"), ", ", style->details ? ALL : 4,
                    json_length(json_get(exposure, "ports")), " ranges");
    }
    (void)fputc('\n', stream);
}

static void print_fix(FILE *stream, const TextStyle *style, json_object *fix)
{
    json_object *breaks = json_get(fix, "breaks"), *proofs = json_get(fix, "proof");
    size_t shown;

    (void)fprintf(stream, "\n%s  Fix %jd: ", bold(style),
                  (intmax_t)json_object_get_int64(json_get(fix, "rank")));
    print_escaped(stream, json_get_text(fix, "summary"));
    (void)fprintf(stream, "%s\n", normal(style));
    print_list(stream, style, "  by hand", json_get(fix, "commands"), ALL);
    if (*json_get_text(fix, "caveat")) {
        print_label(stream, style, "  but");
        print_escaped(stream, json_get_text(fix, "caveat"));
        (void)fputc('\n', stream);
    }
    print_exposure(stream, style, json_get(fix, "exposure"));
    shown = style->details || json_length(breaks) < 3 ? json_length(breaks) : 3;
    for (size_t i = 0; i < shown; i++) {
        json_object *broken = json_object_array_get_idx(breaks, i),
                    *loses = json_get(broken, "loses");

        print_label(stream, style, i == 0 ? "  breaks" : "");
        print_escaped(stream, json_get_text(broken, "domain"));
        (void)fputs(" loses ", stream);
        print_escaped(stream, json_get_text(loses, "target_type"));
        (void)fputs(" : ", stream);
        print_escaped(stream, json_get_text(loses, "class"));
        (void)fputs(" { ", stream);
        print_words(stream, json_get(loses, "permissions"), " ", ALL, 0, "");
        (void)fputs(" }\n", stream);
    }
    if (json_object_get_uint64(json_get(fix, "breaks_count")) > shown) {
        print_label(stream, style, "");
        (void)fprintf(stream, "and %ju more\n",
                      (uintmax_t)(json_object_get_uint64(json_get(fix, "breaks_count")) - shown));
    }
    for (size_t i = 0; i < json_length(proofs); i++) {
        json_object *proof = json_object_array_get_idx(proofs, i);

        print_label(stream, style, i == 0 ? "  proof" : "");
        print_access(stream, json_get(proof, "access"));
        (void)fprintf(stream, " %s before, %s after\n",
                      json_object_get_boolean(json_get(proof, "before")) ? "allowed" : "denied",
                      json_object_get_boolean(json_get(proof, "after")) ? "allowed" : "denied");
    }
}

static void print_times(FILE *stream, const TextStyle *style, json_object *diagnosis)
{
    print_label(stream, style, "seen");
    (void)fprintf(stream, "%ju time%s, ",
                  (uintmax_t)json_object_get_uint64(json_get(diagnosis, "count")),
                  json_object_get_uint64(json_get(diagnosis, "count")) == 1 ? "" : "s");
    print_escaped(stream, json_get_text(diagnosis, "first_seen"));
    if (!streq_ptr(json_get_text(diagnosis, "first_seen"), json_get_text(diagnosis, "last_seen"))) {
        (void)fputs(" to ", stream);
        print_escaped(stream, json_get_text(diagnosis, "last_seen"));
    }
    (void)fputc('\n', stream);
}

/* "proxy_pass http://127.0.0.1:3000 (/etc/nginx/shop.conf:12, server shop, location /)" */
static void print_place(FILE *stream, json_object *place)
{
    print_escaped(stream, json_get_text(place, "directive"));
    (void)fputc(' ', stream);
    print_escaped(stream, json_get_text(place, "value"));
    if (*json_get_text(place, "file")) {
        (void)fputs(" (", stream);
        print_escaped(stream, json_get_text(place, "file"));
        (void)fprintf(stream, ":%s", json_get_text(place, "line"));
    } else {
        (void)fputs(" (a default of nginx", stream);
    }
    if (*json_get_text(place, "server")) {
        (void)fputs(", server ", stream);
        print_escaped(stream, json_get_text(place, "server"));
    }
    if (*json_get_text(place, "location")) {
        (void)fputs(", location ", stream);
        print_escaped(stream, json_get_text(place, "location"));
    }
    if (*json_get_text(place, "upstream")) {
        (void)fputs(", upstream ", stream);
        print_escaped(stream, json_get_text(place, "upstream"));
    }
    (void)fputs(")", stream);
}

static void print_places(FILE *stream, const TextStyle *style, json_object *nginx)
{
    json_object *places = json_get(nginx, "places");
    uint64_t total = json_object_get_uint64(json_get(nginx, "places_count"));
    size_t n = json_length(places), shown = style->details || n < 3 ? n : 3;

    for (size_t i = 0; i < shown; i++) {
        print_label(stream, style, i == 0 ? "config" : "");
        print_place(stream, json_object_array_get_idx(places, i));
        if (i + 1 == shown && total > shown)
            (void)fprintf(stream, " and %ju more", (uintmax_t)(total - shown));
        (void)fputc('\n', stream);
    }
}

void diagnosis_print(FILE *stream, json_object *diagnosis, const TextStyle *style)
{
    json_object *nginx = json_get(diagnosis, "nginx"), *fixes = json_get(diagnosis, "fixes");
    json_object *refused = json_get(diagnosis, "refused"), *access = json_get(diagnosis, "access");

    print_id(stream, style, diagnosis);
    (void)fputs(red(style), stream);
    print_escaped(stream, json_get_text(diagnosis, "verdict"));
    (void)fprintf(stream, "%s", normal(style));
    if (!streq_ptr(json_get_text(diagnosis, "cause"), "none")) {
        (void)fputs(", cause: ", stream);
        print_escaped(stream, json_get_text(diagnosis, "cause"));
    }
    (void)fputs(", state: ", stream);
    print_escaped(stream, json_get_text(diagnosis, "state"));
    (void)fputs("\n  ", stream);
    print_escaped(stream, json_get_text(diagnosis, "summary"));
    (void)fputs("\n\n", stream);
    print_times(stream, style, diagnosis);
    if (access) {
        print_label(stream, style, "access");
        print_access(stream, access);
        if (json_object_get_boolean(json_get(diagnosis, "allowed_now")))
            (void)fputs(" (the policy allows it now)", stream);
        (void)fputc('\n', stream);
    }
    print_list(stream, style, "server", json_get(nginx, "servers"), style->details ? ALL : 3);
    print_list(stream, style, "request", json_get(nginx, "requests"), style->details ? ALL : 3);
    print_list(stream, style, "upstream", json_get(nginx, "upstreams"), style->details ? ALL : 3);
    print_places(stream, style, nginx);
    if (*json_get_text(diagnosis, "exe") || *json_get_text(diagnosis, "program")) {
        print_label(stream, style, "program");
        print_escaped(stream, *json_get_text(diagnosis, "exe")
                                  ? json_get_text(diagnosis, "exe")
                                  : json_get_text(diagnosis, "program"));
        (void)fputc('\n', stream);
    }
    print_list(stream, style, "log", json_get(nginx, "lines"), style->details ? ALL : 1);
    print_list(stream, style, "audit", json_get(diagnosis, "evidence"), style->details ? ALL : 1);
    print_list(stream, style, "note", json_get(diagnosis, "notes"), ALL);

    for (size_t i = 0; i < json_length(fixes); i++)
        print_fix(stream, style, json_object_array_get_idx(fixes, i));
    if (json_length(fixes) == 0 && !json_object_get_boolean(json_get(diagnosis, "analyzed")))
        (void)fputs("\n  The policy is being asked; fixes follow in a moment.\n", stream);
    for (size_t i = 0; i < json_length(refused); i++) {
        json_object *refusal = json_object_array_get_idx(refused, i);

        (void)fprintf(stream, "%s  Not offered: ", i == 0 ? "\n" : "");
        print_escaped(stream, json_get_text(refusal, "action"));
        (void)fputs(" (", stream);
        print_escaped(stream, json_get_text(refusal, "reason"));
        (void)fputs(")\n", stream);
    }
}

void diagnosis_print_line(FILE *stream, json_object *diagnosis, const TextStyle *style)
{
    _cleanup_free_ char *state = escape_for_terminal(json_get_text(diagnosis, "state"));

    print_id(stream, style, diagnosis);
    (void)fprintf(stream, "%-9s %6ju  ", strempty(state),
                  (uintmax_t)json_object_get_uint64(json_get(diagnosis, "count")));
    print_escaped(stream, json_get_text(diagnosis, "summary"));
    (void)fputc('\n', stream);
}
