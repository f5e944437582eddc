"""NVIDIA cards, through the driver's own library, NVML (https://docs.nvidia.com/deploy/nvml-api/)."""
