"""The tutorial's network in a search: Optuna tries widths, rates and activations, and each trial is a Keras program in miniature.

Thirty networks are done in about the time in which Keras fits one.
"""

import optuna
from sklearn.datasets import make_blobs
from sklearn.model_selection import train_test_split

import normexp.keras as keras

X, y = make_blobs(n_samples=1_000, centers=[[-3, 3], [3, 3], [3, -3], [-3, -3]], cluster_std=1.6, random_state=0)
X_train, X_held, y_train, y_held = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)


def network(trial):
    keras.utils.set_random_seed(trial.number)
    model = keras.Sequential([
        keras.layers.Dense(trial.suggest_int("units", 2, 32, log=True), activation=trial.suggest_categorical("activation", ["relu", "tanh", "silu"])),
        keras.layers.Dense(4, activation="softmax"),
    ])  # fmt: skip
    rate = trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True)
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def objective(trial):
    model = network(trial)
    model.fit(X_train, y_train, epochs=20, batch_size=16, verbose=0)
    return model.evaluate(X_held, y_held, verbose=0)[0]


optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
study.optimize(objective, n_trials=30)
print(f"{len(study.trials)} networks, the best: loss {study.best_value:.4f}, {study.best_params}")
