"""The engines that the benchmark compares, behind one small interface.

A peer is loaded once and opened, asked and closed as often as needed. `run` returns rows whose dates are
YYYY-MM-DD strings or dates and whose subjects are numbers, so that answers can be compared to the digit.
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
    def __init__(self, directory, parquet, threads):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.parquet, self.threads = str(parquet), threads
        self.sections = sections(HERE / f"{self.name}.sql", parquet=self.parquet)

    def variants(self):
        return [s for s in self.sections if s[0].startswith("q")]

    def tables(self):
        """(table, statements) to load, in order."""
        return self.statements("load")

    def statements(self, name):
        return [(variant, [s for s in sql.split(";") if s.strip()]) for found, variant, sql in self.sections if found == name]

    def load(self):
        """({table: seconds}, {table: bytes on disk}); each table is another order of the same rows."""
        seconds, sizes = {}, {}
        for table, statements in self.tables():
            self.open()
            begin = time.perf_counter()
            for statement in statements:
                self.execute(statement)
            seconds[table] = time.perf_counter() - begin
            sizes[table] = self.table_bytes(table)
            self.close()
        return seconds, sizes

    def load_json(self, path):
        """Lines of JSON into typed columns. Returns (seconds, processor seconds, rows)."""
        self.open()
        for _, statements in self.statements("json_table"):
            for statement in statements:
                self.execute(statement)
        begin, processor = time.perf_counter(), time.process_time()
        for _, statements in self.statements("json_load"):
            for statement in statements:
                self.execute(statement.replace("{ndjson}", str(path)))
        seconds, processor = time.perf_counter() - begin, time.process_time() - processor
        rows = self.run("SELECT count(*) FROM bulk")[0][0]
        self.execute("DROP TABLE bulk")
        self.close()
        return seconds, processor, rows


class ClickHouse(Peer):
    name = "clickhouse"

    def execute(self, statement):
        self.session.query(statement)

    def table_bytes(self, table):
        return int(self.run(f"SELECT toUInt64(sum(bytes_on_disk)) FROM system.parts WHERE active AND table = '{table}'")[0][0])

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

    file_bytes = 0

    def execute(self, statement):
        self.connection.execute(statement)

    def table_bytes(self, table):
        """What the file has grown by: its tables are written one after the other."""
        self.connection.execute("CHECKPOINT")
        before, self.file_bytes = self.file_bytes, (self.directory / "events.duckdb").stat().st_size
        return self.file_bytes - before

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
    frame = None

    def __init__(self, directory, parquet, threads):
        self.directory, self.parquet, self.threads = pathlib.Path(directory), str(parquet), threads

    def variants(self):
        import polars_queries

        return [(name, "lazy", name) for name in polars_queries.QUERIES]

    def load(self):
        return {}, {}

    def open(self):
        """Once: reading the file again would not be part of a question either."""
        if self.frame is None:
            os.environ["POLARS_MAX_THREADS"] = str(self.threads)
            import polars_queries

            self.queries = polars_queries.QUERIES
            self.frame = polars_queries.read(self.parquet)

    def run(self, query):
        return self.queries[query](self.frame).rows()

    def close(self):
        pass


PEERS = {"clickhouse": ClickHouse, "duckdb": DuckDB, "polars": Polars}
