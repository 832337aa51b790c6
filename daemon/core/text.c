/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/text.h"

#include <errno.h>

char *format_string(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    return text;
}

char **strv_free(char **list)
{
    STRV_FOREACH (item, list)
        free(*item);
    free(list);
    return NULL;
}

size_t strv_length(char *const *list)
{
    size_t length = 0;

    while (list && list[length])
        length++;
    return length;
}

bool strv_contains(char *const *list, const char *text)
{
    for (; list && *list; list++)
        if (streq(*list, text))
            return true;
    return false;
}

int strv_append(char ***list, const char *text)
{
    size_t length = strv_length(*list);
    _cleanup_free_ char *copy = strdup(text);
    char **grown;

    if (!copy)
        return -ENOMEM;
    grown = reallocarray(*list, length + 2, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    grown[length] = TAKE_POINTER(copy);
    grown[length + 1] = NULL;
    *list = grown;
    return 0;
}

char **strv_copy(char *const *list)
{
    _cleanup_strv_ char **copy = calloc(strv_length(list) + 1, sizeof(*copy));

    if (!copy)
        return NULL;
    for (size_t i = 0; list && list[i]; i++) {
        copy[i] = strdup(list[i]);
        if (!copy[i])
            return NULL;
    }
    return TAKE_POINTER(copy);
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(char **list)
{
    if (list)
        qsort(list, strv_length(list), sizeof(*list), compare_strings);
}

char *strv_join(char *const *list, const char *separator)
{
    size_t separator_length = strlen(separator), length = 0;
    char *joined, *end;

    for (size_t i = 0; list && list[i]; i++)
        length += strlen(list[i]) + separator_length;
    joined = malloc(length + 1);
    if (!joined)
        return NULL;
    end = joined;
    for (size_t i = 0; list && list[i]; i++) {
        if (i > 0)
            end = stpcpy(end, separator);
        end = stpcpy(end, list[i]);
    }
    *end = '\0';
    return joined;
}

char **strv_split(const char *text, const char *separators)
{
    _cleanup_strv_ char **list = calloc(1, sizeof(*list));

    if (!list)
        return NULL;
    for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
        size_t length = strcspn(text, separators);
        _cleanup_free_ char *item = strndup(text, length);

        if (!item || strv_append(&list, item) < 0)
            return NULL;
        text += length;
    }
    return TAKE_POINTER(list);
}

bool words_overlap(const char *a, const char *b)
{
    _cleanup_strv_ char **one = strv_split(a, " "), **other = strv_split(b, " ");

    STRV_FOREACH (word, one)
        if (strv_contains(other, *word))
            return true;
    return false;
}

int string_replace(char **target, const char *text)
{
    char *copy = NULL;

    if (text) {
        copy = strdup(text);
        if (!copy)
            return -ENOMEM;
    }
    free(*target);
    *target = copy;
    return 0;
}

int parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (!text || !*text)
        return -EINVAL;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9')
            return -EINVAL;
        if (__builtin_mul_overflow(number, UINT64_C(10), &number) ||
            __builtin_add_overflow(number, (uint64_t)(*p - '0'), &number))
            return -ERANGE;
    }
    if (number < low || number > high)
        return -ERANGE;
    *ret_number = number;
    return 0;
}

/* Length of the valid UTF-8 sequence at p (RFC 3629), 0 if there is none. */
static size_t utf8_sequence_length(const unsigned char *p)
{
    size_t length;
    uint32_t code;

    if (p[0] < 0x80)
        return 1;
    if ((p[0] & 0xe0) == 0xc0) {
        length = 2;
        code = p[0] & 0x1fU;
    } else if ((p[0] & 0xf0) == 0xe0) {
        length = 3;
        code = p[0] & 0x0fU;
    } else if ((p[0] & 0xf8) == 0xf0) {
        length = 4;
        code = p[0] & 0x07U;
    } else {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0; /* the terminator ends up here, too */
        code = code << 6 | (p[i] & 0x3fU);
    }
    if ((length == 2 && code < 0x80) || (length == 3 && code < 0x800) ||
        (length == 4 && code < 0x10000) || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return length;
}

bool utf8_is_valid(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        size_t length = utf8_sequence_length(p);

        if (length == 0)
            return false;
        p += length;
    }
    return true;
}

/* C1 controls (U+0080–U+009F) act on terminals as C0 ones do; bidirectional overrides
 * reorder what the reader sees. */
static bool sequence_is_harmless(const unsigned char *p, size_t length)
{
    if (length == 1)
        return *p >= 0x20 && *p != 0x7f;
    if (length == 2 && p[0] == 0xc2 && p[1] < 0xa0)
        return false;
    if (length == 3 && p[0] == 0xe2 && p[1] == 0x80 &&
        ((p[2] >= 0x8e && p[2] <= 0x8f) || (p[2] >= 0xa8 && p[2] <= 0xae)))
        return false;
    if (length == 3 && p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
        return false;
    return true;
}

char *escape_for_terminal(const char *text)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *p = (const unsigned char *)text;
    char *escaped = malloc(strlen(text) * 4 + 1), *end = escaped;

    if (!escaped)
        return NULL;
    for (;;) {
        size_t length;
        bool keep;

        while (*p >= 0x20 && *p < 0x7f)
            *end++ = (char)*p++;
        if (!*p)
            break;
        length = utf8_sequence_length(p);
        keep = length > 0 && sequence_is_harmless(p, length);
        if (length == 0)
            length = 1;
        for (size_t i = 0; i < length; i++, p++) {
            if (keep) {
                *end++ = (char)*p;
            } else {
                *end++ = '\\';
                *end++ = 'x';
                *end++ = hex[*p >> 4];
                *end++ = hex[*p & 15];
            }
        }
    }
    *end = '\0';
    return escaped;
}

char *shell_quote(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";
    char *quoted, *end;

    if (*text && text[strspn(text, plain)] == '\0')
        return strdup(text);
    quoted = malloc(strlen(text) * 4 + 3);
    if (!quoted)
        return NULL;
    end = quoted;
    *end++ = '\'';
    for (; *text; text++) {
        if (*text == '\'')
            end = stpcpy(end, "'\\''");
        else
            *end++ = *text;
    }
    *end++ = '\'';
    *end = '\0';
    return quoted;
}

uint64_t hash_bytes(uint64_t seed, const void *data, size_t length)
{
    const unsigned char *p = data;

    for (size_t i = 0; i < length; i++)
        seed = (seed ^ p[i]) * UINT64_C(0x100000001b3);
    return seed;
}

uint64_t hash_string(uint64_t seed, const char *text)
{
    text = strempty(text);
    return hash_bytes(seed, text, strlen(text) + 1);
}

static inline uint64_t mix_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static inline uint64_t mix(uint64_t hash, const char *text)
{
    uint64_t word;

    memcpy(&word, text, sizeof(word));
    return mix_word(hash, word);
}

/* Eight bytes a step, four steps side by side: one would wait for the multiplication before it.
 * Whoever makes texts collide only has them parsed each time. */
uint64_t hash_text(const char *text, size_t length)
{
    uint64_t a = length, b = 1, c = 2, d = 3, rest = 0;

    for (; length >= 32; text += 32, length -= 32) {
        a = mix(a, text);
        b = mix(b, text + 8);
        c = mix(c, text + 16);
        d = mix(d, text + 24);
    }
    for (; length >= 8; text += 8, length -= 8)
        a = mix(a, text);
    memcpy(&rest, text, length);
    return mix_word(mix_word(mix_word(mix_word(a, rest), b), c), d);
}
