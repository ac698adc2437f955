#include "dns/answer.h"

#include "dns/wire.h"

#include <stdlib.h>
#include <string.h>

#define TYPE_NS    2
#define TYPE_CNAME 5
#define TYPE_SOA   6
#define TYPE_OPT   41
#define CLASS_IN   1
#define CNAMES_MAX 16

#define SOA_NUMBERS 20 /* octets of the five numbers behind its two names (RFC 1035, 3.3.13) */

#define FLAG_QR     0x8000
#define FLAG_AA     0x0400
#define FLAG_TC     0x0200
#define OPCODE      0x7800
#define RCODE       0x000f
#define OPT_RCODE_S 24 /* of the TTL: the upper bits of the rcode */

/* What was read, in the reader's own space. */
struct reading {
    struct mxp_wire wire;
    struct mxp_answer answer;
    struct mxp_answer_mx mx[MXP_ANSWER_MAX];
    struct mxp_ip ips[MXP_ANSWER_MAX];
    char names[MXP_ANSWER_MAX][MXP_NAME_MAX];
    char question[MXP_NAME_MAX];
    char owners[CNAMES_MAX][MXP_NAME_MAX], targets[CNAMES_MAX][MXP_NAME_MAX];
    size_t n_cnames;
    uint32_t reached; /* CNAMEs that lead from the question, as bits */
    uint32_t least_ttl_s;
    bool has_question, has_soa, has_ns;
    bool foreign; /* records of a name that was not asked for */
};

static void add_mx(struct reading *reading, const struct mxp_wire_record *record)
{
    struct mxp_answer *answer = &reading->answer;
    struct mxp_wire data = mxp_wire_data(&reading->wire, record);
    char *name = reading->names[answer->n_mx];
    uint16_t preference = mxp_wire_u16(&data);
    mxp_wire_name(&data, name);
    if (data.bad || data.at != data.len)
        reading->wire.bad = true;
    else
        reading->mx[answer->n_mx++] = (struct mxp_answer_mx){preference, name};
}

static void add_ip(struct reading *reading, const struct mxp_wire_record *record)
{
    uint8_t len = record->type == MXP_RR_A ? 4 : 16;
    if (record->len != len) {
        reading->wire.bad = true;
        return;
    }
    struct mxp_ip *ip = &reading->ips[reading->answer.n_ips++];
    *ip = (struct mxp_ip){.family = len == 4 ? 4 : 6};
    memcpy(ip->bytes, reading->wire.ptr + record->at, len);
}

static void add_cname(struct reading *reading, const struct mxp_wire_record *record)
{
    if (reading->n_cnames == CNAMES_MAX) {
        reading->wire.bad = true; /* nobody means that */
        return;
    }
    struct mxp_wire data = mxp_wire_data(&reading->wire, record);
    mxp_wire_name(&data, reading->targets[reading->n_cnames]);
    memcpy(reading->owners[reading->n_cnames], record->owner, MXP_NAME_MAX);
    reading->n_cnames++;
    reading->wire.bad = reading->wire.bad || data.bad || data.at != data.len;
}

/* With its highest bit set it counts as 0 (RFC 2181, 8). */
static uint32_t ttl_of(const struct mxp_wire_record *record)
{
    return record->ttl_s > INT32_MAX ? 0 : record->ttl_s;
}

static void reach_cnames(struct reading *reading)
{
    const char *names[CNAMES_MAX + 1] = {reading->question};
    for (size_t n = 1, i = 0; i < n; i++)
        for (size_t k = 0; k < reading->n_cnames; k++)
            if (!(reading->reached >> k & 1) && strcmp(reading->owners[k], names[i]) == 0) {
                reading->reached |= UINT32_C(1) << k;
                names[n++] = reading->targets[k];
            }
}

/* They stand in any order, so they are read before all other records. */
static void read_cnames(struct reading *reading, uint16_t n)
{
    struct mxp_wire wire = reading->wire;
    for (uint16_t i = 0; i < n && !reading->wire.bad; i++) {
        struct mxp_wire_record record;
        mxp_wire_record(&reading->wire, &record);
        if (reading->wire.bad || record.class_ != CLASS_IN || record.type != TYPE_CNAME)
            continue;
        add_cname(reading, &record);
        if (ttl_of(&record) < reading->least_ttl_s)
            reading->least_ttl_s = ttl_of(&record);
    }
    wire.bad = reading->wire.bad;
    reading->wire = wire;
    reach_cnames(reading);
}

static bool is_ours(const struct reading *reading, const char *owner)
{
    if (!reading->has_question || strcmp(owner, reading->question) == 0)
        return true;
    for (size_t k = 0; k < reading->n_cnames; k++)
        if (reading->reached >> k & 1 && strcmp(owner, reading->targets[k]) == 0)
            return true;
    return false;
}

static void read_answers(struct reading *reading, uint16_t n, enum mxp_rr_type type)
{
    struct mxp_answer *answer = &reading->answer;
    for (uint16_t i = 0; i < n && !reading->wire.bad; i++) {
        struct mxp_wire_record record;
        mxp_wire_record(&reading->wire, &record);
        if (reading->wire.bad || record.class_ != CLASS_IN || record.type != type)
            continue;
        if (!is_ours(reading, record.owner)) {
            reading->foreign = true;
            continue;
        }
        if (ttl_of(&record) < reading->least_ttl_s)
            reading->least_ttl_s = ttl_of(&record);
        if (answer->status != MXP_DNS_OK)
            continue;
        if (answer->n_mx + answer->n_ips >= MXP_ANSWER_MAX)
            answer->more = true;
        else if (type == MXP_RR_MX)
            add_mx(reading, &record);
        else
            add_ip(reading, &record);
    }
}

/* A negative answer holds as long as the SOA beside it says (RFC 2308, 5). */
static void read_authority(struct reading *reading, uint16_t n)
{
    for (uint16_t i = 0; i < n && !reading->wire.bad; i++) {
        struct mxp_wire_record record;
        mxp_wire_record(&reading->wire, &record);
        reading->has_ns = reading->has_ns || record.type == TYPE_NS;
        if (reading->wire.bad || record.type != TYPE_SOA || record.len < SOA_NUMBERS ||
            reading->has_soa)
            continue;
        struct mxp_wire data = mxp_wire_data(&reading->wire, &record);
        data.at = data.len - 4; /* the last of its numbers */
        uint32_t minimum = mxp_wire_u32(&data);
        reading->has_soa = true;
        reading->answer.ttl_s = minimum < ttl_of(&record) ? minimum : ttl_of(&record);
    }
}

/* False where the OPT record holds the rest of an error code. Nothing else here is of use,
 * and some servers count our OPT record there without sending one. */
static bool read_additional(struct reading *reading, uint16_t n)
{
    struct mxp_wire wire = reading->wire;
    for (uint16_t i = 0; i < n && !wire.bad; i++) {
        struct mxp_wire_record record;
        mxp_wire_record(&wire, &record);
        if (!wire.bad && record.type == TYPE_OPT && record.ttl_s >> OPT_RCODE_S)
            return false;
    }
    return true;
}

/* Every CNAME leads to another one. */
static bool is_circle(const struct reading *reading)
{
    for (size_t i = 0; i < reading->n_cnames; i++) {
        bool leads_on = false;
        for (size_t k = 0; k < reading->n_cnames && !leads_on; k++)
            leads_on = strcmp(reading->targets[i], reading->owners[k]) == 0;
        if (!leads_on)
            return false;
    }
    return reading->n_cnames > 0;
}

static bool is_believable(enum mxp_dns_status status, unsigned flags)
{
    unsigned rcode = status == MXP_DNS_NXDOMAIN ? 3 : 0;
    return (flags & FLAG_QR) && !(flags & (OPCODE | FLAG_TC)) && (flags & RCODE) == rcode;
}

static void judge(struct reading *reading, unsigned flags)
{
    struct mxp_answer *answer = &reading->answer;
    if (answer->n_mx + answer->n_ips) {
        answer->ttl_s = reading->least_ttl_s;
        return;
    }
    if (reading->least_ttl_s < answer->ttl_s)
        answer->ttl_s = reading->least_ttl_s; /* of the CNAMEs on the way */
    if (answer->status != MXP_DNS_OK)
        return;
    bool referral =
        reading->has_ns && !reading->has_soa && !reading->n_cnames && !(flags & FLAG_AA);
    if (referral || reading->foreign || is_circle(reading))
        reading->wire.bad = true;
    answer->doubtful = reading->n_cnames && !reading->has_soa;
}

static void read_message(struct reading *reading, enum mxp_rr_type type)
{
    struct mxp_wire *wire = &reading->wire;
    struct mxp_answer *answer = &reading->answer;
    mxp_wire_u16(wire); /* the id: the resolver's business */
    unsigned flags = mxp_wire_u16(wire);
    uint16_t n_questions = mxp_wire_u16(wire), n_answers = mxp_wire_u16(wire);
    uint16_t n_authority = mxp_wire_u16(wire), n_additional = mxp_wire_u16(wire);
    wire->bad = wire->bad || !is_believable(answer->status, flags);
    for (uint16_t i = 0; i < n_questions && !wire->bad; i++) {
        mxp_wire_name(wire, reading->question);
        mxp_wire_u32(wire);
        reading->has_question = true;
    }
    read_cnames(reading, n_answers);
    read_answers(reading, n_answers, type);
    read_authority(reading, n_authority);
    if (!wire->bad && !read_additional(reading, n_additional))
        wire->bad = true;
    if (!wire->bad)
        judge(reading, flags);
    if (wire->bad)
        *answer =
            (struct mxp_answer){.status = MXP_DNS_FAILED, .ttl_s = MXP_NEGATIVE_TTL_S, .refs = 1};
}

/* A copy of just the size that it needs: a million of them may be cached. */
static struct mxp_answer *settle(const struct reading *reading)
{
    const struct mxp_answer *read = &reading->answer;
    size_t mx = read->n_mx * sizeof *read->mx, ips = read->n_ips * sizeof *read->ips, text = 0;
    for (uint16_t i = 0; i < read->n_mx; i++)
        text += strlen(reading->mx[i].name) + 1;
    struct mxp_answer *answer = malloc(sizeof *answer + mx + ips + text);
    if (!answer)
        return NULL;
    *answer = *read;
    answer->mx = (struct mxp_answer_mx *)(answer + 1);
    answer->ips = (struct mxp_ip *)(answer->mx + read->n_mx);
    memcpy(answer->ips, reading->ips, ips);
    char *at = (char *)(answer->ips + read->n_ips);
    for (uint16_t i = 0; i < read->n_mx; i++) {
        size_t len = strlen(reading->mx[i].name) + 1;
        answer->mx[i] = (struct mxp_answer_mx){reading->mx[i].preference, at};
        memcpy(at, reading->mx[i].name, len);
        at += len;
    }
    return answer;
}

struct mxp_answer *mxp_answer_parse(enum mxp_dns_status status, struct mxp_slice message,
                                    enum mxp_rr_type type)
{
    struct reading reading;
    reading.wire = (struct mxp_wire){(const uint8_t *)message.ptr, message.len, 0, false};
    reading.answer = (struct mxp_answer){.status = status, .ttl_s = MXP_NEGATIVE_TTL_S, .refs = 1};
    reading.n_cnames = 0;
    reading.least_ttl_s = UINT32_MAX;
    reading.reached = 0;
    reading.question[0] = '\0';
    reading.has_question = reading.has_soa = reading.has_ns = reading.foreign = false;
    if (status == MXP_DNS_OK || status == MXP_DNS_NXDOMAIN)
        read_message(&reading, type);
    return settle(&reading);
}

struct mxp_answer *mxp_answer_ref(struct mxp_answer *answer)
{
    answer->refs++;
    return answer;
}

struct mxp_answer *mxp_answer_unref(struct mxp_answer *answer)
{
    if (answer && --answer->refs == 0)
        free(answer);
    return NULL;
}
