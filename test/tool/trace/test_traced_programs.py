"""Real programs are recorded, do what they do otherwise, and are replayed."""

import json
import os

from support import CENOTE, Case, Trace, find, main, run


class Programs(Case):
    def check(self, path, at_least):
        trace = Trace(path)
        self.assertEqual(trace.notes, [])
        self.assert_consistent(trace)
        self.assertGreater(len(trace.events), at_least)
        self.assertTrue(any(e.frames > 3 for e in trace.events))
        done = run(CENOTE, "replay", path, "--with", "glibc,pools", "--json", "-n", 1)
        self.assertEqual(done.returncode, 0, done.stderr)
        for each in json.loads(done.stdout)["subjects"]:
            self.assertEqual(each["refused"], 0)
        return trace

    def test_sqlite(self):
        sql = ("create table t(a integer primary key, b text); with recursive n(x) as (select 1 union all select x + 1 from n "
               "where x < 5000) insert into t select x, 'text ' || x from n; select count(*), max(b) from t;")
        done = self.record(find("sqlite3"), ":memory:", sql, options=["-q", "--stacks", 4096])
        self.assertEqual((done.stdout, done.stderr), ("5000|text 999\n", ""))
        self.check(self.trace, 1000)

    def test_python_with_threads(self):
        program = ("import threading, json; t = [threading.Thread(target=lambda: json.loads('[' + '{\"a\": [1.5]},' * 2000 + '1]')) "
                   "for _ in range(4)]; [x.start() for x in t]; [x.join() for x in t]; print(len(t))")
        done = self.record(find("python3"), "-c", program, options=["-q"], env={**os.environ, "PYTHONMALLOC": "malloc"})
        self.assertEqual((done.stdout, done.stderr), ("4\n", ""))
        trace = self.check(self.trace, 20_000)
        self.assertEqual(trace.count("thread_begin"), 5)

    def test_gxx_and_its_children(self):
        source = self.folder / "x.cpp"
        source.write_text("#include <cstdio>\nint main() { std::puts(\"works\"); }\n", encoding="utf-8")
        done = self.record(find("g++"), "-o", self.folder / "x", source, options=["--children", "--json", "-"])
        self.assertEqual(run(self.folder / "x").stdout, "works\n")
        traces = json.loads(done.stdout)["traces"]
        programs = {os.path.basename(Trace(t["path"]).words["program"][0]): t for t in traces}
        self.assertLessEqual({"cc1plus", "as", "ld"}, set(programs), programs)
        self.check(programs["cc1plus"]["path"], 10_000)

    def test_redis(self):
        self.record_redis(300)
        trace = self.check(self.trace, 1000)
        self.assertIn("malloc", trace.words["allocator"][0])  # the one that it brings


if __name__ == "__main__":
    main()
