#include "customs/registry.h"

#include "customs/declaration/declaration.h"
#include "customs/document/document.h"
#include "customs/link/link.h"
#include "customs/nomenclature/nomenclature.h"
#include "customs/origin/origin.h"
#include "customs/phyto/phyto.h"
#include "customs/tariff/tariff.h"

/* As people are shown them: what is between the systems themselves comes last. */
const struct capability *const customs_capabilities[] = { &document_capability,     &origin_capability,
							  &declaration_capability,  &phyto_capability,
							  &nomenclature_capability, &tariff_capability,
							  &link_capability,         NULL };
