#include "probe/explain_words.h"

#include <string.h>

static const struct {
    uint16_t code;
    struct mxp_code_words words;
} codes[] = {
    {211, {"211", "System status or help", "RFC 5321, 4.2.3", ""}},
    {214, {"214", "Help", "RFC 5321, 4.2.3", ""}},
    {220, {"220", "The server is ready", "RFC 5321, 4.2.3", ""}},
    {221, {"221", "The server closes the session", "RFC 5321, 4.2.3", ""}},
    {235, {"235", "Authentication succeeded", "RFC 4954, 6", ""}},
    {250, {"250", "Accepted", "RFC 5321, 4.2.3", ""}},
    {251, {"251", "Not local; the server forwards it", "RFC 5321, 3.4", ""}},
    {252, {"252", "Cannot verify the user, but will try to deliver", "RFC 5321, 3.5.3", ""}},
    {334, {"334", "Go on with the authentication", "RFC 4954, 6", ""}},
    {354, {"354", "Send the message", "RFC 5321, 4.2.3", ""}},
    {420, {"420", "Time-out or trouble at the server", "in use, not standard", ""}},
    {421, {"421", "The service is not available; the session is closed", "RFC 5321, 3.8", ""}},
    {422, {"422", "The mailbox or the disk is full", "in use, not standard", ""}},
    {431, {"431", "The server is out of memory or disk", "in use, not standard", ""}},
    {432, {"432", "Password change needed, or the service is halted", "RFC 4954, 6", ""}},
    {441, {"441", "The server does not answer", "in use, not standard", ""}},
    {442, {"442", "The connection was dropped", "in use, not standard", ""}},
    {446, {"446", "Too many hops", "in use, not standard", ""}},
    {447, {"447", "The message timed out", "in use, not standard", ""}},
    {449, {"449", "Routing error", "in use, not standard", ""}},
    {450, {"450", "Mailbox unavailable for now", "RFC 5321, 4.2.3", ""}},
    {451, {"451", "Local error in processing", "RFC 5321, 4.2.3", ""}},
    {452,
     {"452", "Not enough storage, or too many recipients", "RFC 5321, 4.2.3 and 4.5.3.1.10", ""}},
    {454,
     {"454", "TLS or authentication is not available for now", "RFC 3207, 4; RFC 4954, 6", ""}},
    {455, {"455", "Parameters cannot be accommodated for now", "RFC 5321, 4.2.3", ""}},
    {456, {"456", "Address temporarily unavailable", "Courier", ""}},
    {471, {"471", "An anti-spam rule of the server failed", "in use, not standard", ""}},
    {500, {"500", "Syntax error or unknown command", "RFC 5321, 4.2.3", ""}},
    {501, {"501", "Syntax error in parameters", "RFC 5321, 4.2.3", ""}},
    {502, {"502", "Command not implemented", "RFC 5321, 4.2.3", ""}},
    {503, {"503", "Bad sequence of commands", "RFC 5321, 4.2.3", ""}},
    {504, {"504", "Parameter not implemented", "RFC 5321, 4.2.3", ""}},
    {510, {"510", "Bad address", "in use, not standard", ""}},
    {511, {"511", "Bad address", "chkuser", ""}},
    {512, {"512", "The domain's DNS cannot be found", "in use, not standard", ""}},
    {513, {"513", "Relaying denied, or the address type is wrong", "Courier", ""}},
    {517, {"517", "Sender rejected", "Courier", ""}},
    {521, {"521", "The host takes no mail, or not from us", "RFC 7504", ""}},
    {522, {"522", "The mailbox is full", "chkuser", ""}},
    {523, {"523", "Encryption needed, or a limit was exceeded", "in use, not standard", ""}},
    {524, {"524", "Mailing list trouble", "in use, not standard", ""}},
    {525, {"525", "The account is disabled", "in use, not standard", ""}},
    {530, {"530", "Authentication or STARTTLS required first", "RFC 4954, 6; RFC 3207, 4", ""}},
    {531, {"531", "Too many recipients, or a full system", "Courier", ""}},
    {533, {"533", "The mailbox name is not supported", "Exim", ""}},
    {534,
     {"534", "The authentication mechanism is too weak, or the message too big",
      "RFC 4954, 6; Courier", ""}},
    {535, {"535", "Authentication failed", "RFC 4954, 6", ""}},
    {538, {"538", "Encryption required for authentication", "RFC 4954, 6", ""}},
    {540, {"540", "The recipient refuses or is locked", "Rambler", ""}},
    {541, {"541", "Rejected as spam or by policy", "Zoho, Tencent", ""}},
    {542, {"542", "Rejected", "in use, not standard", ""}},
    {546, {"546", "Routing loop", "in use, not standard", ""}},
    {550, {"550", "Mailbox unavailable, or refused for policy", "RFC 5321, 4.2.3", ""}},
    {551, {"551", "Not local; try another address", "RFC 5321, 3.4", ""}},
    {552, {"552", "Storage exceeded", "RFC 5321, 4.2.3", ""}},
    {553, {"553", "Mailbox name not allowed", "RFC 5321, 4.2.3", ""}},
    {554, {"554", "Transaction failed, or no SMTP service here", "RFC 5321, 4.2.3", ""}},
    {555, {"555", "Parameters of MAIL or RCPT not recognized", "RFC 5321, 4.2.3", ""}},
    {556, {"556", "The domain takes no mail", "RFC 7504", ""}},
    {571, {"571", "Blocked by the recipient or a policy", "in use, not standard", ""}},
};

/* IANA, SMTP Enhanced Status Codes (RFC 3463, 5248 and others); the class is left out. */
static const struct {
    uint16_t subject, detail;
    struct mxp_code_words words;
} enhanced_codes[] = {
    {0, 0, {"x.0.0", "Undefined status", "RFC 3463 and the IANA registry", ""}},
    {1,
     0,
     {"x.1.0", "Something else about an address", "RFC 3463 and the IANA registry",
      "often a fault of the sender's address, not of the recipient's"}},
    {1,
     1,
     {"x.1.1", "The mailbox does not exist", "RFC 3463 and the IANA registry",
      "Comcast and Orange use it for full mailboxes, GoDaddy for rates; read the words"}},
    {1,
     2,
     {"x.1.2", "The domain does not exist or takes no mail", "RFC 3463 and the IANA registry",
      "Stalwart uses it for missing mailboxes"}},
    {1,
     3,
     {"x.1.3", "The address is malformed", "RFC 3463 and the IANA registry",
      "some Polish hosts use it for missing mailboxes"}},
    {1, 4, {"x.1.4", "The address is ambiguous", "RFC 3463 and the IANA registry", ""}},
    {1, 5, {"x.1.5", "The address is valid", "RFC 3463 and the IANA registry", ""}},
    {1,
     6,
     {"x.1.6", "The mailbox has moved, no forwarding", "RFC 3463 and the IANA registry",
      "Apple uses it for closed accounts"}},
    {1, 7, {"x.1.7", "The sender's address is malformed", "RFC 3463 and the IANA registry", ""}},
    {1, 8, {"x.1.8", "The sender's domain is bad", "RFC 3463 and the IANA registry", ""}},
    {1,
     9,
     {"x.1.9", "Relayed to a server without this extension", "RFC 3463 and the IANA registry", ""}},
    {1,
     10,
     {"x.1.10", "The recipient's domain has a null MX", "RFC 3463 and the IANA registry",
      "Exchange means an unknown user by it"}},
    {1,
     351,
     {"x.1.351", "A remote server's unknown recipient, wrapped (Microsoft)", "Microsoft", ""}},
    {2, 0, {"x.2.0", "Something else about the mailbox", "RFC 3463 and the IANA registry", ""}},
    {2,
     1,
     {"x.2.1", "The mailbox is disabled", "RFC 3463 and the IANA registry",
      "Gmail also says so of mailboxes that receive too fast: those are alive"}},
    {2,
     2,
     {"x.2.2", "The mailbox is full", "RFC 3463 and the IANA registry",
      "a few servers greylist with it"}},
    {2,
     3,
     {"x.2.3", "The message is longer than this mailbox allows", "RFC 3463 and the IANA registry",
      ""}},
    {2, 4, {"x.2.4", "Trouble expanding a mailing list", "RFC 3463 and the IANA registry", ""}},
    {3, 0, {"x.3.0", "Something else about the mail system", "RFC 3463 and the IANA registry", ""}},
    {3, 1, {"x.3.1", "The mail system is full", "RFC 3463 and the IANA registry", ""}},
    {3,
     2,
     {"x.3.2", "The system takes no mail just now", "RFC 3463 and the IANA registry",
      "postscreen uses it while it tests a client: try again"}},
    {3,
     3,
     {"x.3.3", "The system lacks a feature that is needed", "RFC 3463 and the IANA registry", ""}},
    {3,
     4,
     {"x.3.4", "The message is too big for the system", "RFC 3463 and the IANA registry", ""}},
    {3, 5, {"x.3.5", "The system is misconfigured", "RFC 3463 and the IANA registry", ""}},
    {3, 6, {"x.3.6", "The requested priority was changed", "RFC 3463 and the IANA registry", ""}},
    {4,
     0,
     {"x.4.0", "Something else about network or routing", "RFC 3463 and the IANA registry", ""}},
    {4,
     1,
     {"x.4.1", "No answer from the host", "RFC 3463 and the IANA registry",
      "550 5.4.1 of Microsoft means an unknown user"}},
    {4, 2, {"x.4.2", "The connection failed", "RFC 3463 and the IANA registry", ""}},
    {4, 3, {"x.4.3", "A directory server failed", "RFC 3463 and the IANA registry", ""}},
    {4, 4, {"x.4.4", "No route to the host", "RFC 3463 and the IANA registry", ""}},
    {4,
     5,
     {"x.4.5", "The mail system is congested", "RFC 3463 and the IANA registry",
      "Gmail uses 5.4.5 for a daily quota"}},
    {4, 6, {"x.4.6", "A routing loop", "RFC 3463 and the IANA registry", ""}},
    {4, 7, {"x.4.7", "The delivery time expired", "RFC 3463 and the IANA registry", ""}},
    {4, 310, {"x.4.310", "DNS of the domain failed (Microsoft)", "Microsoft", ""}},
    {4, 317, {"x.4.317", "TLS to the domain failed (Microsoft)", "Microsoft", ""}},
    {5,
     0,
     {"x.5.0", "Something else about the protocol", "RFC 3463 and the IANA registry",
      "hotmail uses 5.5.0 for missing mailboxes"}},
    {5, 1, {"x.5.1", "Invalid command", "RFC 3463 and the IANA registry", ""}},
    {5, 2, {"x.5.2", "Syntax error", "RFC 3463 and the IANA registry", ""}},
    {5, 3, {"x.5.3", "Too many recipients", "RFC 3463 and the IANA registry", ""}},
    {5, 4, {"x.5.4", "Invalid command arguments", "RFC 3463 and the IANA registry", ""}},
    {5, 5, {"x.5.5", "Wrong protocol version", "RFC 3463 and the IANA registry", ""}},
    {5,
     6,
     {"x.5.6", "The authentication exchange line is too long", "RFC 3463 and the IANA registry",
      ""}},
    {6, 0, {"x.6.0", "Something else about the content", "RFC 3463 and the IANA registry", ""}},
    {6, 1, {"x.6.1", "The media type is not supported", "RFC 3463 and the IANA registry", ""}},
    {6, 2, {"x.6.2", "Conversion needed and prohibited", "RFC 3463 and the IANA registry", ""}},
    {6, 3, {"x.6.3", "Conversion needed and not supported", "RFC 3463 and the IANA registry", ""}},
    {6, 4, {"x.6.4", "Converted with loss", "RFC 3463 and the IANA registry", ""}},
    {6, 5, {"x.6.5", "Conversion failed", "RFC 3463 and the IANA registry", ""}},
    {6, 6, {"x.6.6", "The message content is not available", "RFC 3463 and the IANA registry", ""}},
    {6,
     7,
     {"x.6.7", "Non-ASCII addresses not permitted here", "RFC 3463 and the IANA registry", ""}},
    {6,
     8,
     {"x.6.8", "A UTF-8 reply is needed and not permitted", "RFC 3463 and the IANA registry", ""}},
    {6, 9, {"x.6.9", "A UTF-8 header cannot be transferred", "RFC 3463 and the IANA registry", ""}},
    {6, 10, {"x.6.10", "Withdrawn: see 6.9", "RFC 3463 and the IANA registry", ""}},
    {7,
     0,
     {"x.7.0", "Something else about security or policy", "RFC 3463 and the IANA registry",
      "says little: read the words"}},
    {7,
     1,
     {"x.7.1", "Not authorized: refused for policy", "RFC 3463 and the IANA registry",
      "says nothing by itself: content, reputation, authentication or an unknown user"}},
    {7,
     2,
     {"x.7.2", "Not allowed to expand this mailing list", "RFC 3463 and the IANA registry", ""}},
    {7,
     3,
     {"x.7.3", "Security conversion needed and impossible", "RFC 3463 and the IANA registry", ""}},
    {7, 4, {"x.7.4", "Security features not supported", "RFC 3463 and the IANA registry", ""}},
    {7, 5, {"x.7.5", "Cryptographic failure", "RFC 3463 and the IANA registry", ""}},
    {7,
     6,
     {"x.7.6", "The cryptographic algorithm is not supported", "RFC 3463 and the IANA registry",
      ""}},
    {7, 7, {"x.7.7", "The message's integrity is broken", "RFC 3463 and the IANA registry", ""}},
    {7,
     8,
     {"x.7.8", "The authentication credentials are invalid", "RFC 3463 and the IANA registry", ""}},
    {7,
     9,
     {"x.7.9", "The authentication mechanism is too weak", "RFC 3463 and the IANA registry",
      "Yahoo means SPF and DKIM by it"}},
    {7, 10, {"x.7.10", "Encryption needed", "RFC 3463 and the IANA registry", ""}},
    {7,
     11,
     {"x.7.11", "Encryption required for this authentication", "RFC 3463 and the IANA registry",
      ""}},
    {7, 12, {"x.7.12", "A password transition is needed", "RFC 3463 and the IANA registry", ""}},
    {7, 13, {"x.7.13", "The user's account is disabled", "RFC 3463 and the IANA registry", ""}},
    {7, 14, {"x.7.14", "A trust relationship is required", "RFC 3463 and the IANA registry", ""}},
    {7, 15, {"x.7.15", "The priority is too low", "RFC 3463 and the IANA registry", ""}},
    {7,
     16,
     {"x.7.16", "The message is too big for its priority", "RFC 3463 and the IANA registry", ""}},
    {7, 17, {"x.7.17", "The mailbox's owner has changed", "RFC 3463 and the IANA registry", ""}},
    {7, 18, {"x.7.18", "The domain's owner has changed", "RFC 3463 and the IANA registry", ""}},
    {7, 19, {"x.7.19", "The RRVS test cannot be completed", "RFC 3463 and the IANA registry", ""}},
    {7, 20, {"x.7.20", "No DKIM signature passed", "RFC 3463 and the IANA registry", ""}},
    {7, 21, {"x.7.21", "No acceptable DKIM signature", "RFC 3463 and the IANA registry", ""}},
    {7,
     22,
     {"x.7.22", "No valid DKIM signature of the author", "RFC 3463 and the IANA registry", ""}},
    {7,
     23,
     {"x.7.23", "SPF failed", "RFC 3463 and the IANA registry",
      "Gmail also uses 4.7.23 for a missing PTR"}},
    {7, 24, {"x.7.24", "SPF could not be checked", "RFC 3463 and the IANA registry", ""}},
    {7, 25, {"x.7.25", "Reverse DNS failed", "RFC 3463 and the IANA registry", ""}},
    {7,
     26,
     {"x.7.26", "Several authentication checks failed (DMARC)", "RFC 3463 and the IANA registry",
      ""}},
    {7,
     27,
     {"x.7.27", "The sender's domain has a null MX", "RFC 3463 and the IANA registry",
      "Gmail means SPF by it"}},
    {7,
     28,
     {"x.7.28", "A flood of mail was detected", "RFC 3463 and the IANA registry",
      "Gmail: a rate, by IP or domain"}},
    {7,
     29,
     {"x.7.29", "The ARC chain is broken", "RFC 3463 and the IANA registry",
      "Gmail: TLS is required"}},
    {7,
     30,
     {"x.7.30", "REQUIRETLS is needed and not supported", "RFC 3463 and the IANA registry",
      "Gmail: DKIM failed"}},
    {7, 32, {"x.7.32", "The From header is not aligned (Gmail)", "Gmail", ""}},
    {7, 40, {"x.7.40", "No DMARC record (Gmail)", "Gmail", ""}},
    {7, 124, {"x.7.124", "Only listed senders may write to it (Exchange)", "Microsoft", ""}},
    {7,
     133,
     {"x.7.133", "Only authenticated senders may write to this group (Exchange)", "Microsoft", ""}},
    {7, 134, {"x.7.134", "Only authenticated senders may write to it (Exchange)", "Microsoft", ""}},
    {7,
     350,
     {"x.7.350", "A remote server's answer, wrapped (Microsoft)", "Microsoft",
      "read what stands behind the arrow"}},
    {7, 509, {"x.7.509", "DMARC failed (Microsoft)", "Microsoft", ""}},
    {7, 511, {"x.7.511", "Our IP is banned (Microsoft)", "Microsoft", ""}},
    {7, 515, {"x.7.515", "Sender requirements not met (Microsoft)", "Microsoft", ""}},
    {7, 606, {"x.7.606", "Our IP is banned (Microsoft)", "Microsoft", ""}},
};

static const struct mxp_reason_words reasons[MXP_REASON_COUNT] = {
    [MXP_REASON_ACCEPTED] = {"The server takes mail for this address.", "nobody", "send"},
    [MXP_REASON_CATCH_ALL] = {"The server takes any address in this domain, so nothing is proven.",
                              "nobody", "send with care"},
    [MXP_REASON_CANNOT_VERIFY] = {"The server will not say whether the mailbox exists.", "nobody",
                                  "send with care, or verify by sending"},
    [MXP_REASON_BAD_SYNTAX] = {"The address breaks the grammar of mailboxes.",
                               "the list: a form that did not check", "correct it, or remove it"},
    [MXP_REASON_MAILBOX_NOT_FOUND] = {"There is no such mailbox.",
                                      "the list: a person who left, a typo, a made-up address",
                                      "remove it at once; never retry"},
    [MXP_REASON_MAILBOX_DISABLED] =
        {"The mailbox exists no more for mail: disabled, suspended, closed.",
         "the list: an abandoned or locked account", "remove it"},
    [MXP_REASON_MAILBOX_FULL] = {"The mailbox is full, and therefore there.", "the recipient",
                                 "try later; after three campaigns running treat it as abandoned"},
    [MXP_REASON_ADDRESS_MOVED] =
        {"The mailbox has moved.", "the list is out of date",
         "write to the new address if one is given and its owner agrees; remove this one"},
    [MXP_REASON_RECIPIENT_RESTRICTED] = {"The recipient takes mail from some senders only.",
                                         "the recipient's choice",
                                         "ask to be allowed, or stop; the mailbox is alive"},
    [MXP_REASON_DOMAIN_NOT_FOUND] = {"The domain does not exist.",
                                     "the list: a typo, or a domain that was given up",
                                     "remove it at once"},
    [MXP_REASON_DOMAIN_NOT_ACCEPTING] = {"The domain takes no mail.", "the list",
                                         "remove it at once"},
    [MXP_REASON_EAI_UNSUPPORTED] =
        {"The address has non-ASCII letters and the server cannot take those.", "the server",
         "ask for an ASCII address"},
    [MXP_REASON_IP_BLOCKLISTED] =
        {"Our IP address is refused, on a blocklist or by reputation; it says nothing about the "
         "address.",
         "the sender's IP",
         "stop sending from it to this provider; look at the blocklists (Spamhaus, Barracuda, "
         "SpamCop), find the cause, ask for delisting"},
    [MXP_REASON_DOMAIN_BLOCKLISTED] =
        {"Our domain, or one linked to in the message, is on a blocklist.", "the sender's domain",
         "delist the domain; other IPs will not help"},
    [MXP_REASON_POLICY_BLOCKED] = {"Refused by a rule of the receiver, for no cause that it names.",
                                   "the sender, or the receiver's rules",
                                   "read the text, and ask the postmaster"},
    [MXP_REASON_AUTH_FAILURE] = {"SPF, DKIM or DMARC did not pass.", "the sender's DNS or signing",
                                 "mend SPF, DKIM and their alignment with From"},
    [MXP_REASON_SENDER_REJECTED] =
        {"The envelope sender is refused: it does not exist, or may not be used.", "the sender",
         "use a MAIL FROM that exists and takes bounces"},
    [MXP_REASON_RDNS_HELO] =
        {"Our reverse DNS or EHLO name is wrong.", "the sender's DNS",
         "give the IP a PTR record whose name leads back to it, and use that name"},
    [MXP_REASON_RELAY_DENIED] = {"This host will not take mail for that domain from us.",
                                 "a wrong MX record, or we are refused", "look the MX up again"},
    [MXP_REASON_AUTH_REQUIRED] =
        {"This host wants a login: it is not the way for mail from outside.",
         "a wrong host or port", "look the MX up again"},
    [MXP_REASON_TLS_REQUIRED] = {"Encryption is required.", "the sender", "use STARTTLS"},
    [MXP_REASON_RATE_LIMITED] = {"Too fast, or too much, for this provider just now.",
                                 "the sender's rate",
                                 "slow down there, spread the volume over time; keep the address"},
    [MXP_REASON_TOO_MANY_RECIPIENTS] = {"Too many recipients in one transaction or session.",
                                        "the sender's batches",
                                        "ask for fewer at once; the others now"},
    [MXP_REASON_SPAM_CONTENT] = {"The message looks like spam to the receiver.",
                                 "the content, or the sender's reputation",
                                 "review the content of this campaign"},
    [MXP_REASON_CONTENT_REJECTED] = {"A header, an attachment or the format is refused.",
                                     "the message", "mend the headers or drop the attachment"},
    [MXP_REASON_MESSAGE_TOO_BIG] = {"The message is too big.", "the message", "make it smaller"},
    [MXP_REASON_GREYLISTED] =
        {"A first attempt is put off on purpose; the same attempt later passes.", "nobody",
         "try again from the same IP with the same sender, after the time it says or 5 to 15 "
         "minutes"},
    [MXP_REASON_SERVER_UNAVAILABLE] = {"The server cannot take mail just now.", "the receiver",
                                       "try again later, for a day or more"},
    [MXP_REASON_ROUTING_ERROR] = {"The receiver's side cannot route it: a loop, or DNS.",
                                  "the receiver", "try again later; look the MX up again"},
    [MXP_REASON_DNS_ERROR] = {"DNS gave no answer.", "the domain's DNS, or our resolver",
                              "try again later"},
    [MXP_REASON_CONNECT_FAILED] = {"No connection to any mail server of the domain.",
                                   "the receiver, or our network", "try again later"},
    [MXP_REASON_CONNECTION_LOST] = {"The connection broke off.", "the receiver", "try again later"},
    [MXP_REASON_TIMEOUT] = {"No answer in time.", "the receiver", "try again later"},
    [MXP_REASON_TLS_FAILED] = {"Encryption could not be agreed on.", "the receiver, or our policy",
                               "look at the certificate and the TLS versions"},
    [MXP_REASON_PROTOCOL_ERROR] =
        {"One side broke the protocol; an earlier reply holds the real cause.",
         "the server, or the sending software", "look at the earlier replies"},
    [MXP_REASON_MX_REFUSED] = {"The domain's mail server has a private or reserved address.",
                               "the domain's DNS", "review it"},
    [MXP_REASON_NOT_PROBED] = {"Nobody was asked.", "nobody", "verify it later"},
    [MXP_REASON_UNCLASSIFIED] = {"The reply says too little to tell.", "not known",
                                 "read it; add a rule (docs/classification.md)"},
};

const struct mxp_code_words *mxp_explain_code(uint16_t code)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].code == code)
            return &codes[i].words;
    return NULL;
}

const struct mxp_code_words *mxp_explain_enhanced(struct mxp_enhanced enhanced)
{
    for (size_t i = 0; enhanced.klass && i < sizeof enhanced_codes / sizeof *enhanced_codes; i++)
        if (enhanced_codes[i].subject == enhanced.subject &&
            enhanced_codes[i].detail == enhanced.detail)
            return &enhanced_codes[i].words;
    return NULL;
}

const struct mxp_reason_words *mxp_explain_reason(enum mxp_reason reason)
{
    return &reasons[reason];
}

static size_t find_text(struct mxp_slice text, const char *words)
{
    const char *at = memmem(text.ptr, text.len, words, strlen(words));
    return at ? (size_t)(at - text.ptr) + strlen(words) : text.len;
}

static bool code_at(struct mxp_slice text, size_t at)
{
    return text.len - at >= 4 && (text.ptr[at] == '4' || text.ptr[at] == '5') &&
           mxp_is_digit(text.ptr[at + 1]) && mxp_is_digit(text.ptr[at + 2]) &&
           (text.ptr[at + 3] == ' ' || text.ptr[at + 3] == '-') &&
           (at == 0 || text.ptr[at - 1] == ' ' || text.ptr[at - 1] == '(');
}

static void find_stage(struct mxp_slice text, enum mxp_stage *stage)
{
    static const struct {
        const char *words;
        enum mxp_stage stage;
    } places[] = {
        {"reply to RCPT TO", MXP_STAGE_RCPT},
        {"after RCPT TO", MXP_STAGE_RCPT},
        {"reply to MAIL FROM", MXP_STAGE_MAIL},
        {"after MAIL FROM", MXP_STAGE_MAIL},
        {"after pipelined MAIL FROM", MXP_STAGE_MAIL},
        {"reply to end of DATA", MXP_STAGE_DATA},
        {"end of data", MXP_STAGE_DATA},
        {"reply to HELO", MXP_STAGE_EHLO},
        {"reply to EHLO", MXP_STAGE_EHLO},
        {"after EHLO", MXP_STAGE_EHLO},
        {"after initial connection", MXP_STAGE_GREETING},
        {"refused to talk to me", MXP_STAGE_GREETING},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (find_text(text, places[i].words) < text.len)
            *stage = places[i].stage;
}

struct mxp_slice mxp_explain_find(struct mxp_slice text, enum mxp_stage *stage)
{
    static const char *const before[] = {" said: ", "refused to talk to me: ", "stat=", "): "};
    text = mxp_slice_trim(text);
    if (code_at(text, 0) || text.len < 20)
        return text;
    find_stage(text, stage);
    size_t from = text.len;
    for (size_t i = 0; from == text.len && i < sizeof before / sizeof *before; i++)
        from = find_text(text, before[i]);
    for (size_t at = from < text.len ? from : 0; at < text.len; at++) {
        if (!code_at(text, at))
            continue;
        struct mxp_slice found = mxp_slice_sub(text, at, text.len);
        size_t end = find_text(found, " (in reply to");
        if (end < found.len)
            found.len = end - strlen(" (in reply to");
        return found;
    }
    return text;
}
