"""`cenote advise`: what it finds in a recorded program, and that the heap does as the profile says."""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CENOTE = os.environ["CENOTE"]
DEEDS = os.environ["ADVISE_DEEDS"]
MALLOC = os.environ["MALLOC"]
FINE, FINDING, USAGE, TROUBLE = 0, 1, 2, 125


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120, check=False, **options)


class Advise(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.room = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.room.cleanup)
        cls.folder = Path(cls.room.name)
        cls.trace = cls.folder / "deeds.trace"
        done = run(CENOTE, "record", "--stacks", "4096", "-o", cls.trace, DEEDS)
        assert done.returncode == 0, done.stderr

    def advise(self, *options, trace=None, status=FINE):
        done = run(CENOTE, "advise", trace or self.trace, *options)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def advice(self, *options, **more):
        return json.loads(self.advise("--json", *options, **more).stdout)

    def test_classes_cut_the_waste_and_the_heap_has_them(self):
        got = self.advice()
        self.assertEqual(got["command"], [DEEDS])
        profile = Path(got["profile"])
        self.assertEqual(profile, Path(f"{self.trace}.profile"))
        self.assertIn(1040, [c["size"] for c in got["classes"]])
        self.assertGreater(got["waste"]["at_peak"], 4_000_000)
        self.assertLess(got["waste_with_profile"]["at_peak"], got["waste"]["at_peak"] / 5)

        def resident(**environment):
            script = f"import resource, subprocess; subprocess.run([{DEEDS!r}], check=True, env={environment!r}); " \
                     "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
            return int(run(sys.executable, "-c", script).stdout)
        saved = resident(LD_PRELOAD=MALLOC) - resident(LD_PRELOAD=MALLOC, CENOTE_PROFILE=str(profile))
        promised = (got["waste"]["at_peak"] - got["waste_with_profile"]["at_peak"]) / 1024
        self.assertGreater(saved, .7 * promised)
        self.assertLess(saved, 1.3 * promised)

    def test_every_library_takes_the_profile(self):
        profile = self.folder / "all.profile"
        self.advise("-o", profile)
        for library in MALLOC, os.environ["MALLOC_HARDENED"]:
            done = run(DEEDS, env={"LD_PRELOAD": library, "CENOTE_PROFILE": str(profile)})
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_call_sites_have_names_and_advice(self):
        sites = {re.search(r"make_\w+", s["place"])[0]: s for s in self.advice()["call_sites"] if "make_" in s["place"]}
        self.assertEqual(sites["make_node"]["advice"], "object_pool")
        self.assertEqual(sites["make_node"]["size"], 48)
        self.assertAlmostEqual(sites["make_node"]["objects"] / 60_000, 1, delta=.3)
        self.assertEqual(sites["make_node"]["instructions_saved"], 32 * sites["make_node"]["objects"])
        self.assertEqual(sites["make_word"]["advice"], "arena")
        self.assertAlmostEqual(sites["make_word"]["die_together"] / 1_000, 1, delta=.3)
        text = self.advise().stdout
        self.assertRegex(text, r"make_node.*object_pool")
        self.assertRegex(text, r"make_word.*arena .*die at a time")

    def record(self, *program):
        trace = self.folder / "other.trace"
        self.assertEqual(run(CENOTE, "record", "-q", "-o", trace, *program).returncode, 0)
        Path(f"{trace}.profile").unlink(missing_ok=True)
        return trace

    def test_where_no_gain_is_found_there_is_no_profile_unless_it_is_asked_for(self):
        trace = self.record(DEEDS, "few")
        got = self.advise(trace=trace).stdout
        self.assertIn("nothing in this trace that a profile would better", got)
        self.assertRegex(got, r"saved by the profile +-?\d")
        self.assertNotIn("CENOTE_PROFILE", got)
        self.assertFalse(Path(f"{trace}.profile").exists())
        got = self.advice(trace=trace)
        self.assertEqual((got["has_gain"], got["profile"]), (False, None))
        done = self.advise("-q", trace=trace)
        self.assertEqual(done.stdout, "")
        self.assertIn("nothing in this trace", done.stderr)
        profile = self.folder / "asked.profile"
        got = self.advise("-o", profile, trace=trace).stdout
        self.assertIn("nothing in this trace", got)
        self.assertIn(str(profile), got)
        self.assertTrue(profile.read_text(encoding="ascii").endswith("end\n"))
        got = self.advice()
        self.assertTrue(got["has_gain"])
        self.assertGreater(got["saved"], 2_000_000)

    def test_a_trace_without_allocations_is_no_trouble(self):
        trace = self.record(os.environ["REFUSED_CALL"])
        got = self.advise(trace=trace).stdout
        self.assertIn("0 allocations", got)
        self.assertIn("nothing in this trace that a profile would better: it has no allocations", got)
        self.assertEqual((self.advice(trace=trace)["allocations"], self.advice(trace=trace)["profile"]), (0, None))
        self.assertFalse(Path(f"{trace}.profile").exists())

    def test_a_profile_may_go_to_stdout_by_itself(self):
        profile = self.folder / "in_a_file.profile"
        self.advise("-q", "-o", profile)
        done = self.advise("-o", "-")
        self.assertEqual((done.stdout, done.stderr), (profile.read_text(encoding="ascii"), ""))
        done = self.advise("-o", "-", "--json", status=USAGE)
        self.assertEqual(done.stdout, "")
        self.assertIn("--json and -o - would both be on stdout", done.stderr)

    def test_quiet_writes_the_profile_and_nothing_else(self):
        profile = self.folder / "quiet.profile"
        done = self.advise("-q", "-o", profile)
        self.assertEqual((done.stdout, done.stderr), ("", ""))
        self.assertTrue(profile.exists())
        self.assertIn("--quiet", self.advise("-q", "--json", status=USAGE).stderr)

    def test_without_stacks_there_are_no_call_sites(self):
        trace = self.folder / "bare.trace"
        self.assertEqual(run(CENOTE, "record", "--stacks", "0", "-o", trace, DEEDS).returncode, 0)
        self.assertIn("no call sites: the trace has no stacks", self.advise(trace=trace).stdout)

    def test_a_damaged_trace_is_read_as_far_as_it_goes(self):
        part = self.folder / "part.trace"
        part.write_bytes(self.trace.read_bytes()[:-40])
        done = self.advise(trace=part, status=FINDING)
        self.assertTrue(done.stderr.startswith(f"cenote: {part}: "), done.stderr)
        self.assertIn("the profile is in", done.stdout)
        self.assertTrue(Path(f"{part}.profile").exists())

    def test_what_is_no_trace_leaves_no_profile(self):
        start = self.folder / "start.trace"
        start.write_bytes(self.trace.read_bytes()[:100])
        for path, status in ((self.folder / "none", TROUBLE), (self.folder, TROUBLE), (DEEDS, TROUBLE), (start, TROUBLE)):
            profile = self.folder / "never.profile"
            done = self.advise("-o", profile, trace=path, status=status)
            self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1), done.stderr)
            self.assertFalse(profile.exists())

    def test_the_profile_that_was_there_is_whole_until_there_is_another(self):
        folder = self.folder / "kept"
        folder.mkdir()
        profile = folder / "p"
        profile.write_text("the old one")
        with open(profile, encoding="ascii") as old:
            self.advise("-o", profile)
            self.assertEqual(old.read(), "the old one")  # as whoever opened it meanwhile reads it
        new = profile.read_text(encoding="ascii")
        self.assertNotEqual(new, "the old one")
        # Files end at 10 bytes, as on a full disk.
        done = run(CENOTE, "advise", self.trace, "-o", profile, restore_signals=False,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)))
        self.assertEqual(done.returncode, TROUBLE, done.stderr)
        self.assertEqual(profile.read_text(encoding="ascii"), new)
        self.assertEqual(list(folder.iterdir()), [profile])

    def test_a_profile_that_cannot_be_written_is_trouble(self):
        self.assertIn("/dev/full", self.advise("-o", "/dev/full", status=TROUBLE).stderr)
        self.assertIn("/nowhere/p", self.advise("-o", "/nowhere/p", status=TROUBLE).stderr)
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([CENOTE, "advise", self.trace, "-o", self.folder / "p"], stdout=full, check=False,
                                  stderr=subprocess.DEVNULL)
        self.assertEqual(done.returncode, TROUBLE)

    def test_wrong_command_lines(self):
        self.assertEqual(run(CENOTE, "advise").returncode, USAGE)
        self.assertEqual(run(CENOTE, "advise", self.trace, "--rows", "0").returncode, USAGE)
        before = Path(self.trace).read_bytes()
        self.assertEqual(run(CENOTE, "advise", self.trace, "-o", self.trace).returncode, USAGE)
        self.assertEqual(Path(self.trace).read_bytes(), before)

    def test_compare_and_replay_take_profiles(self):
        profile = self.folder / "compared.profile"
        self.advise("-o", profile)
        inherited = {**os.environ, "CENOTE_PROFILE": str(profile)}  # what was asked for counts, not that
        done = run(CENOTE, "compare", "-n", "2", "--json", "--with", f"cenote,cenote:{profile}", DEEDS, env=inherited)
        self.assertEqual(done.returncode, FINE, done.stderr)
        plain, with_profile = json.loads(done.stdout)["allocators"]
        self.assertNotIn("profile", plain)
        self.assertEqual(with_profile["profile"], str(profile))
        self.assertLess(with_profile["peak_resident_bytes"]["ratio"], .95)
        done = run(CENOTE, "replay", "-n", "1", "--json", "--with", f"cenote,cenote:{profile}", self.trace, env=inherited)
        plain, with_profile = json.loads(done.stdout)["subjects"]
        self.assertLess(with_profile["most_resident"], .95 * plain["most_resident"])

    def test_a_profile_that_the_library_would_not_take_is_refused_in_its_words_before_anything_runs(self):
        profile = self.folder / "bad"
        mark = self.folder / "ran"
        for content, says in (("", "is not used: it is empty"),
                              ("cenote-profile 1\nclass 16 magazines 2\n", "is not used: line 2: not understood"),
                              ("cenote-profile 1\nclass 16\n", "is not used: it has no end: a part is missing"),
                              ("#" * 20_000, "is not used: it has more than 16384 bytes")):
            profile.write_text(content)
            library = run(DEEDS, env={"LD_PRELOAD": MALLOC, "CENOTE_PROFILE": str(profile)}).stderr
            self.assertIn(f"CENOTE_PROFILE={profile} {says}: the default is used", library)
            for name in "cenote", "cenote-hardened":
                for words in (["compare", "--with", f"{name}:{profile}", "touch", mark],
                              ["replay", "--with", f"{name}:{profile}", self.trace]):
                    done = run(CENOTE, *words)
                    self.assertEqual((done.returncode, done.stdout), (USAGE, ""))
                    self.assertEqual(done.stderr, f"cenote {words[0]}: --with: {profile} {says}\nTry: cenote {words[0]} --help\n")
        for path, says in ((self.folder, "it is no file"), ("/nowhere/p", "No such file or directory")):
            done = run(CENOTE, "compare", "--with", f"cenote:{path}", "touch", mark)
            self.assertEqual((done.returncode, done.stderr),
                             (USAGE, f"cenote compare: --with: {path} is not read: {says}\nTry: cenote compare --help\n"))
        self.assertFalse(mark.exists())


if __name__ == "__main__":
    unittest.main()
