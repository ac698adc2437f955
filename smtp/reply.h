/*
 * Incremental assembler of SMTP replies (RFC 5321, 4.2): bytes in any chunking
 * become a code, an enhanced code (RFC 2034, 3463) and the text.
 *
 * Lines end in CRLF or a bare LF. A NUL, a line longer than MXP_REPLY_LINE_MAX,
 * more lines than MXP_REPLY_LINES_MAX, lines of different codes (but a 4yz or 5yz behind
 * lines of 220), or a line that is no reply line make the stream bad, for good. At most
 * MXP_REPLY_TEXT_MAX octets of text are kept; the rest of a long reply is read and dropped.
 */
#ifndef MXP_SMTP_REPLY_H
#define MXP_SMTP_REPLY_H

#include "core/buf.h"

#define MXP_REPLY_LINE_MAX  2048
#define MXP_REPLY_LINES_MAX 512
#define MXP_REPLY_TEXT_MAX  8192

struct mxp_enhanced {
    uint16_t klass, subject, detail; /* all 0: none given */
};

struct mxp_reply {
    uint16_t code;                /* 200 to 599; 0: no reply */
    struct mxp_enhanced enhanced; /* the first one directly behind the code, on any line */
    struct mxp_slice text;        /* whole lines, codes included, joined by LF, no final LF.
                                     Borrowed: until the assembler's next call */
};

enum mxp_reply_status { MXP_REPLY_MORE, MXP_REPLY_DONE, MXP_REPLY_BAD, MXP_REPLY_NO_MEMORY };

struct mxp_reply_reader {
    struct mxp_buf kept; /* private: text of a reply of several lines or pieces; no memory for a
                            reply of one line that comes whole */
    uint16_t code;
    uint16_t n_lines;
    uint16_t line_len;
    uint8_t state;
    bool cr; /* the octet before was a CR */
    bool bad;
};

void mxp_reply_reader_init(struct mxp_reply_reader *reader);

/* Free the text of the last reply, or of the one under way (which voids that one only
 * when the reader is not idle); between replies the reader stays usable. */
void mxp_reply_reader_free(struct mxp_reply_reader *reader);

/* No reply is under way. */
bool mxp_reply_reader_idle(const struct mxp_reply_reader *reader);

/* Take bytes from the front of *input until one reply is whole. DONE: *ret is the
 * reply and *input what follows it. MORE: all input was taken. BAD: *ret_bad (may
 * be NULL) says why, static text. NO_MEMORY: a fault of ours; the stream cannot be
 * read on. */
enum mxp_reply_status mxp_reply_read(struct mxp_reply_reader *reader, struct mxp_slice *input,
                                     struct mxp_reply *ret, const char **ret_bad);

/* Parse a reply that is whole already (a log's, the user's; LF or CRLF between
 * lines, folded lines too): 0, or MXP_ESYNTAX when it starts with no code. *ret is
 * filled in both cases: a bare text gives code 0, a bare "5.1.1" code 0 and the enhanced
 * code. Where the lines' codes differ the last one counts. The text is the input,
 * trimmed. */
int mxp_reply_parse(struct mxp_slice text, struct mxp_reply *ret);

/* "5.1.1" into ret (at least 16 octets), or "" for none; returns ret. */
const char *mxp_enhanced_text(struct mxp_enhanced enhanced, char ret[static 16]);

#endif
