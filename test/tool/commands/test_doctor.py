"""`cenote doctor`: each finding, on a program that has it, and none on one that has not."""

import os
import stat
import subprocess
import time

from support import CENOTE, DEEDS, FINDING, FINE, PATIENCE, PROGRAMS, Case, cenote, main


class Doctor(Case):
    def found(self, *words, code=FINDING, **options):
        return self.names(self.report("doctor", *words, code=code, **options))

    def test_a_sound_program_has_none(self):
        report = self.report("doctor", DEEDS, "allocate")
        self.assertEqual(report["findings"], 0)
        self.assertEqual(self.names(report, "fine"), ["functions", "active"])
        self.assert_says(cenote("doctor", DEEDS, "allocate"), FINE, "all 31 functions", "nothing stands in the way")

    def test_each_finding_says_what_to_do(self):
        done = cenote("doctor", PROGRAMS / "static_program")
        self.assert_says(done, FINDING, "statically", "what to do:", "1 to look at")

    def test_static_program(self):
        report = self.report("doctor", PROGRAMS / "static_program", code=FINDING)
        self.assertEqual(self.names(report), ["static_program"])
        self.assertIsNone(report["program"], "it was not run")

    def test_program_of_another_machine_and_damaged_ones(self):
        image = bytearray(DEEDS.read_bytes())
        for name, change, expected in (("riscv", {18: 0xF3}, "other_machine"), ("bits", {4: 1}, "other_machine")):
            changed = bytearray(image)
            for at, value in change.items():
                changed[at] = value
            file = self.folder / name
            file.write_bytes(changed)
            file.chmod(0o755)
            self.assertEqual(self.found(file), [expected])
        for length in (10, 100, 1000, 5000):
            file = self.folder / f"first_{length}"
            file.write_bytes(image[:length])
            file.chmod(0o755)
            self.assertEqual(self.found(file), ["damaged"])

    def test_privileged_program(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        program = self.folder / "privileged"
        program.write_bytes(DEEDS.read_bytes())
        program.chmod(0o4755)
        self.folder.chmod(0o755)
        report = self.folder / "report.json"
        report.touch()
        report.chmod(0o666)
        self.assertEqual(self.found(program, "allocate", user=65534), ["privileged"])
        self.assertEqual(stat.S_IMODE(program.stat().st_mode), 0o4755)

    def test_program_with_a_malloc_of_its_own(self):
        self.assertEqual(self.found(PROGRAMS / "own_malloc"), ["own_malloc", "mixed_pair"])

    def test_new_and_delete_of_different_owners(self):
        self.assertEqual(self.found(PROGRAMS / "own_new"), ["mixed_pair"])

    def test_blocks_of_another_allocator(self):
        self.assertEqual(self.found(PROGRAMS / "calls_glibc_directly"), ["direct_calls", "foreign_free"])
        self.assertEqual(self.found(DEEDS, "foreign_free"), ["foreign_free"])

    def test_sized_delete_of_another_size(self):
        self.assertEqual(self.found(DEEDS, "wrong_size"), ["sized_delete"])

    def test_double_free(self):
        self.assertEqual(self.found(DEEDS, "double_free"), ["double_free"])
        self.assertEqual(self.found("--hardened", DEEDS, "double_free"), ["double_free"])

    def test_the_hardened_library_is_seen_as_well(self):
        report = self.report("doctor", "--hardened", DEEDS, "allocate")
        self.assertIn("active", self.names(report, "fine"))

    def test_static_thread_local_memory_of_late_libraries(self):
        self.assertEqual(self.found(DEEDS, "load", PROGRAMS / "late_tls.so"), ["late_static_tls"])
        report = self.report("doctor", DEEDS, "load", PROGRAMS / "late_large_tls.so", code=FINDING)
        self.assertEqual(self.names(report), ["static_tls_exhausted"])
        self.assertEqual(report["program"]["exit_status"], 1)

    def test_other_libraries_that_are_preloaded(self):
        other = {**os.environ, "LD_PRELOAD": str(PROGRAMS / "wasteful_malloc.so")}
        report = self.report("doctor", DEEDS, "allocate", env=other)
        self.assertEqual(self.names(report, "note"), ["other_malloc"])
        missing = {**os.environ, "LD_PRELOAD": "/nowhere/lib.so"}
        self.assertEqual(self.found(DEEDS, "allocate", env=missing), ["loader_complains"])

    def test_a_profile_is_told_and_a_bad_one_is_a_finding(self):
        profile = self.folder / "profile"
        with_profile = {**os.environ, "CENOTE_PROFILE": str(profile)}

        def active(report):
            return next(each["text"] for each in report["all"] if each["what"] == "active")

        profile.write_text("cenote-profile 1\nclass 48\nclass 65536\nend\n")
        for options in ([], ["--hardened"]):
            report = self.report("doctor", *options, DEEDS, "allocate", env=with_profile)
            self.assertTrue(active(report).endswith(f", with the profile {profile}"), report)
        for content, says in (("cenote-profile 1\nclass 40\n", "is not used: line 2: no multiple of 16"),
                              (None, "is not read: No such file or directory")):
            if content is None:
                profile.unlink()
            else:
                profile.write_text(content)
            report = self.report("doctor", DEEDS, "allocate", env=with_profile, code=FINDING)
            self.assertEqual(self.names(report), ["bad_profile"])
            bad = next(each for each in report["all"] if each["what"] == "bad_profile")
            self.assertIn(f"CENOTE_PROFILE={profile} {says}", bad["text"])
            self.assertIn("cenote advise", bad["remedy"])
            self.assertNotIn("profile", active(report))
        self.assertNotIn("profile", active(self.report("doctor", DEEDS, "allocate", env={**os.environ, "CENOTE_PROFILE": ""})))

    def test_programs_that_are_started_without_the_library(self):
        for words in (["env", "-i", "sleep", ".5"], ["sh", "-c", "env -i sleep .5; true"]):
            report = self.report("doctor", *words)
            self.assertEqual(self.names(report, "note"), ["started_without"])

    def test_a_script_is_followed_to_what_runs_it(self):
        script = self.folder / "script"
        script.write_text(f"#!/bin/sh\n{DEEDS} allocate\n")
        script.chmod(0o755)
        report = self.report("doctor", script)
        self.assertEqual(self.names(report, "note"), ["script"])
        self.assertIn("active", self.names(report, "fine"))

    def test_a_crash_that_has_nothing_to_do_with_malloc(self):
        self.assertEqual(self.found(DEEDS, "crash"), ["ended_by_signal"])

    def test_a_server_is_told_to_end(self):
        begin = time.monotonic()
        self.assertEqual(self.found("--for", "0.2", "sleep", 100, code=FINE), [])
        self.assertLess(time.monotonic() - begin, 50)

    def test_what_the_program_writes_is_shown_where_asked(self):
        self.assertNotIn("hello", cenote("doctor", DEEDS, "print", "hello").stderr)
        done = subprocess.run([CENOTE, "doctor", "--show", DEEDS, "print", "hello"], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        self.assertIn("hello\n", done.stderr)


if __name__ == "__main__":
    main()
