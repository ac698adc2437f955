#include "probe/options/yaml_tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <yaml.h>

#include "core/buf.h"

struct reader {
    yaml_parser_t parser;
    const char *name;
    struct mxp_arena *arena;
    struct mxp_why *why;
    struct mxp_slice text;
};

static int no_memory(struct reader *reader)
{
    return mxp_why_set(reader->why, MXP_ENOMEM, "out of memory");
}

static int bad(struct reader *reader, uint32_t line, const char *what)
{
    return mxp_why_set(reader->why, MXP_ECONFIG, "%.100s:%u: %s", reader->name, (unsigned)line,
                       what);
}

static uint32_t line_of(const yaml_event_t *event)
{
    return (uint32_t)event->start_mark.line + 1;
}

/* libyaml gives no line for octets that are no UTF-8, only an offset. */
static uint32_t line_at(struct mxp_slice text, size_t offset)
{
    uint32_t line = 1;
    for (size_t i = 0; i < offset && i < text.len; i++)
        line += text.ptr[i] == '\n';
    return line;
}

static int parser_error(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return no_memory(reader);
    uint32_t line = parser->error == YAML_READER_ERROR
                        ? line_at(reader->text, parser->problem_offset)
                        : (uint32_t)parser->problem_mark.line + 1;
    return mxp_why_set(reader->why, MXP_ECONFIG, "%.100s:%u: not well-formed YAML: %s%s%s",
                       reader->name, (unsigned)line, parser->problem ? parser->problem : "error",
                       parser->context ? ", " : "", parser->context ? parser->context : "");
}

static int next_event(struct reader *reader, yaml_event_t *ret_event)
{
    return yaml_parser_parse(&reader->parser, ret_event) ? MXP_OK : parser_error(reader);
}

static const char *refused(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return "aliases (*name) are not supported: write it out";
    case YAML_SCALAR_EVENT:
        if (event->data.scalar.anchor)
            return "anchors (&name) are not supported";
        if (event->data.scalar.tag)
            return "tags (!name) are not supported";
        if (memchr(event->data.scalar.value, '\0', event->data.scalar.length))
            return "a NUL character";
        return NULL;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor || event->data.sequence_start.tag
                   ? "anchors and tags are not supported"
                   : NULL;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor || event->data.mapping_start.tag
                   ? "anchors and tags are not supported"
                   : NULL;
    default:
        return NULL;
    }
}

static bool is_null(const yaml_event_t *event)
{
    static const char *const words[] = {"", "~", "null"};
    struct mxp_slice text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (mxp_slice_eq(text, mxp_slice_str(words[i])))
            return true;
    return false;
}

static int read_scalar(struct reader *reader, const yaml_event_t *event, struct mxp_yaml *node)
{
    struct mxp_slice text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    node->kind = MXP_YAML_SCALAR;
    node->is_null = is_null(event);
    node->text = (struct mxp_slice){mxp_arena_strdup(reader->arena, text), text.len};
    return node->text.ptr ? MXP_OK : no_memory(reader);
}

/* Of a key that stands before its value. */
static int read_key(struct reader *reader, const yaml_event_t *event, const struct mxp_yaml *map,
                    const char **ret_key)
{
    if (refused(event))
        return bad(reader, line_of(event), refused(event));
    if (event->type != YAML_SCALAR_EVENT)
        return bad(reader, line_of(event), "a key must be a plain word");
    if (map->n_children >= MXP_YAML_KEYS_MAX)
        return bad(reader, line_of(event), "too many keys in one map");
    const char *name = (const char *)event->data.scalar.value;
    for (const struct mxp_yaml *child = map->children; child; child = child->next)
        if (strcmp(child->key, name) == 0)
            return mxp_why_set(reader->why, MXP_ECONFIG,
                               "%.100s:%u: %.60s: given twice (first in line %u)", reader->name,
                               (unsigned)line_of(event), name, (unsigned)child->line);
    *ret_key = mxp_arena_strdup(reader->arena, mxp_slice_str(name));
    return *ret_key ? MXP_OK : no_memory(reader);
}

static int read_node(struct reader *reader, const yaml_event_t *event, unsigned depth,
                     struct mxp_yaml *node);

/* The children of a list or map, until its end. */
static int read_children(struct reader *reader, unsigned depth, struct mxp_yaml *node)
{
    struct mxp_yaml **tail = &node->children;
    for (;;) {
        yaml_event_t event;
        const char *key = NULL;
        int err = next_event(reader, &event);
        if (err)
            return err;
        bool end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
        uint32_t line = line_of(&event);
        if (!end && node->kind == MXP_YAML_MAP) {
            err = read_key(reader, &event, node, &key);
            yaml_event_delete(&event);
            err = err ? err : next_event(reader, &event);
            if (err)
                return err;
        }
        struct mxp_yaml *child = end ? NULL : mxp_arena_alloc(reader->arena, sizeof *child);
        if (child) {
            child->key = key;
            child->line = key ? line : 0;
            err = read_node(reader, &event, depth + 1, child);
        } else if (!end) {
            err = no_memory(reader);
        }
        yaml_event_delete(&event);
        if (err || !child)
            return err;
        *tail = child;
        tail = &child->next;
        node->n_children++;
    }
}

static int read_node(struct reader *reader, const yaml_event_t *event, unsigned depth,
                     struct mxp_yaml *node)
{
    if (!node->line)
        node->line = line_of(event);
    if (refused(event))
        return bad(reader, line_of(event), refused(event));
    if (depth > MXP_YAML_DEPTH_MAX)
        return bad(reader, line_of(event), "nested too deeply");
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(reader, event, node);
    node->kind = event->type == YAML_MAPPING_START_EVENT ? MXP_YAML_MAP : MXP_YAML_LIST;
    return read_children(reader, depth, node);
}

/* Stream start, document start, the root, document end, stream end. */
static int read_stream(struct reader *reader, struct mxp_yaml *root)
{
    bool seen = false;
    for (;;) {
        yaml_event_t event;
        int err = next_event(reader, &event);
        if (err)
            return err;
        yaml_event_type_t type = event.type;
        uint32_t line = line_of(&event);
        bool start = type == YAML_DOCUMENT_START_EVENT;
        bool frame = type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_END_EVENT;
        if (start && seen)
            err = bad(reader, line, "a second document");
        else if (!start && !frame && type != YAML_STREAM_END_EVENT)
            err = read_node(reader, &event, 0, root);
        seen = seen || start;
        yaml_event_delete(&event);
        if (err || type == YAML_STREAM_END_EVENT)
            return err;
    }
}

int mxp_yaml_parse(struct mxp_slice text, const char *name, struct mxp_arena *arena,
                   const struct mxp_yaml **ret, struct mxp_why *why)
{
    struct reader reader = {.name = name, .arena = arena, .why = why, .text = text};
    struct mxp_yaml *root = mxp_arena_alloc(arena, sizeof *root);
    if (!root || !yaml_parser_initialize(&reader.parser))
        return no_memory(&reader);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.ptr, text.len);
    root->kind = MXP_YAML_MAP;
    int err = read_stream(&reader, root);
    yaml_parser_delete(&reader.parser);
    if (err)
        return err;
    if (root->kind == MXP_YAML_SCALAR && root->is_null)
        root->kind = MXP_YAML_MAP;
    *ret = root;
    return MXP_OK;
}

static int read_all(FILE *file, struct mxp_buf *buf)
{
    char chunk[8192];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0) {
        int err = mxp_buf_add(buf, chunk, n);
        if (err)
            return err;
    }
    return ferror(file) ? MXP_EIO : MXP_OK;
}

int mxp_yaml_read(const char *path, struct mxp_arena *arena, const struct mxp_yaml **ret,
                  struct mxp_why *why)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return mxp_why_set(why, MXP_ECONFIG, "%.100s: cannot be read: %s", path, strerror(errno));
    struct mxp_buf buf;
    mxp_buf_init(&buf, MXP_YAML_SIZE_MAX);
    errno = 0;
    int err = read_all(file, &buf);
    int saved = errno;
    (void)fclose(file); /* only read */
    if (err == MXP_OK)
        err = mxp_yaml_parse(mxp_buf_slice(&buf), path, arena, ret, why);
    else if (err == MXP_EIO)
        err = mxp_why_set(why, MXP_ECONFIG, "%.100s: cannot be read: %s", path, strerror(saved));
    else
        err = mxp_why_set(why, err == MXP_ENOMEM ? err : MXP_ECONFIG, "%.100s: %s", path,
                          mxp_err_text(err));
    mxp_buf_free(&buf);
    return err;
}

const char *mxp_yaml_kind_text(const struct mxp_yaml *node)
{
    static const char *const texts[] = {
        [MXP_YAML_SCALAR] = "a single value", [MXP_YAML_LIST] = "a list", [MXP_YAML_MAP] = "a map"};
    return node->is_null ? "nothing" : texts[node->kind];
}
