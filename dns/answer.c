#include "dns/answer.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_LEN   12
#define TYPE_SOA     6
#define CLASS_IN     1
#define NAME_OCTETS  255
#define POINTERS_MAX 64

struct reader {
    const uint8_t *ptr;
    size_t len, at;
    bool bad;
};

struct record {
    uint16_t type, class_;
    uint32_t ttl_s;
    size_t at, len; /* of its data */
};

static uint16_t get16(struct reader *r)
{
    if (r->bad || r->len - r->at < 2) {
        r->bad = true;
        return 0;
    }
    uint16_t n = (uint16_t)(r->ptr[r->at] << 8 | r->ptr[r->at + 1]);
    r->at += 2;
    return n;
}

static uint32_t get32(struct reader *r)
{
    uint32_t high = get16(r);
    return high << 16 | get16(r);
}

/* Follow a compression pointer at r->at: only backwards, so that it ends. */
static bool follow(struct reader *r, size_t *at, size_t *limit)
{
    if (*at + 1 >= r->len)
        return false;
    size_t to = (size_t)(r->ptr[*at] & 0x3f) << 8 | r->ptr[*at + 1];
    if (to >= *limit)
        return false;
    *at = *limit = to;
    return true;
}

static bool is_host_octet(uint8_t c)
{
    return mxp_is_alnum((char)c) || c == '-' || c == '_';
}

/* A name at r->at, which moves behind it. ret (may be NULL) gets its text; *ret_host: whether
 * it can be a host's. */
static void get_name(struct reader *r, char ret[MXP_NAME_MAX + 2], bool *ret_host)
{
    size_t at = r->at, limit = r->at, len = 0;
    bool jumped = false, host = true;
    while (!r->bad) {
        if (at >= r->len || len > NAME_OCTETS) {
            r->bad = true;
            break;
        }
        uint8_t n = r->ptr[at];
        if ((n & 0xc0) == 0xc0) {
            if (!jumped)
                r->at = at + 2;
            jumped = true;
            if (!follow(r, &at, &limit))
                r->bad = true;
            continue;
        }
        if ((n & 0xc0) || at + 1 + n > r->len || len + n + 1u > NAME_OCTETS - 1) {
            r->bad = true;
            break;
        }
        if (n == 0) {
            if (!jumped)
                r->at = at + 1;
            break;
        }
        for (uint8_t i = 0; i < n; i++) {
            uint8_t c = r->ptr[at + 1 + i];
            host = host && is_host_octet(c);
            if (ret)
                ret[len + i] = mxp_lower((char)c);
        }
        if (ret)
            ret[len + n] = '.';
        len += n + 1u;
        at += n + 1u;
    }
    if (ret)
        ret[len ? len - 1 : 0] = '\0';
    if (ret_host)
        *ret_host = host;
}

static struct record get_record(struct reader *r)
{
    get_name(r, NULL, NULL);
    struct record record = {.type = get16(r), .class_ = get16(r), .ttl_s = get32(r)};
    record.len = get16(r);
    record.at = r->at;
    if (r->bad || r->len - r->at < record.len)
        r->bad = true;
    else
        r->at += record.len;
    if (record.ttl_s > INT32_MAX)
        record.ttl_s = 0; /* RFC 2181, 8 */
    return record;
}

static void add_mx(struct mxp_answer *answer, struct reader *r, const struct record *record)
{
    char name[MXP_NAME_MAX + 2];
    bool host = true;
    struct reader data = {r->ptr, record->at + record->len, record->at, false};
    uint16_t preference = get16(&data);
    get_name(&data, name, &host);
    if (data.bad) {
        r->bad = true;
        return;
    }
    char *kept = host && strlen(name) < MXP_NAME_MAX ? strdup(name) : NULL;
    answer->mx[answer->n_mx++] = (struct mxp_answer_mx){preference, kept};
}

static void add_ip(struct mxp_answer *answer, struct reader *r, const struct record *record)
{
    uint8_t len = record->type == MXP_RR_A ? 4 : 16;
    if (record->len != len) {
        r->bad = true;
        return;
    }
    struct mxp_ip *ip = &answer->ips[answer->n_ips++];
    ip->family = len == 4 ? 4 : 6;
    memcpy(ip->bytes, r->ptr + record->at, len);
}

static void read_answers(struct mxp_answer *answer, struct reader *r, uint16_t n,
                         enum mxp_rr_type type)
{
    uint32_t least = UINT32_MAX;
    for (uint16_t i = 0; i < n && !r->bad; i++) {
        struct record record = get_record(r);
        if (r->bad || record.class_ != CLASS_IN)
            continue;
        if (record.ttl_s < least)
            least = record.ttl_s;
        if (record.type != type || answer->n_mx + answer->n_ips >= MXP_ANSWER_MAX)
            continue;
        if (type == MXP_RR_MX)
            add_mx(answer, r, &record);
        else
            add_ip(answer, r, &record);
    }
    if (answer->n_mx + answer->n_ips)
        answer->ttl_s = least;
}

/* A negative answer holds as long as the SOA beside it says (RFC 2308, 5). */
static void read_soa(struct mxp_answer *answer, struct reader *r, uint16_t n)
{
    for (uint16_t i = 0; i < n && !r->bad; i++) {
        struct record record = get_record(r);
        if (r->bad || record.type != TYPE_SOA || record.len < 20)
            continue;
        struct reader data = {r->ptr, record.at + record.len, record.at + record.len - 4, false};
        uint32_t minimum = get32(&data);
        answer->ttl_s = minimum < record.ttl_s ? minimum : record.ttl_s;
        return;
    }
}

static void free_names(struct mxp_answer *answer)
{
    for (uint16_t i = 0; i < answer->n_mx; i++)
        free((char *)(uintptr_t)answer->mx[i].name);
    answer->n_mx = 0;
}

static void read_message(struct mxp_answer *answer, struct mxp_slice message, enum mxp_rr_type type)
{
    struct reader r = {(const uint8_t *)message.ptr, message.len, 0, message.len < HEADER_LEN};
    get32(&r);
    uint16_t n_questions = get16(&r), n_answers = get16(&r), n_authority = get16(&r);
    get16(&r);
    for (uint16_t i = 0; i < n_questions && !r.bad; i++) {
        get_name(&r, NULL, NULL);
        get32(&r);
    }
    if (answer->status == MXP_DNS_OK)
        read_answers(answer, &r, n_answers, type);
    for (uint16_t i = 0; answer->status == MXP_DNS_NXDOMAIN && i < n_answers && !r.bad; i++)
        get_record(&r);
    if (!answer->n_mx && !answer->n_ips)
        read_soa(answer, &r, n_authority);
    if (!r.bad)
        return;
    free_names(answer);
    answer->n_ips = 0;
    answer->ttl_s = MXP_NEGATIVE_TTL_S;
    answer->status = MXP_DNS_FAILED;
}

/* A copy of just the size that it needs: a million of them may be cached. */
static struct mxp_answer *settle(const struct mxp_answer *read)
{
    size_t mx = read->n_mx * sizeof *read->mx;
    size_t ips = read->n_ips * sizeof *read->ips;
    struct mxp_answer *answer = malloc(sizeof *answer + mx + ips);
    if (!answer)
        return NULL;
    *answer = *read;
    answer->mx = (struct mxp_answer_mx *)(answer + 1);
    answer->ips = (struct mxp_ip *)(answer->mx + read->n_mx);
    memcpy(answer->mx, read->mx, mx);
    memcpy(answer->ips, read->ips, ips);
    return answer;
}

struct mxp_answer *mxp_answer_parse(enum mxp_dns_status status, struct mxp_slice message,
                                    enum mxp_rr_type type)
{
    struct mxp_answer_mx mx[MXP_ANSWER_MAX];
    struct mxp_ip ips[MXP_ANSWER_MAX];
    struct mxp_answer read = {
        .status = status, .ttl_s = MXP_NEGATIVE_TTL_S, .refs = 1, .mx = mx, .ips = ips};
    memset(ips, 0, sizeof ips);
    if (status == MXP_DNS_OK || status == MXP_DNS_NXDOMAIN)
        read_message(&read, message, type);
    struct mxp_answer *answer = settle(&read);
    if (!answer)
        free_names(&read);
    return answer;
}

struct mxp_answer *mxp_answer_ref(struct mxp_answer *answer)
{
    answer->refs++;
    return answer;
}

struct mxp_answer *mxp_answer_unref(struct mxp_answer *answer)
{
    if (!answer || --answer->refs)
        return NULL;
    free_names(answer);
    free(answer);
    return NULL;
}
