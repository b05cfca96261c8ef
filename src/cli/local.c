/* Commands that work on a directory or need no node. */
#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/cli_int.h"
#include "customs/document/document.h"
#include "customs/registry.h"
#include "kernel/codelist.h"

enum { FILE_MAX = 32 << 20, PRINTED_MAX = 8 << 20 };

static enum err_code print_buf(const struct buf *out, struct err *err)
{
	TRY(buf_check(out, "what is to be printed", err));
	fwrite(out->data, 1, out->size, stdout);
	return OK;
}

enum err_code run_init(struct invocation *in, struct err *err)
{
	static const char *const uses[] = { "sign", "decrypt", "tls" }; /* the last not for a plain node */
	struct node_init init = { .directory = in->arguments[0],
				  .state = option_value(in, "--state"),
				  .name = option_value(in, "--name"),
				  .database = option_value(in, "--database"),
				  .plain = option_value(in, "--plain") != NULL };
	const char *port = option_value(in, "--port");
	if (port && (!int64_parse(port, &init.port) || init.port < 1 || init.port > 65535))
		return fail(err, ERR_USAGE, "--port is a number from 1 to 65535, not %s", port);
	const char *settings = arena_printf(in->arena, "%s/lintas.conf", init.directory);
	if (settings && access(settings, F_OK) == 0)
		return fail(err, ERR_CONFLICT,
			    "%s is a node already: lintas status -d %s shows it, lintas serve %s runs it; "
			    "for another node give another directory",
			    init.directory, init.directory, init.directory);
	if (!codelists()->known(codelists(), "ISO3166", init.state))
		return fail(err, ERR_USAGE, "--state is an ISO 3166 alpha-2 code such as VN, not %s", init.state);
	TRY(node_create(in->arena, &init, in->findings, err));
	if (!codelists()->known(codelists(), "ASEAN", init.state))
		fprintf(stderr,
			"%s is no member state of ASEAN: right for a dialogue partner; else remove %s and begin anew\n",
			init.state, init.directory);
	printf("%s is a node of %s (%s).\nNext:\n", init.directory, codelist_name("ISO3166", init.state), init.state);
	for (size_t i = 0; i < COUNT(uses) - init.plain; i++)
		printf("  lintas key new --use %s --dir %s\n", uses[i], init.directory);
	printf("Each tells how its key is certified and installed. Then%s seats, partners, and lintas serve %s:\n"
	       "step by step in docs/operations.md, \"From nothing to the first ping\".\n",
	       init.plain ? "" : " partners-tls.pem,", init.directory);
	return OK;
}

enum err_code run_serve(struct invocation *in, struct err *err)
{
	return node_serve(in->arena, in->arguments_count ? in->arguments[0] : in->directory, in->findings, err);
}

/* The configuration; its mistakes are findings and a fault. */
enum err_code right_config(struct invocation *in, struct config *config, struct err *err)
{
	TRY(config_read(in->arena, in->directory, config, in->findings, err));
	size_t mistakes = findings_errors(in->findings);
	if (mistakes)
		return fail(err, ERR_CONFIG, "%s/lintas.conf has %zu mistake%s", in->directory, mistakes,
			    mistakes == 1 ? "" : "s");
	return OK;
}

enum err_code run_config_check(struct invocation *in, struct err *err)
{
	struct config config;
	TRY(right_config(in, &config, err));
	TRY(node_check(in->arena, &config, in->findings, err));
	if (findings_errors(in->findings))
		return fail(err, ERR_CONFIG, "%s/lintas.conf is right, but lintas serve would not start: see above",
			    in->directory);
	printf("%s/lintas.conf is right%s\n", in->directory,
	       findings_count(in->findings) ? ", and lintas serve would start without this:" : "");
	return OK;
}

enum err_code run_config_show(struct invocation *in, struct err *err)
{
	struct config config;
	buf_auto out;
	buf_init(&out, PRINTED_MAX);
	TRY(right_config(in, &config, err));
	if (in->json)
		return json_settings(in, &config, err);
	config_put(&out, &config);
	return print_buf(&out, err);
}

enum err_code run_config_settings(struct invocation *in, struct err *err)
{
	buf_auto out;
	(void)in;
	buf_init(&out, PRINTED_MAX);
	config_put_markdown(&out);
	return print_buf(&out, err);
}

static const struct kernel *bare_kernel(void)
{
	static const struct kernel kernel = { .clock = &clock_system, .capabilities = customs_capabilities };
	return &kernel;
}

enum err_code run_doctype_list(struct invocation *in, struct err *err)
{
	const struct doctype *d;
	if (in->json)
		return json_doctypes(in, bare_kernel(), err);
	for (size_t i = 0; (d = doctype_at(bare_kernel(), i)); i++)
		printf("%-26s version %-3s %-18s -> %-18s %s%s\n", d->code, d->version, d->from_seat, d->to_seat,
		       d->title, d->schema->foreign ? " (XML of others)" : "");
	return OK;
}

enum err_code run_api_openapi(struct invocation *in, struct err *err)
{
	struct kernel kernel = { .clock = &clock_system, .capabilities = customs_capabilities, .lists = codelists() };
	buf_auto out;
	buf_init(&out, PRINTED_MAX);
	TRY(api_put_openapi(in->arena, &kernel, LINTAS_VERSION, &out, err));
	return print_buf(&out, err);
}

enum err_code run_doctype_xsd(struct invocation *in, struct err *err)
{
	const struct doctype *doctype = doctype_find(bare_kernel(), in->arguments[0]);
	buf_auto out;
	buf_init(&out, PRINTED_MAX);
	if (!doctype)
		return fail(err, ERR_NOT_FOUND, "there is no document type %s; see lintas doctype list",
			    in->arguments[0]);
	if (doctype->schema->foreign)
		return fail(err, ERR_CONFLICT, "the XML of %s is defined by %s, whose schema is published by others",
			    doctype->code, doctype->schema->ns);
	field_put_xsd(&out, doctype->schema, codelists());
	return print_buf(&out, err);
}

enum err_code run_doctype_check(struct invocation *in, struct err *err)
{
	struct kernel kernel = { .clock = &clock_system, .capabilities = customs_capabilities, .lists = codelists() };
	const struct doctype *doctype = NULL;
	const void *record = NULL;
	struct bytes text;
	TRY(input_read(in->arena, in->arguments[0], FILE_MAX, &text, err));
	TRY(document_check(&kernel, in->arena, option_value(in, "--type"), text,
			   document_today(clock_now_us(&clock_system)), &doctype, &record, in->findings, err));
	size_t errors = findings_errors(in->findings);
	if (errors)
		return fail(err, ERR_INVALID, "%s has %zu finding%s", in->arguments[0], errors, errors == 1 ? "" : "s");
	printf("%s is a valid %s\n", in->arguments[0], doctype->code);
	return OK;
}

enum err_code run_machine_show(struct invocation *in, struct err *err)
{
	enum { MACHINES_MAX = 256 };
	const struct machine *machines[MACHINES_MAX];
	size_t count = 0;
	buf_auto out;
	buf_init(&out, PRINTED_MAX);
	for (size_t c = 0; customs_capabilities[c]; c++)
		for (const struct machine *const *m = customs_capabilities[c]->machines;
		     m && *m && count < MACHINES_MAX; m++)
			if (!in->arguments_count || same((*m)->name, in->arguments[0]))
				machines[count++] = *m;
	if (!count)
		return fail(err, ERR_NOT_FOUND, "there is no machine %s; `lintas machine show` prints all",
			    in->arguments[0]);
	if (in->json)
		return json_machines(in, machines, count, err);
	for (size_t i = 0; i < count; i++) {
		buf_puts(&out, i ? "\n" : "");
		fsm_put_markdown(&out, machines[i]);
	}
	return print_buf(&out, err);
}

enum err_code run_organisation_add(struct invocation *in, struct err *err)
{
	struct organisation_view view = { .code = in->arguments[0],
					  .seat = option_value(in, "--seat"),
					  .name = option_value(in, "--name") };
	return remote_run_with(in, &organisation_schema, &view, err);
}

static enum err_code read_certificate(struct invocation *in, const char *use, const char *file,
				      struct certificate_view *view, struct err *err)
{
	struct bytes pem;
	TRY(input_read(in->arena, file, FILE_MAX, &pem, err));
	if (!utf8_valid(pem))
		return fail(err, ERR_USAGE, "%s is not PEM; openssl x509 (or crl) -inform DER -in %s makes it so", file,
			    file);
	*view = (struct certificate_view){ .use = use,
					   .pem = arena_text_of(in->arena, pem),
					   .not_before_us = TIME_NONE,
					   .not_after_us = TIME_NONE,
					   .withdrawn_us = TIME_NONE };
	return view->pem ? OK : fail(err, ERR_MEMORY, "no memory for %s", file);
}

enum err_code run_partner_add(struct invocation *in, struct err *err)
{
	static const char *const uses[] = { "sign", "encrypt", "tls" };
	struct config config;
	struct certificate_view certificates[COUNT(uses)];
	const char *code = in->arguments[0], *party = option_value(in, "--party"),
		   *type = option_value(in, "--party-type");
	const char *name = option_value(in, "--name"), *profile = option_value(in, "--profile");
	TRY(right_config(in, &config, err));
	struct partner_view view = { .code = code,
				     .party_id = party ? party : code,
				     .party_type = type ? type : config.party_type,
				     .endpoint = option_value(in, "--endpoint"),
				     .profile = profile ? profile : "edelivery-1.15",
				     .token = option_value(in, "--token"),
				     .certificates = certificates };
	view.name = name ? name : codelist_name("ISO3166", code) ? codelist_name("ISO3166", code) : code;
	for (size_t i = 0; i < COUNT(uses); i++) {
		const char *file = option_value(in, arena_printf(in->arena, "--%s", uses[i]));
		if (!file)
			continue;
		in->places[in->places_count++] = arena_printf(in->arena, "--%s", uses[i]);
		TRY(read_certificate(in, uses[i], file, &certificates[view.certificates_count++], err));
	}
	return remote_run_with(in, &partner_schema, &view, err);
}

enum err_code run_partner_change(struct invocation *in, struct err *err)
{
	struct partner_change_view view = { .name = option_value(in, "--name"),
					    .endpoint = option_value(in, "--endpoint"),
					    .profile = option_value(in, "--profile"),
					    .token = option_value(in, "--token") };
	return remote_run_with(in, &partner_change_schema, &view, err);
}

enum err_code run_partner_certificate(struct invocation *in, struct err *err)
{
	struct certificate_view view;
	TRY(read_certificate(in, option_value(in, "--use"), option_value(in, "--file"), &view, err));
	return remote_run_with(in, &certificate_schema, &view, err);
}

/* The whole fingerprint of the only certificate of P that begins so. */
static enum err_code whole_fingerprint(const struct partner_view *p, const char *begin, const char **whole,
				       struct err *err)
{
	enum { DIGITS_MIN = 8 };
	size_t length = strlen(begin);
	const char *found = NULL;
	if (length < DIGITS_MIN)
		return fail(err, ERR_USAGE, "give at least the first %d digits of the fingerprint, not \"%s\"",
			    DIGITS_MIN, begin);
	for (size_t i = 0; i < p->certificates_count; i++) {
		const char *fingerprint = p->certificates[i].fingerprint;
		if (!fingerprint || strncasecmp(fingerprint, begin, length) != 0 || same(found, fingerprint))
			continue;
		if (found)
			return fail(err, ERR_CONFLICT, "several certificates of %s begin with %s: give more digits",
				    p->code, begin);
		found = fingerprint;
	}
	if (!found)
		return fail(err, ERR_NOT_FOUND, "%s has no certificate %s; see lintas partner show %s", p->code, begin,
			    p->code);
	*whole = found;
	return OK;
}

enum err_code run_partner_withdraw(struct invocation *in, struct err *err)
{
	struct http_answer answer = { 0 };
	struct partner_view view;
	TRY(remote_call(in, "GET", arena_printf(in->arena, "/api/v1/partners/%s", in->arguments[0]), bytes(NULL, 0),
			&answer, err));
	TRY(remote_read(in, &partner_schema, &answer, &view, err));
	TRY(whole_fingerprint(&view, in->arguments[1], &in->arguments[1], err));
	return remote_run(in, bytes(NULL, 0), err);
}
