/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fairness.c - Jain's index, role by role. */
#include "bench/run/fairness.h"

static double jain_index(const struct crew *crew, const double *rates, unsigned int role)
{
	double sum = 0, squares = 0;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < crew->run.threads; i++) {
		if (crew->seats[i].worker.role != role)
			continue;
		sum += rates[i];
		squares += rates[i] * rates[i];
		nr++;
	}
	return squares > 0 ? sum * sum / (nr * squares) : 1;
}

double crew_fairness(const struct crew *crew, const double *rates)
{
	double least = 1;

	for (unsigned int role = 0; role < crew->run.workload->nr_roles; role++)
		least = min(least, jain_index(crew, rates, role));
	return least;
}
