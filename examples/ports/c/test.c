/* The port held against GOLDEN_FILE: every value of NETWORK within its tolerance, or status 1. */
#include GOLDEN_FILE
#include <stdio.h>
static void record(const char *name, int number, int sample, int update, double value);
#include "port.c"
static int first = GOLDEN_COUNT; /* the first value that is wrong */
static double found;
static void record(const char *name, int number, int sample, int update, double value) {
    char full[32], *end = full + sprintf(full, number ? "%s%d" : "%s", name, number);
    if (sample) end += sprintf(end, "[%d]", sample);
    if (update) sprintf(end, "@%d", update);
    printf("%s,%.9g\n", full, value); /* for `compare` */
    for (int k = 0; k < first; k++)
        if (!strcmp(full, GOLDEN[k].name) && !(fabs(value - GOLDEN[k].value) <= GOLDEN[k].tolerance)) first = k, found = value;
}
int main(void) {
    train(&NETWORK, GOLDEN_BATCH_SIZES, GOLDEN_BATCHES, GOLDEN_BATCH_COUNT, 20);
    if (first < GOLDEN_COUNT) fprintf(stderr, "%s: %.9g, not %.9g\n", GOLDEN[first].name, found, GOLDEN[first].value);
    return first < GOLDEN_COUNT;
}
