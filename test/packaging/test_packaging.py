"""Installs the build into an empty prefix, and lets four outside projects find, build and run what is there; and takes apart the
Debian packages, which have the same."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = Path(os.environ["CENOTE_SOURCE"])
BUILD = Path(os.environ["CENOTE_BUILD"])
VERSION = os.environ["CENOTE_VERSION"]
MINOR = VERSION.rpartition(".")[0]
LIBDIR = os.environ["CENOTE_LIBDIR"]


def run(*command, **options):
    """What the command printed; its output is the failure's text."""
    done = subprocess.run([str(c) for c in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=500, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}")
    return done.stdout


def environment(**more):
    return {**os.environ, **{name: str(value) for name, value in more.items()}}


class Complete(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.folder = Path(holder.name)

    def assert_complete(self, prefix):
        names = {str(p.relative_to(prefix)) for p in prefix.rglob("*") if not p.is_dir()}
        headers = {n for n in names if n.startswith("include/cenote/")}
        in_tree = {"include/" + str(p.relative_to(SOURCE / "include"))
                   for p in (SOURCE / "include").rglob("*") if p.is_file()}
        self.assertEqual(headers, in_tree)
        cmake = {n for n in names if n.startswith(f"{LIBDIR}/cmake/cenote/")}
        self.assertIn(f"{LIBDIR}/cmake/cenote/cenote-config.cmake", cmake)
        manuals = {"share/man/man1/" + p.name for p in (SOURCE / "packaging" / "man").iterdir()}
        self.assertLessEqual(manuals, names)
        self.assertEqual(names - headers - cmake - manuals, {
            f"{LIBDIR}/libcenote.a", f"{LIBDIR}/libcenote.so", f"{LIBDIR}/libcenote.so.{MINOR}",
            f"{LIBDIR}/libcenote.so.{VERSION}", f"{LIBDIR}/libcenote-malloc.so",
            f"{LIBDIR}/libcenote-malloc-hardened.so", f"{LIBDIR}/pkgconfig/cenote.pc", "bin/cenote-preload", "bin/cenote",
            f"{LIBDIR}/libcenote-malloc-counting.so", f"{LIBDIR}/libcenote-record.so",
            "share/bash-completion/completions/cenote", "share/zsh/vendor-completions/_cenote",
            "share/fish/vendor_completions.d/cenote.fish", "share/doc/cenote-tools/d3.license"})


class Installed(Complete):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        first = cls.folder / "first"
        run("cmake", "--install", BUILD, "--prefix", first)
        # What is installed can be moved.
        cls.prefix = cls.folder / "prefix"
        first.rename(cls.prefix)

    def work(self, name):
        """A copy of the outside project in a folder of its own."""
        copy = self.folder / self.id() / name
        shutil.copytree(HERE, copy.parent, dirs_exist_ok=True)
        return copy

    def built_by_cmake(self, name, *options):
        source = self.work(name)
        build = source / "build"
        run("cmake", "-S", source, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", *options)
        run("cmake", "--build", build)
        return build

    def test_find_package(self):
        build = self.built_by_cmake("find_package", f"-DCMAKE_PREFIX_PATH={self.prefix}")
        for program in ("pools", "with_heap", "with_shared"):
            run(build / program)
        for program in ("with_malloc", "with_malloc_hardened"):
            printed = run(build / program, env=environment(CENOTE_STATS=1))
            self.assertNotIn("ld.so", printed)
            self.assertIn("cenote", printed, "the replacement was not active")
        self.assertIn(f"libcenote.so.{MINOR}", run("readelf", "-d", build / "with_shared"))
        self.assertNotIn("libcenote", run("readelf", "-d", build / "with_heap"))

    def test_find_package_without_components_finds_all(self):
        source = self.work("find_package")
        listing = source / "CMakeLists.txt"
        listing.write_text(listing.read_text().replace(" COMPONENTS heap shared malloc malloc_hardened", ""))
        run("cmake", "-S", source, "-B", source / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}")

    def test_find_package_refuses_what_is_not_there(self):
        source = self.work("find_package")
        listing = source / "CMakeLists.txt"
        sound = listing.read_text()
        for wrong, says in ((sound.replace("COMPONENTS heap", "COMPONENTS sieve"), "sieve"),
                            (sound.replace("cenote 0.1", "cenote 0.2"), "0.2")):
            listing.write_text(wrong)
            with self.assertRaises(AssertionError) as refused:
                run("cmake", "-S", source, "-B", source / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}")
            self.assertIn(says, str(refused.exception))

    def pkg_config(self):
        return environment(PKG_CONFIG_PATH=self.prefix / LIBDIR / "pkgconfig",
                           LD_LIBRARY_PATH=self.prefix / LIBDIR)

    def test_pkg_config_with_make(self):
        folder = self.work("pkg_config")
        run("make", env=self.pkg_config(), cwd=folder)
        run("./outside", env=self.pkg_config(), cwd=folder)
        self.assertEqual(run("pkg-config", "--modversion", "cenote", env=self.pkg_config()).strip(), VERSION)

    def test_plain_c(self):
        folder = self.work("plain_c")
        flags = run("pkg-config", "--cflags", "--libs", "cenote", env=self.pkg_config()).split()
        run("cc", "-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror", "main.c", "-o", "shared", *flags, cwd=folder)
        self.assertEqual(run("./shared", env=self.pkg_config(), cwd=folder), f"version {VERSION}\n")
        # Linked for good: nothing of C++ is needed.
        archive = self.prefix / LIBDIR / "libcenote.a"
        run("cc", "-std=c11", "main.c", "-o", "static", *(f for f in flags if f != "-lcenote"), archive, cwd=folder)
        self.assertEqual(run("./static", cwd=folder), f"version {VERSION}\n")
        self.assertNotIn("stdc++", run("readelf", "-d", "static", cwd=folder))

    def test_a_program_runs_on_the_replacement(self):
        preload = self.prefix / "bin" / "cenote-preload"
        for options in (["--stats"], ["--hardened", "--stats"]):
            printed = run(preload, *options, "true")
            self.assertNotIn("ld.so", printed)
            self.assertIn("cenote", printed, "the replacement was not active")
        self.assertEqual(run(preload, "echo", "a  b"), "a  b\n")
        for wrong in (["--fast", "true"], []):
            self.assertEqual(subprocess.run([preload, *wrong], capture_output=True).returncode, 2)
        self.assertEqual(subprocess.run([preload, "false"]).returncode, 1)

    def test_the_tool_finds_its_libraries(self):
        tool = self.prefix / "bin" / "cenote"
        self.assertEqual(run(tool, "--version"), f"cenote {VERSION}\n")
        self.assertIn("nothing stands in the way", run(tool, "doctor", "ls", "/"))
        self.assertIn("allocated", run(tool, "run", "ls", "/"))

    def test_fetch_content(self):
        build = self.built_by_cmake("fetch_content", f"-DCENOTE_SOURCE={SOURCE}")
        run(build / "outside")
        run(build / "with_heap")
        built = {path.name for path in build.rglob("*.so*")}
        self.assertEqual(built, set(), "what nobody links is not built")

    def test_nothing_else_is_installed(self):
        self.assert_complete(self.prefix)


class DebianPackages(Complete):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        packages = cls.folder / "packages"
        run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", packages)
        cls.packages = sorted(packages.glob("*.deb"))
        for package in cls.packages:
            run("dpkg-deb", "-x", package, cls.folder / "root")

    def field(self, name, which):
        return run("dpkg-deb", "-f", next(p for p in self.packages if p.name.startswith(name + "_")), which).strip()

    def test_there_are_three_that_know_each_other(self):
        self.assertEqual([p.name.partition("_")[0] for p in self.packages],
                         ["cenote-tools", "libcenote-dev", f"libcenote{MINOR}"])
        self.assertIn("libc6", self.field(f"libcenote{MINOR}", "Depends"))
        for name in ("cenote-tools", "libcenote-dev"):
            self.assertIn(f"libcenote{MINOR}", self.field(name, "Depends"))
        for name in ("cenote-tools", "libcenote-dev", f"libcenote{MINOR}"):
            self.assertEqual(self.field(name, "Version"), VERSION)

    def test_together_they_have_what_is_installed(self):
        self.assert_complete(self.folder / "root" / "usr")

    def test_the_libraries_lie_in_the_package_that_programs_need(self):
        listing = run("dpkg-deb", "-c", next(p for p in self.packages if p.name.startswith(f"libcenote{MINOR}_")))
        for name in (f"libcenote.so.{VERSION}", "libcenote-malloc.so", "libcenote-malloc-hardened.so"):
            self.assertIn(name, listing)
        for name in (".hpp", "libcenote.a", "libcenote.so ->"):
            self.assertNotIn(name, listing)


if __name__ == "__main__":
    unittest.main()
