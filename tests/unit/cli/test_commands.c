/* Commands as they are typed, in this process, on a node made for the test. Exit statuses: cli.h. */
#include "../unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli_int.h"
#include "customs/registry.h"
#include "pki.h"

enum { ARGUMENTS_MAX = 24, FOLDER_SIZE = 64, PATH_SIZE = 128 };

static char folder[FOLDER_SIZE], node[FOLDER_SIZE + 8], shown[65536];

/* Both outputs of the command go to SHOWN; its exit status comes back. */
static int type(const char *const *words)
{
	char *argv[ARGUMENTS_MAX + 1], path[FOLDER_SIZE + 8];
	int argc = 0, status;
	snprintf(path, sizeof(path), "%s/shown", folder);
	while (words[argc] && argc < ARGUMENTS_MAX) {
		argv[argc] = strdup(words[argc]);
		argc++;
	}
	argv[argc] = NULL;
	fflush(NULL);
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), out = dup(1), both = dup(2);
	assert_true(file >= 0 && out >= 0 && both >= 0);
	dup2(file, 1);
	dup2(file, 2);
	status = cli_main(argc, argv);
	fflush(NULL);
	dup2(out, 1);
	dup2(both, 2);
	close(out);
	close(both);
	ssize_t size = pread(file, shown, sizeof(shown) - 1, 0);
	close(file);
	shown[size > 0 ? size : 0] = '\0';
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return status;
}
#define TYPE(...) type((const char *const[]){ "lintas", __VA_ARGS__, NULL })

static void expect(const char *text)
{
	if (!strstr(shown, text))
		fail_msg("no \"%s\" in:\n%s", text, shown);
}

static int node_setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/lintas-cli.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(node, sizeof(node), "%s/node", folder);
	return TYPE("init", node, "--state", "vn");
}

static int node_teardown(void **state)
{
	char command[FOLDER_SIZE + 16];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void a_state_may_be_typed_in_lower_case(void **state)
{
	(void)state;
	assert_int_equal(TYPE("config", "show", "-d", node), 0);
	expect("state = VN");
	assert_int_equal(TYPE("partner", "show", "th", "-d", node), 3);
	expect("there is no partner TH");
	assert_int_equal(TYPE("documents", "list", "--partner=th", "-d", node), 1);
	expect("there is no partner \"TH\"");
	/* a message's state is no code */
	assert_int_equal(TYPE("outbox", "list", "--state", "no", "-d", node), 1);
	expect("there is no state \"no\"");
}

static void a_node_is_not_made_over_another(void **state)
{
	(void)state;
	assert_int_equal(TYPE("init", node, "--state", "VN"), 6);
	expect("is a node already: lintas status -d ");
}

/* One command a line, as it can be typed. */
static void a_new_node_tells_which_keys_it_needs(void **state)
{
	char path[FOLDER_SIZE + 32], line[3 * FOLDER_SIZE];
	(void)state;
	snprintf(path, sizeof(path), "%s/new", folder);
	snprintf(line, sizeof(line), "\n  lintas key new --use tls --dir %s\n", path);
	assert_int_equal(TYPE("init", path, "--state", "VN"), 0);
	expect(line);
	expect("Then partners-tls.pem, seats");
	snprintf(path, sizeof(path), "%s/new-plain", folder);
	snprintf(line, sizeof(line), "\n  lintas key new --use decrypt --dir %s\n", path);
	assert_int_equal(TYPE("init", path, "--state", "VN", "--plain"), 0);
	expect(line);
	assert_null(strstr(shown, "tls"));
}

/* Who forgot --dir has a node, and wants no second one. */
static void where_no_node_is_the_directory_is_asked_for_first(void **state)
{
	(void)state;
	assert_int_equal(TYPE("status", "-d", folder), 3);
	expect(": give --dir DIR, or set LINTAS_DIR; to make a node: lintas init DIR --state STATE\n");
}

/* Dialogue partners run nodes, too (ASEAN-Japan CEP and others); what is no code of ISO 3166 is a slip. */
static void a_state_that_is_no_member_is_warned_of_and_one_that_is_none_refused(void **state)
{
	char path[FOLDER_SIZE + 32];
	(void)state;
	snprintf(path, sizeof(path), "%s/outside", folder);
	assert_int_equal(TYPE("init", path, "--state", "XQ"), 2);
	assert_int_equal(TYPE("init", path, "--state", "JP"), 0);
	expect("JP is no member state of ASEAN");
	expect("is a node of Japan (JP)");
	snprintf(path, sizeof(path), "%s/inside", folder);
	assert_int_equal(TYPE("init", path, "--state", "TL"), 0);
	assert_null(strstr(shown, "no member"));
}

static void a_command_that_is_not_there_is_told_above_those_that_are(void **state)
{
	(void)state;
	assert_int_equal(TYPE("outbox", "lst"), 2);
	expect("there is no command \"outbox lst\"; did you mean outbox list?");
	assert_int_equal(TYPE("partner", "lst"), 2);
	expect("did you mean partner list?");
	assert_int_equal(TYPE("outbox", "frobnicate"), 2);
	expect("there is no command \"outbox frobnicate\"; there are\n  outbox list ");
	assert_int_equal(TYPE("serve", "one", "two"), 2);
	expect("serve takes [DIR], not 2; see lintas serve --help");
	assert_int_equal(TYPE("restore", "a", "b", "c", "d", "e"), 2);
	expect("restore takes FILE [DIR], not 5");
	assert_int_equal(TYPE("help", "partner", "nope"), 2);
	expect("there is no command \"partner nope\"; there are\n  partner add ");
	assert_int_equal(TYPE("help", "partner"), 0);
	assert_int_equal(TYPE("outbox"), 2);
	expect("outbox needs one more word");
	assert_int_equal(TYPE("nope"), 2);
	expect("there is no command \"nope\"; `lintas help`");
	assert_int_equal(TYPE("help", "status", "extra"), 2);
	expect("there is no command \"status extra\"; there are\n  status ");
	assert_int_equal(TYPE("help", "commands", "foo"), 2);
	expect("help commands takes no arguments; see lintas help commands --help");
	assert_int_equal(TYPE("help", "commands", "--help"), 0);
	expect("usage: lintas help commands\n");
}

static void the_help_of_a_group_is_the_same_by_an_option(void **state)
{
	static char by_word[sizeof(shown)];
	(void)state;
	assert_int_equal(TYPE("help", "partner"), 0);
	expect("  partner add ");
	memcpy(by_word, shown, sizeof(shown));
	assert_int_equal(TYPE("partner", "--help"), 0);
	assert_string_equal(shown, by_word);
	assert_int_equal(TYPE("partner", "-d", node, "-h"), 0);
	assert_string_equal(shown, by_word);
	assert_int_equal(TYPE("partner", "nope", "--help"), 2);
	expect("there is no command \"partner nope\"; there are\n  partner add ");
	assert_int_equal(TYPE("nope", "--help"), 2);
}

static void a_slip_is_told_with_what_was_meant(void **state)
{
	static const struct {
		const char *words[2], *meant;
	} rows[] = {
		{ { "document", "list" }, "did you mean documents list?" },
		{ { "document", NULL }, "did you mean documents?" },
		{ { "stauts", NULL }, "did you mean status?" },
		{ { "pin", "TH" }, "did you mean ping?" },
		{ { "outboxes", "lst" }, "did you mean outbox?" },
		{ { "--dir", node }, "options come after the command, as in lintas status --dir DIR" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(TYPE(rows[i].words[0], rows[i].words[1]), 2);
		expect(rows[i].meant);
	}
	assert_int_equal(TYPE("a-word-that-is-longer-than-any-command"), 2);
	assert_null(strstr(shown, "did you mean"));
}

static void all_options_that_are_missing_are_told_at_once(void **state)
{
	(void)state;
	assert_int_equal(TYPE("partner", "certificate", "TH", "-d", node), 2);
	expect("lintas: partner certificate needs\n  --use USE                  sign, encrypt or tls;");
	expect("\n  --file FILE                PEM: one certificate or revocation list\n");
	assert_int_equal(TYPE("partner", "certificate", "TH", "--use", "sign", "-d", node), 2);
	assert_null(strstr(shown, "--use"));
}

static void what_is_not_known_is_told_with_the_next_step(void **state)
{
	(void)state;
	assert_int_equal(TYPE("timeline", "nope", "-d", node), 3);
	expect("nothing is known of nope; lintas documents list");
	assert_int_equal(TYPE("key", "retire", "nope", "-d", node), 3);
	expect("there is no key nope; there is: none");
	assert_int_equal(TYPE("key", "new", "--use", "sign", "--type", "p256", "-d", node), 0);
	assert_int_equal(TYPE("key", "retire", "nope", "-d", node), 3);
	expect("there is no key nope; there is: sign-1");
}

/* A certificate by SPEC in a file of that name; its fingerprint. */
static void certify(const char *name, const struct pki_spec *spec, char path[static PATH_SIZE],
		    char fingerprint[static 65])
{
	buf_auto pem;
	pki_auto pki = pki_issue(spec);
	buf_init(&pem, 1 << 16);
	pki_cert_pem(pki, &pem);
	snprintf(path, PATH_SIZE, "%s/%s.pem", folder, name);
	snprintf(fingerprint, 65, "%s", cert_fingerprint(pki_cert(pki)));
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(pem.data, 1, pem.size, file), pem.size);
	fclose(file);
}

/* Of a partner of profile ecdsa-p256. */
static void certificate(const char *name, const char *usage, char path[static PATH_SIZE], char fingerprint[static 65])
{
	const struct pki_spec spec = { .subject = "/C=TH/CN=asw", .key = "p256", .key_usage = usage };
	certify(name, &spec, path, fingerprint);
}

static void place_file(const char *directory, const char *name, const char *text)
{
	char path[2 * PATH_SIZE];
	assert_in_range(snprintf(path, sizeof(path), "%s/%s", directory, name), 1, sizeof(path) - 1);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* What serve refuses to start without: docs/operations.md. */
static void what_serve_needs_is_checked_with_the_configuration(void **state)
{
	char path[FOLDER_SIZE + 8], trust[PATH_SIZE], fingerprint[65];
	(void)state;
	assert_int_equal(TYPE("config", "check", "-d", node), 4);
	expect("partners-tls.pem cannot be read");
	expect("there is no active TLS key");
	place_file(node, "partners-tls.pem", "nothing\n");
	assert_int_equal(TYPE("config", "check", "-d", node), 4);
	expect("there is no PEM certificate in it");
	certificate("node/partners-tls", "critical,keyCertSign", trust, fingerprint);
	assert_int_equal(TYPE("config", "check", "-d", node), 4);
	assert_null(strstr(shown, "partners-tls.pem"));
	snprintf(path, sizeof(path), "%s/plain", folder);
	assert_int_equal(TYPE("init", path, "--state", "VN", "--plain"), 0);
	assert_int_equal(TYPE("config", "check", "-d", path), 0);
	expect("is right");
	snprintf(trust, sizeof(trust), "%s/lintas.db", path);
	unlink(trust);
	assert_int_equal(TYPE("config", "check", "-d", path), 4);
	expect("lintas.db cannot be used");
}

/* Each place that a setting names, and all of them at once. What it does not start without ends with 4. */
static void the_places_that_settings_name_are_checked(void **state)
{
	char path[PATH_SIZE], mappings[2 * PATH_SIZE];
	(void)state;
	snprintf(path, sizeof(path), "%s/places", folder);
	assert_int_equal(TYPE("init", path, "--state", "VN", "--plain"), 0);
	place_file(path, "lintas.conf",
		   "[node]\nstate = VN\n[party]\nid = VN\n[gateway]\naddress = 127.0.0.1\nplain = yes\n"
		   "[webhooks]\ntrust-file = receivers.pem\n[national]\nmappings = mappings\ndrop = drop\n");
	assert_int_equal(TYPE("config", "check", "-d", path), 4);
	expect("CFG-022  [webhooks] trust-file");
	expect("no webhook over https:// is delivered");
	expect("CFG-020  [national] mappings");
	expect("CFG-022  [national] drop");
	assert_int_equal(TYPE("serve", path), 4);
	expect("CFG-020  [national] mappings");
	expect("CFG-022  [national] drop");
	snprintf(mappings, sizeof(mappings), "%s/mappings", path);
	assert_int_equal(mkdir(mappings, 0700), 0);
	place_file(mappings, "broken.json", "{");
	place_file(mappings, "other.json",
		   "{\"title\":\"t\",\"documentType\":\"NONE\",\"format\":\"csv\",\"row\":[{\"to\":\"/a\"}]}");
	assert_int_equal(TYPE("config", "check", "-d", path), 4);
	expect("/broken.json");
	expect("/other.json/documentType");
	assert_int_equal(TYPE("serve", path), 4);
	expect("/broken.json");
	snprintf(mappings, sizeof(mappings), "rm -f %s/mappings/*", path);
	assert_int_equal(system(mappings), 0);
	assert_int_equal(TYPE("config", "check", "-d", path), 0);
	expect("would start without this");
}

static void a_certificate_of_ours_that_has_ended_is_told(void **state)
{
	char path[PATH_SIZE], file[PATH_SIZE], fingerprint[65];
	(void)state;
	snprintf(path, sizeof(path), "%s/ended", folder);
	assert_int_equal(TYPE("init", path, "--state", "VN", "--plain"), 0);
	assert_int_equal(TYPE("key", "new", "--use", "sign", "--type", "p256", "-d", path), 0);
	assert_int_equal(TYPE("key", "public", "sign-1", "-d", path), 0);
	pki_auto authority = pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=authority", .authority = true });
	const struct pki_spec spec = { .subject = "/C=VN/CN=asw",
				       .issuer = authority,
				       .key_usage = "critical,digitalSignature",
				       .not_after_us = PKI_FROM + 1000000,
				       .public_key = bytes_of(shown) };
	certify("ended/keys/sign-1/certificate", &spec, file, fingerprint); /* as if it was installed in time */
	place_file(path, "keys/sign-1/status", "active p256\n");
	assert_int_equal(TYPE("config", "check", "-d", path), 0);
	expect("CFG-024  the certificate of sign-1 ended at 2020-01-01T00:00:01");
	assert_null(strstr(shown, "no active key to sign"));
	expect("there is no active key to decrypt");
}

static void a_certificate_is_withdrawn_by_the_first_digits_of_its_fingerprint(void **state)
{
	char plain[PATH_SIZE], sign[PATH_SIZE], encrypt[PATH_SIZE], signs[65], encrypts[65];
	(void)state;
	snprintf(plain, sizeof(plain), "%s/with-partner", folder);
	certificate("sign", "critical,digitalSignature", sign, signs);
	certificate("encrypt", "critical,keyAgreement", encrypt, encrypts);
	assert_int_equal(TYPE("init", plain, "--state", "VN", "--plain"), 0);
	/* each in the other's place: a finding names the option */
	assert_int_equal(TYPE("partner", "add", "th", "-d", plain, "--profile=ecdsa-p256", "--endpoint",
			      "http://127.0.0.1:9/as4", "--sign", encrypt, "--encrypt", sign),
			 1);
	expect("\n  --sign  ");
	expect("\n  --encrypt  ");
	assert_int_equal(TYPE("partner", "add", "th", "-d", plain, "--profile=ecdsa-p256", "--endpoint",
			      "http://127.0.0.1:9/as4", "--sign", sign, "--encrypt", encrypt),
			 0);
	expect("TH  Thailand (active)");
	signs[8] = '\0';
	assert_int_equal(TYPE("partner", "withdraw", "th", signs, "-d", plain), 0);
	expect("withdrawn 2");
	assert_null(strstr(shown, "compare"));
	encrypts[7] = '\0';
	assert_int_equal(TYPE("partner", "withdraw", "th", encrypts, "-d", plain), 2);
	expect("at least the first 8 digits");
	assert_int_equal(TYPE("partner", "withdraw", "th", "00000000", "-d", plain), 3);
	expect("see lintas partner show TH");
}

static void put_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	fclose(file);
}

/* A plain node of VN with an RSA key, and TH as a partner for ebMS 2, which has no agreement yet; its directory. */
static const char *node_for_ebms2(void)
{
	static char path[FOLDER_SIZE + 8];
	char keys[FOLDER_SIZE + 16], sign[PATH_SIZE];
	struct key_info key;
	buf_auto pem;
	pki_auto authority = pki_issue(&(struct pki_spec){ .subject = "/CN=ca", .authority = true });
	pki_auto theirs = pki_issue(&(struct pki_spec){ .subject = "/C=TH/CN=rsa", .key = "rsa-2048" });
	buf_init(&pem, 1 << 16);
	pki_cert_pem(theirs, &pem);
	snprintf(path, sizeof(path), "%s/ebms2", folder);
	snprintf(keys, sizeof(keys), "%s/keys", path);
	snprintf(sign, sizeof(sign), "%s/rsa.pem", folder);
	put_file(sign, buf_text(&pem));
	assert_int_equal(TYPE("init", path, "--state", "VN", "--plain"), 0);
	pki_key_install(keys, KEY_USE_SIGN, KEY_RSA_2048, authority, &key);
	assert_int_equal(TYPE("partner", "add", "TH", "-d", path, "--profile=ebms2-rsa-sha256", "--sign", sign), 0);
	return path;
}

/* docs/ebms2.md */
static void an_agreement_is_proposed_imported_shown_and_withdrawn(void **state)
{
	char file[PATH_SIZE];
	const char *path = node_for_ebms2();
	(void)state;
	expect("endpoint      as its agreement says");
	expect("TLS alone keeps them secret");
	expect("lintas partner import FILE --partner TH adds one");
	snprintf(file, sizeof(file), "%s/cpa.xml", folder);
	assert_int_equal(TYPE("partner", "propose", "TH", "-d", path, "--endpoint", "http://127.0.0.1:1/as4"), 1);
	expect("\n  --partner-endpoint  ");
	assert_int_equal(TYPE("partner", "propose", "TH", "-d", path, "--endpoint", "http://127.0.0.1:1/as4",
			      "--partner-endpoint", "http://127.0.0.1:2/msh", "--id", "a/b c", "--agreed", "--sync",
			      "--interval", "3h", "--retries", "8", "--until", "2031-01-01"),
			 0);
	put_file(file, shown);
	assert_int_equal(TYPE("partner", "import", file, "--partner", "th", "--dry-run", "-d", path), 0);
	expect("a/b c  agreement with TH: in force\n");
	expect("Nothing is changed");
	assert_int_equal(TYPE("partner", "agreements", "TH", "-d", path), 0);
	expect("no agreements; see lintas help partner import");
	assert_int_equal(TYPE("partner", "import", file, "--partner", "th", "-d", path), 0);
	expect("2031-01-01 00:00:00.000Z");
	expect("  out  FORM-D                  issuing-authority -> customs          signed, at once   8 x 10800 s");
	expect("Next: compare the fingerprints");
	assert_int_equal(TYPE("partner", "agreement", "th", "a/b c", "-d", path, "--json"), 0);
	expect("\"state\":\"in-force\"");
	assert_int_equal(TYPE("partner", "withdraw-agreement", "TH", "a/b c", "-d", path), 0);
	expect("agreement with TH: WITHDRAWN");
	assert_int_equal(TYPE("partner", "withdraw-agreement", "TH", "a/b c", "-d", path), 6);
	assert_int_equal(TYPE("partner", "cpa", "TH", "a/b c", "-d", path), 0);
	expect("tns:cpaid=\"a/b c\"");
}

/* docs/operations.md. Of a type without a row both directions are exchanged. */
static void document_types_are_activated_and_opted_out_of(void **state)
{
	char path[PATH_SIZE];
	(void)state;
	snprintf(path, sizeof(path), "%s/with-partner", folder); /* of a test before: VN, whose partner is TH */
	assert_int_equal(TYPE("partner", "matrix", "-d", path), 0);
	expect("TH       FORM-D                    out        1        active        -");
	assert_int_equal(TYPE("partner", "activate", "th", "FORM-D", "--from", "2031-01-01", "-d", path), 0);
	expect("NOT ACTIVE    -");
	expect("to be active  2031-01-01");
	expect("Next: agree on the day with TH");
	assert_int_equal(
		TYPE("partner", "opt-out", "th", "ACDD", "--direction", "in", "--from", "2001-01-01", "-d", path), 1);
	expect("\n  --from  ");
	expect("\n  --law  ");
	expect("rule 27(2)");
	assert_int_equal(TYPE("partner", "opt-out", "th", "ACDD", "--direction", "in", "--law", "a note", "-d", path),
			 0);
	expect("ACDD                      in         1        OPTED OUT");
	expect("ACDD                      out        1        active");
	assert_int_equal(TYPE("partner", "deactivate", "th", "ACDD", "-d", path, "--from", "soon"), 2);
	expect("--from is like 2027-01-01, not soon");
	assert_int_equal(TYPE("partner", "deactivate", "th", "ACDD", "-d", path), 0);
	assert_int_equal(TYPE("partner", "matrix", "th", "-d", path, "--json"), 0);
	expect("\"document\":\"ACDD\",\"direction\":\"out\",\"version\":\"1\",\"state\":\"not-yet\",\"now\":true");
}

static void what_refuses_a_cpa_is_told_before_what_would_not(void **state)
{
	char file[PATH_SIZE];
	(void)state;
	snprintf(file, sizeof(file), "%s/ebms2", folder); /* of the test before */
	const char *path = file;
	char cpa[PATH_SIZE];
	snprintf(cpa, sizeof(cpa), "%s/cpa.xml", folder);
	assert_int_equal(TYPE("partner", "import", cpa, "-d", path), 2);
	expect("--partner PARTNER");
	assert_int_equal(TYPE("partner", "import", cpa, "--partner", "TH", "--role", "customs", "-d", path), 2);
	expect("--role has the form ROLE=SEAT, not customs");
	assert_int_equal(TYPE("partner", "import", cpa, "--partner", "TH", "--action", "FORM-X=FORM-D", "--action",
			      "ACDD=urn:lintas:service:documents:1|ACDD-RESPONSE", "--role", "customs=harbour", "-d",
			      path),
			 1);
	expect("refused: 2 findings, nothing was done\n  /terms/actions[1]/document    AGR-001");
	expect("AGR-002");
	expect("and, what would not stop it:\n");
}

/* A plain node of Thailand with what an e-Form D to VN takes, which is written to FILE; its directory. */
static const char *issuing_node(char file[static PATH_SIZE])
{
	static char path[FOLDER_SIZE + 8];
	char sign[PATH_SIZE], encrypt[PATH_SIZE], fingerprint[65], command[512];
	const char *source = getenv("LINTAS_SOURCE");
	assert_non_null(source);
	snprintf(path, sizeof(path), "%s/th", folder);
	snprintf(file, PATH_SIZE, "%s/form-d.xml", folder);
	snprintf(command, sizeof(command),
		 "sed \"s/@TODAY@/$(date -u +%%F)/g; s/@REFERENCE@/TH-1/g\" '%s/tools/demo/form-d.xml' > '%s'", source,
		 file);
	assert_int_equal(system(command), 0);
	certificate("vn-sign", "critical,digitalSignature", sign, fingerprint);
	certificate("vn-encrypt", "critical,keyAgreement", encrypt, fingerprint);
	assert_int_equal(TYPE("init", path, "--state", "TH", "--plain"), 0);
	assert_int_equal(TYPE("organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Foreign Trade",
			      "-d", path),
			 0);
	expect("dft  Foreign Trade\n  seat          issuing-authority\n");
	assert_int_equal(TYPE("partner", "add", "VN", "-d", path, "--profile=ecdsa-p256", "--endpoint",
			      "http://127.0.0.1:9/as4", "--sign", sign, "--encrypt", encrypt),
			 0);
	return path;
}

static void what_a_stopped_node_is_given_to_send_waits_and_this_is_told(void **state)
{
	char file[PATH_SIZE];
	const char *path = issuing_node(file);
	(void)state;
	assert_int_equal(TYPE("send", file, "-d", path), 0);
	expect("\nThe node is stopped: nothing is sent until lintas serve runs\n");
	assert_int_equal(TYPE("send", file, "-d", path, "--json"), 0);
	assert_null(strstr(shown, "stopped"));
	assert_int_equal(TYPE("outbox", "hold", "TH-1", "-d", path), 0);
	assert_null(strstr(shown, "stopped"));
	assert_int_equal(TYPE("outbox", "release", "TH-1", "-d", path), 0);
	expect("The node is stopped");
	/* ours, which no officer of ours receives */
	assert_int_equal(TYPE("documents", "seen", "TH-1", "-d", path), 6);
	expect("TH-1 was sent by us: only received documents are marked as seen");
}

/* What is typed next goes to standard input. */
static void put_input(const char *text)
{
	char path[FOLDER_SIZE + 8];
	snprintf(path, sizeof(path), "%s/input", folder);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_non_null(freopen(path, "r", stdin));
}

static void users_are_added_with_a_password_from_a_script(void **state)
{
	(void)state;
	put_input("correct horse battery\nnot this line");
	assert_int_equal(TYPE("user", "add", "somchai", "-d", node, "--organisation", "customs", "--role", "officer",
			      "--role", "supervisor", "--title", "Somchai", "--password-stdin"),
			 0);
	expect("somchai  Somchai (active)\n  log-in        password\n  organisation  customs\n"
	       "  roles         officer supervisor\n");
	expect("Next: somchai logs in with name and password");
	put_input("another horse battery\n");
	assert_int_equal(TYPE("user", "password", "somchai", "-d", node, "--password-stdin"), 0);
	expect("The tokens made before let nobody in any more");
	put_input("short\n");
	assert_int_equal(TYPE("user", "password", "somchai", "-d", node, "--password-stdin"), 1);
	expect("ACC-001");
	put_input(" \n");
	assert_int_equal(
		TYPE("user", "add", "blank", "-d", node, "--role", "monitor", "--title", "Blank", "--password-stdin"),
		2);
	expect("the password is empty");
	put_input("");
	assert_int_equal(TYPE("user", "password", "somchai", "-d", node, "--password-stdin"), 2);
	expect("there is no password on standard input");
	assert_int_equal(TYPE("user", "password", "somchai", "-d", node), 2);
	expect("there is no terminal");
	assert_int_equal(TYPE("user", "show", "nobody", "-d", node), 3);
	expect("there is no user nobody; lintas user list ");
	assert_int_equal(TYPE("user", "disable", "somchai", "-d", node), 0);
	expect("disabled");
	assert_int_equal(TYPE("token", "new", "--user", "somchai", "-d", node), 1);
	expect("USR-009");
}

static void the_end_of_a_token_is_a_time_or_a_number_of_days_or_hours(void **state)
{
	static const char *const wrong[] = { "30", "d", "-1d", "0h", "1.5d", "30m", "99999999d", "2027-01-01", "d30" };
	static const char *const right[] = { "30d", "12h", "2099-01-01T00:00:00Z" };
	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(TYPE("token", "new", "-d", node, "--user", "nobody", "--expires", wrong[i]), 2);
		expect("--expires is like 30d, 12h or ");
	}
	for (size_t i = 0; i < COUNT(right); i++)
		assert_int_not_equal(TYPE("token", "new", "-d", node, "--user", "nobody", "--expires", right[i]), 2);
}

static void who_has_no_password_is_let_in_by_tokens_alone(void **state)
{
	(void)state;
	assert_int_equal(TYPE("user", "add", "erp", "-d", node, "--organisation", "customs", "--role", "officer",
			      "--title", "ERP"),
			 0);
	expect("There is no password: tokens alone let erp in");
	expect("Next: lintas token new --user erp, for a program; lintas user password erp, for a person");
	assert_int_equal(TYPE("user", "list", "-d", node), 0);
	expect("tokens only");
}

/* The interface speaks of members of the body; whoever typed the command knows its options. */
static void a_finding_names_the_option_that_it_is_about(void **state)
{
	(void)state;
	assert_int_equal(TYPE("user", "add", "chef", "-d", node, "--role", "cook", "--title", "Chef"), 1);
	expect("\n  --role  ");
	assert_int_equal(TYPE("user", "add", "noc", "-d", node, "--role", "monitor", "--title", "NOC"), 0);
	assert_int_equal(TYPE("token", "new", "--user", "noc", "-d", node, "--expires", "9999d"), 1);
	expect("\n  --expires  ");
	assert_int_equal(TYPE("token", "new", "--user", "noc", "-d", node, "--expires", "2099-01-01T00:00:00Z"), 1);
	expect("\n  --expires  ");
}

static void a_document_is_asked_for_by_a_reference_too(void **state)
{
	(void)state;
	assert_int_equal(TYPE("documents", "show", "D 2026/1&x", "-d", node), 3);
	expect("D 2026/1&x");
}

static void the_roles_are_told_without_a_node(void **state)
{
	(void)state;
	assert_int_equal(TYPE("role", "list", "-d", "/nonexistent"), 0);
	expect("officer");
	assert_int_equal(TYPE("role", "list", "-d", "/nonexistent", "--json"), 0);
	expect("\"name\":\"officer\"");
}

static void of_the_events_more_is_said_if_the_page_was_full(void **state)
{
	char path[FOLDER_SIZE + 32];
	(void)state;
	snprintf(path, sizeof(path), "%s/events", folder);
	assert_int_equal(TYPE("init", path, "--state", "VN", "--plain"), 0);
	assert_int_equal(TYPE("events", "-d", path), 0);
	assert_null(strstr(shown, "More:"));
}

/* RFC 8410 §3: X25519 is for key agreement; PKCS#10 wants a signature by the key. */
static void an_x25519_key_is_certified_by_its_public_half(void **state)
{
	char path[FOLDER_SIZE + 32];
	(void)state;
	snprintf(path, sizeof(path), "%s/agreement", folder);
	assert_int_equal(TYPE("init", path, "--state", "VN"), 0);
	assert_int_equal(TYPE("key", "new", "--use", "decrypt", "--type", "x25519", "-d", path), 0);
	expect("Next: lintas key public decrypt-1, ");
	assert_int_equal(TYPE("key", "csr", "decrypt-1", "--subject", "CN=asw", "-d", path), 4);
	expect("lintas key public decrypt-1");
	assert_int_equal(TYPE("key", "public", "decrypt-1", "-d", path), 0);
	expect("-----BEGIN PUBLIC KEY-----");
	assert_int_equal(TYPE("key", "new", "--use", "decrypt", "--type", "p256", "-d", path), 0);
	expect("Next: lintas key csr decrypt-2 --subject NAME");
}

/* 100 columns, counted in characters: "FILE…" has five, but seven bytes. */
static void what_a_migration_would_do_is_told_to_programs(void **state)
{
	(void)state;
	assert_int_equal(TYPE("db", "migrate", "--dry-run", "--json", "-d", node), 0);
	char expected[80];
	snprintf(expected, sizeof expected, "{\"schema\":%zu,\"pending\":0,\"dryRun\":true", kernel_migrations_count);
	expect(expected);
	assert_int_equal(TYPE("db", "schema", "--json", "-d", node), 0);
	expect("{\"number\":2,\"name\":\"document\"");
	assert_int_equal(TYPE("db", "migrate", "--to", "1", "-d", node), 4);
	expect("there is no way back behind migration 2");
}

/* lintas.conf, --help and docs/settings.md come from the same rows. */
static void the_help_of_serve_explains_the_settings(void **state)
{
	(void)state;
	assert_int_equal(TYPE("serve", "--help"), 0);
	expect("  [gateway]\n");
	expect("    port = 8443\n        The port of the AS4 endpoint");
}

static void a_rule_is_explained_in_words_and_all_of_them_as_tables(void **state)
{
	(void)state;
	assert_int_equal(TYPE("rule", "show", "FRM-008", "CFG-027", "XXX-001"), 3);
	expect("FRM-008  warning\n  says  the last day to present it was {1}\n");
	expect("\n  law   ATIGA OCP rule 11(1)(c) and (e), 14(a)\n  see   docs/findings.md, Documents\n");
	expect("\nCFG-027  error\n");
	expect("no rule has the code XXX-001;");
	assert_null(strchr(shown, '|'));
	assert_int_equal(TYPE("rule", "show"), 0);
	expect("\n## Documents\n");
	expect("\n| FRM-008 | the last day to present it was {1} | ATIGA OCP rule 11(1)(c) and (e), 14(a) | warning |\n");
	assert_int_equal(TYPE("rule", "show", "A", "B", "C", "D", "E"), 2);
	expect("takes [CODE] [CODE] [CODE] [CODE], not 5");
}

static void the_help_keeps_its_columns(void **state)
{
	(void)state;
	assert_int_equal(TYPE("help", "partner", "add"), 0);
	for (const char *line = shown; line && !same(line, "") && strncmp(line, "\n", 1) != 0;
	     line = strchr(line, '\n') + 1)
		assert_true(strcspn(line, "\n") <= 100);
	assert_int_equal(TYPE("help", "as4", "inspect"), 0);
	expect("\n  --certificate FILE…        whom");
	expect("\n  --key FILE                 private");
}

/* --- What capabilities bring --- */

static void the_commands_of_a_capability_stand_below_its_title(void **state)
{
	size_t groups = 0;

	(void)state;
	assert_int_equal(TYPE("help"), 0);
	for (const struct capability *const *c = customs_capabilities; *c; c++) {
		if (!(*c)->commands)
			continue;
		char head[128];
		assert_non_null((*c)->title);
		snprintf(head, sizeof(head), "\n\n%s\n  %.*s", (*c)->title, (int)strcspn((*c)->commands->words, " "),
			 (*c)->commands->words);
		expect(head);
		groups++;
	}
	assert_true(groups > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_state_may_be_typed_in_lower_case),
		cmocka_unit_test(a_node_is_not_made_over_another),
		cmocka_unit_test(a_new_node_tells_which_keys_it_needs),
		cmocka_unit_test(where_no_node_is_the_directory_is_asked_for_first),
		cmocka_unit_test(a_state_that_is_no_member_is_warned_of_and_one_that_is_none_refused),
		cmocka_unit_test(a_command_that_is_not_there_is_told_above_those_that_are),
		cmocka_unit_test(the_help_of_a_group_is_the_same_by_an_option),
		cmocka_unit_test(a_slip_is_told_with_what_was_meant),
		cmocka_unit_test(all_options_that_are_missing_are_told_at_once),
		cmocka_unit_test(what_is_not_known_is_told_with_the_next_step),
		cmocka_unit_test(what_serve_needs_is_checked_with_the_configuration),
		cmocka_unit_test(the_places_that_settings_name_are_checked),
		cmocka_unit_test(a_certificate_of_ours_that_has_ended_is_told),
		cmocka_unit_test(a_certificate_is_withdrawn_by_the_first_digits_of_its_fingerprint),
		cmocka_unit_test(an_agreement_is_proposed_imported_shown_and_withdrawn),
		cmocka_unit_test(what_refuses_a_cpa_is_told_before_what_would_not),
		cmocka_unit_test(document_types_are_activated_and_opted_out_of),
		cmocka_unit_test(what_a_stopped_node_is_given_to_send_waits_and_this_is_told),
		cmocka_unit_test(users_are_added_with_a_password_from_a_script),
		cmocka_unit_test(the_end_of_a_token_is_a_time_or_a_number_of_days_or_hours),
		cmocka_unit_test(who_has_no_password_is_let_in_by_tokens_alone),
		cmocka_unit_test(a_finding_names_the_option_that_it_is_about),
		cmocka_unit_test(a_document_is_asked_for_by_a_reference_too),
		cmocka_unit_test(the_roles_are_told_without_a_node),
		cmocka_unit_test(of_the_events_more_is_said_if_the_page_was_full),
		cmocka_unit_test(an_x25519_key_is_certified_by_its_public_half),
		cmocka_unit_test(what_a_migration_would_do_is_told_to_programs),
		cmocka_unit_test(the_help_of_serve_explains_the_settings),
		cmocka_unit_test(a_rule_is_explained_in_words_and_all_of_them_as_tables),
		cmocka_unit_test(the_help_keeps_its_columns),
		cmocka_unit_test(the_commands_of_a_capability_stand_below_its_title),
	};
	return cmocka_run_group_tests_name("commands", tests, node_setup, node_teardown);
}
