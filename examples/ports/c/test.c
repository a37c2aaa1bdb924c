/* The port held against GOLDEN_FILE: every value of NETWORK within its tolerance, or status 1. */
#include GOLDEN_FILE
#include <stdio.h>
static void record(const char *name, int number, int sample, int update, double value);
#include "port.c"
static struct { char name[32]; double value; } told[4000];
static int count;

static void record(const char *name, int number, int sample, int update, double value) {
    int end = sprintf(told[count].name, number ? "%s%d" : "%s", name, number);
    if (sample) end += sprintf(told[count].name + end, "[%d]", sample);
    if (update) sprintf(told[count].name + end, "@%d", update);
    told[count++].value = value;
}

int main(void) {
    train(&NETWORK, GOLDEN_BATCH_SIZES, GOLDEN_BATCHES, GOLDEN_BATCH_COUNT, 20);
    for (int k = 0; k < count; k++) printf("%s,%.9g\n", told[k].name, told[k].value); /* for `compare` */
    for (int k = 0, j; k < GOLDEN_COUNT; k++) {
        for (j = 0; j < count && strcmp(told[j].name, GOLDEN[k].name); j++);
        if (j == count || fabs(told[j].value - GOLDEN[k].value) <= GOLDEN[k].tolerance) continue;
        return fprintf(stderr, "%s: %.9g, not %.9g\n", GOLDEN[k].name, told[j].value, GOLDEN[k].value), 1;
    }
    return 0;
}
