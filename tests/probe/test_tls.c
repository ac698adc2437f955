#include "probe/io/tls.h"

#include "tls_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CAP 65536

/* One client and one server, and what is on its way between them. */
struct pair {
    struct mxp_tls *tls;
    struct peer peer;
    struct mxp_buf to_peer, to_us, plain;
    enum mxp_tls_status status;
};

static struct mxp_tls_context *context(uint32_t max_cached)
{
    struct mxp_why why = {0};
    struct mxp_tls_context *context = mxp_tls_context_new(max_cached, &why);
    if (!context)
        fail_msg("%s", why.text);
    return context;
}

static void open_pair(struct pair *p, struct mxp_tls_context *ours, SSL_CTX *theirs,
                      const char *host)
{
    *p = (struct pair){.tls = mxp_tls_new(ours, host)};
    assert_non_null(p->tls);
    peer_init(&p->peer, theirs);
    mxp_buf_init(&p->to_peer, CAP);
    mxp_buf_init(&p->to_us, CAP);
    mxp_buf_init(&p->plain, CAP);
    p->status = mxp_tls_read(p->tls, MXP_SLICE_NONE, &p->plain, &p->to_peer);
}

static void close_pair(struct pair *p)
{
    mxp_tls_free(p->tls);
    peer_free(&p->peer);
    mxp_buf_free(&p->to_peer);
    mxp_buf_free(&p->to_us);
    mxp_buf_free(&p->plain);
}

/* Carry octets both ways, at most chunk at a time, until nothing is under way or we failed. */
static void carry(struct pair *p, size_t chunk)
{
    while (p->to_peer.len || p->to_us.len) {
        struct mxp_buf piece;
        mxp_buf_init(&piece, CAP);
        struct mxp_buf *from = p->to_peer.len ? &p->to_peer : &p->to_us;
        mxp_buf_add_slice(&piece, mxp_slice_sub(mxp_buf_slice(from), 0, chunk));
        mxp_buf_consume(from, piece.len);
        if (from == &p->to_peer)
            peer_take(&p->peer, mxp_buf_slice(&piece), &p->to_us);
        else
            p->status = mxp_tls_read(p->tls, mxp_buf_slice(&piece), &p->plain, &p->to_peer);
        mxp_buf_free(&piece);
        if (p->status == MXP_TLS_ERROR || p->status == MXP_TLS_CLOSED)
            return;
    }
}

static void expect_plain(struct pair *p, const char *words)
{
    if (!mxp_slice_eq(mxp_buf_slice(&p->plain), mxp_slice_str(words)))
        fail_msg("'%s', not '%s'", mxp_buf_slice(&p->plain).ptr, words);
    mxp_buf_clear(&p->plain);
}

static const struct version {
    int number;
    const char *name;
} versions[] = {{TLS1_VERSION, "TLSv1"},
                {TLS1_1_VERSION, "TLSv1.1"},
                {TLS1_2_VERSION, "TLSv1.2"},
                {TLS1_3_VERSION, "TLSv1.3"}};

static void expect_up(const struct pair *p, const char *what, size_t n)
{
    if (p->status != MXP_TLS_UP)
        fail_msg("%s, %zu: status %d, %s", what, n, p->status, mxp_tls_error(p->tls));
}

/* A pair with contexts of its own, before its handshake. */
struct meeting {
    struct pair p;
    struct mxp_tls_context *ours;
    SSL_CTX *theirs;
};

static struct meeting meet(int version, enum peer_certificate certificate)
{
    struct meeting m = {.ours = context(0), .theirs = peer_context(version, certificate)};
    open_pair(&m.p, m.ours, m.theirs, "mx.example");
    return m;
}

static struct meeting meet_up(int version)
{
    struct meeting m = meet(version, PEER_SELF_SIGNED);
    carry(&m.p, CAP);
    expect_up(&m.p, "handshake", (size_t)version);
    return m;
}

static void part(struct meeting *m)
{
    close_pair(&m->p);
    SSL_CTX_free(m->theirs);
    mxp_tls_context_free(m->ours);
}

/* What was sent to us goes in at once, whatever comes of it. */
static void take_all(struct pair *p)
{
    p->status = mxp_tls_read(p->tls, mxp_buf_slice(&p->to_us), &p->plain, &p->to_peer);
    mxp_buf_clear(&p->to_us);
}

static void test_any_chunking(void **state)
{
    static const size_t chunks[] = {1, 2, 5, 6, 64, 511, CAP};
    struct mxp_tls_context *ours = context(0);
    (void)state;
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
        SSL_CTX *theirs = peer_context(versions[v].number, PEER_CHAIN);
        for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
            struct pair p;
            open_pair(&p, ours, theirs, "mx.example");
            assert_int_equal(p.status, MXP_TLS_MORE);
            assert_null(mxp_tls_version(p.tls));
            assert_null(mxp_tls_verify(p.tls));
            carry(&p, chunks[i]);
            expect_up(&p, versions[v].name, chunks[i]);
            assert_string_equal(mxp_tls_version(p.tls), versions[v].name);
            assert_string_equal(mxp_tls_verify(p.tls),
                                "self-signed certificate in certificate chain");
            assert_int_equal(mxp_tls_write(p.tls, MXP_SLICE_LIT("EHLO a\r\n"), &p.to_peer), 0);
            carry(&p, chunks[i]);
            assert_string_equal(p.peer.plain.ptr, "EHLO a\r\n");
            peer_say(&p.peer, "250 b\r\n", &p.to_us);
            carry(&p, chunks[i]);
            expect_plain(&p, "250 b\r\n");
            close_pair(&p);
        }
        SSL_CTX_free(theirs);
    }
    mxp_tls_context_free(ours);
}

/* A reply that stands behind the handshake's last record, in the same octets. */
static void test_bytes_behind_handshake(void **state)
{
    (void)state;
    struct meeting m = meet(TLS1_2_VERSION, PEER_SELF_SIGNED);
    struct pair *p = &m.p;
    while (!p->peer.up) {
        peer_take(&p->peer, mxp_buf_slice(&p->to_peer), &p->to_us);
        mxp_buf_clear(&p->to_peer);
        if (p->peer.up)
            peer_say(&p->peer, "220 early\r\n", &p->to_us);
        take_all(p);
    }
    expect_up(p, "early", 0);
    expect_plain(p, "220 early\r\n");
    part(&m);
}

enum trust { NOBODY, BUNDLE, FOLDER };

/* The issuer of these servers is trusted, as a system trusts its bundle, or its folder of
 * certificates under their hashes. The context is there before the bundle is: it is read when it
 * is needed only. */
static struct mxp_tls_context *trusting(SSL_CTX *theirs, enum trust trust, char *folder)
{
    char path[64], bundle[64];
    assert_non_null(mkdtemp(folder));
    snprintf(bundle, sizeof bundle, "%s/bundle", folder);
    setenv("SSL_CERT_DIR", folder, 1);
    setenv("SSL_CERT_FILE", bundle, 1);
    struct mxp_tls_context *ours = context(0);
    if (trust == FOLDER)
        snprintf(path, sizeof path, "%s/%08lx.0", folder, peer_issuer_hash(theirs));
    FILE *file = trust == NOBODY ? NULL : fopen(trust == FOLDER ? path : bundle, "w");
    if (file) {
        peer_write_issuer(theirs, file);
        assert_int_equal(fclose(file), 0);
    }
    return ours;
}

static void forget_trust(SSL_CTX *theirs, const char *folder)
{
    char path[64];
    snprintf(path, sizeof path, "%s/bundle", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/%08lx.0", folder, peer_issuer_hash(theirs));
    unlink(path);
    rmdir(folder);
    unsetenv("SSL_CERT_DIR");
    unsetenv("SSL_CERT_FILE");
}

static void test_certificates(void **state)
{
    static const struct {
        enum peer_certificate certificate;
        enum trust trust;
        const char *host, *words;
    } cases[] = {
        {PEER_SELF_SIGNED, NOBODY, "mx.example", "self-signed certificate"},
        {PEER_CHAIN, NOBODY, "192.0.2.1", "self-signed certificate in certificate chain"},
        {PEER_ANONYMOUS, NOBODY, "mx.example", "no certificate"},
        {PEER_CHAIN, BUNDLE, "mx.example", "ok"},
        {PEER_CHAIN, BUNDLE, "other.example", "hostname mismatch"},
        {PEER_CHAIN, BUNDLE, "192.0.2.1", "IP address mismatch"},
        {PEER_EXPIRED, BUNDLE, "mx.example", "certificate has expired"},
        {PEER_CHAIN, FOLDER, "mx.example", "ok"},
        {PEER_CHAIN, FOLDER, "other.example", "hostname mismatch"},
        {PEER_EXPIRED, FOLDER, "mx.example", "certificate has expired"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SSL_CTX *theirs = peer_context(TLS1_2_VERSION, cases[i].certificate);
        char folder[] = "/tmp/mxprobe-test-tls-XXXXXX";
        struct mxp_tls_context *ours = trusting(theirs, cases[i].trust, folder);
        struct pair p;
        open_pair(&p, ours, theirs, cases[i].host);
        carry(&p, CAP);
        expect_up(&p, cases[i].words, i); /* whatever the certificate is worth */
        if (strcmp(mxp_tls_verify(p.tls), cases[i].words) != 0)
            fail_msg("%zu: '%s', not '%s'", i, mxp_tls_verify(p.tls), cases[i].words);
        close_pair(&p);
        forget_trust(theirs, folder);
        SSL_CTX_free(theirs);
        mxp_tls_context_free(ours);
    }
}

static void test_sni(void **state)
{
    static const struct {
        const char *host, *sni; /* NULL: none is sent (RFC 6066, 3: no addresses) */
    } cases[] = {
        {"mx.example", "mx.example"},
        {"192.0.2.1", NULL},
        {"2001:db8::1", NULL},
    };
    struct mxp_tls_context *ours = context(0);
    SSL_CTX *theirs = peer_context(TLS1_3_VERSION, PEER_SELF_SIGNED);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pair p;
        open_pair(&p, ours, theirs, cases[i].host);
        carry(&p, CAP);
        expect_up(&p, cases[i].host, i);
        const char *sni = SSL_get_servername(p.peer.ssl, TLSEXT_NAMETYPE_host_name);
        if (!sni != !cases[i].sni || (sni && strcmp(sni, cases[i].sni) != 0))
            fail_msg("%s: SNI '%s'", cases[i].host, sni ? sni : "none");
        close_pair(&p);
    }
    SSL_CTX_free(theirs);
    mxp_tls_context_free(ours);
}

/* Handshake, a word from the server (TLS 1.3 brings its tickets with it), and goodbye. */
static bool resumes(struct mxp_tls_context *ours, SSL_CTX *theirs, const char *host)
{
    struct pair p;
    open_pair(&p, ours, theirs, host);
    carry(&p, CAP);
    expect_up(&p, host, 0);
    peer_say(&p.peer, "250 b\r\n", &p.to_us);
    carry(&p, CAP);
    expect_plain(&p, "250 b\r\n");
    bool resumed = mxp_tls_resumed(p.tls);
    assert_int_equal(resumed, SSL_session_reused(p.peer.ssl));
    assert_string_equal(mxp_tls_verify(p.tls), "self-signed certificate in certificate chain");
    mxp_tls_shutdown(p.tls, &p.to_peer);
    carry(&p, CAP);
    close_pair(&p);
    return resumed;
}

static void test_resumption(void **state)
{
    (void)state;
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
        struct mxp_tls_context *ours = context(2);
        SSL_CTX *theirs = peer_context(versions[v].number, PEER_CHAIN);
        assert_false(resumes(ours, theirs, "a.example"));
        assert_true(resumes(ours, theirs, "a.example"));
        assert_true(resumes(ours, theirs, "a.example"));
        assert_false(resumes(ours, theirs, "b.example"));
        assert_true(resumes(ours, theirs, "a.example"));
        assert_false(resumes(ours, theirs, "c.example")); /* a.example's is dropped for it */
        assert_false(resumes(ours, theirs, "a.example")); /* and b.example's for this */
        assert_true(resumes(ours, theirs, "c.example"));
        assert_false(resumes(ours, theirs, "b.example"));
        mxp_tls_context_free(ours);
        ours = context(0);
        assert_false(resumes(ours, theirs, "a.example"));
        assert_false(resumes(ours, theirs, "a.example"));
        mxp_tls_context_free(ours);
        SSL_CTX_free(theirs);
    }
}

/* The server has forgotten its keys: a full handshake, not a failure. */
static void test_stale_session(void **state)
{
    (void)state;
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
        struct mxp_tls_context *ours = context(2);
        SSL_CTX *before = peer_context(versions[v].number, PEER_CHAIN);
        assert_false(resumes(ours, before, "a.example"));
        for (size_t w = 0; w < sizeof versions / sizeof *versions; w++) {
            SSL_CTX *after = peer_context(versions[w].number, PEER_CHAIN);
            assert_false(resumes(ours, after, "a.example"));
            assert_true(resumes(ours, after, "a.example"));
            SSL_CTX_free(after);
        }
        SSL_CTX_free(before);
        mxp_tls_context_free(ours);
    }
}

static void test_handshake_fails(void **state)
{
    (void)state;
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
        struct meeting m = meet(versions[v].number, PEER_NONE);
        carry(&m.p, CAP);
        const char *error = mxp_tls_error(m.p.tls);
        assert_int_equal(m.p.status, MXP_TLS_ERROR);
        if (!strstr(error, "handshake: ") || !strstr(error, "alert"))
            fail_msg("%s: %s", versions[v].name, error);
        assert_null(mxp_tls_version(m.p.tls));
        part(&m);
    }
}

static void test_garbage(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum mxp_tls_status status;
    } cases[] = {
        {"220 mx.example ESMTP\r\n", 22, MXP_TLS_ERROR},
        {"\x16\x03\x03\x00", 4, MXP_TLS_MORE},
        {"\x16\x03\x03\x00\x00", 5, MXP_TLS_MORE},          /* an empty record */
        {"\x16\x03\x03\xff\xff\x02", 6, MXP_TLS_ERROR},     /* longer than a record may be */
        {"\x17\x03\x03\x00\x01\x41", 6, MXP_TLS_ERROR},     /* data before keys */
        {"\x15\x03\x03\x00\x02\x02\x28", 7, MXP_TLS_ERROR}, /* handshake_failure */
        {"\x16\x03\x03\x00\x04\x02\xff\xff\xff", 9, MXP_TLS_ERROR}, /* a message of 16 MiB */
        {"\x16\x03\x03\x00\x04\x0b\x00\x00\x00", 9, MXP_TLS_ERROR}, /* a certificate at once */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct meeting m = meet(TLS1_3_VERSION, PEER_SELF_SIGNED);
        struct pair *p = &m.p;
        mxp_buf_add(&p->to_us, cases[i].bytes, cases[i].len);
        take_all(p);
        if (p->status != cases[i].status)
            fail_msg("%zu: %d, %s", i, p->status, mxp_tls_error(p->tls));
        if (p->status == MXP_TLS_ERROR && !strstr(mxp_tls_error(p->tls), "handshake: "))
            fail_msg("%zu: %s", i, mxp_tls_error(p->tls));
        expect_plain(p, "");
        part(&m);
    }
}

/* Empty records would cost a server nothing, and us a turn of the loop each. */
static void test_empty_records(void **state)
{
    (void)state;
    struct meeting m = meet(TLS1_2_VERSION, PEER_SELF_SIGNED);
    for (int i = 0; i < 100 && m.p.status == MXP_TLS_MORE; i++) {
        mxp_buf_add(&m.p.to_us, "\x16\x03\x03\x00\x00", 5);
        take_all(&m.p);
    }
    assert_int_equal(m.p.status, MXP_TLS_ERROR);
    part(&m);
}

/* One octet of a record is turned over, or a record is cut short, once TLS is up. */
static void test_broken_records(void **state)
{
    (void)state;
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
        struct meeting m = meet_up(versions[v].number);
        struct pair *p = &m.p;
        peer_say(&p->peer, "250 good\r\n", &p->to_us);
        size_t half = p->to_us.len / 2;
        p->status = mxp_tls_read(p->tls, mxp_slice_sub(mxp_buf_slice(&p->to_us), 0, half),
                                 &p->plain, &p->to_peer);
        expect_up(p, "half a record", half);
        mxp_buf_consume(&p->to_us, half);
        carry(p, CAP);
        expect_plain(p, "250 good\r\n");
        peer_say(&p->peer, "250 good\r\n", &p->to_us);
        peer_say(&p->peer, "250 bad\r\n", &p->to_us);
        p->to_us.ptr[p->to_us.len - 1] ^= 1;
        carry(p, CAP);
        assert_int_equal(p->status, MXP_TLS_ERROR);
        expect_plain(p, "250 good\r\n"); /* what came whole was said */
        assert_non_null(strstr(mxp_tls_error(p->tls), "read: "));
        part(&m);
    }
}

static void test_close_notify(void **state)
{
    (void)state;
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
        struct meeting m = meet_up(versions[v].number);
        struct pair *p = &m.p;
        peer_say(&p->peer, "421 bye\r\n", &p->to_us);
        peer_close(&p->peer, &p->to_us);
        carry(p, CAP);
        assert_int_equal(p->status, MXP_TLS_CLOSED);
        expect_plain(p, "421 bye\r\n");
        mxp_tls_shutdown(p->tls, &p->to_peer);
        carry(p, CAP);
        assert_true(SSL_get_shutdown(p->peer.ssl) & SSL_RECEIVED_SHUTDOWN);
        part(&m);
    }
}

/* A server that asks for new keys again and again gets one answer to each, and no more. */
static void test_key_updates(void **state)
{
    (void)state;
    struct meeting m = meet_up(TLS1_3_VERSION);
    struct pair *p = &m.p;
    for (int i = 0; i < 1000; i++)
        peer_key_update(&p->peer, &p->to_us);
    size_t sent = p->to_us.len;
    take_all(p);
    expect_up(p, "key updates", sent);
    if (p->to_peer.len > sent)
        fail_msg("%zu octets for %zu", p->to_peer.len, sent);
    assert_int_equal(mxp_tls_write(p->tls, MXP_SLICE_LIT("QUIT\r\n"), &p->to_peer), 0);
    carry(p, CAP);
    assert_string_equal(p->peer.plain.ptr, "QUIT\r\n");
    part(&m);
}

/* Renegotiation is refused, and the session goes on (RFC 5246, 7.2.2: a warning). */
static void test_renegotiation(void **state)
{
    (void)state;
    struct meeting m = meet_up(TLS1_2_VERSION);
    struct pair *p = &m.p;
    peer_renegotiate(&p->peer, &p->to_us);
    size_t asked = p->to_us.len;
    assert_true(asked > 0);
    take_all(p);
    expect_up(p, "renegotiation", asked);
    if (p->to_peer.len > 64) /* an alert; a ClientHello is some hundred octets */
        fail_msg("%zu octets in answer", p->to_peer.len);
    part(&m);
}

static void test_no_room(void **state)
{
    (void)state;
    struct meeting m = meet_up(TLS1_3_VERSION);
    struct mxp_buf small;
    mxp_buf_init(&small, 16);
    assert_int_equal(mxp_tls_write(m.p.tls, MXP_SLICE_LIT("NOOP\r\n"), &small), MXP_ENOMEM);
    mxp_buf_free(&small);
    part(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_chunking),    cmocka_unit_test(test_bytes_behind_handshake),
        cmocka_unit_test(test_certificates),    cmocka_unit_test(test_sni),
        cmocka_unit_test(test_resumption),      cmocka_unit_test(test_stale_session),
        cmocka_unit_test(test_handshake_fails), cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_empty_records),   cmocka_unit_test(test_broken_records),
        cmocka_unit_test(test_close_notify),    cmocka_unit_test(test_key_updates),
        cmocka_unit_test(test_renegotiation),   cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
