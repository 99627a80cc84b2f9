"""One small table that comes in many dresses, and that it was read right."""

import numpy as np

TEXT = "n,c\n1.5,u\n-2,v\n7,\u00fc\n"
RIGHT = np.float32([[1.5, 0], [-2, 1], [7, 2]])


def assert_right(table, names=("n", "c")):
    assert [column.name for column in table.schema.columns] == list(names)
    assert table.schema.columns[-1].categories == ("u", "v", "\u00fc")
    np.testing.assert_array_equal(table.matrix, RIGHT)


def put(folder, content, name="t.csv"):
    (folder / name).write_bytes(content)
    return folder / name
