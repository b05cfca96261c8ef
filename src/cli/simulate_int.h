/* `lintas simulate partner`: what both sides of it read from their options. */
#ifndef CLI_SIMULATE_INT_H
#define CLI_SIMULATE_INT_H

#include "cli/cli_int.h"

/* The file that OPTION names, whole; CONTENT stays as it is without one. */
enum err_code simulate_input(struct invocation *in, const char *option, struct bytes *content,
			     struct err *err) MUST_USE;
const char *simulate_profile(struct invocation *in);
/* The played partner's certificate and key; a finding if it has none. */
enum err_code simulate_tls(struct invocation *in, struct http_tls *tls, struct err *err) MUST_USE;
/* Fails; the findings are printed with that. */
enum err_code simulate_wrong(struct err *err);

/* --send; what was found of the options stands in the findings already. */
enum err_code simulate_send(struct invocation *in, struct err *err) MUST_USE;

/* What is found of the options; each array is ended by a row without a code. */
extern const struct rule simulate_option_rules[], simulate_send_rules[];

#endif
