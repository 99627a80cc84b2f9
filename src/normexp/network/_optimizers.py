"""Losses and update rules, as data; the native engine knows what they do."""

from dataclasses import dataclass
from typing import ClassVar

from normexp._checks import finite_above_0, finite_from_0

__all__ = ["Loss", "Optimizer"]


@dataclass(frozen=True)
class Loss:
    """What is minimised, by its native name.

    softmax, sigmoid: cross-entropy of logits. categorical, binary, focal, divergence: of probabilities. squared, absolute: of any numbers.
    `alpha` and `gamma` are those of the focal loss.
    """

    KINDS: ClassVar[tuple[str, ...]] = ("softmax", "sigmoid", "categorical", "binary", "focal", "divergence", "squared", "absolute")  # the order of the native enum
    kind: str = "softmax"
    label_smoothing: float = 0.0
    alpha: float = 0.25
    gamma: float = 2.0

    def plan(self) -> tuple[int, float, float, float]:
        return self.KINDS.index(self.kind), self.label_smoothing, self.alpha, self.gamma


@dataclass(frozen=True)
class Optimizer:
    """An update rule.

    sgd: `first` is the momentum, `variant` Nesterov's form; adam, nadam: beta1, beta2, `variant` amsgrad; rmsprop: rho, momentum, `variant` centered;
    lion: beta1, beta2. Clipping at 0 is none. `average_momentum` above 0 keeps a moving average of the parameters, which replaces them every `average_every` steps.
    """

    RULES: ClassVar[tuple[str, ...]] = ("sgd", "adam", "rmsprop", "adagrad", "nadam", "lion")  # the order of the native enum
    rule: str = "adam"
    first: float = 0.9
    second: float = 0.999
    epsilon: float = 1e-7
    variant: bool = False
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    clip_value: float = 0.0
    global_clip_norm: float = 0.0
    average_momentum: float = 0.0
    average_every: int = 0

    def __post_init__(self) -> None:
        if self.rule not in self.RULES:
            raise ValueError(f"expected a rule out of {', '.join(self.RULES)}, got {self.rule!r}")
        for name in ("first", "second"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"expected {name} from 0 to below 1 ({self.rule}), got {getattr(self, name)!r}")
        finite_above_0(self.epsilon, "epsilon")
        for name in ("weight_decay", "clip_norm", "clip_value", "global_clip_norm", "average_every"):
            finite_from_0(getattr(self, name), name)
        if not 0 <= self.average_momentum < 1:
            raise ValueError(f"expected average_momentum from 0 to below 1, got {self.average_momentum!r}")

    @property
    def n_vectors(self) -> int:
        """How many vectors of the parameters' size are kept: up to the third for the rule, the fourth for the moving average."""
        if self.average_momentum > 0:
            return 4
        if self.rule == "rmsprop":
            return 3 if self.variant else 2 if self.second > 0 else 1
        if self.rule == "sgd":
            return int(self.first > 0)
        return {"adam": 2 + self.variant, "nadam": 2}.get(self.rule, 1)

    @property
    def one_by_one(self) -> bool:
        """Must each variable be known by itself?"""
        return self.clip_norm > 0

    def plan(self) -> tuple[int, float, float, float, bool, float, float, float, float, int]:
        return (
            self.RULES.index(self.rule), self.first, self.second, self.epsilon, self.variant, self.clip_norm, self.clip_value, self.global_clip_norm,
            self.average_momentum, self.average_every,
        )  # fmt: skip
