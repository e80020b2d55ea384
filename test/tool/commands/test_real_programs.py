"""The commands on programs that nobody wrote for them."""

import shutil
import signal

from support import FINE, Case, cenote, main


def find(name):
    return shutil.which(name, path="/usr/bin:/bin:/usr/local/bin")


class RealPrograms(Case):
    def setUp(self):
        super().setUp()
        source = self.folder / "main.cpp"
        source.write_text("#include <string>\nint main() { return std::string(\"a\").size() - 1; }\n")
        script = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) select count(*), sum(i) from n;"
        self.programs = {
            "sqlite3": [find("sqlite3"), ":memory:", script],
            "python3": [find("python3"), "-I", "-c", "print(sum(len(str(i)) for i in range(100000)))"],
            "g++": [find("g++"), "-x", "c++", "-c", source, "-o", self.folder / "main.o"],
        }

    def test_run(self):
        least = {"sqlite3": 300, "python3": 500, "g++": 10_000}
        for name, words in self.programs.items():
            with self.subTest(program=name):
                report = self.report("run", *words)
                self.assertGreater(report["sum"]["allocated"], least[name])
                self.assertEqual(report["bad_frees"], 0)
        # g++ is a program that starts others.
        self.assertTrue(any(p["program"].endswith("cc1plus") for p in report["processes"]))

    def test_compare(self):
        for name in ("sqlite3", "python3"):
            with self.subTest(program=name):
                report = self.report("compare", "-n", 1, "--with", "glibc,jemalloc,cenote", *self.programs[name])
                self.assertEqual(report["differences"], [])

    def test_doctor(self):
        for name in ("sqlite3", "python3"):
            with self.subTest(program=name):
                self.assertEqual(self.report("doctor", *self.programs[name])["findings"], 0)

    def test_redis_which_brings_jemalloc(self):
        redis = [find("redis-server"), "--port", "0", "--unixsocket", self.folder / "socket", "--save", "", "--dir", self.folder]
        report = self.report("doctor", "--for", "0.5", *redis)
        self.assertEqual(report["findings"], 0)
        self.assertEqual(self.names(report, "note"), ["other_malloc"])
        self.assertEqual(report["program"]["exit_status"], 0)
        version = [find("redis-server"), "--version"]
        self.assertIn("libjemalloc", self.report("compare", "-n", 1, "--with", "glibc,cenote", *version)["own_malloc"])
        report = self.report("run", *version)
        self.assertGreater(report["sum"]["allocated"], 1000)
        self.assertNotEqual(report["program"]["exit_status"], signal.SIGABRT)
        self.assert_says(cenote("run", *version), FINE, "Redis server", "live at most")


if __name__ == "__main__":
    main()
