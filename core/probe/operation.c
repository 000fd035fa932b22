/* SPDX-License-Identifier: GPL-2.0-or-later */
/* operation.c - notifies the subscribers of operations. */
#include "core/probe/operation.h"

#if FAULTLINE_CHECK
#include "core/base/registry.h"

REGISTRY(const struct operation_subscriber, operation_subscribers);

#define NOTIFY(what, event) notify_registered(const struct operation_subscriber, operation_subscribers, what, event)

void operation_notify_begins(const struct operation_event *event)
{
	NOTIFY(begins, event);
}

void operation_notify_ends(const struct operation_event *event)
{
	NOTIFY(ends, event);
}
#endif
