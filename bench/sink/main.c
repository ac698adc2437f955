#include "sink.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define USAGE                                                                                      \
    "usage: mxprobe-sink [--hosts N] [--hold N] [--rcpt-max N] [--delay-ms N]\n"                   \
    "                    [--tls 1.0|1.2|1.3] [--rsa] [--no-resume] [--no-pipelining] [--gate]\n"   \
    "                    [--in-step]\n"                                                            \
    "Prints \"smtp PORT dns PORT\", \"asked\" at the first DNS question, and \"held\" when "       \
    "--hold\n"                                                                                     \
    "sessions wait. Standard input: go, release, counts; its end ends the sink.\n"

static int tls_version(const char *word)
{
    return strcmp(word, "1.3") == 0   ? TLS1_3_VERSION
           : strcmp(word, "1.2") == 0 ? TLS1_2_VERSION
           : strcmp(word, "1.0") == 0 ? TLS1_VERSION
                                      : -1;
}

static int read_number(const char *word, uint32_t *ret)
{
    char *end;
    unsigned long n = strtoul(word, &end, 10);
    if (*end || !*word || n > UINT32_MAX)
        return -1;
    *ret = (uint32_t)n;
    return 0;
}

static int read_options(int argc, char **argv, struct sink_options *ret)
{
    *ret = (struct sink_options){.hosts = 1, .resume = true, .pipelining = true};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        int err = 0;
        if (strcmp(argv[i], "--rsa") == 0)
            ret->rsa = true;
        else if (strcmp(argv[i], "--no-resume") == 0)
            ret->resume = false;
        else if (strcmp(argv[i], "--no-pipelining") == 0)
            ret->pipelining = false;
        else if (strcmp(argv[i], "--gate") == 0)
            ret->gate = true;
        else if (strcmp(argv[i], "--in-step") == 0)
            ret->in_step = true;
        else if (strcmp(argv[i], "--hosts") == 0)
            err = read_number(value, &ret->hosts), i++;
        else if (strcmp(argv[i], "--hold") == 0)
            err = read_number(value, &ret->hold), i++;
        else if (strcmp(argv[i], "--rcpt-max") == 0)
            err = read_number(value, &ret->rcpt_max), i++;
        else if (strcmp(argv[i], "--delay-ms") == 0)
            err = read_number(value, &ret->delay_ms), i++;
        else if (strcmp(argv[i], "--tls") == 0)
            err = (ret->tls_version = tls_version(value)) < 0, i++;
        else
            err = -1;
        if (err)
            return -1;
    }
    return ret->hosts ? 0 : -1;
}

static void print_counts(const struct sink_counts *c)
{
    printf("{\"dns\": %llu, \"connections\": %llu, \"commands\": %llu, \"rcpts\": %llu, "
           "\"reads\": %llu, \"writes\": %llu, \"handshakes\": %llu, \"resumed\": %llu, "
           "\"octets_in\": %llu, \"octets_out\": %llu}\n",
           (unsigned long long)c->n_dns, (unsigned long long)c->n_connections,
           (unsigned long long)c->n_commands, (unsigned long long)c->n_rcpts,
           (unsigned long long)c->n_reads, (unsigned long long)c->n_writes,
           (unsigned long long)c->n_handshakes, (unsigned long long)c->n_resumed,
           (unsigned long long)c->n_octets_in, (unsigned long long)c->n_octets_out);
}

static void on_word(struct sink *sink, const char *word)
{
    if (strcmp(word, "go") == 0)
        sink->going = true;
    else if (strcmp(word, "release") == 0)
        sink_smtp_release(sink);
    else if (strcmp(word, "counts") == 0)
        print_counts(&sink->counts);
    else
        fprintf(stderr, "mxprobe-sink: %s?\n", word);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct sink *sink = handle->data;
    (void)suggested;
    *buf = uv_buf_init(sink->read, sizeof sink->read - 1);
}

/* The words come one at a time from a script that waits for each. */
static void on_stdin(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct sink *sink = stream->data;
    if (nread < 0) {
        uv_stop(stream->loop);
        return;
    }
    buf->base[nread] = '\0';
    for (char *word = buf->base; *word;) {
        size_t len = strcspn(word, "\n");
        bool last = word[len] == '\0';
        word[len] = '\0';
        on_word(sink, word);
        word += len + !last;
    }
}

int main(int argc, char **argv)
{
    static struct sink sink;
    uv_pipe_t in;
    struct rlimit files;
    if (read_options(argc, argv, &sink.options))
        return fputs(USAGE, stderr), 64;
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    sink.loop = uv_default_loop();
    sink.going = !sink.options.gate;
    if (sink.options.tls_version && !(sink.ctx = sink_tls_context(&sink.options)))
        return 70;
    if (sink_dns_open(&sink) || sink_smtp_open(&sink))
        return 74;
    uv_pipe_init(sink.loop, &in, 0);
    in.data = &sink;
    if (uv_pipe_open(&in, 0) || uv_read_start((uv_stream_t *)&in, on_alloc, on_stdin))
        return fputs("mxprobe-sink: standard input must be a pipe\n", stderr), 64;
    printf("smtp %u dns %u\n", sink.port_smtp, sink.port_dns);
    uv_run(sink.loop, UV_RUN_DEFAULT);
    return 0;
}
