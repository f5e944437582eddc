/*
 * A stand-in for NVIDIA's libnvidia-ml.so.1 with cards that a test sets up.
 *
 * It has the symbols that the Python binding asks for, with the structures of nvml.h 12 in their natural layout.
 * Compiled with OLD_DRIVER it lacks those that drivers before them lack. The functions fake_* are for the test.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CARDS = 8, SLOTS = 7, ORDERS = 64, NAMES = 64, SAMPLES = 120, METRICS = 512, EVENTS = 64, HOLDERS = 8 };
enum { SUCCESS = 0, INVALID = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, TIMEOUT = 10, WRONG_VERSION = 25 };

typedef unsigned int u32;
typedef unsigned long long u64;

struct card {
    u32 index;
    int slot; /* -1: a whole card */
    u32 mig_slots;
    u32 busy_percent, milliwatts;
    u64 used_bytes, millijoules;
    u32 sample_count;
    struct sample { u64 microseconds; union { double real; u32 whole; u64 large; } percent; } samples[SAMPLES];
    int has_counters;
    u32 looks; /* at the counters */
    double metrics[METRICS];
    int metric_codes[METRICS];
    u32 holder_count;
    struct process { u32 pid; u64 used_bytes; u32 gpu_instance, compute_instance; } holders[HOLDERS];
};

static struct card cards[CARDS], instances[CARDS][SLOTS];
static u32 card_count;
static struct { u32 index; char function[NAMES]; int code; } orders[ORDERS];
static u32 order_count;
static struct { char function[NAMES]; u32 calls; } counted[ORDERS];
static u32 counted_count;
static struct { struct card *card; u64 xid; int listening; } events[EVENTS];
static u32 event_count, event_next, listening;
static char hanging[NAMES];
static u32 sampled_out; /* samples that nobody has given back */

void fake_reset(u32 count)
{
    order_count = counted_count = event_count = event_next = listening = sampled_out = 0;
    hanging[0] = 0;
    card_count = count;
    for (u32 i = 0; i < CARDS; i++) {
        cards[i] = (struct card){.index = i, .slot = -1, .busy_percent = 10 * i, .milliwatts = 100500 + i, .used_bytes = i << 20,
                                .millijoules = 5000000000ULL};
        for (int slot = 0; slot < SLOTS; slot++)
            instances[i][slot] = (struct card){.index = i, .slot = slot, .used_bytes = 1000 + slot};
    }
}

/* From now on this function answers with this code for this card (and for its MIG instances). */
void fake_error(u32 index, const char *function, int code)
{
    orders[order_count].index = index;
    strncpy(orders[order_count].function, function, NAMES - 1);
    orders[order_count++].code = code;
}

void fake_forgive(void) { order_count = 0; }

void fake_mig(u32 index, u32 slots) { cards[index].mig_slots = slots; }

/* Time goes by: the counter of energy grows with what each card draws. */
void fake_seconds(double seconds)
{
    for (u32 i = 0; i < CARDS; i++)
        cards[i].millijoules += (u64)(cards[i].milliwatts * seconds);
}


/* The driver keeps samples of busy time; without any it has none to give. */
void fake_sample(u32 index, u64 microseconds, u32 percent)
{
    struct sample *sample = &cards[index].samples[cards[index].sample_count++];
    sample->microseconds = microseconds;
    sample->percent.large = 0;
    sample->percent.whole = percent;
}

/* A card of the newer kind measures this (slot -1: the whole card), or answers for this metric with a code. */
void fake_metric(u32 index, int slot, u32 metric, double value, int code)
{
    struct card *card = slot < 0 ? &cards[index] : &instances[index][slot];
    cards[index].has_counters = 1;
    card->metrics[metric] = value;
    card->metric_codes[metric] = code;
}

u32 fake_samples_out(void) { return sampled_out; }

void fake_xid(u32 index, u64 xid)
{
    events[event_count].card = &cards[index];
    events[event_count++].xid = xid;
}

/* Who holds a card, in place of the usual ones. */
void fake_holder(u32 index, int slot, u32 pid, u64 used_bytes)
{
    struct card *card = slot < 0 ? &cards[index] : &instances[index][slot];
    card->holders[card->holder_count++] = (struct process){pid, used_bytes, ~0u, ~0u};
}

/* From now on this function does not come back, until told otherwise with "". */
void fake_hang(const char *function) { strncpy(hanging, function, NAMES - 1); }

u32 fake_calls(const char *function)
{
    for (u32 i = 0; i < counted_count; i++)
        if (!strcmp(counted[i].function, function))
            return counted[i].calls;
    return 0;
}

static void count_call(const char *function)
{
    for (u32 i = 0; i < counted_count; i++)
        if (!strcmp(counted[i].function, function)) {
            counted[i].calls++;
            return;
        }
    strncpy(counted[counted_count].function, function, NAMES - 1);
    counted[counted_count++].calls = 1;
}

static int ordered(u32 index, const char *function)
{
    count_call(function);
    while (hanging[0] && !strcmp(hanging, function))
        usleep(500);
    for (u32 i = 0; i < order_count; i++)
        if (orders[i].index == index && (!strcmp(orders[i].function, function) || !strcmp(orders[i].function, "*")))
            return orders[i].code;
    return SUCCESS;
}

#define OBEY(index)                                                                                                    \
    do {                                                                                                               \
        int code_ = ordered((index), __func__);                                                                       \
        if (code_)                                                                                                     \
            return code_;                                                                                              \
    } while (0)

/* ---- the library as a whole: orders for it are given with an index beyond the cards */

enum { LIBRARY = 1000 };

int nvmlInitWithFlags(u32 flags)
{
    const char *code = getenv("FAKE_NVML_INIT");
    const char *count = getenv("FAKE_NVML_CARDS");
    (void)flags;
    if (count)
        fake_reset((u32)atoi(count));
    if (getenv("FAKE_NVML_HANG"))
        fake_hang(getenv("FAKE_NVML_HANG"));
    OBEY(LIBRARY);
    return code ? atoi(code) : SUCCESS;
}

int nvmlShutdown(void) { OBEY(LIBRARY); return SUCCESS; }
const char *nvmlErrorString(int code) { (void)code; return "said by the stand-in"; }
int nvmlDeviceGetCount_v2(u32 *count) { OBEY(LIBRARY); *count = card_count; return SUCCESS; }

int nvmlDeviceGetHandleByIndex_v2(u32 index, struct card **card)
{
    if (index >= card_count)
        return INVALID;
    OBEY(index);
    *card = &cards[index];
    return SUCCESS;
}

/* ---- one card */

int nvmlDeviceGetUUID(struct card *card, char *text, u32 size)
{
    OBEY(card->index);
    strncpy(text, card->slot < 0 ? "GPU-0" : "MIG-0-0", size);
    text[4] += (char)card->index;
    if (card->slot >= 0)
        text[6] += (char)card->slot;
    return SUCCESS;
}

int nvmlDeviceGetName(struct card *card, char *text, u32 size)
{
    OBEY(card->index);
    strncpy(text, "Stand-in H100", size);
    return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(struct card *card, u32 percent[2])
{
    OBEY(card->index);
    if (card->slot >= 0 || card->mig_slots)
        return NOT_SUPPORTED;
    percent[0] = card->busy_percent;
    percent[1] = 1;
    return SUCCESS;
}

/* Version 1 counts the driver's own 512 MiB as used, version 2 does not. */
int nvmlDeviceGetMemoryInfo(struct card *card, u64 total_free_used[3])
{
    OBEY(card->index);
    total_free_used[0] = 80ULL << 30;
    total_free_used[2] = card->used_bytes + (512ULL << 20);
    total_free_used[1] = total_free_used[0] - total_free_used[2];
    return SUCCESS;
}

int nvmlDeviceGetPowerUsage(struct card *card, u32 *milliwatts)
{
    OBEY(card->index);
    if (card->slot >= 0)
        return NOT_SUPPORTED;
    *milliwatts = card->milliwatts;
    return SUCCESS;
}

int nvmlDeviceGetEnforcedPowerLimit(struct card *card, u32 *milliwatts)
{
    OBEY(card->index);
    if (card->slot >= 0)
        return NOT_SUPPORTED;
    *milliwatts = 700000;
    return SUCCESS;
}

int nvmlDeviceGetTemperature(struct card *card, u32 sensor, u32 *celsius)
{
    (void)sensor;
    OBEY(card->index);
    *celsius = 55;
    return SUCCESS;
}

int nvmlDeviceGetClockInfo(struct card *card, u32 clock, u32 *mhz)
{
    OBEY(card->index);
    *mhz = clock == 1 ? 1980 : 7;
    return SUCCESS;
}

int nvmlDeviceGetCurrentClocksThrottleReasons(struct card *card, u64 *bits)
{
    OBEY(card->index);
    *bits = 0x4;
    return SUCCESS;
}

int nvmlDeviceGetMaxClockInfo(struct card *card, u32 clock, u32 *mhz)
{
    OBEY(card->index);
    *mhz = clock == 1 ? 1995 : 8;
    return SUCCESS;
}

int nvmlDeviceGetTotalEccErrors(struct card *card, u32 kind, u32 counter, u64 *count)
{
    OBEY(card->index);
    *count = counter ? 99 : kind ? 0 : card->index;
    return SUCCESS;
}

/* As drivers do, tells of its whole memory first and gives what is newer than asked for. */
int nvmlDeviceGetSamples(struct card *card, u32 type, u64 since, u32 *value_type, u32 *count, struct sample *samples)
{
    u32 given = 0;
    OBEY(card->index);
    if (type != 1 || card->slot >= 0 || card->mig_slots)
        return NOT_SUPPORTED;
    *value_type = 1;
    if (!samples) {
        *count = card->sample_count;
        return card->sample_count ? SUCCESS : NOT_FOUND;
    }
    for (u32 i = 0; i < card->sample_count; i++)
        if (card->samples[i].microseconds > since)
            samples[given++] = card->samples[i];
    *count = given;
    return given ? SUCCESS : NOT_FOUND;
}

static int processes(struct card *card, u32 first_pid, u32 have, u32 *count, struct process *list)
{
    if (card->holder_count)
        have = card->holder_count;
    if (!have) {
        *count = 0;
        return SUCCESS;
    }
    if (*count < have) {
        *count = have;
        return TOO_SMALL;
    }
    for (u32 i = 0; i < have; i++)
        list[i] = card->holder_count ? card->holders[i] : (struct process){first_pid + i, 1 << 20, ~0u, ~0u};
    *count = have;
    return SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v2(struct card *card, u32 *count, struct process *list)
{
    OBEY(card->index);
    return processes(card, 400 + card->index, 1, count, list);
}

int nvmlDeviceGetGraphicsRunningProcesses_v3(struct card *card, u32 *count, struct process *list)
{
    OBEY(card->index);
    return processes(card, 300, 1, count, list);
}

int nvmlDeviceGetMaxMigDeviceCount(struct card *card, u32 *count)
{
    OBEY(card->index);
    *count = card->mig_slots ? SLOTS : 0;
    return SUCCESS;
}

int nvmlDeviceGetMigDeviceHandleByIndex(struct card *card, u32 slot, struct card **instance)
{
    OBEY(card->index);
    if (!(card->mig_slots >> slot & 1))
        return NOT_FOUND;
    *instance = &instances[card->index][slot];
    return SUCCESS;
}

struct profile { u32 id, peers, slices, instances, multiprocessors, copiers, decoders, encoders, jpegs, ofas; u64 memory_mb; };

/* Odd cards have four slices, as an A30 has, and even ones seven. */
int nvmlDeviceGetGpuInstanceProfileInfo(struct card *card, u32 profile, struct profile *info)
{
    u32 whole = card->index % 2 ? 4 : 7, slices = profile == 4 ? 7 : profile == 3 ? 4 : 8;
    OBEY(card->index);
    if (slices > whole)
        return NOT_SUPPORTED;
    memset(info, 0, sizeof *info);
    info->slices = slices;
    return SUCCESS;
}

int nvmlDeviceGetGpuInstanceId(struct card *card, u32 *id)
{
    OBEY(card->index);
    *id = 100 + (u32)card->slot;
    return SUCCESS;
}

struct attributes { u32 multiprocessors, others[5], instance_slices, compute_slices; u64 memory_mb; };

int nvmlDeviceGetAttributes_v2(struct card *card, struct attributes *attributes)
{
    OBEY(card->index);
    memset(attributes, 0, sizeof *attributes);
    attributes->instance_slices = 1 + (u32)card->slot % 3;
    return SUCCESS;
}

/* ---- events: one listening place for all */

int nvmlEventSetCreate(void **place) { OBEY(LIBRARY); *place = events; return SUCCESS; }
int nvmlEventSetFree(void *place) { (void)place; OBEY(LIBRARY); listening = 0; return SUCCESS; }

int nvmlDeviceRegisterEvents(struct card *card, u64 types, void *place)
{
    (void)place;
    OBEY(card->index);
    if (types != 8)
        return INVALID;
    listening |= 1u << card->index;
    return SUCCESS;
}

struct event { struct card *card; u64 type, data; u32 gpu_instance, compute_instance; };

int nvmlEventSetWait_v2(void *place, struct event *event, u32 milliseconds)
{
    (void)place;
    OBEY(LIBRARY);
    if (milliseconds)
        return INVALID; /* nobody here may wait */
    while (event_next < event_count) {
        struct card *card = events[event_next].card;
        *event = (struct event){card, 8, events[event_next++].xid, ~0u, ~0u};
        if (listening >> card->index & 1)
            return SUCCESS;
    }
    return TIMEOUT;
}

#ifndef OLD_DRIVER

struct memory { u32 version; u64 total, reserved, free, used; };

int nvmlDeviceGetMemoryInfo_v2(struct card *card, struct memory *memory)
{
    OBEY(card->index);
    if (memory->version != 0x02000028)
        return WRONG_VERSION;
    memory->total = 80ULL << 30;
    memory->reserved = 512ULL << 20;
    memory->used = card->used_bytes;
    memory->free = memory->total - memory->reserved - memory->used;
    return SUCCESS;
}

struct temperature { u32 version, sensor; int celsius; };

int nvmlDeviceGetTemperatureV(struct card *card, struct temperature *temperature)
{
    OBEY(card->index);
    if (temperature->version != 0x100000C)
        return WRONG_VERSION;
    temperature->celsius = 60 + (int)card->index;
    return SUCCESS;
}

int nvmlDeviceGetTotalEnergyConsumption(struct card *card, u64 *millijoules)
{
    OBEY(card->index);
    if (card->slot >= 0)
        return NOT_SUPPORTED;
    *millijoules = card->millijoules;
    return SUCCESS;
}

int nvmlDeviceGetCurrentClocksEventReasons(struct card *card, u64 *bits)
{
    OBEY(card->index);
    *bits = 0x40;
    return SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v3(struct card *card, u32 *count, struct process *list)
{
    OBEY(card->index);
    return processes(card, 500 + card->index, 2, count, list);
}

int nvmlDeviceGetMPSComputeRunningProcesses_v3(struct card *card, u32 *count, struct process *list)
{
    OBEY(card->index);
    return processes(card, 600, card->index == 7, count, list);
}

/* ---- counters of the units, as from Hopper on */

struct counters { struct card *card; u32 look; };
struct support { u32 version, supported; };

int nvmlGpmQueryDeviceSupport(struct card *card, struct support *support)
{
    OBEY(card->index);
    if (support->version != 1)
        return WRONG_VERSION;
    support->supported = (u32)card->has_counters;
    return SUCCESS;
}

int nvmlGpmSampleAlloc(struct counters **sample)
{
    OBEY(LIBRARY);
    *sample = calloc(1, sizeof **sample);
    sampled_out++;
    return SUCCESS;
}

int nvmlGpmSampleFree(struct counters *sample)
{
    OBEY(LIBRARY);
    free(sample);
    sampled_out--;
    return SUCCESS;
}

int nvmlGpmSampleGet(struct card *card, struct counters *sample)
{
    OBEY(card->index);
    *sample = (struct counters){card, ++card->looks};
    return SUCCESS;
}

int nvmlGpmMigSampleGet(struct card *card, u32 instance, struct counters *sample)
{
    OBEY(card->index);
    return nvmlGpmSampleGet(&instances[card->index][instance - 100], sample);
}

struct metric { u32 id; int code; double value; const char *texts[3]; };
struct question { u32 version, count; struct counters *older, *newer; struct metric metrics[]; };

/* Compares two looks that follow one another, the older first; anything else is a mistake of the caller. */
int nvmlGpmMetricsGet(struct question *question)
{
    struct card *card = question->newer->card;
    OBEY(card->index);
    if (question->version != 1)
        return WRONG_VERSION;
    if (question->older->card != card || question->older->look + 1 != question->newer->look)
        return INVALID;
    for (u32 i = 0; i < question->count; i++) {
        question->metrics[i].code = card->metric_codes[question->metrics[i].id];
        question->metrics[i].value = card->metrics[question->metrics[i].id];
    }
    return SUCCESS;
}

#endif
