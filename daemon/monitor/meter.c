/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/meter.h"

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"

void meter_add(Meter *meter, uint64_t now_usec, uint64_t n, uint64_t lag_usec)
{
    uint64_t second = now_usec / USEC_PER_SEC;
    __typeof__(&meter->slots[0]) slot = &meter->slots[second % METER_SECONDS];

    if (slot->second != second) {
        slot->second = second;
        slot->n = 0;
        slot->lag_usec = 0;
    }
    slot->n += n;
    if (lag_usec > slot->lag_usec)
        slot->lag_usec = lag_usec;
    meter->lag_usec = lag_usec;
}

MeterReading meter_read(const Meter *meter, uint64_t now_usec)
{
    uint64_t second = now_usec / USEC_PER_SEC;
    MeterReading reading = {.lag_usec = meter->lag_usec};

    for (size_t i = 0; i < ELEMENTS_OF(meter->slots); i++) {
        if (meter->slots[i].second + METER_SECONDS <= second)
            continue;
        reading.last_minute += meter->slots[i].n;
        if (meter->slots[i].n > reading.busiest)
            reading.busiest = meter->slots[i].n;
        if (meter->slots[i].lag_usec > reading.lag_max_usec)
            reading.lag_max_usec = meter->slots[i].lag_usec;
    }
    return reading;
}
