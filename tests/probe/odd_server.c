#include "odd_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct talk {
    uint64_t random, free_ms;
    unsigned n_rcpts, n_errors;
    bool ended;
};

static uint64_t draw(struct talk *talk)
{
    uint64_t z = talk->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static bool happens(struct talk *talk, unsigned percent)
{
    return percent && draw(talk) % 100 < percent;
}

static bool is(const char *line, const char *verb)
{
    return strncmp(line, verb, strlen(verb)) == 0;
}

static void end(struct odd_server *odd, struct world_conn *conn, struct talk *talk)
{
    enum odd_end how = odd->end;
    talk->ended = true;
    if (how == ODD_N_ENDS)
        how = (enum odd_end)(draw(talk) % ODD_N_ENDS);
    if (how == ODD_END_421)
        world_say(conn, talk->free_ms, "421 4.7.0 closing the channel\r\n");
    if (how == ODD_END_GARBAGE)
        world_say(conn, talk->free_ms, "what was it?\r\n");
    if (how != ODD_END_SILENCE)
        world_close(conn, talk->free_ms);
}

static void rcpt_reply(struct odd_server *odd, struct talk *talk, const char *line, char *ret,
                       size_t size)
{
    char address[300];
    const char *from = strchr(line, '<') + 1;
    (void)snprintf(address, sizeof address, "%.*s", (int)strcspn(from, ">"), from);
    bool there = odd->exists(address);
    odd->n_asked += talk->n_rcpts == 0;
    talk->n_rcpts++;
    talk->n_errors += !there;
    odd->n_rcpts++;
    const char *yes = there ? "250 2.1.5 " : "550 5.1.1 ";
    const char *what = there ? "recipient ok" : "user unknown";
    if (happens(talk, odd->named_percent))
        (void)snprintf(ret, size, "%s<%s>: %s\r\n", yes, address, what);
    else
        (void)snprintf(ret, size, "%s%s\r\n", yes, what);
}

static void reply_to(struct odd_server *odd, struct talk *talk, const char *line, char *ret,
                     size_t size)
{
    const char *text = "502 5.5.2 what?\r\n";
    if (is(line, "EHLO"))
        text = odd->pipelining ? "250-odd.test\r\n250 PIPELINING\r\n" : "250 odd.test\r\n";
    else if (is(line, "MAIL"))
        text = "250 2.1.0 sender ok\r\n";
    else if (is(line, "RSET"))
        text = "250 2.0.0 reset\r\n";
    else if (is(line, "QUIT"))
        text = "221 2.0.0 bye\r\n";
    (void)snprintf(ret, size, "%s", text);
    if (is(line, "RCPT"))
        rcpt_reply(odd, talk, line, ret, size);
}

static bool ends_now(const struct odd_server *odd, struct talk *talk)
{
    if (odd->end_after_nth && talk->n_rcpts >= odd->end_after_nth)
        return true;
    if (odd->end_after_errors && talk->n_errors >= odd->end_after_errors)
        return true;
    return happens(talk, odd->end_percent);
}

static void on_line(struct world_conn *conn, void *arg, const char *line)
{
    struct odd_server *odd = arg;
    struct talk *talk = *world_state(conn);
    char reply[400];
    uint64_t now = world_now(conn);
    if (talk->ended)
        return;
    bool early = odd->punishes_pipelining && is(line, "RCPT") && talk->free_ms > now;
    talk->free_ms = talk->free_ms > now ? talk->free_ms : now;
    talk->free_ms += odd->latency_ms / 2 + draw(talk) % (odd->latency_ms / 2 + 1);
    if (early || ends_now(odd, talk)) {
        end(odd, conn, talk);
        return;
    }
    reply_to(odd, talk, line, reply, sizeof reply);
    bool nth = is(line, "RCPT") && talk->n_rcpts > 0;
    if (happens(talk, odd->lost_percent) || (nth && talk->n_rcpts == odd->lost_nth))
        return;
    world_say(conn, talk->free_ms, reply);
    unsigned after = odd->twice_after_ms;
    if (!odd->twice_exactly)
        after = (unsigned)(draw(talk) % (after + 1));
    if (happens(talk, odd->twice_percent) || (nth && talk->n_rcpts == odd->twice_nth))
        world_say(conn, talk->free_ms + after, reply);
    if (is(line, "QUIT"))
        world_close(conn, talk->free_ms + odd->twice_after_ms);
}

static void connected(struct world_conn *conn, void *arg)
{
    struct odd_server *odd = arg;
    struct talk *talk = calloc(1, sizeof *talk);
    if (!talk)
        abort();
    *world_state(conn) = talk;
    talk->random = odd->seed ^ ((uint64_t)++odd->n_sessions << 32);
    talk->free_ms = world_now(conn) + 1;
    world_say(conn, talk->free_ms, "220 odd.test\r\n");
}

void odd_server_in(struct odd_server *odd, struct world *world)
{
    world->server = (struct world_server){connected, on_line, odd};
}
