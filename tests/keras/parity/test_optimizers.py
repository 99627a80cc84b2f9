"""Every optimizer and schedule of normexp.keras steps as that of Keras does."""

import pytest

from keras_parity import KINKED, SMOOTH, assert_trains_alike, cases, tanh_network, theirs, with_optimizer
from normexp import keras as ours

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]
OPTIMIZERS = {
    "sgd": (SMOOTH, lambda o: o.SGD(0.1)),
    "momentum": (SMOOTH, lambda o: o.SGD(0.05, momentum=0.9)),
    "nesterov": (SMOOTH, lambda o: o.SGD(0.05, momentum=0.9, nesterov=True)),
    "adam": (SMOOTH, lambda o: o.Adam(0.01)),
    "adam_defaults": (SMOOTH, lambda o: o.Adam()),
    "adam_by_name": (SMOOTH, lambda _: "adam"),
    "adam_betas": (SMOOTH, lambda o: o.Adam(0.01, beta_1=0.8, beta_2=0.95, epsilon=1e-4)),
    "amsgrad": (SMOOTH, lambda o: o.Adam(0.01, beta_2=0.9, amsgrad=True)),
    "adamw": (SMOOTH, lambda o: o.AdamW(0.01)),
    "adamw_decay": (SMOOTH, lambda o: o.AdamW(0.01, weight_decay=0.5)),
    "rmsprop": (SMOOTH, lambda o: o.RMSprop(0.01)),
    "rmsprop_by_name": (SMOOTH, lambda _: "rmsprop"),
    "rmsprop_momentum": (SMOOTH, lambda o: o.RMSprop(0.002, momentum=0.9)),
    "rmsprop_centered": (SMOOTH, lambda o: o.RMSprop(0.002, centered=True, epsilon=1e-5)),
    "rmsprop_centered_momentum": (SMOOTH, lambda o: o.RMSprop(0.002, rho=0.95, momentum=0.5, centered=True, epsilon=1e-5)),
    "adagrad": (SMOOTH, lambda o: o.Adagrad(0.05)),
    "adagrad_started_lower": (SMOOTH, lambda o: o.Adagrad(0.05, initial_accumulator_value=0.01)),
    "nadam": (SMOOTH, lambda o: o.Nadam(0.01)),
    "lion": (KINKED, lambda o: o.Lion(0.002)),
    "lion_decay": (KINKED, lambda o: o.Lion(0.002, beta_1=0.8, beta_2=0.95, weight_decay=0.1)),
    "clipnorm": (SMOOTH, lambda o: o.SGD(0.2, clipnorm=0.1)),
    "clipvalue": (SMOOTH, lambda o: o.SGD(0.2, momentum=0.5, clipvalue=0.02)),
    "global_clipnorm": (SMOOTH, lambda o: o.SGD(0.2, global_clipnorm=0.1)),
    "adam_clipnorm": (SMOOTH, lambda o: o.Adam(0.01, clipnorm=0.1)),
    "sgd_decay": (SMOOTH, lambda o: o.SGD(0.1, momentum=0.9, weight_decay=0.1)),
    "adam_decay": (SMOOTH, lambda o: o.Adam(0.01, weight_decay=0.5)),
    "nadam_decay_and_global_clipnorm": (SMOOTH, lambda o: o.Nadam(0.01, weight_decay=0.2, global_clipnorm=0.2)),
    "ema": (SMOOTH, lambda o: o.SGD(0.1, use_ema=True, ema_momentum=0.8)),
    "ema_default_momentum": (SMOOTH, lambda o: o.Adam(0.02, use_ema=True)),
    "ema_overwrite": (SMOOTH, lambda o: o.SGD(0.1, momentum=0.9, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3)),
    "adam_ema_overwrite": (SMOOTH, lambda o: o.Adam(0.01, weight_decay=0.1, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3)),
}


@cases(OPTIMIZERS)
def test_optimizers(case):
    smooth, optimizer = case
    assert_trains_alike(tanh_network, with_optimizer(optimizer), smooth=smooth)


SCHEDULES = {  # 20 epochs are 100 steps
    "exponential": lambda s: s.ExponentialDecay(0.2, decay_steps=20, decay_rate=0.5),
    "exponential_staircase": lambda s: s.ExponentialDecay(0.2, decay_steps=3, decay_rate=0.9, staircase=True),
    "cosine": lambda s: s.CosineDecay(0.2, decay_steps=60, alpha=0.1),
    "cosine_warmup": lambda s: s.CosineDecay(0.05, decay_steps=50, alpha=0.1, warmup_target=0.3, warmup_steps=4),
    "cosine_restarts": lambda s: s.CosineDecayRestarts(0.2, first_decay_steps=4, t_mul=1.5, m_mul=0.9, alpha=0.05),
    "cosine_restarts_alike": lambda s: s.CosineDecayRestarts(0.2, first_decay_steps=4, t_mul=1.0),
    "piecewise": lambda s: s.PiecewiseConstantDecay([2, 30], [0.2, 0.1, 0.02]),
    "polynomial": lambda s: s.PolynomialDecay(0.2, decay_steps=40, end_learning_rate=0.01, power=2.0),
    "polynomial_cycle": lambda s: s.PolynomialDecay(0.2, decay_steps=3, end_learning_rate=0.01, cycle=True),
    "inverse_time": lambda s: s.InverseTimeDecay(0.2, decay_steps=10, decay_rate=0.5),
    "inverse_time_staircase": lambda s: s.InverseTimeDecay(0.2, decay_steps=3, decay_rate=0.5, staircase=True),
}


@cases(SCHEDULES)
def test_schedules(case):
    assert_trains_alike(tanh_network, with_optimizer(lambda o: o.SGD(case(o.schedules))))


@cases(SCHEDULES)
def test_schedule_values(case):
    expected, got = ([float(case(k.optimizers.schedules)(step)) for step in (0, 1, 2, 3, 4, 11, 47)] for k in (theirs, ours))
    assert got == pytest.approx(expected, rel=1e-5, abs=1e-7)


def test_adam_and_lion_take_schedules():
    schedule = SCHEDULES["cosine_warmup"]
    assert_trains_alike(tanh_network, with_optimizer(lambda o: o.AdamW(schedule(o.schedules), weight_decay=0.1, epsilon=1e-3)), smooth=KINKED)
    assert_trains_alike(tanh_network, with_optimizer(lambda o: o.Lion(schedule(o.schedules), weight_decay=0.1)), smooth=KINKED)
