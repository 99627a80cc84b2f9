"""The table that Sequential.summary prints."""

from collections.abc import Callable
from typing import Any

from normexp.keras._progress import write

__all__ = ["summary_of"]


def summary_of(model: Any, print_fn: Callable[[str], Any] | None) -> None:
    """Layers, output shapes and numbers of parameters, in Keras's form."""
    rows = [("Layer (type)", "Output Shape", "Param #")]
    shapes = [f"(None, {', '.join(map(str, shape))})" for *_, shape in model._made()] if model.input_shape_ else ["?"] * len(model.layers)
    rows += [(f"{layer.name} ({type(layer).__name__})", shape, f"{layer.count_params():,}") for layer, shape in zip(model.layers, shapes, strict=True)]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]

    def line(left: str, middle: str, right: str, dash: str) -> str:
        return left + middle.join(dash * (width + 2) for width in widths) + right

    def cells(row: tuple[str, str, str], bar: str) -> str:
        return f"{bar} {row[0]:<{widths[0]}} {bar} {row[1]:<{widths[1]}} {bar} {row[2]:>{widths[2]}} {bar}"

    total = model.count_params()
    trained = sum(s.size for s in model.parameters().segments if s.trained) if model.built else 0
    lines = [f'Model: "{model.name}"', line("┏", "┳", "┓", "━"), cells(rows[0], "┃"), line("┡", "╇", "┩", "━")]
    for i, row in enumerate(rows[1:]):
        lines += [line("├", "┼", "┤", "─")] * bool(i) + [cells(row, "│")]
    lines += [line("└", "┴", "┘", "─"), f" Total params: {total:,} ({_bytes(total)})", f" Trainable params: {trained:,} ({_bytes(trained)})"]
    lines += [f" Non-trainable params: {total - trained:,} ({_bytes(total - trained)})"]
    for text in lines:
        (print_fn or (lambda t: write(t + "\n")))(text)


def _bytes(n: int) -> str:
    size = 4.0 * n
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} GB"
