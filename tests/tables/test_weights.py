"""Weights of rows: what is refused, and where it stands in the file."""

import pytest

from normexp import DataError
from normexp.tables import read
from tabling import write


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("", "of at least 0 in column 'w', got nan"),
        ("heavy", "of at least 0 in column 'w', got heavy"),
        ("inf", "up to 3.4e.38 in column 'w', got inf"),
        ("-0.5", "of at least 0 in column 'w', got -0.5"),
    ],
)
def test_weights_that_are_refused(tmp_path, cell, shown):
    with pytest.raises(DataError, match=rf"expected weights {shown} \(.*, row 2\)"):
        read(write(tmp_path, f"a,w,y\n1,1,p\n2,{cell},q\n"), target="y", weight="w")


def test_a_weight_beyond_float32_is_a_data_error(tmp_path):
    (tmp_path / "t.csv").write_text("a,w,y\n1,1e300,p\n2,1,q\n")
    with pytest.raises(DataError, match="'w'"):
        read(tmp_path / "t.csv", target="y", weight="w")


def test_a_refused_weight_is_placed_in_the_file_not_among_the_kept_rows(tmp_path):
    dropped = "".join(f"{i},1,\n" for i in range(500))
    (tmp_path / "t.csv").write_text("a,w,y\n" + dropped + "1,1,p\n2,-1,q\n")
    with pytest.raises(DataError, match="row 502"):
        read(tmp_path / "t.csv", target="y", weight="w")
