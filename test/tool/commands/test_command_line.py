"""The command line: help, versions, what is wrong with it, where results go."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from support import CANNOT_RUN, CENOTE, DEEDS, FINE, NOT_FOUND, PATIENCE, TROUBLE, USAGE, Case, cenote, main

MANUALS = Path(__file__).resolve().parents[3] / "packaging" / "man"
COMMANDS = ("run", "compare", "doctor")


class CommandLine(Case):
    def test_help_names_every_command_and_the_exit_codes(self):
        self.assert_says(cenote("--help"), FINE, *COMMANDS, "125", "126", "127")
        for command in COMMANDS:
            self.assert_says(cenote(command, "--help"), FINE, f"Usage: cenote {command} [OPTIONS] [--] PROGRAM", "--json")
        for command, place in (("view", "FILE"), ("replay", "FILE"), ("advise", "FILE"), ("top", "PID"), ("completion", "SHELL")):
            self.assert_says(cenote(command, "--help"), FINE, f"Usage: cenote {command} [OPTIONS] {place}\n")

    def test_version(self):
        self.assertEqual(cenote("--version").stdout, f"cenote {os.environ['CENOTE_VERSION']}\n")

    def test_wrong_command_lines_end_with_2_and_say_why(self):
        for words, says in (
            ([], "there is no command"),
            (["sieve"], "there is no command sieve"),
            (["--fast"], "unknown option --fast"),
            (["view"], "FILE is required"),
            (["view", "--fast"], "unknown option --fast"),
            (["view", "a", "b"], "one word too many: b"),
            (["run", "-o"], "--output needs a value"),
            (["record", "--stacks"], "--stacks needs a value"),
            (["run", "--json=maybe", "true"], "makes no sense: --json = maybe"),
            (["replay", "a", "--touch", "some"], "--touch: some not in {none,page,all}"),
            (["completion", "csh"], "{bash,zsh,fish}"),
            (["run"], "no program"),
            (["run", "--"], "no program"),
            (["run", "--fast", "true"], "--fast"),
            (["compare", "-n", "0", "true"], "not in range"),
            (["compare", "-n", "many", "true"], "many"),
            (["compare", "--with", "sieve", "true"], "sieve"),
            (["compare", "--with", "glibc,glibc", "true"], "twice"),
            (["compare", "--with", "x=/nowhere", "true"], "/nowhere"),
            (["compare", "--input", "/nowhere", "true"], "/nowhere"),
            (["doctor", "--for", "-1", "true"], "not in range"),
            (["doctor", "--for", "nan", "true"], "no number"),
            (["compare", "--timeout", "nan", "true"], "no number"),
            (["compare", "--timeout", "inf", "true"], "not in range"),
            (["compare", "--timeout", "-1", "true"], "not in range"),
            (["compare", "--timeout", "1e10", "true"], "not in range"),
            (["compare", "--timeout", "soon", "true"], "soon"),
        ):
            with self.subTest(words=words):
                done = cenote(*words)
                self.assert_says(done, USAGE, says)
                self.assertEqual(done.stdout, "")
                # One line of what is wrong and one of what helps, whoever found it.
                name = f"cenote {words[0]}" if words and words[0] not in ("sieve", "--fast") else "cenote"
                self.assertRegex(done.stderr, rf"\A{name}: [^\n]+\nTry: {name} --help\n\Z")

    def test_what_fails_is_said_by_the_command(self):
        self.assertEqual(cenote("run", "no_such_program").stderr, "cenote run: no_such_program: not found in PATH\n")
        self.assertRegex(cenote("view", "/nowhere").stderr, r"\Acenote view: [^\n]*/nowhere[^\n]*\n\Z")

    def test_the_program_begins_where_the_options_end(self):
        for words in (["print", "--json"], ["print", "-o"], ["print", "--"]):
            for dashes in ([], ["--"]):
                done = cenote("run", *dashes, DEEDS, *words)
                self.assert_says(done, FINE)
                self.assertEqual(done.stdout, words[1] + "\n")

    def test_programs_that_cannot_be_run(self):
        script = self.folder / "script"
        script.write_text("#!/nowhere/interpreter\n")
        script.chmod(0o755)
        for command in COMMANDS:
            self.assert_says(cenote(command, "no_such_program"), NOT_FOUND, "no_such_program")
            self.assert_says(cenote(command, self.folder / "none"), NOT_FOUND, "none")
            self.assert_says(cenote(command, self.folder), CANNOT_RUN, "folder")
            self.assert_says(cenote(command, __file__), CANNOT_RUN, "not executable")
            done = cenote(command, script)
            self.assertIn(done.returncode, (TROUBLE, CANNOT_RUN, NOT_FOUND))
            self.assertIn("/nowhere/interpreter", done.stderr)

    def test_results_that_cannot_be_written(self):
        for command, words in (("run", [DEEDS, "allocate"]), ("compare", ["-n", "1", "--with", "glibc", DEEDS, "allocate"]),
                               ("doctor", [DEEDS, "allocate"])):
            with self.subTest(command=command):
                self.assert_says(cenote(command, "-o", "/dev/full", *words), TROUBLE, "No space left")
                self.assert_says(cenote(command, "-o", "/nowhere/report", *words), TROUBLE, "/nowhere/report")
                with open("/dev/full", "w", encoding="ascii") as full:
                    done = cenote(command, "-o", "-", *words, stdout=full, stderr=subprocess.PIPE)
                self.assertEqual(done.returncode, TROUBLE)
                self.assertIn("No space left", done.stderr)

    def test_a_closed_pipe_is_said(self):
        reads, writes = os.pipe()
        os.close(reads)
        done = subprocess.run([CENOTE, "doctor", DEEDS, "allocate"], stdout=writes, stderr=subprocess.PIPE, text=True,
                              timeout=PATIENCE, check=False)
        os.close(writes)
        self.assertEqual(done.returncode, TROUBLE)
        self.assertIn("Broken pipe", done.stderr)

    def test_a_missing_library_is_named(self):
        for command in ("run", "doctor"):
            done = cenote(command, "true", env={**os.environ, "CENOTE_LIBRARY_FOLDER": str(self.folder)})
            self.assert_says(done, TROUBLE, str(self.folder), "libcenote-malloc-counting.so")

    def test_a_library_in_a_folder_with_a_space_is_refused(self):
        folder = self.folder / "a b"
        folder.mkdir()
        (folder / "libcenote-malloc-counting.so").write_bytes(b"")
        done = cenote("run", "true", env={**os.environ, "CENOTE_LIBRARY_FOLDER": str(folder)})
        self.assert_says(done, TROUBLE, "space")

    def options(self, command):
        """Those that the command says it has."""
        return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", cenote(command, "--help").stdout)) - {"--"}

    def test_the_manual_has_every_command_and_option(self):
        whole = (MANUALS / "cenote.1").read_text(encoding="utf-8").replace("\\-", "-")
        for command in re.findall(r"^  ([a-z]+) ", cenote("--help").stdout.split("Subcommands:")[1], re.MULTILINE):
            self.assertRegex(whole, rf"\.BR? {command}\b")
        for command in (*COMMANDS, "top"):
            page = (MANUALS / f"cenote-{command}.1").read_text(encoding="utf-8").replace("\\-", "-")
            for option in self.options(command):
                self.assertIn(option, page)

    def test_the_manual_describes_every_field_of_json(self):
        def fields(of):
            if isinstance(of, list):
                return set().union(*map(fields, of))
            return set(of).union(*map(fields, of.values())) if isinstance(of, dict) else set()

        trace = self.folder / "trace"
        self.assert_says(cenote("record", "-q", "--stacks", 1, "-o", trace, DEEDS, "allocate"), FINE)
        for command, words in (("compare", ["-n", 6, "--with", "glibc,cenote", DEEDS, "allocate"]), ("doctor", [DEEDS, "allocate"]),
                               ("replay", [trace, "-n", 6, "--with", "glibc,heap"]), ("advise", [trace]), ("view", [trace]), ("run", ["-o", "-", DEEDS, "fork"]),
                               ("record", ["-", "-q", "-o", self.folder / "other", DEEDS, "allocate"])):
            done = cenote(command, "--json", *words)
            self.assert_says(done, FINE)
            section = (MANUALS / f"cenote-{command}.1").read_text(encoding="utf-8").split(".SH JSON")[1].split(".SH ")[0]
            self.assertEqual(fields(json.loads(done.stdout)) - set(re.findall(r"[a-z_0-9]+", section)), set(), command)

    def complete(self, *words, breaks=" \t\n\"'><=;|&(:"):
        """What bash would show and put in place of the last word: words in pieces as it takes them apart."""
        script = self.folder / "completion"
        if not script.exists():
            script.write_text(cenote("completion", "bash").stdout)
        between = "".join(c for c in ":=" if c in breaks)
        pieces = []
        for word in words:
            pieces += [piece for piece in re.split(f"([{between}]+)", word) if piece] or [""] if between else [word]
        if between and words[-1].endswith(tuple(between)):
            pieces.append("")  # where the cursor is
        ask = (f'source {script}; COMP_WORDBREAKS=$1; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cenote; '
               'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", ask, "bash", breaks, *pieces], capture_output=True, text=True, timeout=PATIENCE,
                              check=True, cwd=self.folder)
        self.assertEqual(done.stderr, "")
        return [line for line in done.stdout.split("\n") if line]

    def test_shells_complete_commands_options_and_programs(self):
        complete = self.complete
        self.assertEqual(complete("cenote", "comp"), ["compare", "completion"])
        for command in (*COMMANDS, "top", "record", "replay", "view", "advise"):
            self.assertLessEqual(self.options(command), set(complete("cenote", command, "--")))
        self.assertIn("sha256sum", complete("cenote", "doctor", "--json", "sha256su"))
        self.assertIn(str(os.getpid()), complete("cenote", "top", "--json", str(os.getpid())[:-1]))
        self.assertIn("sha256sum", complete("cenote", "run", "-o", "file", "--", "sha256su"))
        self.assertEqual(complete("cenote", "sieve", ""), [])
        self.assertEqual(complete("cenote", "completion", ""), ["bash", "zsh", "fish"])

    def test_bash_offers_the_words_that_an_option_takes(self):
        (self.folder / "as a file").touch()
        for words, offers in ((["replay", "t", "--threads", ""], ["as-recorded", "one"]),
                              (["replay", "--pace", ""], ["full", "recorded"]),
                              (["replay", "t", "--touch", "p"], ["page"]),
                              (["replay", "t", "--with", "glibc,p"], ["glibc,pools"]),
                              (["top", "1", "--sort", "l"], ["live_bytes", "live"]),
                              (["top", "--interval", ""], []), (["replay", "t", "-n", ""], []), (["record", "--stacks", ""], []),
                              (["compare", "--with", "glibc,j"], ["glibc,jemalloc"]),
                              (["view", "a"], ["as a file"]), (["view", "trace", "a"], []),
                              (["view", "trace", "-o", "a"], ["as a file"]), (["record", "--json", "a"], ["as a file"])):
            with self.subTest(words=words):
                self.assertEqual(self.complete("cenote", *words), offers)

    def test_bash_completes_behind_what_it_takes_words_apart_at(self):
        (self.folder / "a.profile").touch()
        (self.folder / "b:c").touch()
        for words, all_of_it, behind in ((["replay", "--threads=o"], "--threads=one", "one"),
                                         (["replay", "t", "--threads="], "--threads=as-recorded", "as-recorded"),
                                         (["compare", "--with", "glibc,cenote:a"], "glibc,cenote:a.profile", "a.profile"),
                                         (["compare", "--with=cenote:a"], "--with=cenote:a.profile", "a.profile"),
                                         (["compare", "--with=own=a", ], "--with=own=a.profile", "a.profile"),
                                         (["view", "b:"], "b:c", "c"),
                                         (["run", "--output=a"], "--output=a.profile", "a.profile")):
            with self.subTest(words=words):
                self.assertIn(behind, self.complete("cenote", *words))
                self.assertIn(all_of_it, self.complete("cenote", *words, breaks=" \t\n"))

    def test_completion_for_other_shells(self):
        for shell in ("zsh", "fish"):
            text = cenote("completion", shell).stdout
            for command in COMMANDS:
                self.assertIn(command, text)
            if shutil.which(shell):
                script = self.folder / shell
                script.write_text(text)
                subprocess.run([shell, "-n", script], check=True, timeout=PATIENCE)
        self.assert_says(cenote("completion", "csh"), USAGE, "csh")


if __name__ == "__main__":
    main()
