"""What the page and the README show, in this order."""

import dataclasses

from views import Bars, Grid, Lines, Tails


@dataclasses.dataclass(frozen=True)
class Section:
    name: str
    title: str
    says: str  # {cores}: how many the machine has
    views: tuple
    pair: bool = False  # the first two stand beside each other


COUNTS = (("1k", 1_000, "1,000"), ("10k", 10_000, "10,000"), ("100k", 100_000, "100,000"), ("1M", 1_000_000, "1 million"),
          ("10M", 10_000_000, "10 million"))
THREADS = (1, 2, 4, 8, 16, 32)
PROGRAMS = ("redis", "memcached", "sqlite", "python", "gcc", "clang", "git", "perl", "node")
CHECKS = ("pools: one block", "pools: 1,000 at random", "pools: 100,000 at random", "threads: one block", "threads: 1,000 at random",
          "threads: hand over")


def growing(name, title, workload, unit="ns", log=True):
    """`workload(short)`: its name at a number of live objects."""
    points = tuple((count, written, workload(text)) for text, count, written in COUNTS)
    return Lines("pools", name, title, points, "live objects of 64 bytes", unit, log)


def scaling(workload, title):
    points = tuple((count, f"{count}" if count != 1 else "1 thread", f"{workload}/{count}") for count in THREADS)
    return Lines("threads", workload, title, points, "threads")


def replacing(suffix):
    return lambda count: ("W3" if count == "100k" else f"W3/{count}") + suffix


def programs(measure, title):
    return Grid("programs", measure, title, tuple((name, f"{name}/{measure}") for name in PROGRAMS), "over glibc's")


SPEED = Bars("pools", "W3", "Speed: replace one of 100,000 live", among="memory")
MEMORY = Bars("pools", "memory", "Memory: resident bytes per live object, of 1 million", "bytes", like="W3")
GROWTH = growing("W3/N", "Replace a random one of N live", replacing(""))
GROWTH_WRITTEN = growing("W3/N/written", "Replace a random one of N live, new blocks written", replacing("/written"))
GROWTH_MEMORY = growing("memory/N", "Resident bytes per live object", lambda count: "memory" if count == "1M" else f"memory/{count}",
                        "bytes", log=False)
DRAIN = growing("W2/N/random", "Allocate N, free them all in random order", lambda count: f"W2/{count}/random")
SCALING = scaling("W4", "Threads replace a random one of 100,000 live")
SCALING_BURSTS = scaling("W4b", "Threads replace 64 at a time")
TAIL_CREATES = Tails("threads", "W7b/2/allocate", "Two threads, bursts: allocate")
TAIL_FREES = Tails("threads", "W7b/2/free", "Two threads, bursts: free")
TAIL_CALM = Tails("pools", "W7", "One thread, 1,000 live: allocate and free")
TAIL_ALONE = Tails("pools", "W7b", "One thread, bursts: allocate and free")
HEAP_SPEED = Bars("heap", "replace/100k/1K", "Speed: replace one of 100,000, up to 1 KiB", among="fragmentation/mean")
HEAP_MEMORY = Bars("heap", "fragmentation/mean", "Memory: resident over live bytes while sizes drift", "ratio", like="replace/100k/1K")

SECTIONS = (
    Section("pools", "One thread, equal blocks: speed and memory", "64-byte blocks. What is timed is the allocator: unless a title says "
            "“written”, nobody touches the blocks.", (
                SPEED, MEMORY,
                Bars("pools", "W1", "Allocate one, free it"),
                Bars("pools", "W2/1k/random", "Allocate 1,000, free in random order"),
                Bars("pools", "W2/1M/random", "Allocate 1 million, free in random order"),
                Bars("pools", "W3b", "100,000 live, replace 64 at a time"),
                Bars("pools", "W3/written", "100,000 live, replace one, written"),
                Bars("pools", "W6", "Build a list of 1 million and walk it"),
            ), pair=True),
    Section("growth", "As the number of live objects grows", "From a thousand live objects to ten million. Each subject at each number in the same "
            "interleaved run; from a million on in a process of its own. Memory below the 64 bytes of an object: some of it was there before the "
            "first object, free, and counts as the program’s.", (GROWTH, GROWTH_MEMORY, GROWTH_WRITTEN, DRAIN), pair=True),
    Section("threads", "Several threads", "64-byte blocks of one pool that all threads share. Time of a processor per pair: with nothing shared the figure is "
            "the same for any number of threads. This machine has {cores} processors: more threads than that take turns, and the lines show "
            "contention and preemption, not speed-up.", (
                SCALING, SCALING_BURSTS,
                Bars("threads", "W5", "One thread creates, another destroys"),
                Bars("threads", "W5n/2", "Two threads, each destroys the other’s"),
                Bars("threads", "short/1", "A thread that lives for 1,000 objects"),
            ), pair=True),
    Section("tails", "Tails: how long single calls take", "Each call timed by itself, less what the clock takes. Medians over samples of 100,000 and more "
            "calls; sorted by p99.99. Interruptions by the machine are in them, for all alike.", (
                TAIL_ALONE, TAIL_CALM,
                Tails("pools", "W7b/allocate", "One thread, bursts: allocate"), Tails("pools", "W7b/free", "One thread, bursts: free"),
                TAIL_CREATES, TAIL_FREES,
                Tails("threads", "W7/2/allocate", "Two threads, 1,000 live each: allocate"),
                Tails("threads", "W7/2/free", "Two threads, 1,000 live each: free"),
            )),
    Section("worst", "Code that may not wait", "Two million calls of each kind, five rounds, beside a program that allocates other sizes. As it came; and of "
            "each call the least of its rounds, which leaves what the code itself does.", (
                Tails("worst", "create", "Create, as it came"), Tails("worst", "destroy", "Destroy, as it came"),
                Tails("worst", "create/least", "Create, each call’s least"), Tails("worst", "destroy/least", "Destroy, each call’s least"),
            )),
    Section("heap", "Blocks of any size: speed and memory", "The heap beside mallocs; sizes mixed as programs have them, mostly small. "
            "What stays of freed memory is looked at after 1.2 s at the latest: jemalloc gives back within ten seconds by default, and has only begun "
            "then. Both figures of memory were measured once.", (
        HEAP_SPEED, HEAP_MEMORY,
        Bars("heap", "replace/100k/64K", "100,000 live, replace one, up to 64 KiB"),
        Bars("heap", "burst/1k/1K", "Allocate 1,000, free in random order, up to 1 KiB"),
        Bars("heap", "burst/100k/1K", "Allocate 100,000, free in random order, up to 1 KiB"),
        Bars("heap", "replace2/100k/1K", "Two threads, replace one, up to 1 KiB"),
        Bars("heap", "handover", "One thread allocates, another frees"),
        Bars("heap", "server/2", "Threads that hand blocks to their successors"),
        Bars("heap", "replace/100k/1K/written", "100,000 live, replace one, written"),
        Bars("heap", "realloc/double", "Arrays that grow by doubling, one step"),
        Bars("heap", "large", "100 KiB to 4 MiB, replace one and write it"),
        Bars("heap", "memory/main", "MiB that stay of 200 that were freed", "MiB"),
    ), pair=True),
    Section("programs", "Whole programs: time and memory", "Unmodified programs under LD_PRELOAD, answers checked. Over glibc’s malloc: 1 is the same, less is "
            "better. A spread is that of few rounds: read small differences with care.", (
                Bars("programs", "geometric mean/time", "Time: geometric mean of nine programs", "over glibc's", among="geometric mean/peak"),
                Bars("programs", "geometric mean/peak", "Memory: geometric mean of their peaks", "over glibc's", like="geometric mean/time"),
                programs("time", "Time of each program"), programs("peak", "Peak resident memory of each program"),
            ), pair=True),
    Section("levels", "What checks cost", "A create and a destroy at each level of CENOTE_CHECKS; time of the processors. The levels do not compete.", (
        Grid("levels", "levels", "No checks, cheap ones (the default), full ones", tuple((name, name) for name in CHECKS),
             ranked=False, log=True),
    )),
)

# The README's figures: a file, what it shows, its panels. Of panels that were not measured it is drawn without.
FIGURES = (
    ("pools", "Speed and memory, one thread, 64-byte blocks", (SPEED, MEMORY)),
    ("live", "Cost as the number of live objects grows", (GROWTH, GROWTH_WRITTEN, DRAIN, GROWTH_MEMORY)),
    ("threads", "Thread scaling: time of a processor per pair, 64-byte blocks", (SCALING, SCALING_BURSTS)),
    ("tails", "Tails: time of single calls", (TAIL_ALONE, TAIL_CALM, TAIL_CREATES, TAIL_FREES)),
    ("heap", "Speed and memory, blocks of mixed sizes", (HEAP_SPEED, HEAP_MEMORY)),
)
