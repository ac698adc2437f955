#include "fake.h"

#include <stdlib.h>
#include <string.h>

static int ask(struct mxp_resolver *self, const char *name, enum mxp_rr_type type, mxp_dns_cb cb,
               void *arg)
{
    struct fake *fake = (struct fake *)self;
    if (fake->refuse_from && fake->n + 1 >= fake->refuse_from)
        return MXP_ENOMEM;
    if (fake->n == fake->size) {
        size_t size = fake->size ? 2 * fake->size : 64;
        struct fake_question *grown = realloc(fake->questions, size * sizeof *grown);
        if (!grown)
            return MXP_ENOMEM;
        fake->questions = grown;
        fake->size = size;
    }
    struct fake_question *question = &fake->questions[fake->n++];
    *question = (struct fake_question){.type = type, .cb = cb, .arg = arg};
    if (strlen(name) >= sizeof question->name)
        abort();
    memcpy(question->name, name, strlen(name) + 1);
    return 0;
}

static void no_free(struct mxp_resolver *self)
{
    (void)self;
}

void fake_init(struct fake *fake, const char *const *zone)
{
    memset(fake, 0, sizeof *fake - sizeof fake->message);
    fake->resolver = (struct mxp_resolver){ask, no_free};
    fake->zone = zone;
}

void fake_free(struct fake *fake)
{
    free(fake->questions);
}

static const char *type_name(enum mxp_rr_type type)
{
    return type == MXP_RR_MX ? "MX" : type == MXP_RR_A ? "A" : "AAAA";
}

/* The next word of *line into ret; false at its end. */
static bool word(const char **line, char ret[static 256])
{
    *line += strspn(*line, " ,");
    size_t len = strcspn(*line, " ,");
    if (len == 0 || len >= 256)
        return false;
    memcpy(ret, *line, len);
    ret[len] = '\0';
    *line += len;
    return true;
}

static const char *find(const struct fake *fake, const struct fake_question *question)
{
    for (size_t i = 0; fake->zone && fake->zone[i]; i++) {
        const char *line = fake->zone[i];
        char name[256], type[256];
        if (word(&line, name) && word(&line, type) && strcmp(name, question->name) == 0 &&
            (strcmp(type, "*") == 0 || strcmp(type, type_name(question->type)) == 0))
            return line;
    }
    return NULL;
}

static bool is_failure(const char *text, enum mxp_dns_status *ret)
{
    static const struct {
        const char *word;
        enum mxp_dns_status status;
    } words[] = {
        {"SERVFAIL", MXP_DNS_SERVFAIL}, {"REFUSED", MXP_DNS_REFUSED},
        {"FORMERR", MXP_DNS_FORMERR},   {"TIMEOUT", MXP_DNS_TIMEOUT},
        {"FAILED", MXP_DNS_FAILED},     {"CANCELED", MXP_DNS_CANCELED},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i].word) == 0) {
            *ret = words[i].status;
            return true;
        }
    }
    return false;
}

/* The records of a line that starts with their TTL. */
static void add_records(struct message *m, const struct fake_question *question, uint32_t ttl,
                        const char *line)
{
    char text[256], host[256];
    while (word(&line, text)) {
        if (question->type != MXP_RR_MX)
            message_a(m, question->name, ttl, text);
        else if (word(&line, host))
            message_mx(m, question->name, ttl, (unsigned)strtoul(text, NULL, 10), host);
    }
}

static enum mxp_dns_status build(struct fake *fake, const struct fake_question *question)
{
    struct message *m = &fake->message;
    const char *line = find(fake, question);
    bool found = line != NULL;
    char text[256] = "";
    enum mxp_dns_status status;
    if (!found)
        line = "";
    (void)word(&line, text);
    if (is_failure(text, &status))
        return status;
    bool gone = strcmp(text, "NXDOMAIN") == 0;
    message_init(m, gone ? 3 : 0, question->name, question->type);
    if (strcmp(text, "CNAME") == 0 && word(&line, text))
        message_cname(m, question->name, 300, text);
    else if (found && !gone)
        add_records(m, question, (uint32_t)strtoul(text, NULL, 10), line);
    else
        message_soa(m, "test", 60, 60);
    return gone ? MXP_DNS_NXDOMAIN : MXP_DNS_OK;
}

bool fake_answer(struct fake *fake)
{
    if (fake->next == fake->n)
        return false;
    struct fake_question question = fake->questions[fake->next++];
    enum mxp_dns_status status = build(fake, &question);
    bool has_message = status == MXP_DNS_OK || status == MXP_DNS_NXDOMAIN;
    question.cb(question.arg, status, has_message ? message_slice(&fake->message) : MXP_SLICE_NONE);
    return true;
}

void fake_answer_all(struct fake *fake)
{
    while (fake_answer(fake)) {
    }
}

void fake_cancel_all(struct fake *fake)
{
    while (fake->next < fake->n) {
        struct fake_question question = fake->questions[fake->next++];
        question.cb(question.arg, MXP_DNS_CANCELED, MXP_SLICE_NONE);
    }
}

uint64_t fake_now(void *arg)
{
    return ((struct fake *)arg)->now_ms;
}

size_t fake_count(const struct fake *fake, enum mxp_rr_type type)
{
    size_t n = 0;
    for (size_t i = 0; i < fake->n; i++)
        n += fake->questions[i].type == type;
    return n;
}
