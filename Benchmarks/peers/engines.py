"""The engines that the benchmark compares, behind one small interface.

A peer is loaded once and opened, asked and closed as often as needed. `run` returns rows whose dates are
YYYY-MM-DD strings and whose subjects are plain, so that answers can be compared to the digit.
"""
import json
import os
import pathlib
import time

HERE = pathlib.Path(__file__).resolve().parent


def sections(path, **values):
    """[(name, variant, sql)] of a file whose sections begin with "-- @name variant"."""
    found = []
    for block in path.read_text().split("\n-- @")[1:]:
        head, sql = block.split("\n", 1)
        name, variant = head.split()
        for key, value in values.items():
            sql = sql.replace("{" + key + "}", value)
        found.append((name, variant, sql.strip()))
    return found


class Peer:
    name = ""
    #: milliseconds inside the engine for the last run, where it says so itself; else the caller's clock counts
    engine_ms = None

    def __init__(self, directory, parquet, threads):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.parquet, self.threads = str(parquet), threads
        self.sections = sections(HERE / f"{self.name}.sql", parquet=self.parquet)

    def variants(self):
        return [s for s in self.sections if s[0].startswith("q")]

    def tables(self):
        """(table, statements) to load, in order."""
        return [(table, [s for s in sql.split(";") if s.strip()]) for name, table, sql in self.sections if name == "load"]


class ClickHouse(Peer):
    name = "clickhouse"

    def load(self):
        self.open()
        seconds = {}
        for table, statements in self.tables():
            begin = time.perf_counter()
            for statement in statements:
                self.session.query(statement)
            seconds[table] = time.perf_counter() - begin
        self.close()
        return seconds

    def open(self):
        from chdb import session

        self.session = session.Session(str(self.directory))
        self.session.query(f"SET max_threads = {self.threads}, max_insert_threads = 1, session_timezone = 'UTC'")

    def run(self, query):
        text = self.session.query(query, "JSONCompactEachRow").data()
        return [json.loads(line) for line in text.splitlines()] if text else []

    def close(self):
        self.session.close()


class DuckDB(Peer):
    name = "duckdb"

    def load(self):
        seconds = {}
        self.open()
        for table, statements in self.tables():
            begin = time.perf_counter()
            for statement in statements:
                self.connection.execute(statement)
            seconds[table] = time.perf_counter() - begin
        self.close()
        return seconds

    def open(self):
        import duckdb

        self.connection = duckdb.connect(str(self.directory / "events.duckdb"))
        self.connection.execute(f"SET threads = {self.threads}")

    def run(self, query):
        return self.connection.execute(query).fetchall()

    def close(self):
        self.connection.close()


class Polars(Peer):
    """In memory: the table is read from parquet on open()."""

    name = "polars"

    def __init__(self, directory, parquet, threads):
        self.directory, self.parquet, self.threads = pathlib.Path(directory), str(parquet), threads

    def variants(self):
        import polars_queries

        return [(name, "lazy", name) for name in polars_queries.QUERIES]

    def load(self):
        return {}

    def open(self):
        os.environ["POLARS_MAX_THREADS"] = str(self.threads)
        import polars_queries

        self.queries = polars_queries.QUERIES
        self.frame = polars_queries.read(self.parquet)

    def run(self, query):
        return self.queries[query](self.frame).rows()

    def close(self):
        self.frame = None
