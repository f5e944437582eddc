/*
 * A stand-in for NVIDIA's libnvidia-ml.so.1 with cards that a test sets up.
 *
 * It has the symbols that the Python binding asks for, with the structures of nvml.h 12 in their natural layout.
 * Compiled with OLD_DRIVER it lacks those that drivers before them lack. The functions fake_* are for the test.
 */
#include <stdlib.h>
#include <string.h>

enum { CARDS = 8, SLOTS = 7, ORDERS = 64, NAMES = 64 };
enum { SUCCESS = 0, INVALID = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, WRONG_VERSION = 25 };

typedef unsigned int u32;
typedef unsigned long long u64;

struct card {
    u32 index;
    int slot; /* -1: a whole card */
    u32 mig_slots;
    u32 busy_percent, milliwatts;
    u64 used_bytes;
};

static struct card cards[CARDS], instances[CARDS][SLOTS];
static u32 card_count;
static struct { u32 index; char function[NAMES]; int code; } orders[ORDERS];
static u32 order_count;
static struct { char function[NAMES]; u32 calls; } counted[ORDERS];
static u32 counted_count;

void fake_reset(u32 count)
{
    order_count = counted_count = 0;
    card_count = count;
    for (u32 i = 0; i < CARDS; i++) {
        cards[i] = (struct card){.index = i, .slot = -1, .busy_percent = 10 * i, .milliwatts = 100500 + i, .used_bytes = i << 20};
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

struct process { u32 pid; u64 used_bytes; u32 gpu_instance, compute_instance; };

static int processes(u32 first_pid, u32 have, u32 *count, struct process *list)
{
    if (*count < have) {
        *count = have;
        return TOO_SMALL;
    }
    for (u32 i = 0; i < have; i++)
        list[i] = (struct process){first_pid + i, 1 << 20, ~0u, ~0u};
    *count = have;
    return SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v2(struct card *card, u32 *count, struct process *list)
{
    OBEY(card->index);
    return processes(400 + card->index, 1, count, list);
}

int nvmlDeviceGetGraphicsRunningProcesses_v3(struct card *card, u32 *count, struct process *list)
{
    OBEY(card->index);
    return processes(300, 1, count, list);
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
    *millijoules = 5000000000ULL;
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
    return processes(500 + card->index, 2, count, list);
}

#endif
