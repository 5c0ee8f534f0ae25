"""A peer in a process of its own: what it uses can be told apart, and its libraries see their settings before they are loaded."""
import multiprocessing
import os
import pathlib
import statistics
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1])]

#: Variants whose answers are not meant to be exact.
APPROXIMATE = {"approximate"}


def warm(run, runs, best):
    """(first, the warm ones, the last answer): milliseconds of `run`, once and then `runs` times; no more once it is hopeless beside `best`."""
    times = []
    for number in range(runs + 1):
        begin = time.perf_counter()
        rows = run()
        times.append((time.perf_counter() - begin) * 1000)
        if number and times[-1] > 2.5 * best:
            break
    return times[0], times[1:], rows


def _serve(pipe, name, directory, parquet):
    import engines
    import machine

    peer = engines.PEERS[name](directory, parquet, 1)

    def measure(query, runs):
        """Every phrasing of the query; the first run of each finds the files out of the page cache. Of those that are far behind another
        one there are fewer runs."""
        found, best = [], float("inf")
        for asked, variant, what in peer.variants():
            if asked != query or variant in APPROXIMATE:
                continue
            if name != "polars":
                machine.drop_from_page_cache(peer.directory)
            peer.open()
            try:
                first, times, rows = warm(lambda: peer.run(what), runs, best)
            finally:
                peer.close()
            best = min(best, statistics.median(times))
            found.append({"variant": variant, "first_ms": first, "ms": statistics.median(times), "times": times, "rows": rows})
        return found

    def resident():
        # Not getrusage's, which a new program inherits from the process that started it.
        return machine.resident_mib(os.getpid(), highest=True)

    acts = {"load": peer.load, "load_json": getattr(peer, "load_json", None), "measure": measure, "resident": resident}
    while (message := pipe.recv()) is not None:
        act, arguments = message
        try:
            pipe.send((True, acts[act](*arguments)))
        except Exception as error:  # the parent says it and goes on
            pipe.send((False, f"{type(error).__name__}: {error}"))


class Worker:
    def __init__(self, name, directory, parquet):
        context = multiprocessing.get_context("spawn")
        self.name = name
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, name, directory, parquet), daemon=True)
        self.process.start()
        theirs.close()

    def ask(self, act, *arguments):
        self.pipe.send((act, arguments))
        done, answer = self.pipe.recv()
        if not done:
            raise RuntimeError(f"{self.name}: {answer}")
        return answer

    def stop(self):
        self.pipe.send(None)
        self.process.join(60)
