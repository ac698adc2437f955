#include "smtp/judge.h"

#include "smtp/rules.h"

static const char passes_words[] =
    "(temporar|again later|try later|retry later|resend later|come back|later|in a few|"
    "in some time|at time|at moment|for moment|momentarily|right|in progress|transient|"
    "plus tard|mas tarde|mais tarde|piu tardi|spater|spaeter|vorubergehend|"
    "vorubergehende|voruebergehend|voruebergehende|momentan|momentanement|zeitweise|"
    "provisoirement|soon|shortly|reactivated|provisoriamente|tymczasowo|tymczasowy|"
    "pozniej|chwilowo|docasne|docasny|pozdeji|tijdelijk|tijdelijke|tillfalligt|"
    "tillfallig|senare|senere|midlertidig|midlertidigt|myohemmin|tilapaisesti|gecici|"
    "daha sonra|ideiglenesen|kesobb|mai "
    "tarziu|временно|позже|позднее|一時|しばらく|後ほど|暂时|暫時|"
    "稍后|稍後|일시|나중에|vorubergehender|vorubergehendes|vorubergehenden|voruebergehender|"
    "zeitweilig|zur zeit|im moment|im augenblick|ulterieurement|pour le moment|"
    "pour linstant|por el momento|por ahora|en este momento|momentaneamente|mas adelante|"
    "provisionalmente|no momento|neste momento|por enquanto|al momento|in questo momento|"
    "per ora|provvisoriamente|mes tard|op dit moment|momenteel|tillfalliga|"
    "for tillfallet|for narvarande|just nu|midlertidige|for tiden|i ojeblikket|"
    "for oyeblikket|tymczasowa|tymczasowe|chwilowa|chwilowy|chwilowe|w tej chwili|"
    "docasna|momentalne|prechodne|neskor|v tuto chvili|privremeno|privremena|kasnije|"
    "zacasno|kasneje|tilapainen|valiaikaisesti|valiaikainen|hetkellisesti|talla hetkella|"
    "ajutiselt|ajutine|hiljem|islaicigi|velak|laikinai|laikinas|veliau|ideiglenes|"
    "atmenetileg|atmeneti|pentru moment|provizoriu|su anda|временн|в данный момент|"
    "сейчас|попозже|тимчасов|пізніше|зараз|по късно|临时|臨時|後で|잠시|προσωριν|αργότερα|זמני|"
    "מאוחר|مؤقت|لاحقا|ชั่วคราว|ภายหลัง|tạm thời|sementara|nanti)";

/* Beside advice to check the address these are about typing, not about time. */
static const char again_words[] =
    "(try again|retry in|retry after|again in|again after|reessayez|tente novamente|intente "
    "nuevamente|intente de nuevo|riprova|sprobuj ponownie|повторите|попробуйте|再度|重试|重試|"
    "다시 시도)";
static const char check_words[] =
    "(check|checking|double|verify|typo|typos|spelling|misspelled|"
    "mistyped|correct|corrected|spaces|verifique|compruebe|revise|"
    "verifiez|prufen|pruefen|uberprufen|ueberpruefen|controlla|controllare|verificare|sprawdz|"
    "zkontrolujte|controleer|проверьте|检查|檢查|确认|確認|확인)";

static const char doubts_words[] =
    "((may|might) (not exist|full|disabled|inactive|blacklisted|invalid|no longer|temporar|deleted|"
    "wrong|moved|unavailable|over quota|also|either|blocked|suspended)|possibly|perhaps|maybe|"
    "probably|quota exceeded|hourly quota|daily quota|over quota|rate limit|limit exceeded|too "
    "many|"
    "(or|and) (mailbox |inbox |account |user |recipient |it |too |quota |storage |)"
    "(full|over quota|overquota|quota exceeded|exceeded quota|exceeds quota|out of space|"
    "out of storage|busy|access denied|denied|blocked|restricted|blacklisted|spam|rejected|refused|"
    "greylisted|full mailbox)|"
    "(unknown|found|exist|invalid|exists) or (account |user |mailbox "
    "|)(disabled|suspended|inactive|"
    "locked|closed)|"
    "(sconosciuto|inesistente) o non|(inconnu|inconnue|inexistant) ou "
    "non|(desconocido|inexistente) "
    "o no|(desconhecido|inexistente) ou nao|(unbekannt|ungultig) oder nicht|"
    "o (mailbox |buzon |cuenta |)(lleno|llena)|ou (boite |caixa |mailbox |)(pleine|cheia|cheio)|"
    "oder (postfach |)voll|o casella piena)";

/* Words of a 2xx that speak of this recipient, in a log that does not say at which stage. */
static const char welcome_words[] =
    "(deliverable|recipient ok|recipient accepted|destination address valid|address valid|"
    "recipient valid|user ok|will forward)";

/* Of something else than the recipient's mailbox; "your account" is ours. */
static const char elsewhere_words[] =
    "(mailbox invalid format|ip address|ip "
    "addresses|(address|addresses|host|hosts|hostname|name|server|ip|client|record) "
    "(not|doesnt|unknown|isnt|cannot|couldnt) (in|found in|exist in|listed in|registered "
    "in|resolve in|be found in|resolved in) dns|database error|another process|mailbox server|"
    "(no|to|from|by|unknown) directory server|"
    "directory server (not|error|unavailable|down|failed|failure|timeout|unreachable|unknown)|"
    "server for user|certificate|authentication|your account|your mailbox|your user account|"
    "your email account|your login|your password|message rejected address|whitelist|in from|"
    "from header|quota unknown|unknown state|attachment|url in|address family|your host "
    "(name|not|unknown|doesnt|does|address|invalid|blocked)|from your host|(know|to) your "
    "host|your list|database (not|doesnt|does not) exist|your ip|"
    "your server|your mail server|your network|your domain|network address|bounce address|busy|"
    "who you|recipient server|recipients server|recipients mail server|may send|loop|timeout|"
    "timed out|connection refused|no response|ldap error|sql error|connecting account|"
    "(user|recipient|account) database (closed|error|unavailable|not|failed|failure|down|offline|"
    "locked|does|doesnt|missing)|(no|missing) (user|recipient|account) database|"
    "link to|contains link|sending as|migrated|sending from|callback to|"
    "for ip|for host|for your host|password|logins|attack|harvest|harvesting|harvester|"
    "contacts|trusted senders|mailbox backend|internal error|maintenance|holiday|vacation|until|in "
    "cc|"
    "token|expired tag|bounce validation|for spam|as spam|wants|nobody wants|spammer|blacklist|"
    "blacklisted|blocklist|your recipients (do|dont|not|unknown|invalid|bad)|of your "
    "(domain|server|host|mail|email|ip|client|network)|reputation|server error|system error|dns "
    "lookup|dynamic|by filter|denied by|resource record|dns mx|no "
    "reply|noreply|tld|top "
    "level)";

static const char no_mail_words[] =
    "((not|doesnt|dont|never|cannot|no longer|wont) (accept|accepts|receive|receives|take|takes|"
    "accepting|receiving|handle|handles) (any |incoming |inbound |internet |e |) (mail|email|mails|"
    "messages|smtp)|no mail|accepts no mail|takes no mail|receives no mail|send only|sends only|"
    "outbound only|outgoing only|null mx|nullmx)";

/* Units of time: only with one of these a wait may be told in words. */
static const char unit_words[] =
    "(minute|minutes|minuten|minutos|minuto|minuti|minuto|minuter|minutter|hour|hours|stunde|"
    "stunden|viertelstunde|heure|heures|dheure|hora|horas|ora|ore|unora|mezzora|uur|uren|halfuur|"
    "kwartier|timme|day|days|second|seconds|sekunden|secondes|segundos|secondi)";

int mxp_judge_init(struct mxp_rules *rules)
{
    const struct {
        const char *words;
        uint16_t *id;
    } terms[] = {
        {passes_words, &rules->judge.passes},       {again_words, &rules->judge.again},
        {check_words, &rules->judge.check},         {doubts_words, &rules->judge.doubts},
        {elsewhere_words, &rules->judge.elsewhere}, {no_mail_words, &rules->judge.no_mail},
        {welcome_words, &rules->judge.welcome},     {unit_words, &rules->judge.units},
    };
    struct mxp_bad_term bad = {0};
    int err = 0;
    for (size_t i = 0; i < sizeof terms / sizeof *terms && !err; i++)
        err = mxp_rules_term(rules, mxp_slice_str(terms[i].words), terms[i].id, &bad);
    rules->n_judge_terms = rules->n_terms;
    return err;
}

void mxp_judge_renumber(struct mxp_rules *rules, const uint16_t *numbers)
{
    struct mxp_judge_terms *was = &rules->judge;
    rules->judge = (struct mxp_judge_terms){
        .passes = numbers[was->passes],
        .again = numbers[was->again],
        .check = numbers[was->check],
        .doubts = numbers[was->doubts],
        .elsewhere = numbers[was->elsewhere],
        .no_mail = numbers[was->no_mail],
        .welcome = numbers[was->welcome],
        .units = numbers[was->units],
    };
    _Static_assert(sizeof rules->judge == 8 * sizeof *numbers, "each of them is here");
}

bool mxp_judge_passes(const struct mxp_rules *rules, const struct mxp_found *found)
{
    const struct mxp_judge_terms *judge = &rules->judge;
    return mxp_found_has(found, judge->passes) ||
           (mxp_found_has(found, judge->again) && !mxp_found_has(found, judge->check));
}

/* How far to behind one of the words by which a server's answer is quoted; 0: none is here. */
static size_t quotes(struct mxp_slice text)
{
    static const struct mxp_slice words[] = {
        MXP_SLICE_LIT("->"),       MXP_SLICE_LIT("said"),      MXP_SLICE_LIT("replied"),
        MXP_SLICE_LIT("answered"), MXP_SLICE_LIT("responded"), MXP_SLICE_LIT("returned"),
    };
    char first = mxp_lower(*text.ptr);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (first == *words[i].ptr && mxp_slice_istarts(text, words[i]))
            return words[i].len;
    return 0;
}

/* "said: 550", "-> 550": the final refusal of the server behind this one. */
static bool quotes_final(struct mxp_slice text)
{
    for (size_t i = 0; i + 2 < text.len; i++) {
        size_t at = i + quotes(mxp_slice_sub(text, i, text.len));
        if (at == i)
            continue;
        while (at < text.len && (text.ptr[at] == ':' || text.ptr[at] == ' '))
            at++;
        if (at + 2 < text.len && text.ptr[at] == '5' && mxp_is_digit(text.ptr[at + 1]) &&
            mxp_is_digit(text.ptr[at + 2]))
            return true;
    }
    return false;
}

static bool is_final(const struct mxp_reply *reply)
{
    if (reply->code == 0)
        return reply->enhanced.klass != 4;
    if (reply->code == 421)
        return false; /* it ends the session, for all recipients: whomever it quotes */
    if (reply->code >= 400 && reply->code < 500)
        return quotes_final(reply->text);
    return reply->code >= 500;
}

static bool may_judge(const struct mxp_rules *rules, const struct mxp_finding *finding,
                      const struct mxp_reply *reply, const struct mxp_found *found)
{
    switch (finding->stage) {
    case MXP_STAGE_RCPT:
    case MXP_STAGE_DATA:
    case MXP_STAGE_UNKNOWN:
        return true;
    default:
        return finding->reason == MXP_REASON_DOMAIN_NOT_ACCEPTING &&
               (reply->code == 556 ||
                (reply->code == 521 && mxp_found_has(found, rules->judge.no_mail)));
    }
}

enum mxp_verdict mxp_judge(const struct mxp_rules *rules, const struct mxp_finding *finding,
                           const struct mxp_reply *reply, const struct mxp_found *found)
{
    enum mxp_reason reason = finding->reason;
    if (reply->code >= 200 && reply->code < 300 &&
        (reason == MXP_REASON_ACCEPTED || reason == MXP_REASON_ADDRESS_MOVED))
        return finding->stage == MXP_STAGE_RCPT || (finding->stage == MXP_STAGE_UNKNOWN &&
                                                    mxp_found_has(found, rules->judge.welcome))
                   ? MXP_VERDICT_VALID
                   : MXP_VERDICT_UNKNOWN;
    bool proven = mxp_reason_may_be_invalid(reason) && !finding->keeps && is_final(reply) &&
                  may_judge(rules, finding, reply, found) && !mxp_judge_passes(rules, found) &&
                  !mxp_found_has(found, rules->judge.doubts) &&
                  !mxp_found_has(found, rules->judge.elsewhere);
    return proven ? MXP_VERDICT_INVALID : MXP_VERDICT_UNKNOWN;
}
