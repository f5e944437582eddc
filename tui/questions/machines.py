"""What is asked about hosts, engines and GPUs: all of them, and one."""

from tui.feed import OpenStore, Question
from tui.pictures.machines import EnginePicture, GpuPicture, MachinesPicture
from tui.pictures.view import View


class MachinesQuestion(Question[MachinesPicture], frozen=True):
    """Hosts, GPUs and engines over the last minute."""

    view: View

    def answer(self, store: OpenStore) -> MachinesPicture:
        """Of now, or of the end of the view."""
        from tui.reading.machines import machines

        return machines(store.reader, self.view, store.now_ms, machine=store.machine, demo=store.demo)


class EngineQuestion(Question[EnginePicture], frozen=True):
    """One engine: its figures, who uses it, and its headroom."""

    view: View
    source: str
    model: str | None

    def answer(self, store: OpenStore) -> EnginePicture:
        """Of now, or of the end of the view."""
        from tui.reading.enginepage import engine_page

        return engine_page(
            store.reader, self.view, self.source, self.model, store.now_ms, machine=store.machine, demo=store.demo
        )


class GpuQuestion(Question[GpuPicture], frozen=True):
    """One GPU and its history."""

    view: View
    host: str
    uuid: str

    def answer(self, store: OpenStore) -> GpuPicture:
        """Of now, or of the end of the view."""
        from tui.reading.gpupage import gpu_page

        return gpu_page(
            store.reader, self.view, self.host, self.uuid, store.now_ms, machine=store.machine, demo=store.demo
        )
