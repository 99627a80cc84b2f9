"""DuckDB is shut in: no network, no extension, no other file, and none of its own is written."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from normexp import DataError
from normexp.tables import read
from normexp.tables.sources import Database
from tabling import told, write


@pytest.fixture
def database(tmp_path):
    database = Database("a label", [write(tmp_path, "a,b\n1,2\n")])
    yield database
    database.close()


@pytest.mark.parametrize(
    "query",
    [
        "LOAD httpfs", "LOAD sqlite", "SET TimeZone = 'Asia/Tokyo'", "SET enable_external_access = true",
        "SET allow_community_extensions = true", "RESET lock_configuration",
        "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('/etc/hostname')", "SELECT * FROM glob('/etc/*')", "ATTACH '/tmp/other.duckdb'",
        "COPY (SELECT 1) TO '/tmp/normexp_written.csv'",
        "SELECT * FROM 'https://example.org/y.parquet'", "CREATE PERSISTENT SECRET s (TYPE s3)", "SELECT * FROM a_python_variable",
    ],
)  # fmt: skip
def test_the_database_is_shut_in(query, database):
    a_python_variable = pd.DataFrame({"a": [1]})  # which DuckDB would find by its name
    assert len(a_python_variable) == 1
    with pytest.raises(DataError, match="a label"):
        database.execute(query)


def test_the_session_is_in_utc_and_in_a_folder_of_its_own(database):
    settings = dict(database.fetch("SELECT name, value FROM duckdb_settings()"))
    assert settings["TimeZone"] == "UTC"
    for name in ("autoload_known_extensions", "autoinstall_known_extensions", "allow_community_extensions", "enable_external_access"):
        assert settings[name] == "false", name
    assert settings["lock_configuration"] == "true"
    for name in ("temp_directory", "secret_directory", "home_directory"):
        assert settings[name].startswith(str(database.folder.path)), name


@pytest.mark.parametrize("view", ["SELECT * FROM read_csv('{0}')", "SELECT * FROM '{0}'", "SELECT a, (SELECT content FROM read_text('{0}')) AS b FROM own",
    "SELECT * FROM read_blob('{0}')", "SELECT * FROM glob('{0}')"])
def test_a_view_that_reads_another_file_is_refused(view, tmp_path):
    other = write(tmp_path, "a,b\n1,secret\n2,secret\n", "other.csv")
    with duckdb.connect(str(tmp_path / "t.duckdb")) as connection:
        connection.execute("CREATE TABLE own AS SELECT range AS a FROM range(3)")
        connection.execute(f"CREATE VIEW seen AS {view.format(other)}")
    with pytest.raises(DataError, match=r"got a view that reads other files \(.*t.duckdb::seen\); copy what it shows into a table first") as caught:
        read(f"{tmp_path}/t.duckdb::seen")
    assert "secret" not in str(caught.value)
    table = told(f"{tmp_path}/t.duckdb::own")
    np.testing.assert_array_equal(table.matrix[:, 0], [0, 1, 2])


def test_a_duckdb_file_is_not_written(tmp_path):
    with duckdb.connect(str(tmp_path / "t.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT range / 2 AS a FROM range(9)")
    before = (tmp_path / "t.duckdb").read_bytes()
    read(f"{tmp_path}/t.duckdb::t")
    assert (tmp_path / "t.duckdb").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["t.duckdb"]
