#include "request.h"

#include "api/api.h"
#include "base/text.h"
#include "fuzz.h"
#include "net/http_int.h"

void request_check(const struct http_request *request)
{
	MUST(is_token(request->method));
	MUST(request->path[0] == '/' && utf8_valid(bytes_of(request->path)) && utf8_valid(bytes_of(request->query)));
	MUST(!strstr(request->path, "/../") && !ends_with(request->path, "/.."));
	for (const char *c = request->path; *c; c++)
		MUST((uint8_t)*c >= 0x20 && *c != 0x7f);
	for (size_t i = 0; i < request->headers_count; i++)
		MUST(is_token(request->headers[i].name) && http_header(request, request->headers[i].name));
	for (size_t i = 0; api_route_at(i); i++)
		for (const struct query_row *const *row = api_route_at(i)->query; row && *row; row++) {
			const char *value = http_query(request, (*row)->name);
			MUST(!value || (utf8_valid(bytes_of(value)) && strlen(value) <= strlen(request->query)));
		}
}
