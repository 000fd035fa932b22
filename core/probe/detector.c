/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detector.c - the list of detectors. */
#include "core/probe/detector.h"

#include <errno.h>
#include <string.h>

#include "core/base/registry.h"

REGISTRY(struct detector, detectors);

struct detector *detector_get(unsigned int index)
{
	for_each_registered(struct detector, p, detectors)
		if (index-- == 0)
			return *p;
	return NULL;
}

struct detector *detector_find(const char *name)
{
	struct detector *detector;
	unsigned int i = 0;

	while ((detector = detector_get(i++)) && strcmp(detector->name, name))
		;
	return detector;
}

int detector_switch(const char *name, bool on)
{
	struct detector *detector = detector_find(name);

	if (!detector)
		return -ENOENT;
	store_relaxed(&detector->off, !on);
	return 0;
}

void detectors_reset(void)
{
	struct detector *detector;

	for (unsigned int i = 0; (detector = detector_get(i)); i++)
		if (detector->reset)
			detector->reset();
}

#if FAULTLINE_CHECK
unsigned long detectors_at_end(FILE *out)
{
	struct detector *detector;
	unsigned long faults = 0;

	for (unsigned int i = 0; (detector = detector_get(i)); i++)
		if (detector->at_end && detector_is_on(detector))
			faults += detector->at_end(out);
	return faults;
}
#endif
