#include "kernel/capability.h"

const struct doctype *doctype_find(const struct kernel *kernel, const char *code)
{
	for (const struct capability *const *capability = kernel->capabilities; *capability; capability++)
		for (const struct doctype *const *doctype = (*capability)->doctypes; doctype && *doctype; doctype++)
			if (same((*doctype)->code, code))
				return *doctype;
	return NULL;
}

const struct machine *machine_find(const struct kernel *kernel, const char *name)
{
	for (const struct capability *const *capability = kernel->capabilities; *capability; capability++)
		for (const struct machine *const *machine = (*capability)->machines; machine && *machine; machine++)
			if (same((*machine)->name, name))
				return *machine;
	return NULL;
}
