"""A first network with a softmax output: four blobs of points, one class each.

usage: four_blobs.py [SEED]      writes the picture four_blobs.png; on Keras itself, replace normexp.keras by keras in the imports
"""

import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from sklearn.datasets import make_blobs

from normexp.keras import Input
from normexp.keras.layers import Dense
from normexp.keras.models import Sequential
from normexp.keras.utils import set_random_seed, to_categorical

# How many points there are, how many of them are kept for the test, and where the blobs lie.
num_samples_total = 1000
training_split = 250
cluster_centers = [(15, 0), (15, 15), (0, 15), (30, 15)]
num_classes = len(cluster_centers)
feature_vector_length = 2
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
set_random_seed(seed)

# Points and their classes; a softmax output with categorical cross-entropy wants the classes one-hot.
X, targets = make_blobs(n_samples=num_samples_total, centers=cluster_centers, n_features=feature_vector_length, cluster_std=1.5, random_state=seed)
categorical_targets = to_categorical(targets, num_classes)
X_training, X_testing = X[training_split:], X[:training_split]
targets_training, targets_testing = categorical_targets[training_split:], categorical_targets[:training_split]

# Look at the data before learning from it.
plt.scatter(X_training[:, 0], X_training[:, 1], c=targets[training_split:], cmap="viridis", s=12)
plt.title("Four blobs")
plt.xlabel("X1")
plt.ylabel("X2")
plt.savefig("four_blobs.png", dpi=120)

# Two hidden layers; one output a class, which softmax makes probabilities.
model = Sequential()
model.add(Input(shape=(feature_vector_length,)))
model.add(Dense(12, activation="relu"))
model.add(Dense(8, activation="relu"))
model.add(Dense(num_classes, activation="softmax"))

# Train, then judge on the points that were kept.
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
history = model.fit(X_training, targets_training, epochs=30, batch_size=5, verbose=1, validation_split=0.2)
loss, accuracy = model.evaluate(X_testing, targets_testing, verbose=0)
print(f"Test results - Loss: {loss} - Accuracy: {100 * accuracy}%")
