"""What a card is asked: what costs little at every poll, the rest now and then.

Measured on an H200 (driver 580): the quick ones take 0.02 ms each, the energy counter 3 ms, samples of busy time 2 ms,
the counters of the units 2 ms, the highest clock 1.5 ms. The three that count or remember lose nothing by being asked
less often.
"""

from collectors.gpus.nvml.card import Figure

FAST = (
    Figure("rates", (lambda nvml, card: nvml.nvmlDeviceGetUtilizationRates(card.handle),)),
    Figure(
        "memory",
        (
            # Version 1 counts what the driver keeps for itself as used.
            lambda nvml, card: nvml.nvmlDeviceGetMemoryInfo(card.handle, version=nvml.nvmlMemory_v2),
            lambda nvml, card: nvml.nvmlDeviceGetMemoryInfo(card.handle),
        ),
    ),
    Figure("power_watts", (lambda nvml, card: nvml.nvmlDeviceGetPowerUsage(card.handle) / 1000,)),
    Figure("sm_clock_mhz", (lambda nvml, card: nvml.nvmlDeviceGetClockInfo(card.handle, nvml.NVML_CLOCK_SM),)),
    Figure(
        "throttle_reasons",
        (
            lambda nvml, card: nvml.nvmlDeviceGetCurrentClocksEventReasons(card.handle),
            lambda nvml, card: nvml.nvmlDeviceGetCurrentClocksThrottleReasons(card.handle),
        ),
    ),
    Figure(
        "temperature_celsius",
        (
            lambda nvml, card: nvml.nvmlDeviceGetTemperatureV(card.handle, nvml.NVML_TEMPERATURE_GPU),
            lambda nvml, card: nvml.nvmlDeviceGetTemperature(card.handle, nvml.NVML_TEMPERATURE_GPU),
        ),
    ),
)

ENERGY = Figure("energy_millijoules", (lambda nvml, card: nvml.nvmlDeviceGetTotalEnergyConsumption(card.handle),))

SLOW = (
    Figure("power_limit_watts", (lambda nvml, card: nvml.nvmlDeviceGetEnforcedPowerLimit(card.handle) / 1000,)),
    Figure("memory_clock_mhz", (lambda nvml, card: nvml.nvmlDeviceGetClockInfo(card.handle, nvml.NVML_CLOCK_MEM),)),
    Figure(
        "ecc_corrected",
        (
            lambda nvml, card: nvml.nvmlDeviceGetTotalEccErrors(
                card.handle, nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED, nvml.NVML_VOLATILE_ECC
            ),
        ),
    ),
    Figure(
        "ecc_uncorrected",
        (
            lambda nvml, card: nvml.nvmlDeviceGetTotalEccErrors(
                card.handle, nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, nvml.NVML_VOLATILE_ECC
            ),
        ),
    ),
    Figure(
        "compute_processes",
        (
            lambda nvml, card: nvml.nvmlDeviceGetComputeRunningProcesses(card.handle),
            lambda nvml, card: nvml.nvmlDeviceGetComputeRunningProcesses_v2(card.handle),
        ),
    ),
    Figure("mps_processes", (lambda nvml, card: nvml.nvmlDeviceGetMPSComputeRunningProcesses(card.handle),)),
    Figure(
        "graphics_processes",
        (
            lambda nvml, card: nvml.nvmlDeviceGetGraphicsRunningProcesses(card.handle),
            lambda nvml, card: nvml.nvmlDeviceGetGraphicsRunningProcesses_v2(card.handle),
        ),
    ),
)
"""Limits, errors and processes change slowly."""

PROCESSES = ("graphics_processes", "mps_processes", "compute_processes")
