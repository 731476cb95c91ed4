// SPDX-License-Identifier: Apache-2.0
#ifndef HS_KAFKA_TROUBLE_H
#define HS_KAFKA_TROUBLE_H
/*
 * Why no broker is reached, for a person: the client library says it to its log only, from threads
 * of its own.
 *
 * All clients of a process go to the same brokers by the same settings, so that there is one memory
 * for all: what a connection failed with last, until a broker has answered. Threads: any. Bounds:
 * one text.
 */

#include <stddef.h>

#include "base/error.h"

enum { HS_KAFKA_SAID_BYTES = 256 };

struct hs_kafka_said {
    char text[HS_KAFKA_SAID_BYTES];
};
// hs_strerror() of a code; for HS_EUNREACHABLE and HS_ETIMEDOUT with what the last connection failed
// with, for HS_EPERM with what to do. Into `said`, or static.
const char *hs_kafka_say(int code, struct hs_kafka_said *said);

// ---- for the module's clients ----

// A connection failed; `text` as the client library logs it.
void hs_kafka_trouble_failed(const char *text);
// A broker's certificate is refused, by OpenSSL's number for why.
void hs_kafka_trouble_certificate(const char *broker, int x509_error, char *ret_text, size_t size);
// A broker has answered.
void hs_kafka_trouble_over(void);

#endif
