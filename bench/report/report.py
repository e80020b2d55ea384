#!/usr/bin/python3
"""Runs the benchmark suites and writes what they found: raw JSON, docs/benchmarks.html, the README's tables and figures.

The README's and the page's figures are those of full runs. What --quick or --filter measures goes into build/report, with a
page of its own. Needs matplotlib (Debian: python3-matplotlib).
"""

import argparse
import pathlib
import signal
import sys

import load
import run

ROOT = pathlib.Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.zh-CN.md")


def parse_options(arguments):
    parser = argparse.ArgumentParser(prog="./dev report", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(load.SUITES)}; all where none is named")
    parser.add_argument("--quick", action="store_true", help="few repetitions, into build/report")
    parser.add_argument("--from-results", action="store_true", help="runs nothing: draws what is in bench/results")
    parser.add_argument("--filter", metavar="REGEX", help="only workloads that match, into build/report")
    parser.add_argument("--results", metavar="DIR", type=pathlib.Path, help="raw JSON; bench/results unless said otherwise")
    parser.add_argument("--output", metavar="DIR", type=pathlib.Path,
                        help="a folder with READMEs to refresh, and for docs/; the project's unless said otherwise")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.suites if name not in load.SUITES]
    if unknown:
        parser.error(f"there is no suite {unknown[0]}; there are {', '.join(load.SUITES)}")
    if options.from_results and (options.quick or options.filter or options.suites):
        parser.error("--from-results draws all that is there, and runs nothing")
    partial = options.quick or options.filter
    aside = ROOT / "build" / "report"
    options.results = options.results or (aside / "results" if partial else ROOT / "bench" / "results")
    options.output = options.output or (aside if partial else ROOT)
    return options


def draw(results_folder, output):
    """The page, the figures and the READMEs that are there. Everything is made before anything is written."""
    import figures  # matplotlib is only asked for when it is needed
    import page
    import table

    results = load.load(results_folder)
    file = output / "docs" / "benchmarks.html"
    text = page.page(results, results_folder.resolve(), file.resolve())
    for readme in READMES:
        if (output / readme).exists():
            table.refresh(output / readme, results)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    figures.write(results, output / "docs" / "figures")
    print(file)


def main(arguments=None):
    options = parse_options(arguments)
    # Told to end, it ends as if interrupted at the keyboard.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    fine, code = True, 0
    try:
        if not options.from_results:
            wanted = [name for name in load.SUITES if not options.suites or name in options.suites]
            try:
                fine = run.run(wanted, options.results, options.quick, options.filter)
            except KeyboardInterrupt:
                code = 130
        draw(options.results, options.output)
    except load.Broken as error:
        sys.exit(f"report: {error}")
    except OSError as error:
        sys.exit(f"report: {error.filename}: {error.strerror}")
    return code or (0 if fine else 1)


if __name__ == "__main__":
    sys.exit(main())
