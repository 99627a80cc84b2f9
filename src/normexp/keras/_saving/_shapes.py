"""What the settings of a file make of its input: the variables of each layer, and the memory that they ask for and the file does not fill."""

import math
from operator import index
from typing import Any

from normexp.keras._layer import Shape
from normexp.keras._saving._archive import refused
from normexp.keras._saving._weights import Variable, folders

__all__ = ["Variables", "variables"]

Variables = dict[str, list[Variable]]  # by folder, in the order of the layers; those of a nested model lie below its folder
MAX_AXES = 8
# Numbers (of 4 bytes) that a file may ask for without holding them: widths of layers without weights, factors that one setting fills.
FREE, MOST_FREE, FREE_FOR_A_BYTE = 4 << 20, 16 << 20, 0.25


def variables(layers: list[dict[str, Any]], shape: Shape, n_bytes: int, where: str) -> Variables:
    """What each layer's folder must hold, in a file with so many bytes of weights."""
    if len(shape) > MAX_AXES:
        raise refused(f"an input of at most {MAX_AXES} axes", f"{len(shape)}", where)
    budget = int(min(MOST_FREE, FREE + FREE_FOR_A_BYTE * n_bytes))
    expected: Variables = {}
    _walk(layers, shape, "", expected, [budget - math.prod(shape), budget], where)
    return expected


def _walk(layers: list[dict[str, Any]], shape: Shape, prefix: str, expected: Variables, left: list[int], where: str) -> Shape:
    """The shape of the output; `left` is what is left of the budget, and the budget."""
    for folder, layer in zip(folders([layer["class_name"] for layer in layers]), layers, strict=True):
        name, config = layer["class_name"], layer["config"]
        if name == "Sequential":
            if config["input_shape"] not in (None, shape):
                raise refused(f"an input of shape {shape} for {config['name']!r}, as the layers before it give", f"{config['input_shape']}", where)
            shape = _walk(config["layers"], shape, f"{prefix}{folder}/layers/", expected, left, where)
            continue
        try:
            expected[prefix + folder], after = _variables_of(name, config, shape)
        except (TypeError, KeyError, IndexError, ValueError, OverflowError) as error:
            raise refused(f"settings of {config['name']!r} that fit an input of shape {shape}", f"others: {error!r}", where) from error
        asked = 0 if any(len(at) for _, at in expected[prefix + folder]) and name != "Normalization" else math.prod(after)
        left[0] -= asked + (2 * math.prod(shape) if name in ("Rescaling", "Normalization") else 0)
        if left[0] < 0:
            raise refused(f"layers that ask for at most {left[1]} numbers that are not in the file", f"more, in {config['name']!r} of width {math.prod(after)}", where)
        shape = after
    return shape


def _variables_of(class_name: str, config: dict[str, Any], shape: Shape) -> tuple[list[Variable], Shape]:
    """A layer's variables in Keras's order, and the shape of its output for one input of `shape`."""
    axis, full = config.get("axis", -1), (0, *shape)
    along = tuple(full[a] for a in sorted(index(a) % len(full) for a in ([] if axis is None else axis if isinstance(axis, list) else [axis])))
    shapes: list[Shape] = []
    if class_name != "Rescaling" and any(type(config.get(flag, True)) is not bool for flag in ("trainable", "use_bias", "scale", "center", "rms_scaling")):
        raise TypeError("flags that are neither true nor false")
    if class_name == "Dense":
        units = index(config["units"])
        shapes, shape = [(shape[-1], units)] + [(units,)] * bool(config.get("use_bias", True)), (*shape[:-1], units)
    elif class_name == "BatchNormalization":
        shapes = [along] * (2 + bool(config.get("scale", True)) + bool(config.get("center", True)))
    elif class_name == "LayerNormalization":
        shapes = [along] * (1 if config.get("rms_scaling") else bool(config.get("scale", True)) + bool(config.get("center", True)))
    elif class_name == "Normalization" and config.get("mean") is None:
        return [("float32", along), ("variance", along), ("integer", ())], shape
    elif class_name == "PReLU":
        shapes = [tuple(1 if position in (config.get("shared_axes") or []) else n for position, n in enumerate(shape, start=1))]
    elif class_name == "Flatten":
        shape = (math.prod(shape),)
    found: list[Variable] = [("float32", expected) for expected in shapes]
    if class_name == "BatchNormalization":
        found[-1] = ("variance", along)
    return found, shape
