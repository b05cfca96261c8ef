/* From what a probe met to whose it is to mend. Rows say which side; the texts are for people on both. */
#include "base/text.h"
#include "messaging/partner_test_int.h"
#include "messaging/uris_int.h"

#define CLOCK_OFF_US (2 * MINUTE_US)
#define US           PARTNER_TEST_US
#define THEM         PARTNER_TEST_THEM

static const struct diagnosis well = { 0 };

/* --- The way --- */

/* By enum http_stage. */
static const struct diagnosis stage_rows[] = {
	[HTTP_BEFORE] = { .side = US, .mend = "correct the partner's endpoint, or our own TLS files" },
	[HTTP_NAME] = { .side = US,
			.mend = "compare the endpoint with what they told (lintas partner show), then look at our name service" },
	[HTTP_CONNECTION] = { .side = THEM,
			      .mend = "their node must listen at this address and port, and their firewall must let us "
				      "through; if others reach it, look at ours" },
	[HTTP_TLS_PERIOD] = { .side = THEM,
			      .mend = "they must install a TLS certificate that is valid today (their lintas key install); "
				      "compare the clocks first" },
	[HTTP_TLS_ISSUER] = { .side = US,
			      .mend = "ask them which authority issues their TLS certificate, and compare its fingerprint by "
				      "another way: if it is the agreed one, add its certificate to the file of [gateway] "
				      "trust-file in lintas.conf; if not, they must show one by the "
				      "agreed authority" },
	[HTTP_TLS_SERVER] = { .side = THEM, .mend = "they must show a server's certificate that names this host" },
	[HTTP_TLS] = { .side = THEM,
		       .mend = "their port must speak TLS 1.2 or later and take the TLS certificate of our node" },
	[HTTP_EXCHANGE] = { .side = THEM, .mend = "their node must take it all: ask what its log says of this time" },
	[HTTP_ANSWER] = { .side = THEM, .mend = "their node must answer: ask what its log says of this time" },
};

/* First matching row wins. */
static const struct {
	int from, to;
	const char *side, *mend;
} status_rows[] = {
	{ 401, 403, THEM,
	  "they must take the TLS certificate by which our node connects: lintas key list shows it, their "
	  "lintas partner certificate --use tls adds it" },
	{ 404, 405, US, "correct the path of the endpoint: lintas partner change --endpoint" },
	{ 413, 413, THEM, "they must take messages of this size" },
	{ 400, 400, THEM,
	  "they may speak another version than is agreed here (AS4, ebMS 2; lintas partner show): ask which one they use with "
	  "us, and both agree on one (lintas partner change --profile, or import of a CPA); else what their log says of this "
	  "time" },
	{ 300, 499, THEM, "they must say why: ask what their log says of this time" },
	{ 500, 599, THEM, "their node has a fault of its own: ask what its log says of this time" },
};

/* The partner's encryption certificate is what most often is missing, and the one that only they can give. */
static struct diagnosis diagnose_unsent(const struct probe *probe)
{
	const struct peer *peer = probe->peer;
	const struct cert *recipient;
	struct err why;
	struct diagnosis diagnosis = { .found = probe->unsent,
				       .side = US,
				       .mend = "what is missing here must be there before anything is sent" };
	if (!probe->parts.count || !peer->profile->binding->encrypts ||
	    peer_encrypt(peer, probe->sent_us, probe->arena, &recipient, &why) == OK)
		return diagnosis;
	diagnosis.side = THEM;
	diagnosis.mend = arena_printf(probe->arena,
				      "they must give us the certificate that counts now: ask for it, compare its "
				      "fingerprint by another way, then lintas partner certificate %s --use encrypt "
				      "--file FILE",
				      peer->partner.code);
	return diagnosis;
}

/* Whoever has told another place has nothing to mend there where nobody, or somebody else, answers. */
static struct diagnosis compared_with_card(const struct probe *probe, struct diagnosis diagnosis)
{
	if (!probe->card_endpoint || !diagnosis.side)
		return diagnosis;
	diagnosis.side = US;
	diagnosis.mend =
		arena_printf(probe->arena,
			     "we use another endpoint than their card says: lintas partner change %s --endpoint %s; "
			     "if ours is the right one, ask them for a card with it",
			     probe->peer->partner.code, probe->card_endpoint);
	return diagnosis;
}

struct diagnosis diagnose_way(const struct probe *probe)
{
	if (probe->unsent)
		return diagnose_unsent(probe);
	if (!probe->unanswered)
		return well;
	struct diagnosis diagnosis = stage_rows[probe->failed_at];
	diagnosis.found = probe->unanswered;
	return compared_with_card(probe, diagnosis);
}

/* --- What is wrong with their answer --- */

struct advice {
	enum ebms_rule_name rule;
	const char *side, *mend;
};

static const struct advice answer_rows[] = {
	{ RULE_UNSIGNED, THEM, "they must sign their receipts and errors" },
	{ RULE_TOKEN, THEM, "they must name the certificate by which they sign, and it must be one that they gave us" },
	{ RULE_UNTRUSTED, THEM,
	  "they must sign by the certificate that they gave us; if they have a new one, compare its fingerprint by "
	  "another way and add it: lintas partner certificate --use sign" },
	{ RULE_BINDING, THEM,
	  "their software speaks another version than agreed: they use the agreed one, or both agree anew "
	  "(lintas partner change --profile)" },
	{ RULE_ALGORITHM, THEM,
	  "they use algorithms of another profile than agreed: they use the agreed one, or both agree anew "
	  "(lintas partner change --profile)" },
	{ RULE_SIGNATURE, THEM,
	  "their signatures do not hold: their software, or something on the way, changes messages" },
	{ RULE_DIGEST, THEM,
	  "their signatures do not hold: their software, or something on the way, changes messages" },
	{ RULE_RECEIPT, THEM, "their receipts must repeat what we signed, of the message that they answer" },
	{ RULE_ACKNOWLEDGMENT, THEM,
	  "their acknowledgments must repeat what we signed, of the message that they answer" },
};

static const char *text_of(const struct probe *probe, const struct finding *finding)
{
	const struct probe_answer *answer = &probe->answer;
	return arena_printf(probe->arena, "%s %s%s%s%s%s", finding->rule->code, finding->text,
			    answer->signer ? "; signed by " : "", answer->signer ? answer->signer : "",
			    answer->fingerprint ? ", sha-256 " : "", answer->fingerprint ? answer->fingerprint : "");
}

/* A partner whose key is new has told so by its card, which counts when somebody here has looked at it. */
static struct diagnosis new_card(const struct probe *probe, struct diagnosis diagnosis)
{
	const char *code = probe->peer->partner.code;
	diagnosis.side = US;
	diagnosis.mend =
		arena_printf(probe->arena,
			     "a card of theirs waits here, on which the certificate may be: compare (lintas partner "
			     "card %s), then lintas partner approve %s",
			     code, code);
	return diagnosis;
}

static struct diagnosis diagnose_findings(const struct probe *probe)
{
	const struct finding *first = findings_at(probe->answer.findings, 0);
	struct diagnosis diagnosis = { .found = text_of(probe, first),
				       .side = THEM,
				       .mend = "their software must answer as the standard says" };
	for (size_t i = 0; i < COUNT(answer_rows); i++)
		if (ebms_rule(answer_rows[i].rule) == first->rule) {
			diagnosis.side = answer_rows[i].side;
			diagnosis.mend = answer_rows[i].mend;
		}
	bool by_another = first->rule == ebms_rule(RULE_TOKEN) || first->rule == ebms_rule(RULE_UNTRUSTED);
	return by_another && probe->card_waits ? new_card(probe, diagnosis) : diagnosis;
}

static struct diagnosis diagnose_http(const struct probe *probe)
{
	int status = probe->http.status;
	struct diagnosis diagnosis = {
		.found = arena_printf(probe->arena, "HTTP status %d without a receipt or an error%s%s", status,
				      probe->fault ? ": " : "", probe->fault ? probe->fault : ""),
		.side = THEM,
		.mend = "they must answer in the HTTP response, with a signed receipt or error"
	};
	for (size_t i = COUNT(status_rows); i-- > 0;)
		if (status_rows[i].from <= status && status <= status_rows[i].to) {
			diagnosis.side = status_rows[i].side;
			diagnosis.mend = status_rows[i].mend;
		}
	return compared_with_card(probe, diagnosis);
}

/* --- What they say is wrong with ours --- */

static const struct advice error_rows[] = {
	{ RULE_UNKNOWN_PARTY, THEM,
	  "they must know us by our eb:PartyId ([party] id in lintas.conf): their lintas partner add" },
	{ RULE_UNTRUSTED, THEM,
	  "they must believe the certificate by which we sign: lintas key list shows it, their lintas partner "
	  "certificate --use sign adds it" },
	{ RULE_TOKEN, THEM,
	  "they must have the certificate by which we sign, or we name it another way (lintas partner change --token)" },
	{ RULE_ANOTHER_S_NAME, THEM, "they have our TLS certificate under another partner: they must move it" },
	{ RULE_SUSPENDED, THEM, "they must resume the exchange with us: their lintas partner resume" },
	{ RULE_TO_PARTY, US,
	  "we call them by an eb:PartyId that is not theirs: ask for it, and add the partner anew with --party" },
	{ RULE_DECRYPTION, US,
	  "we encrypt for a certificate whose key they do not have: get the one that counts, lintas partner certificate "
	  "--use encrypt" },
	{ RULE_NO_AGREEMENT, THEM,
	  "they must hold the CPA by which we send; if they answer by a newer one, import that here (lintas partner "
	  "import)" },
	{ RULE_RECIPIENT, NULL, NULL }, /* nobody there has the seat that such documents go to */
	{ RULE_NOT_ACTIVATED, US,
	  "agree with them: where they have opted out of it, opt out here, too (lintas partner card shows whether a card of "
	  "theirs waits that says so, and lintas partner approve applies it; else lintas partner opt-out); where they have "
	  "not activated it yet, they must (their lintas partner activate)" },
	{ RULE_ACTION, THEM, "they must take this document type from us, or opt out of it" },
	{ RULE_ALGORITHM, US, "our profile is not the one that they have of us: agree on one (lintas partner change)" },
	{ RULE_BINDING, US, "our profile is not the one that they have of us: agree on one (lintas partner change)" },
	{ RULE_TOO_OLD, THEM, "one of the clocks is off by far: compare both with a time server" },
};

/* Other software gives no rule of ours; what its codes mean in an answer to a message that is right by our own reading.
 */
static const struct {
	enum ebms_code code;
	enum ebms_rule_name as4, ebms2;
} code_rows[] = {
	{ EBMS_VALUE_NOT_RECOGNIZED, RULE_TO_PARTY, RULE_NO_AGREEMENT },
	{ EBMS_FAILED_AUTHENTICATION, RULE_UNTRUSTED, RULE_UNTRUSTED },
	{ EBMS_FAILED_DECRYPTION, RULE_DECRYPTION, RULE_DECRYPTION },
	{ EBMS_POLICY_NONCOMPLIANCE, RULE_ALGORITHM, RULE_ALGORITHM },
	{ EBMS_NO_PMODE, RULE_ACTION, RULE_ACTION },
	{ EBMS_PMODE_MISMATCH, RULE_ACTION, RULE_ACTION },
};

/* Our own software names the rule. */
static bool rule_named(const char *text, enum ebms_rule_name *rule)
{
	for (int i = 0; text && i < RULE_COUNT; i++)
		if (strstr(text, ebms_rule((enum ebms_rule_name)i)->code)) {
			*rule = (enum ebms_rule_name)i;
			return true;
		}
	return false;
}

static bool rule_meant(const struct probe *probe, enum ebms_rule_name *rule)
{
	const struct ebms_error_row *row = ebms_error_find(probe->answer.error);
	bool ebms2 = same(probe->answer.binding, BINDING_EBMS2);
	for (size_t i = 0; row && i < COUNT(code_rows); i++)
		if (same(ebms_error_row(code_rows[i].code)->code, row->code)) {
			*rule = ebms2 ? code_rows[i].ebms2 : code_rows[i].as4;
			return true;
		}
	return false;
}

static struct diagnosis diagnose_error(const struct probe *probe)
{
	const struct probe_answer *answer = &probe->answer;
	struct diagnosis diagnosis = { .found = arena_printf(probe->arena, "they refuse it: %s %s%s%s", answer->error,
							     answer->text, probe->cpa ? "; we sent it under CPA " : "",
							     probe->cpa ? probe->cpa : ""),
				       .side = THEM,
				       .mend = "ask what their log says of this time" };
	enum ebms_rule_name rule;
	if (!rule_named(answer->text, &rule) && !rule_meant(probe, &rule))
		return diagnosis;
	for (size_t i = 0; i < COUNT(error_rows); i++)
		if (error_rows[i].rule == rule) {
			diagnosis.side = error_rows[i].side;
			diagnosis.mend = error_rows[i].mend;
			diagnosis.untried = !error_rows[i].side;
		}
	return diagnosis;
}

/* --- The answer as a whole --- */

/* An answer in another version than agreed is that, whatever else is wrong with it. */
static bool is_other_version(const struct probe *probe)
{
	return probe->answer.binding && !same(probe->answer.binding, probe->peer->profile->binding->name);
}

static struct diagnosis other_version(const struct probe *probe)
{
	return (struct diagnosis){
		.found = arena_printf(probe->arena, "they answer in %s, agreed is %s%s%s",
				      same(probe->answer.binding, BINDING_EBMS2) ? "SOAP 1.1 (ebMS 2)"
										 : "SOAP 1.2 (AS4)",
				      probe->peer->profile->binding->name, probe->fault ? "; they say: " : "",
				      probe->fault ? probe->fault : ""),
		.side = THEM,
		.mend = "their software speaks another version than agreed: they use the agreed one, or both "
			"agree anew (lintas partner change --profile)"
	};
}

struct diagnosis diagnose_answer(const struct probe *probe)
{
	const struct probe_answer *answer = &probe->answer;
	if (probe->taken)
		return (struct diagnosis){
			.found = "taken, and not acknowledged in time",
			.side = THEM,
			.mend = "they must send their signals to our endpoint: does their CPA name it, and "
				"do they reach it? lintas refused list shows those that we did not take"
		};
	if (is_other_version(probe))
		return other_version(probe);
	if (answer->read && answer->about && (!findings_errors(answer->findings) || !answer->fingerprint))
		return diagnose_error(probe);
	if (!answer->binding)
		return diagnose_http(probe);
	if (findings_errors(answer->findings))
		return diagnose_findings(probe);
	if (answer->kind == KIND_RECEIPT || answer->kind == KIND_PONG)
		return (struct diagnosis){ .found = answer->signer };
	return (struct diagnosis){ .found = "the answer is neither a receipt nor an error about our message",
				   .side = THEM,
				   .mend = "their receipts must name the message that they answer" };
}

struct diagnosis diagnose_refusal(const struct probe *probe)
{
	const struct probe_answer *answer = &probe->answer;
	bool right = answer->read && answer->about && !findings_errors(answer->findings);
	if (right && !*answer->text)
		return (struct diagnosis){ .found = answer->error,
					   .side = THEM,
					   .mend = "their errors should say in words which rule was broken" };
	if (right)
		return (struct diagnosis){ .found = arena_printf(probe->arena, "%s %s", answer->error, answer->text) };
	if (answer->read && answer->kind == KIND_RECEIPT)
		return (struct diagnosis){
			.found = "they acknowledged a message that is not agreed",
			.side = THEM,
			.mend = "they must refuse services and actions that are not agreed (ProcessingModeMismatch)"
		};
	return diagnose_answer(probe);
}

/* --- Clocks --- */

static bool digits(const char *text, size_t count, int *value)
{
	*value = 0;
	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*value = *value * 10 + text[i] - '0';
	}
	return true;
}

static int month_of(const char *name)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (int i = 0; i < 12; i++)
		if (memcmp(months + 3 * i, name, 3) == 0)
			return i + 1;
	return 0;
}

int64_t http_date_of(struct bytes headers)
{
	enum { LENGTH = sizeof "Sun, 06 Nov 1994 08:49:37 GMT" - 1, NAME = sizeof "\ndate: " - 1 };
	const char *text = (const char *)headers.data;
	int day, year, hour, minute, second;
	for (size_t i = 0; i + NAME + LENGTH <= headers.size; i++) {
		char name[NAME + 1] = "";
		memcpy(name, text + i, NAME);
		const char *at = text + i + NAME;
		if (!same_ignoring_case(name, "\ndate: "))
			continue;
		if (!digits(at + 5, 2, &day) || !digits(at + 12, 4, &year) || !digits(at + 17, 2, &hour) ||
		    !digits(at + 20, 2, &minute) || !digits(at + 23, 2, &second) || memcmp(at + 25, " GMT", 4) != 0)
			return TIME_NONE;
		date on = date_of(year, month_of(at + 8), day);
		if (on == DATE_NONE || hour > 23 || minute > 59 || second > 60)
			return TIME_NONE;
		return on * DAY_US + ((hour * 60 + minute) * 60 + second) * SECOND_US;
	}
	return TIME_NONE;
}

/* How far THEIRS is from the time of the exchange; 0 within it, or if it is not known. */
static int64_t distance(const struct probe *probe, int64_t theirs_us)
{
	if (theirs_us == TIME_NONE)
		return 0;
	if (theirs_us > probe->answered_us)
		return theirs_us - probe->answered_us;
	return theirs_us < probe->sent_us ? theirs_us - probe->sent_us : 0;
}

static int64_t magnitude(int64_t us)
{
	return us < 0 ? -us : us;
}

struct diagnosis diagnose_clock(const struct probe *probe)
{
	int64_t date_us = distance(probe, http_date_of(probe->http.headers)),
		said_us = distance(probe, probe->answer.said_us);
	int64_t off_us = magnitude(date_us) > magnitude(said_us) ? date_us : said_us;
	if (magnitude(off_us) <= CLOCK_OFF_US)
		return (struct diagnosis){ .found = "within two minutes of ours" };
	return (struct diagnosis){
		.found = arena_printf(probe->arena, "their %s is %lld s %s ours",
				      off_us == date_us ? "HTTP clock" : "messages' clock",
				      (long long)(magnitude(off_us) / SECOND_US), off_us > 0 ? "ahead of" : "behind"),
		.side = THEM,
		.mend = "their clock must follow a time server; compare ours with one first, because two clocks do not "
			"say which is right"
	};
}
