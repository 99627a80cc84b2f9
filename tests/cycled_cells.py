"""Thirty cells of a column: numbers, or a few in turn."""

NUMBERS = [0.5 + i % 7 for i in range(30)]


def cycled(*cells, n=30):
    return [cells[i % len(cells)] for i in range(n)]
