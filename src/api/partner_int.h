/* A change of a partner, on its way through one transaction: of the partner itself, or of what is agreed with it. */
#ifndef API_PARTNER_INT_H
#define API_PARTNER_INT_H

#include "api/call_int.h"
#include "kernel/party.h"

struct partner_call {
	struct call *call;
	const char *code;
	struct partner partner;
	struct partner_certificate_list kept;
	struct findings *findings; /* of this run of the transaction, which may be repeated */
	struct partner_list list;
	/* What is wanted. */
	struct partner_certificate *added;
	size_t added_count;
	const struct partner_change_view *changes;
	const char *status, *fingerprint;
};

/* .partner and .kept by .code; ERR_NOT_FOUND. */
enum err_code partner_read(struct tx *tx, struct partner_call *p, struct err *err) MUST_USE;
/* Before one more is added: ERR_LIMIT. */
enum err_code partner_need_room(struct tx *tx, struct partner_call *p, struct err *err) MUST_USE;
/* Findings for what would leave the node with a partner that it cannot use. */
void partner_check(struct partner_call *p);
/* Its profile rests on SHA-1, which it is not excepted for. */
void partner_found_weak(struct partner_call *p);
/* A warning if no certificate in our trust file has issued one of the TLS certificates among ROWS. */
enum err_code partner_check_authority(struct partner_call *p, const struct partner_certificate *rows, size_t count,
				      const char *path, struct err *err) MUST_USE;
/* A finding unless LIST has a certificate for TLS, where it is needed. */
void partner_need_tls(struct partner_call *p, const struct partner_certificate_list *list);

/* Fills ROW, whose use and partner are there, from the certificate TEXT (PEM or DER). What cannot be used is a finding
 * of the call at PATH. */
enum err_code partner_take_certificate(struct call *call, struct bytes text, const char *path,
				       struct partner_certificate *row, struct err *err) MUST_USE;
/* Findings unless ROW may stand in LIST. PROFILE NULL: its key need not fit the partner's. */
enum err_code partner_check_addition(struct partner_call *p, const struct partner_certificate_list *list,
				     const struct partner_certificate *row, const char *profile, const char *path,
				     struct err *err) MUST_USE;
bool partner_has_key(const struct partner_certificate_list *list, const char *use, const char *profile, int64_t now_us);
/* A certificate that is believed as such, not an authority or a list. */
bool partner_is_pin(const struct partner_certificate *row);

/* ERR_INVALID if there are findings: nothing is written then. */
enum err_code partner_refuse(const struct partner_call *p, struct err *err) MUST_USE;
/* Runs WRITE with P, and makes the messaging use what it wrote. Its findings are the call's. */
enum err_code partner_write(struct partner_call *p, db_fn *write, struct err *err) MUST_USE;

#endif
