#include "kernel/capability.h"

#include "base/text.h"
#include "kernel/edition.h"

const struct keeper *keeper_of(const struct kernel *kernel)
{
	for (const struct capability *const *capability = kernel->capabilities; capability && *capability; capability++)
		if ((*capability)->keeper)
			return (*capability)->keeper;
	return NULL;
}

const struct doctype *doctype_at(const struct kernel *kernel, size_t index)
{
	for (const struct capability *const *capability = kernel->capabilities; *capability; capability++)
		for (const struct doctype *const *doctype = (*capability)->doctypes; doctype && *doctype; doctype++)
			if (index-- == 0)
				return *doctype;
	return NULL;
}

size_t doctype_count(const struct kernel *kernel)
{
	size_t count = 0;

	while (doctype_at(kernel, count))
		count++;
	return count;
}

const char *doctype_codes(const struct kernel *kernel, struct arena *arena)
{
	const struct doctype *doctype;
	const char *codes = "";

	for (size_t i = 0; codes && (doctype = doctype_at(kernel, i)); i++)
		codes = arena_printf(arena, "%s%s%s", codes, i ? ", " : "", doctype->code);
	return codes;
}

const struct doctype *doctype_find(const struct kernel *kernel, const char *code)
{
	const struct doctype *doctype;

	for (size_t i = 0; (doctype = doctype_at(kernel, i)); i++)
		if (same(doctype->code, code))
			return doctype;
	return NULL;
}

const struct edition_kind *edition_kind_at(const struct kernel *kernel, size_t index)
{
	for (const struct capability *const *capability = kernel->capabilities; *capability; capability++)
		for (const struct edition_kind *const *kind = (*capability)->editions; kind && *kind; kind++)
			if (index-- == 0)
				return *kind;
	return NULL;
}

const struct edition_kind *edition_kind_find(const struct kernel *kernel, const char *name)
{
	const struct edition_kind *kind;

	for (size_t i = 0; (kind = edition_kind_at(kernel, i)); i++)
		if (same(kind->name, name))
			return kind;
	return NULL;
}

const char *edition_kind_names(const struct kernel *kernel, struct arena *arena)
{
	const struct edition_kind *kind;
	const char *names = "";

	for (size_t i = 0; names && (kind = edition_kind_at(kernel, i)); i++)
		names = arena_printf(arena, "%s%s%s", names, i ? ", " : "", kind->name);
	return names && *names ? names : "none";
}

const struct machine *machine_find(const struct kernel *kernel, const char *name)
{
	for (const struct capability *const *capability = kernel->capabilities; *capability; capability++)
		for (const struct machine *const *machine = (*capability)->machines; machine && *machine; machine++)
			if (same((*machine)->name, name))
				return *machine;
	return NULL;
}
