/* A node's interface without a socket, on the kernel's fixture: with the certificates of a partner that is to be. */
#ifndef API_WORLD_H
#define API_WORLD_H

#include "fixture.h"

#include "api/api.h"
#include "pki.h"

struct world {
	struct kernel_fixture *fixture;
	char *directory; /* of our keys */
	struct keys *keys;
	struct messaging *messaging;
	struct api *api;
	struct pki *root, *sign, *encrypt, *tls;
};

/* As what partners know this node. */
#define WORLD_PARTY      "TH:gateway"
#define WORLD_PARTY_TYPE "urn:lintas:party"
#define WORLD_ENDPOINT   "https://asw.th.example:8443/as4"

struct messaging_options messaging_options_of(struct world *world);
struct world begin(void **state, bool plain);
void end(struct world *world);
/* From now on the interface has OPTIONS, beside what belongs to the world. */
void serve_with(struct world *world, struct api_options options);
/* PEM, the arena's. */
const char *pem_of(struct world *world, const struct pki *pki);

struct answer {
	int status;
	const char *content_type, *text;
	struct http_header headers[8];
};
/* NULL if it has none. */
const char *header_of(const struct answer *answer, const char *name);

struct ask {
	const char *method, *path; /* with its query, if it has one */
	struct bytes body;
	bool remote;      /* over the network, not over the administration socket */
	const char *peer; /* from where; NULL: always the same address */
	struct http_header headers[4];
};
struct answer ask(struct world *world, const struct ask *ask);
/* Over the administration socket. SCHEMA and VIEW are the body; NULL: none. */
struct answer call(struct world *world, const char *method, const char *path, const struct schema *schema,
		   const void *view);
/* Over the network, by "Bearer SECRET". */
struct answer call_with(struct world *world, const char *secret, const char *method, const char *path,
			const struct schema *schema, const void *view);
/* Fails the test with the answer unless it has STATUS, and TEXT in it (NULL: any). */
void expect(struct answer answer, int status, const char *text);
/* What monitoring reads. */
const char *metrics(struct world *world);

#endif
