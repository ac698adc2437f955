/* What explain answers: the classifier's verdict, the provider, the closest entries, the words for
 * people and the fields for programs. */
#include "probe/explain/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "options_util.h"

static struct mxp_options options;
static struct mxp_explain explain;

static int set_up(void **state)
{
    static const char *const args[] = {"explain", "550", NULL};
    struct mxp_why why = {0};
    (void)state;
    util_must(NULL, args, &options);
    return mxp_explain_init(&options, true, &explain, &why);
}

static int tear_down(void **state)
{
    (void)state;
    mxp_explain_free(&explain);
    mxp_options_free(&options);
    return 0;
}

static json_t *answer(const char *text)
{
    struct mxp_buf out;
    mxp_buf_init(&out, 1 << 20);
    assert_int_equal(mxp_explain_text(&explain, mxp_slice_str(text), true, 80, &out), 0);
    assert_int_equal(mxp_slice_find(mxp_buf_slice(&out), '\n'), out.len - 1);
    json_t *root = json_loadb(out.ptr, out.len, 0, NULL);
    assert_non_null(root);
    mxp_buf_free(&out);
    return root;
}

static const char *field(const json_t *root, const char *name)
{
    const json_t *value = json_object_get(root, name);
    if (!value)
        fail_msg("no field %s", name);
    return json_is_string(value) ? json_string_value(value) : "-";
}

/* The keys of what is known, joined by blanks. */
static void keys_of(const json_t *root, char ret[static 400])
{
    const json_t *known = json_object_get(root, "known");
    size_t len = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < json_array_size(known) && len < 300; i++)
        len += (size_t)snprintf(ret + len, 400 - len, "%s%s", i ? "|" : "",
                                field(json_array_get(known, i), "key"));
}

/* What is not proven must not be removed, whatever the reason's words are. */
static void test_advice(void **state)
{
    (void)state;
    static const struct {
        const char *text, *action, *meaning, *fault, *todo; /* todo: how it begins */
    } cases[] = {
        {"550 5.1.1 no such user", "remove", "No such mailbox.", "address", "Remove at once"},
        {"450 4.1.1 <j@e.org>: user unknown", "review", "No such mailbox.", "address",
         "Do not remove"},
        {"550 Unknown user or mailbox full", "review", "No such mailbox.", "address",
         "Do not remove"},
        {"550 5.2.1 mailbox temporarily disabled", "retry",
         "The mailbox was there and is closed, suspended or abandoned.", "address",
         "Do not remove"},
        {"550 5.1.2 domain not found, try again later", "retry",
         "The domain of the address does not exist in DNS.", "address", "Do not remove"},
        /* it says too little by itself, but what it usually is is known */
        {"OFR_416", "review", "No such mailbox.", "address", "Do not remove"},
        {"AS(201806281)", "review", "No such mailbox.", "address", "Do not remove"},
        {"550", "review", "The reply says too little to tell.", "unclear", "Read it in full"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *root = answer(cases[i].text);
        const char *todo = field(root, "todo");
        bool good = strcmp(field(root, "action"), cases[i].action) == 0 &&
                    strcmp(field(root, "meaning"), cases[i].meaning) == 0 &&
                    strcmp(field(root, "fault"), cases[i].fault) == 0 &&
                    strncmp(todo, cases[i].todo, strlen(cases[i].todo)) == 0;
        if (!good)
            print_error("%s: %s; %s; %s; %s\n", cases[i].text, field(root, "action"),
                        field(root, "meaning"), field(root, "fault"), todo);
        json_decref(root);
        assert_true(good);
    }
}

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        const char *text, *verdict, *reason, *provider, *stage;
        const char *keys; /* of what is known */
    } cases[] = {
        {"550 5.1.1 no such user", "invalid", "mailbox_not_found", "-", "-", "550 5.1.1|550|x.1.1"},
        {"550", "unknown", "unclassified", "-", "-", "550"},
        {"5.1.1", "invalid", "mailbox_not_found", "-", "-", "x.1.1"},
        {"#5.1.1", "invalid", "mailbox_not_found", "-", "-", "x.1.1"},
        {"x.2.2", "unknown", "mailbox_full", "-", "-", "x.2.2"},
        {"X.1.1", "unknown", "mailbox_not_found", "-", "-", "x.1.1"},
        {"4.1.1", "unknown", "mailbox_not_found", "-", "-", "x.1.1"},
        {"421-4.7.28", "unknown", "rate_limited", "-", "-", "421 4.7.28|421|x.7.28"},
        {"4.7.28", "unknown", "rate_limited", "-", "-", "x.7.28"},
        {"TSS04", "unknown", "rate_limited", "yahoo", "-", "TSS04"},
        {"NoSuchUser", "unknown", "unclassified", "google", "-", "p=NoSuchUser"},
        {"greylisted", "unknown", "greylisted", "-", "-", ""},
        {"mailbox_disabled", "invalid", "mailbox_disabled", "-", "-", ""},
        {"mailbox full", "unknown", "mailbox_full", "-", "-", ""},
        {"550 5.4.1 Recipient address rejected: Access denied. AS(201806281) "
         "[DB5EUR03FT049.eop-EUR03.prod.protection.outlook.com]",
         "invalid", "mailbox_not_found", "microsoft365", "-",
         "Access denied|AS(201806281)|550|x.4.1"},
        {"554 5.7.1 <x@e.org>: Recipient address rejected: Access denied", "unknown",
         "policy_blocked", "-", "-", "Recipient address rejected: Access denied"},
        {"550-5.7.1 [192.0.2.1] Gmail has detected that this message is likely\\n550-5.7.1 "
         "unsolicited mail. gsmtp",
         "unknown", "spam_content", "google", "-", "UnsolicitedMessageError|550 5.7.1"},
        {"status=deferred (host mx-eu.mail.am0.yahoodns.net[192.0.2.1] refused to talk to me: 421 "
         "4.7.0 [TSS04] Messages from 192.0.2.9 temporarily deferred due to user complaints)",
         "unknown", "rate_limited", "yahoo", "greeting", "TSS04|421 4.7.0|421|x.7.0"},
        /* a word of QQ's counts at QQ only */
        {"550 Connection denied by me", "unknown", NULL, "-", "-", "550"},
        {"H=mx3.qq.com [192.0.2.1]: SMTP error from remote mail server after end of data: 550 "
         "Connection denied",
         "unknown", "ip_blocklisted", "qq", "data", "Connection denied|550"},
        {"550-Verification failed for <a@b.example>\\n550-Unrouteable address\\n550 Sender verify "
         "failed",
         "unknown", "sender_rejected", "-", "-", "Sender verify failed|550"},
        {"", "unknown", "unclassified", "-", "-", ""},
        {"   ", "unknown", "unclassified", "-", "-", ""},
        {"600 is no code", "unknown", "unclassified", "-", "-", ""},
        /* Proofpoint says so too, but it is Postfix's */
        {"450 4.1.1 <x@e.org>: Recipient address rejected: unverified address: Address "
         "verification "
         "in progress",
         "unknown", "server_unavailable", "-", "-", "Address verification in progress|"},
        {"5.7.606", "unknown", "ip_blocklisted", "-", "-", "5.7.606-649"},
        {"550 5.7.133 x", "unknown", "recipient_restricted", "microsoft365", "-", "5.7.133|550"},
        {"{\"reason\":\"550 5.1.1 nobody here\"}", "invalid", "mailbox_not_found", "-", "-",
         "550 5.1.1|550|x.1.1"},
    };
    size_t n_bad = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *root = answer(cases[i].text);
        char keys[400];
        keys_of(root, keys);
        bool good = strcmp(field(root, "verdict"), cases[i].verdict) == 0 &&
                    (!cases[i].reason || strcmp(field(root, "reason"), cases[i].reason) == 0) &&
                    strcmp(field(root, "provider"), cases[i].provider) == 0 &&
                    strcmp(field(root, "stage"), cases[i].stage) == 0 &&
                    strncmp(keys, cases[i].keys, strlen(cases[i].keys)) == 0;
        if (!good) {
            print_error("%s\n  %s %s %s %s, known %s\n", cases[i].text, field(root, "verdict"),
                        field(root, "reason"), field(root, "provider"), field(root, "stage"), keys);
            n_bad++;
        }
        json_decref(root);
    }
    assert_int_equal(n_bad, 0);
}

/* Each provider's code, alone or in its example, is explained as that provider's. */
static void test_families(void **state)
{
    (void)state;
    size_t n = 0, n_bad = 0;
    for (const struct mxp_explain_entry *e = explain.data->first[MXP_EXPLAIN_FAMILY]; e;
         e = e->next) {
        json_t *root = answer(e->example);
        const json_t *known = json_object_get(root, "known");
        bool seen = false;
        for (size_t i = 0; i < json_array_size(known); i++)
            seen = seen || (strcmp(field(json_array_get(known, i), "key"), e->key) == 0 &&
                            strcmp(field(json_array_get(known, i), "meaning"), e->means) == 0);
        n++;
        /* what is told in plain words only needs the host's name from a log */
        bool plain = e->n_tokens ? strchr(e->tokens[0], ' ') != NULL : true;
        if (!seen && !plain) {
            print_error("%s:%u: %s: its example does not show it: %s\n", e->file, (unsigned)e->line,
                        e->key, e->example);
            n_bad++;
        }
        json_decref(root);
    }
    print_message("%zu families\n", n);
    assert_true(n > 280);
    assert_int_equal(n_bad, 0);
}

/* The code families of the provider notes, each by its token. */
static void test_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *provider, *tokens;
    } cases[] = {
        {"google", "NoSuchUser DisabledUser OverQuotaTemp OverQuotaPerm ReceivingRate "
                   "OverReceiveLimit UnsolicitedMessageError UnsolicitedRateLimitError "
                   "UnsolicitedIPError"},
        {"microsoft-consumer", "RP-001 RP-002 RP-003 SC-001 SC-002 SC-003 SC-004 DY-001 DY-002 "
                               "OU-001 OU-002 S3140 S3150 S8001 S8002"},
        {"microsoft365", "88.blocklist.zap ATTR5 TRANSPORT.RULES"},
        {"yahoo", "TSS04 TSS05 IPTS04 TS01 TS02 TS03 TSS07 TSS09 BL21 BL23 VS99 VS1-IP VS1-MF VS98 "
                  "PH01 GL01 [299] [291] (554.30) [-20] RTR:BL RTR:SC RTR:BB HVU:B1 HVU:B2 DYN:T1 "
                  "CON:B1"},
        {"apple", "CS01 HM08 HME1 HCM1 BS02"},
        {"gmx/web.de/ionos", "c=r1601 c=r1503 c=r0201"},
        {"t-online", "(NOWL) (BL)"},
        {"comcast", "RL000001 RL000010 BL000000 BL000001 BL000010 BL000100 ES000001 ES000010 "
                    "DM000001"},
        {"cox", "CXBL CXDNS CXSNDR CXSMTP CXCNCT CXMXRT CDRBL IPBL0001 IPBL10 URLBL001 AUP#1111"},
        {"charter/spectrum",
         "AUP#In-1000 AUP#In-1100 AUP#In-1150 AUP#In-1160 AUP#In-1190 AUP#In-1200 AUP#In-1210 "
         "AUP#In-1220 AUP#In-1250 AUP#In-1260 AUP#In-1300 AUP#In-1340 AUP#In-1350 AUP#In-1490 "
         "AUP#In-1530 AUP#In-1540 AUP#In-1550 AUP#In-1560 AUP#In-1580"},
        {"orange-fr", "OFR_101 OFR006_102 OFR_103 OFR004_104 OFR_305 OFR_401 OFR_402 OFR_403 "
                      "OFR004_405 OFR_415 OFR_416 OFR_417 OFR_420 OFR_426 OFR_505 OFR_506 OFR_510 "
                      "OFR_514 OFR_517 OFR_630 OFR_999"},
        {"laposte", "LPN007_102 LPN007_104 LPN007_402 LPN007_405 LPN007_416 LPN007_426 LPN027_503 "
                    "LPN007_510 LPN000_630"},
        {"netease", "HL:REP HL:ICC HL:IFC HL:ITC HL:MEP HL:IPB MI:SPF MI:DMA MI:NHD MI:STC MI:SFQ "
                    "MI:DMC MI:CEL MI:IMF RP:QRC RP:TRC RP:ORQ RP:DRC RP:RCL RP:FRL RP:DRL RP:RPB "
                    "DT:SPM DT:SUM DT:RBL WM:BLI WM:BLU"},
        {"rackspace", "(G2) (G6) (G7) (G8) (G9) (G14) (G15) (G16) (G18) (G1D) (G1F) (G28) (G30) "
                      "(G31) (G3) (G4) (G5)"},
        {"godaddy", "IB007 IB101 IB103 IB104 IB105 IB106 IB108 IB110 IB111 IB112 IB113 IB301 IB401 "
                    "IB501 IB502 IB506 IB508 IB504 IB510 IB605 IB607 IB212 IB705"},
        {"improvmx", "#id-5.9.2 #id-5.9.3"},
        {"naver", "RACT RDENY"},
        {"facebook", "POL-P1 RCP-P1 RCP-P2 RCP-T4"},
        {"mimecast", "csi.mimecast.org MCSpamSignature"},
        {"proofpoint", "dnsbl-lookup.cgi ipcheck.proofpoint.com"},
        {"barracuda", "cuda_nsu barracudacentral"},
    };
    size_t n = 0, n_bad = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (const char *at = cases[i].tokens; *at; at += strspn(at, " ")) {
            char token[64];
            size_t len = strcspn(at, " ");
            (void)snprintf(token, sizeof token, "%.*s", (int)len, at);
            at += len;
            n++;
            json_t *root = answer(token);
            if (strcmp(field(root, "provider"), cases[i].provider) != 0 ||
                json_array_size(json_object_get(root, "known")) == 0) {
                print_error("%s: not known as %s's, but %s\n", token, cases[i].provider,
                            field(root, "provider"));
                n_bad++;
            }
            json_decref(root);
        }
    }
    print_message("%zu tokens\n", n);
    assert_int_equal(n_bad, 0);
}

/* A group's provider is one that a host's name can give. */
static void test_providers(void **state)
{
    (void)state;
    for (const struct mxp_explain_entry *e = explain.data->first[MXP_EXPLAIN_FAMILY]; e;
         e = e->next) {
        bool known = e->group->anywhere || strcmp(e->group->provider, "facebook") == 0; /* no MX */
        for (size_t i = 0; i < options.n_providers; i++)
            known = known || strcmp(options.providers[i].name, e->group->provider) == 0;
        if (!known)
            fail_msg("%s:%u: provider %s is not in the table", e->file, (unsigned)e->line,
                     e->group->provider);
    }
}

static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"550 5.7.26 no", "unknown: auth_failure|fix_sender|RFC 7372|after DATA|the sender (you)"},
        {"550 5.7.350 spam", "Not a block of your IP|->"},
        {"550 5.1.0 x", "other address status"},
        {"452 4.2.2 full", "mailbox_full|is alive|three campaigns"},
        {"451 4.7.1 Greylisted, come back in 300 seconds", "greylisted|300 seconds, it says"},
        {"554 5.7.1 blocked using zen.spamhaus.org", "ip_blocklisted|blocklist|zen.spamhaus.org"},
        {"551 5.1.6 moved; please try <new@example.net>", "address_moved|new@example.net"},
        {"550 SC-002 namespace mining", "harvester"},
        {"500 \xff\x1b[31m red", "\\xff|?[31m"},
        {"", "(nothing)|unclassified"},
        {"5.99.1", "Not in the IANA registry"},
        {"452 4.2.2 Greylisted", "greylisted|By the book: The mailbox is full"},
        {"554 5.7.1 blocked using zen.spamhaus.org; Error: open resolver",
         "policy_blocked|the receiving side|you are not listed"},
        {"5.1.1", "Comcast|RFC 3463"},
        {"550", "Never proof by itself|RFC 5321"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_buf out;
        mxp_buf_init(&out, 1 << 20);
        assert_int_equal(mxp_explain_text(&explain, mxp_slice_str(cases[i].text), false, 80, &out),
                         0);
        util_words(cases[i].text, out.ptr, cases[i].words);
        assert_null(strchr(out.ptr, '\x1b'));
        mxp_buf_free(&out);
    }
}

static void test_wrapped(void **state)
{
    (void)state;
    static const size_t columns[] = {0, 40, 60, 80, 200};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        size_t limit = columns[i] < 40 ? 40 : columns[i];
        struct mxp_buf out;
        mxp_buf_init(&out, 1 << 20);
        assert_int_equal(mxp_explain_text(&explain,
                                          mxp_slice_str("450 4.1.1 <user@example.com>: Recipient "
                                                        "address rejected: User unknown in table"),
                                          false, columns[i], &out),
                         0);
        for (const char *at = out.ptr; *at; at += strcspn(at, "\n") + 1)
            if (strcspn(at, "\n") > limit)
                fail_msg("longer than %zu: %.*s", limit, (int)strcspn(at, "\n"), at);
        mxp_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),  cmocka_unit_test(test_advice),
        cmocka_unit_test(test_families), cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_words),    cmocka_unit_test(test_providers),
        cmocka_unit_test(test_wrapped),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
