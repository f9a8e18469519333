/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a supervisor has decided and no file says: that a stop is under way, how many attempts were used
 * up, which limits were changed. Without it a standby would start again what was to be stopped.
 */
#include "base/loop.h"
#include "launcher/processes/health.h"
#include "launcher/processes/ready.h"
#include "launcher/processes/service.h"

struct life life_of(const struct service *service)
{
	return (struct life){
		.started = service->record.created_ns != 0,
		.over = service->over,
		.restart = service->restart,
		.stop_at_ms = service->stop_at_ms,
		.oom_kills = service->oom_kills,
		.ending = service->ending,
		.backoff = service->backoff,
		.limits = service->spec.limits,
	};
}

void life_take(struct service *service, const struct life *life)
{
	service->over = life->over;
	service->restart = life->restart;
	service->backoff = life->backoff;
	service->spec.limits = life->limits;
}

void life_resume(struct service *service, const struct life *life)
{
	service->ending = life->ending;
	service->stop_at_ms = life->stop_at_ms;
	service->oom_kills = life->oom_kills;
}

void life_go_on(struct service *service)
{
	const struct record *record = &service->record;

	health_resume(service->health, record->health, record->health_failures, service->began_ms);
	if (service->ending.cause == STOP_NONE)
		return;
	ready_stopping(service->ready);
	loop_timer_set(service->loop, service->sources.stop_timer,
		       service->stop_at_ms > loop_now_ms() ? service->stop_at_ms - loop_now_ms() : 0);
}
