// SPDX-License-Identifier: Apache-2.0
#include "kafka/trouble.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct {
    pthread_mutex_t lock;
    char text[HS_KAFKA_SAID_BYTES]; // "": none
    bool certificate;               // the text says what is wrong with a certificate
} last = {.lock = PTHREAD_MUTEX_INITIALIZER};

// OpenSSL's numbers (x509_vfy.h, fixed for ever) that an administrator meets.
static const struct {
    int x509_error;
    const char *text;
} faults[] = {
    {2, "its issuer's certificate is not there"},
    {9, "it is not valid yet"},
    {10, "it has expired"},
    {18, "it is self-signed and not in ssl.ca.location"},
    {19, "its authority is not in ssl.ca.location"},
    {20, "its authority is not in ssl.ca.location"},
    {21, "its authority is not in ssl.ca.location"},
    {23, "it is revoked"},
    {62, "it is for another host name"},
    {64, "it is for another address"},
};

void hs_kafka_trouble_certificate(const char *broker, int x509_error, char *ret_text, size_t size)
{
    const char *why = "it does not verify";
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        why = faults[i].x509_error == x509_error ? faults[i].text : why;
    }
    snprintf(ret_text, size, "certificate of '%.100s': %s (%d)", broker, why, x509_error);
    pthread_mutex_lock(&last.lock);
    snprintf(last.text, sizeof(last.text), "%s", ret_text);
    last.certificate = true;
    pthread_mutex_unlock(&last.lock);
}

void hs_kafka_trouble_failed(const char *text)
{
    const char *behind = strncmp(text, "[thrd:", 6) == 0 ? strstr(text, "]: ") : NULL;
    bool certificate = strstr(text, "certificate verify failed") != NULL;
    pthread_mutex_lock(&last.lock);
    if (!certificate || !last.certificate) { // the callback knows more
        snprintf(last.text, sizeof(last.text), "%s", behind ? behind + 3 : text);
        last.certificate = false;
    }
    pthread_mutex_unlock(&last.lock);
}

void hs_kafka_trouble_over(void)
{
    pthread_mutex_lock(&last.lock);
    last.text[0] = '\0';
    last.certificate = false;
    pthread_mutex_unlock(&last.lock);
}

const char *hs_kafka_say(int code, struct hs_kafka_said *said)
{
    if (code == HS_EPERM) {
        return "not permitted, see 'hitctl rights check'";
    }
    if (code != HS_EUNREACHABLE && code != HS_ETIMEDOUT) {
        return hs_strerror(code);
    }
    pthread_mutex_lock(&last.lock);
    snprintf(said->text, sizeof(said->text), "%.20s%s%.220s", hs_strerror(code),
             last.text[0] ? ": " : "", last.text);
    pthread_mutex_unlock(&last.lock);
    return said->text;
}
